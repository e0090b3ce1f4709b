"""Writes distributions.json: log densities, log probabilities and distribution functions with 20 digits, from their definitions.

    python3 tests/data/distributions.py > tests/data/distributions.json      (needs mpmath)

A case is a call in the language of formulas and its value; derivatives are by mpmath's differences at 900 digits.
"""

import json

from mpmath import mp, mpf, besseli, beta, binomial, cos, diff, erfc, exp, expm1, factorial, gamma, inf, log, log1p, loggamma, pi, sqrt, atan

mp.dps = 900


def normal(x, mu, sigma):
    return -((x - mu) / sigma) ** 2 / 2 - log(sigma) - log(2 * pi) / 2


def cauchy(x, mu, sigma):
    return -log(pi * sigma) - log1p(((x - mu) / sigma) ** 2)


def gamma_(x, a, b):
    return a * log(b) - loggamma(a) + (a - 1) * log(x) - b * x


def logistic(x, mu, s):
    z = (x - mu) / s
    return -z - log(s) - 2 * log1p(exp(-z))


def trials(k, n, theta):
    return (k * log(theta) if k else 0) + ((n - k) * log1p(-theta) if n - k else 0)


DENSITIES = {
    "normal": normal,
    "student_t": lambda x, nu, mu, s: loggamma((nu + 1) / 2) - loggamma(nu / 2) - log(nu * pi) / 2 - log(s) - (nu + 1) / 2 * log1p(((x - mu) / s) ** 2 / nu),
    "cauchy": cauchy,
    "laplace": lambda x, mu, s: -abs(x - mu) / s - log(2 * s),
    "logistic": logistic,
    "gumbel": lambda x, mu, b: -(x - mu) / b - exp(-(x - mu) / b) - log(b),
    "skew_normal": lambda x, xi, w, a: normal(x, xi, w) + log(erfc(-a * (x - xi) / w / sqrt(mpf(2)))),
    "von_mises": lambda x, mu, k: k * cos(x - mu) - log(2 * pi * besseli(0, k)),
    "uniform": lambda x, a, b: -log(b - a),
    "half_normal": lambda x, s: log(mpf(2)) + normal(x, 0, s),
    "half_cauchy": lambda x, s: log(mpf(2)) + cauchy(x, 0, s),
    "lognormal": lambda x, mu, s: normal(log(x), mu, s) - log(x),
    "exponential": lambda x, b: log(b) - b * x,
    "gamma": gamma_,
    "inv_gamma": lambda x, a, b: a * log(b) - loggamma(a) - (a + 1) * log(x) - b / x,
    "chi_square": lambda x, nu: gamma_(x, nu / 2, mpf(1) / 2),
    "weibull": lambda x, a, s: log(a / s) + (a - 1) * log(x / s) - (x / s) ** a,
    "pareto": lambda x, low, a: log(a) + a * log(low) - (a + 1) * log(x),
    "beta": lambda x, a, b: (a - 1) * log(x) + (b - 1) * log1p(-x) - log(beta(a, b)),
}
PROBABILITIES = {
    "bernoulli": lambda k, t: trials(k, 1, t),
    "bernoulli_logit": lambda k, a: -log1p(exp(-a)) if k else -log1p(exp(a)),
    "binomial": lambda k, n, t: log(binomial(n, k)) + trials(k, n, t),
    "binomial_logit": lambda k, n, a: log(binomial(n, k)) + trials(k, n, 1 / (1 + exp(-a))),
    "beta_binomial": lambda k, n, a, b: log(binomial(n, k)) + log(beta(k + a, n - k + b)) - log(beta(a, b)),
    "poisson": lambda k, r: (k * log(r) if k else 0) - r - loggamma(k + 1),
    "poisson_log": lambda k, a: k * a - exp(a) - loggamma(k + 1),
    "neg_binomial_2": lambda k, m, p: loggamma(k + p) - loggamma(p) - loggamma(k + 1) + p * log(p / (m + p)) + (k * log(m / (m + p)) if k else 0),
}
CUMULATIVES = {
    "normal": lambda x, mu, s: erfc(-(x - mu) / s / sqrt(mpf(2))) / 2,
    "lognormal": lambda x, mu, s: erfc(-(log(x) - mu) / s / sqrt(mpf(2))) / 2,
    "logistic": lambda x, mu, s: 1 / (1 + exp(-(x - mu) / s)),
    "cauchy": lambda x, mu, s: mpf(1) / 2 + atan((x - mu) / s) / pi,
    "laplace": lambda x, mu, s: exp((x - mu) / s) / 2 if x < mu else 1 - exp(-(x - mu) / s) / 2,
    "exponential": lambda x, b: -expm1(-b * x),
    "weibull": lambda x, a, s: -expm1(-((x / s) ** a)),
    "pareto": lambda x, low, a: 1 - (low / x) ** a,
    "gumbel": lambda x, mu, b: exp(-exp(-(x - mu) / b)),
    "uniform": lambda x, a, b: (x - a) / (b - a),
}

