"""The same work as `cargo bench --bench compare` in NumPy, JAX and PyTorch: ns per chain-step, one core; what is not installed is skipped.

    python benches/compare/peers.py [--quick] [PROBLEM...]

NumPy has its gradients written by hand. JAX (jitted, lax.scan over the steps) and PyTorch (eager) differentiate the log density themselves.
"""

import importlib.util
import os
import sys
import time
import warnings
from types import SimpleNamespace

CHAINS = 5120
QUICK = "--quick" in sys.argv
WANTED = [word for word in sys.argv[1:] if not word.startswith("-")]
ROUNDS, SLICE = (3, 0.02) if QUICK else (15, 0.2)

# Before the libraries start their threads.
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"
os.environ.setdefault("JAX_PLATFORMS", "cpu")


class Problem:
    """log_density(m, x) with m the array module and x [variable][chain]; gradient(np, x) the same by hand."""

    def __init__(self, name, dimension, step_size, ends, log_density, gradient):
        self.name, self.dimension, self.step_size, self.ends = name, dimension, step_size, ends
        self.log_density, self.gradient = log_density, gradient


def quartic(m, x, _):
    return m.log((x[0] - 0.4) ** 4 - (x[0] - 0.2) ** 2 + 0.6)


def quartic_gradient(np, x, _):
    a, b = x - 0.4, x - 0.2
    square = a * a
    return (4 * a * square - 2 * b) / (square * square - b * b + 0.6)


def ring(m, x, constants):
    dx, dy = x[0] - constants["centres"][:, :1], x[1] - constants["centres"][:, 1:]
    return m.logsumexp(-2.0 * (dx * dx + dy * dy), 0)


def ring_gradient(np, x, constants):
    centres = constants["centres"]
    weight = 4 * (centres @ x)
    weight = np.exp(weight - weight.max(0))
    return 4 * (centres.T @ weight / weight.sum(0) - x)


def banana(m, x, _):
    bend, rest = x[1:] - x[:-1] ** 2, 1 - x[:-1]
    tails = m.softplus(x) + m.log1p(x * x)
    return -(5 * bend * bend + 0.05 * rest * rest).sum(0) - 0.1 * tails.sum(0)


def banana_gradient(np, x, _):
    gradient = -0.1 / (1 + np.exp(-x)) - 0.2 * x / (1 + x * x)
    bend = x[1:] - x[:-1] ** 2
    gradient[:-1] += 20 * x[:-1] * bend + 0.1 * (1 - x[:-1])
    gradient[1:] -= 10 * bend
    return gradient


def dense(m, x, constants):
    return -0.5 * (x * (constants["precision"] @ x)).sum(0)


def dense_gradient(np, x, constants):
    return -(constants["precision"] @ x)


PROBLEMS = [
    Problem("quartic", 1, 1e-3, (-0.7, 1.5), quartic, quartic_gradient),
    Problem("ring", 2, 0.01, None, ring, ring_gradient),
    Problem("banana", 10, 1e-3, None, banana, banana_gradient),
    Problem("dense", 50, 0.02, None, dense, dense_gradient),
]


def constants(np, dtype):
    angle = np.arange(8) * np.pi / 4
    index = np.arange(50)
    return {
        "centres": (2 * np.stack([np.cos(angle), np.sin(angle)], 1)).astype(dtype),
        "precision": np.exp(-np.abs(index[:, None] - index[None, :]) / 4).astype(dtype),
    }


def check(np, problem, start):
    """The gradient by hand against central differences of the log density."""
    m = SimpleNamespace(log=np.log, log1p=np.log1p, softplus=lambda x: np.logaddexp(0, x), logsumexp=np.logaddexp.reduce)
    x, shared, small = start[:, :8], constants(np, np.float64), 1e-5
    for row, by_hand in enumerate(problem.gradient(np, x, shared)):
        aside = np.zeros_like(x)
        aside[row] = small
        ahead, behind = (problem.log_density(m, x + sign * aside, shared) for sign in (1, -1))
        assert np.allclose(by_hand, (ahead - behind) / (2 * small), rtol=1e-6, atol=1e-6), problem.name


def move(minimum, maximum, problem, x, gradient, noise):
    x = x + problem.step_size * gradient + (2 * problem.step_size) ** 0.5 * noise
    if problem.ends:
        low, high = problem.ends
        # The mirror image is on the inner side just where the proposal is outside.
        x = minimum(maximum(x, 2 * low - x), 2 * high - x)
    return x


