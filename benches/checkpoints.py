#!/usr/bin/env python3
"""Kills runs at random moments and goes on with them: python benches/checkpoints.py [COUNT [PROGRAM]], by default 200.

Each run is killed with SIGKILL, gone on with on another number of threads and at another SIMD level, killed again now and then, and has to
write in the end, byte for byte, what a run that nobody killed writes. A few of these are in tests/it/checkpoints.rs.
"""

import os
import random
import subprocess
import sys
import tempfile
import time

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 200
PROGRAM = os.path.abspath(sys.argv[2] if len(sys.argv) > 2 else "target/release/langevin")
MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "examples", "models", "")
LOGISTIC = ["--model", MODELS + "logistic.lgv", "--data", MODELS + "logistic.csv"]
BENT = ["--log-density", "-x^2/2 - (y - x^2)^2/2 - exp(-z) - z"]
BATCH = LOGISTIC + ["--batch", "16", "--draws", "2000"]

COMMANDS = [
    ["--density", "exp(-x^4 + x)", "--sampler", name, "--steps", "20000"] for name in ("sgld", "lm", "psgld", "underdamped")
] + [
    BENT + ["--sampler", name, "--draws", "400"] for name in ("rwm", "pcn", "mala", "barker", "hmc", "nuts", "mams", "mclmc")
] + [
    BENT + ["--sampler", "mams", "--chains", "600", "--draws", "300"],
    BENT + ["--sampler", "nuts", "--chains", "4", "--draws", "20000"],
    BENT + ["--sampler", "nuts", "--chains", "8", "--warmup", "20000", "--draws", "200"],
    BENT + ["--sampler", "nuts", "--until", "ess>50000"],
    BATCH + ["--sampler", "sgld"],
    BATCH + ["--sampler", "lm", "--batching", "shuffled"],
    BATCH + ["--sampler", "sgld", "--control-variates", "svrg"],
    BATCH + ["--sampler", "sghmc", "--control-variates", "none"],
    BATCH + ["--sampler", "sgnht", "--check-bias"],
    LOGISTIC + ["--batch", "16", "--draws", "300", "--sampler", "sgld", "--control-variates", "saga"],
    LOGISTIC + ["--sampler", "sgld", "--rungs", "3", "--draws", "300"],
]


def run(folder, arguments, kill_after=None):
    """The exit code, or None if it was killed."""
    child = subprocess.Popen([PROGRAM, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        talk = child.communicate(timeout=kill_after)[1]
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return None
    if child.returncode != 0:
        sys.exit(f"{arguments}: exit code {child.returncode}\n{talk}")
    return child.returncode


random.seed(1)
wholes, kills, equal = {}, 0, 0
with tempfile.TemporaryDirectory() as folder:
    draws = os.path.join(folder, "draws.csv")
    while kills < COUNT:
        number = random.randrange(len(COMMANDS))
        command = ["sample", *COMMANDS[number], "--seed", str(1 + number), "-o", "draws.csv"]
        if number not in wholes:
            began = time.monotonic()
            run(folder, command)
            wholes[number] = (time.monotonic() - began, open(draws, "rb").read())
        seconds, whole = wholes[number]
        for name in os.listdir(folder):
            os.remove(os.path.join(folder, name))
        before = kills
        threads = lambda: ["--threads", str(random.choice([1, 2, 3])), "--simd", random.choice(["auto", "baseline"])]
        last = run(folder, command + threads() + ["--checkpoint", "run.lgc,every=0.02s"], random.uniform(0, seconds))
        while last is None:
            kills += 1
            if not os.path.exists(os.path.join(folder, "run.lgc")):
                # It was killed before it began.
                break
            last = run(folder, ["resume", "run.lgc"] + threads(), random.choice([None, random.uniform(0, seconds)]))
        if last is None:
            kills = before
            continue
        if open(draws, "rb").read() != whole:
            sys.exit(f"{command}: other draws")
        equal += kills - before
print(f"{kills} kills of {len(COMMANDS)} commands: {equal} equal outcomes")
