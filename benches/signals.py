#!/usr/bin/env python3
"""Sends signals to all commands and outputs at random moments: python benches/signals.py [COUNT [PROGRAM]], by default 100.

Each command has to end within a second, with 128 + the signal's number, to say what was kept, to print one document under --json and to
mark what it writes. Run it on a quiet machine. A few of these are in tests/it/signals.rs.
"""

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 100
PROGRAM = os.path.abspath(sys.argv[2] if len(sys.argv) > 2 else "target/release/langevin")
MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "examples", "models", "")


def model(name):
    return ["--model", MODELS + name + ".lgv", "--data", MODELS + name + ".csv"]


NORMAL = ["sample", "--log-density", "-x^2-y^2"]
COMMANDS = [
    ["sample", "--density", "exp(-x^2)", "--sampler", "exact", "--draws", "50000000", "-o", "a.csv"],
    ["sample", "--density", "exp(-x^2)", "--steps", "100000000", "-o", "a.csv"],
    ["sample", "--density", "exp(-x^2)", "--steps", "30000000", "-o", "a.gif"],
    NORMAL + ["--sampler", "nuts", "--draws", "40000", "--chains", "64", "-o", "a.csv", "-o", "a.json"],
    NORMAL + ["--sampler", "nuts", "--until", "ess>1000000000", "--draws", "10000000", "-o", "a.csv"],
    NORMAL + ["--sampler", "tempering", "--draws", "1000000", "-o", "a.json"],
    NORMAL + ["--sampler", "rwm", "--warmup", "1000000000"],
    ["sample", *model("logistic"), "--batch", "16", "--draws", "10000000", "-o", "a.csv"],
    ["compare", "--density", "exp(-x^2-y^2)", "--chains", "50000"],
    ["integrate", *model("mixture")],
    ["check", *model("garch")],
    ["gradient", "c[8000] in ordered; log_density = -sum(c^2)"],
]

random.seed(1)
times = []
for index in range(COUNT):
    arguments = COMMANDS[index % len(COMMANDS)] + random.choice([[], ["--json"]])
    number = random.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen([PROGRAM, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(random.uniform(0.05, 2.0))
        sent = time.monotonic()
        if child.poll() is not None:
            continue
        child.send_signal(number)
        out, talk = child.communicate(timeout=60)
        times.append(time.monotonic() - sent)
        table = os.path.join(folder, "a.csv")
        marked = not os.path.exists(table) or open(table).readline().strip().endswith(",incomplete")
        said = json.loads(out) if "--json" in arguments else talk + out
        left = [name for name in os.listdir(folder) if name.startswith(".langevin-")]
        good = child.returncode == 128 + number and times[-1] < 1.0 and marked and said and not left
        print("ok " if good else "BAD", f"{times[-1]:.2f} s", number.name, child.returncode, " ".join(arguments)[:90], left, flush=True)
print(f"{len(times)} signals: median {statistics.median(times):.2f} s, longest {max(times):.2f} s")