def measure(label, precision, run):
    """Times run(steps) in slices after a first, compiling call; processor time, as the Rust program does."""

    def seconds(steps):
        before = time.process_time()
        run(steps)
        return time.process_time() - before

    steps = 16
    while True:
        seconds(steps)
        taken = seconds(steps)
        if taken > SLICE or steps >= 1 << 16:
            break
        steps *= 4
    times = sorted(seconds(steps) / (steps * CHAINS) * 1e9 for _ in range(ROUNDS))
    print(f"  {label:<24} {times[len(times) // 10]:>9.2f} {times[len(times) // 2]:>9.2f} {precision:>10}", flush=True)


def with_numpy(problem, start):
    import numpy as np

    for dtype, precision in ((np.float64, "f64"), (np.float32, "f32")):
        shared, rng = constants(np, dtype), np.random.default_rng(1)

        def run(steps):
            x = start.astype(dtype)
            for _ in range(steps):
                noise = rng.standard_normal(x.shape, dtype)
                x = move(np.minimum, np.maximum, problem, x, problem.gradient(np, x, shared), noise)
            assert np.isfinite(x).all() and x.dtype == dtype

        measure("NumPy", precision, run)


def with_jax(problem, start):
    import jax
    import numpy as np

    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    m = SimpleNamespace(log=jnp.log, log1p=jnp.log1p, softplus=jax.nn.softplus, logsumexp=jax.nn.logsumexp)
    for dtype, precision in ((jnp.float64, "f64"), (jnp.float32, "f32")):
        shared = {name: jnp.asarray(value) for name, value in constants(np, dtype).items()}
        gradient = jax.grad(lambda x: problem.log_density(m, x, shared).sum())
        if precision == "f64":
            assert np.allclose(gradient(jnp.asarray(start)), problem.gradient(np, start, shared), rtol=1e-10, atol=1e-10)

        def step(state, _):
            x, key = state
            key, now = jax.random.split(key)
            noise = jax.random.normal(now, x.shape, dtype)
            return (move(jnp.minimum, jnp.maximum, problem, x, gradient(x), noise), key), None

        compiled = jax.jit(lambda state, steps: jax.lax.scan(step, state, length=steps)[0], static_argnums=1)

        def run(steps):
            x, _ = compiled((jnp.asarray(start, dtype), jax.random.key(1)), steps)
            assert bool(jnp.isfinite(x).all()) and x.dtype == dtype

        measure("JAX, jit and scan", precision, run)


def with_torch(problem, start):
    import torch
    import numpy as np

    torch.set_num_threads(1)
    functional = torch.nn.functional
    m = SimpleNamespace(log=torch.log, log1p=torch.log1p, softplus=functional.softplus, logsumexp=torch.logsumexp)
    for dtype, precision in ((torch.float64, "f64"), (torch.float32, "f32")):
        shared = {name: torch.tensor(value, dtype=dtype) for name, value in constants(np, float).items()}

        def gradient(x):
            x.requires_grad_(True)
            return torch.autograd.grad(problem.log_density(m, x, shared).sum(), x)[0]

        if precision == "f64":
            by_hand = problem.gradient(np, start, constants(np, float))
            assert np.allclose(gradient(torch.tensor(start)).numpy(), by_hand, rtol=1e-10, atol=1e-10)

        def run(steps):
            x = torch.tensor(start, dtype=dtype)
            for _ in range(steps):
                slope = gradient(x)
                with torch.no_grad():
                    x = move(torch.minimum, torch.maximum, problem, x, slope, torch.randn_like(x))
            assert bool(torch.isfinite(x).all())

        measure("PyTorch, eager", precision, run)


def main():
    if importlib.util.find_spec("numpy") is None:
        print("skipped: NumPy is not installed, and every peer needs it")
        return
    import numpy as np

    warnings.filterwarnings("error", category=RuntimeWarning)
    peers = []
    for name, run in (("numpy", with_numpy), ("jax", with_jax), ("torch", with_torch)):
        if importlib.util.find_spec(name) is None:
            print(f"skipped: {name} is not installed")
        else:
            peers.append(run)
    print(f"ns per chain-step (gradient, drift, noise, bounds), one core, {CHAINS} chains")
    rng = np.random.default_rng(1)
    for problem in PROBLEMS:
        if WANTED and problem.name not in WANTED:
            continue
        print(f"\n{problem.name}\n  {'peer':<24} {'p10':>9} {'median':>9} {'precision':>10}")
        start = 0.4 + 0.1 * rng.standard_normal((problem.dimension, CHAINS))
        check(np, problem, start)
        for peer in peers:
            peer(problem, start)


main()