# Ordinary points, tails, large and small parameters.
AT = {
    "normal": [("0.3", "0.1", "2"), ("40", "0", "1"), ("-3e5", "1", "0.5"), ("1e-9", "0", "1e9")],
    "student_t": [("0.3", "4", "0.1", "2"), ("50", "1", "0", "1"), ("2", "0.3", "0", "1e200"), ("1.5", "1e8", "0.2", "1.3"), ("-7", "99.5", "0", "1"), ("-7", "100.5", "0", "1"), ("1e30", "3", "0", "1")],
    "cauchy": [("0.3", "0.1", "2"), ("1e20", "0", "1"), ("1e-12", "0", "1")],
    "laplace": [("0.3", "0.1", "2"), ("-800", "0", "1")],
    "logistic": [("0.3", "0.1", "2"), ("800", "0", "1"), ("-800", "0", "1"), ("1e-9", "0", "1")],
    "gumbel": [("0.3", "0.1", "2"), ("60", "0", "1"), ("-4", "0", "1")],
    "skew_normal": [("0.3", "0.1", "2", "1.5"), ("-9", "0", "1", "6"), ("3", "0", "1", "-4")],
    "von_mises": [("0.3", "0.1", "2"), ("2.5", "0.4", "29.5"), ("2.5", "0.4", "30.5"), ("0.01", "0", "1e6"), ("1", "0.2", "1e-5")],
    "uniform": [("0.3", "0.1", "2")],
    "half_normal": [("0.3", "2"), ("40", "1")],
    "half_cauchy": [("0.3", "2"), ("1e10", "1")],
    "lognormal": [("0.3", "0.1", "2"), ("1e-30", "0", "1"), ("1e30", "0", "1")],
    "exponential": [("0.3", "2"), ("1e5", "0.3")],
    "gamma": [("0.3", "2.5", "1.5"), ("1e-40", "0.1", "1"), ("900", "1e3", "1.1"), ("50", "1", "2")],
    "inv_gamma": [("0.3", "2.5", "1.5"), ("1e-3", "3", "1"), ("1e20", "0.5", "2")],
    "chi_square": [("0.3", "3"), ("900", "500.5")],
    "weibull": [("0.3", "1.5", "2"), ("1e-20", "0.4", "1"), ("20", "2", "1")],
    "pareto": [("3", "1.5", "2"), ("1e30", "0.5", "0.1")],
    "beta": [("0.3", "0.5", "2"), ("1e-30", "0.2", "3"), ("0.999", "1e3", "2.5")],
    "bernoulli": [("1", "0.3"), ("0", "1e-12")],
    "bernoulli_logit": [("1", "0.3"), ("0", "-800"), ("1", "800"), ("1", "-800"), ("0", "800")],
    "binomial": [("3", "10", "0.3"), ("0", "20", "1e-9"), ("7", "7", "0.5")],
    "binomial_logit": [("3", "10", "0.3"), ("0", "20", "-40"), ("5", "20", "400")],
    "beta_binomial": [("3", "10", "0.3", "2"), ("0", "5", "1", "1")],
    "poisson": [("3", "2.5"), ("0", "1e-9"), ("100", "90")],
    "poisson_log": [("3", "0.5"), ("0", "-30"), ("100", "4")],
    "neg_binomial_2": [("3", "2.5", "1.5"), ("0", "3", "0.2"), ("40", "30", "999"), ("40", "30", "1001"), ("7", "5", "1e9")],
}
CUMULATIVE_AT = {
    "normal": [("0.3", "0.1", "2"), ("-40", "0", "1"), ("9", "0", "1")],
    "lognormal": [("0.3", "0.1", "2"), ("0.05", "0", "1")],
    "logistic": [("0.3", "0.1", "2"), ("-800", "0", "1"), ("40", "0", "1")],
    "cauchy": [("0.3", "0.1", "2"), ("-1e12", "0", "1"), ("1e9", "0", "1")],
    "laplace": [("0.3", "0.1", "2"), ("-800", "0", "1"), ("30", "0", "1")],
    "exponential": [("0.3", "2"), ("1e-12", "1"), ("50", "1")],
    "weibull": [("0.3", "1.5", "2"), ("1e-9", "2", "1")],
    "pareto": [("3", "1.5", "2"), ("1e9", "1", "1")],
    "gumbel": [("0.3", "0.1", "2"), ("-3", "0", "1"), ("40", "0", "1")],
    "uniform": [("0.3", "0.1", "2")],
}


def text(value):
    return mp.nstr(value, 20, min_fixed=0, max_fixed=0)


def case(name, function, arguments, first):
    """`first`: the first argument that is a parameter of the model; the value and its derivatives by those."""
    exact = [mpf(argument) for argument in arguments]
    # The doubles that the program reads.
    exact = [mpf(float(argument)) for argument in arguments]
    value = function(*exact)
    derivatives = []
    for place in range(first, len(exact)):
        at = lambda x: function(*[x if i == place else a for i, a in enumerate(exact)])
        step = mpf(10) ** -40 * (1 + abs(exact[place])) if exact[place] > mpf(10) ** -20 or exact[place] <= 0 else exact[place] * mpf(10) ** -40
        derivatives.append(text((at(exact[place] + step) - at(exact[place] - step)) / (2 * step)))
    return {"name": name, "arguments": list(arguments), "value": text(value), "first": first, "derivatives": derivatives}


def main():
    cases = []
    for name, function in DENSITIES.items():
        cases += [case(f"{name}_lpdf", function, at, 0) for at in AT[name]]
    for name, function in PROBABILITIES.items():
        first = 2 if name in ("binomial", "binomial_logit", "beta_binomial") else 1
        for at in AT[name]:
            whole = lambda f: lambda *a: f(*[int(x) if i < first else x for i, x in enumerate(a)])
            cases.append(case(f"{name}_lpmf", whole(function), at, first))
    for name, function in CUMULATIVES.items():
        for at in CUMULATIVE_AT[name]:
            cases.append(case(f"{name}_cdf", function, at, 0))
            cases.append(case(f"{name}_lcdf", lambda *a, f=function: log(f(*a)), at, 0))
            cases.append(case(f"{name}_lccdf", lambda *a, f=function: log(1 - f(*a)), at, 0))
    print(json.dumps(cases, indent=0))


main()
