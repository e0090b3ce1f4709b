"""Twenty integrands that every integration package is shown on, by `langevin integrate` and by SciPy's `quad` with its defaults.

    cargo build --release && python benches/integrands.py

Needs SciPy and mpmath; without SciPy its columns are empty. Integrands that change sign are no densities: log x and log(x)/sqrt(x)
stand with a minus, cos(64 sin x) with 1 added. A value is right if it is off by at most what its bar says, or by 1e-9.
"""

import json
import subprocess
import sys
import warnings

import numpy as np

try:
    from scipy.integrate import quad
except ImportError:
    quad = None

import mpmath

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "target/release/langevin"
INF = np.inf
PI = np.pi

# Name, formula of ours, range, the same for NumPy, exact value.
CASES = [
    ("exp(x)", "exp(x)", (0, 1), np.exp, mpmath.e - 1),
    ("4/(1+x^2)", "4/(1+x^2)", (0, 1), lambda x: 4 / (1 + x * x), mpmath.pi),
    ("1/(1+25x^2)", "1/(1+25*x^2)", (-1, 1), lambda x: 1 / (1 + 25 * x * x), mpmath.mpf(2) / 5 * mpmath.atan(5)),
    ("sqrt(x)", "sqrt(x)", (0, 1), np.sqrt, mpmath.mpf(2) / 3),
    ("1/sqrt(x)", "1/sqrt(x)", (0, 1), lambda x: 1 / np.sqrt(x), 2),
    ("x^-0.9", "x^-0.9", (0, 1), lambda x: x**-0.9, 10),
    ("-log x", "-log(x)", (0, 1), lambda x: -np.log(x), 1),
    ("-log(x)/sqrt(x)", "-log(x)/sqrt(x)", (0, 1), lambda x: -np.log(x) / np.sqrt(x), 4),
    ("|x-1/3|", "abs(x-1/3)", (0, 1), lambda x: abs(x - 1 / 3), mpmath.mpf(5) / 18),
    ("|x-1/3|^-1/2", "abs(x-1/3)^-0.5", (0, 1), lambda x: abs(x - 1 / 3) ** -0.5, 2 * (mpmath.sqrt(mpmath.mpf(1) / 3) + mpmath.sqrt(mpmath.mpf(2) / 3))),
    ("step at 0.3", "if(x < 0.3, 0, 1)", (0, 1), lambda x: float(x >= 0.3), mpmath.mpf(7) / 10),
    ("1+cos(64 sin x)", "1+cos(64*sin(x))", (0, PI), lambda x: 1 + np.cos(64 * np.sin(x)), mpmath.pi * (1 + mpmath.besselj(0, 64))),
    (
        "Kahaner 21",
        "1/cosh(10*(x-0.2))^2 + 1/cosh(100*(x-0.4))^4 + 1/cosh(1000*(x-0.6))^6",
        (0, 1),
        lambda x: np.cosh(10 * (x - 0.2)) ** -2.0 + np.cosh(100 * (x - 0.4)) ** -4.0 + np.cosh(np.clip(1000 * (x - 0.6), -100, 100)) ** -6.0,
        None,
    ),
    ("1/((x-.3)^2+1e-6)", "1/((x-0.3)^2+1e-6)", (0, 1), lambda x: 1 / ((x - 0.3) ** 2 + 1e-6), 1000 * (mpmath.atan(700) + mpmath.atan(300))),
    ("spike of 1e-6", "exp(-((x-0.3)/1e-6)^2)", (0, 1), lambda x: np.exp(-(((x - 0.3) / 1e-6) ** 2)), mpmath.sqrt(mpmath.pi) / 10**6),
    ("exp(-x^2), R", "exp(-x^2)", (-INF, INF), lambda x: np.exp(-x * x), mpmath.sqrt(mpmath.pi)),
    ("1/(1+x^2), R", "1/(1+x^2)", (-INF, INF), lambda x: 1 / (1 + x * x), mpmath.pi),
    ("exp(-x)/sqrt(x), 0..inf", "exp(-x)/sqrt(x)", (0, INF), lambda x: np.exp(-x) / np.sqrt(x), mpmath.sqrt(mpmath.pi)),
    ("(1+log(x)^2)/(1+100x^2), 0..inf", "(1+log(x)^2)/(1+100*x^2)", (0, INF), lambda x: (1 + np.log(x) ** 2) / (1 + 100 * x * x), None),
    ("exp(-(x-1000)^2), R", "exp(-(x-1000)^2)", (-INF, INF), lambda x: np.exp(-((x - 1000) ** 2)), mpmath.sqrt(mpmath.pi)),
]

# 1/cosh² and its powers have elementary integrals in t = tanh; the second is π/20 times 1 + log²(1/10) + π²/4.
mpmath.mp.dps = 40


def sech_power(power, scale, centre):
    def primitive(x):
        t = mpmath.tanh(scale * (x - centre))
        return {2: t, 4: t - t**3 / 3, 6: t - 2 * t**3 / 3 + t**5 / 5}[power] / scale

    return primitive(mpmath.mpf(1)) - primitive(mpmath.mpf(0))


KAHANER = sech_power(2, 10, mpmath.mpf("0.2")) + sech_power(4, 100, mpmath.mpf("0.4")) + sech_power(6, 1000, mpmath.mpf("0.6"))
LOG_SQUARE = mpmath.pi / 20 * (1 + mpmath.log(mpmath.mpf(1) / 10) ** 2 + mpmath.pi**2 / 4)


def bound(x):
    return "inf" if x == INF else "-inf" if x == -INF else repr(x)


def verdict(off, bar):
    return "right" if off <= max(1e-9, bar) else "WRONG"


def main():
    print(f"{'integrand':32} | langevin: points, off by, bar, proved within | SciPy quad: points, off by, bar")
    points = []
    for name, formula, (low, high), function, exact in CASES:
        exact = {"Kahaner 21": KAHANER}.get(name, LOG_SQUARE if exact is None else exact)
        run = subprocess.run(
            [PROGRAM, "integrate", "--density", formula, "--range", f"{bound(low)},{bound(high)}", "--json"], capture_output=True, text=True
        )
        found = json.loads(run.stdout)["normalizer"]
        off = float(abs(mpmath.mpf(found["value"]) / exact - 1))
        proved = f"{found['enclosure']['relative_width']:.0e}" if found["certified"] else "not"
        points.append(found["evaluations"])
        ours = f"{found['evaluations']:6} {off:8.0e} {found['relative_error']:8.0e} {proved:>6} {verdict(off, found['relative_error'])}"
        theirs = ""
        if quad is not None:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                value, error, info = quad(function, low, high, full_output=True)[:3]
            off = float(abs(mpmath.mpf(value) / exact - 1))
            said = " (warns)" if caught else ""
            theirs = f"{info['neval']:6} {off:8.0e} {error / abs(float(exact)):8.0e} {verdict(off, error / abs(float(exact)))}{said}"
        print(f"{name:32} | {ours} | {theirs}")
    print(f"median of our points: {np.median(points):.0f}")


if __name__ == "__main__":
    main()
