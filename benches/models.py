"""Textbook models of benches/models, run as a user would, with nothing tuned: which are answered and trusted, by which sampler, for how long.

    cargo build --release && python benches/models.py [target/release/langevin [MODEL...]]

Each gets 15 s of processor on one thread; `-` is no answer by then. `michaelis` has an improper posterior and must not be trusted; the centred
eight schools are a funnel. Data were simulated from the models, but for those of dugongs, pumps, surgical, Lotka-Volterra and eight schools.
"""

import json
import os
import pathlib
import resource
import subprocess
import sys

SECONDS = 15
FOLDER = pathlib.Path(__file__).parent / "models"


def run(program, model):
    """The exit code, the document and the seconds of processor of one model."""
    command = [program, "sample", "--model", model, "--seed", "1", "--threads", "1", "--json"]
    table = model.with_suffix(".csv")
    if table.exists():
        command += ["--data", table]
    limit = lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    try:
        document = json.loads(found.stdout)
    except ValueError:
        document = {}
    return found.returncode, document, seconds


def main():
    program = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/release/langevin")
    models = sorted(FOLDER.glob("*.lgv"))
    if sys.argv[2:]:
        models = [model for model in models if model.stem in sys.argv[2:]]
    trusted = 0
    for model in models:
        code, document, seconds = run(program, model)
        verdict = document.get("verdict") or {}
        trust = verdict.get("trust", "-")
        trusted += trust == "yes"
        why = (document.get("error") or {}).get("message") or ", ".join(warning["kind"] for warning in verdict.get("warnings", []))
        sampler = (document.get("run") or {}).get("sampler", "-")
        print(f"{model.stem:22} exit {code:3} {trust:8} {seconds:6.2f} s  {sampler:10} {why}"[:150], flush=True)
    print(f"{trusted} of {len(models)} trusted")


if __name__ == "__main__":
    main()
