"""Writes convergence.json: draw sets and what ArviZ makes of them. Run: python convergence.py > convergence.json (ArviZ 0.23)."""

import json
import sys

import arviz
import numpy as np

random = np.random.default_rng(20240501)


def ar1(chains, draws, phi):
    x = np.zeros((chains, draws))
    x[:, 0] = random.normal(size=chains)
    for t in range(1, draws):
        x[:, t] = phi * x[:, t - 1] + np.sqrt(1 - phi**2) * random.normal(size=chains)
    return x


sets = []
for chains, draws in [(1, 40), (2, 25), (4, 50), (4, 51), (8, 12), (16, 8), (3, 4), (2, 101), (4, 120), (32, 6)]:
    sets.append(ar1(chains, draws, 0.0))
    sets.append(ar1(chains, draws, 0.9))
    sets.append(ar1(chains, draws, -0.5))
    sets.append(np.round(ar1(chains, draws, 0.5), 1))
    sets.append(random.standard_cauchy(size=(chains, draws)) + 0.8 * np.arange(chains)[:, None])


def figures(x):
    number = lambda value: float(value) if np.isfinite(value) else str(float(value))
    return {
        "draws": [[float(v) for v in chain] for chain in np.round(x, 6)],
        "rhat": number(arviz.rhat(np.round(x, 6))) if len(x) > 1 else "nan",
        "ess_bulk": number(arviz.ess(np.round(x, 6), method="bulk")),
        "ess_tail": number(arviz.ess(np.round(x, 6), method="tail")),
        "ess_mean": number(arviz.ess(np.round(x, 6), method="mean")),
        "mcse_mean": number(arviz.mcse(np.round(x, 6), method="mean")),
        "mcse_sd": number(arviz.mcse(np.round(x, 6), method="sd")),
        "mcse_median": number(arviz.mcse(np.round(x, 6), method="quantile", prob=0.5)),
        "mcse_q95": number(arviz.mcse(np.round(x, 6), method="quantile", prob=0.95)),
        "bfmi": [number(v) for v in arviz.bfmi(np.round(x, 6))],
    }


json.dump([figures(x) for x in sets], sys.stdout, separators=(",", ":"))
