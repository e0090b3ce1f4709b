"""Writes integrals.tsv: integrals of the literature with their closed forms, to 17 digits.

    python3 tests/data/integrals.py > tests/data/integrals.tsv      (needs mpmath)

A row is a family, a formula, its ranges (parted by spaces) and the integral. The sources:

    quadpack   Piessens, de Doncker-Kapenga, Überhuber & Kahaner (1983), "QUADPACK", section 4.1
    kahaner    Kahaner (1971), "Comparison of numerical quadrature formulas"
    bailey     Bailey, Jeyabalan & Li (2005), "A comparison of three high-precision quadrature schemes"
    ryzhik     Gradshteyn & Ryzhik, "Table of integrals, series, and products"
    genz       Genz (1987), "A package for testing multiple integration subroutines", in 1 to 6 variables
    needles    places and widths that points miss
    laws       normalising constants of distributions

What changes its sign has a constant added.
"""

from itertools import product

from mpmath import (acos, acot, asin, atan, besseli, besselj, besselk, beta, catalan, cos, ellipk, erf, euler, exp, expint, factorial, floor, gamma,
                    inf, log, mp, mpf, nstr, nsum, pi, quad, sec, sin, sinh, sqrt, tan, zeta)

mp.dps = 40
HALF_LINE, LINE, UNIT = "0,inf", "-inf,inf", "0,1"
rows = []


def add(family, formula, ranges, value):
    rows.append((family, formula, ranges, nstr(mpf(value), 17, min_fixed=-5, max_fixed=18)))


def steps(low, high, step):
    """Decimals as text, both ends included."""
    low, high, step = mpf(low), mpf(high), mpf(step)
    return [nstr(low + step * k, 12) for k in range(int(floor((high - low) / step + mpf("0.5"))) + 1)]


def quadpack():
    for a in steps("-0.9", "2.6", "0.1"):
        add("quadpack 1", f"x^({a})*log(1/x)", UNIT, (1 + mpf(a)) ** -2)
    for a in range(21):
        width = mpf(4) ** (a - 1)
        add("quadpack 2", f"4^(-{a})/((x-pi/4)^2+16^(-{a}))", UNIT, atan((4 - pi) * width) + atan(pi * width))
    for a in range(11):
        add("quadpack 3", f"1+cos(2^{a}*sin(x))", "0,pi", pi + pi * besselj(0, mpf(2) ** a))
    for a in steps("-0.8", "2.1", "0.1"):
        p = mpf(a) + 1
        add("quadpack 4", f"abs(x-1/3)^({a})", UNIT, ((mpf(1) / 3) ** p + (mpf(2) / 3) ** p) / p)
        add("quadpack 5", f"abs(x-pi/4)^({a})", UNIT, ((pi / 4) ** p + (1 - pi / 4) ** p) / p)
    for a in range(1, 21):
        near = mpf(2) ** -a
        add("quadpack 6", f"1/sqrt(1-x^2)/(x+1+2^(-{a}))", "-1,1", pi / sqrt(near * (2 + near)))
    for a in steps("0.1", "2", "0.1"):
        p = mpf(a)
        add("quadpack 7", f"sin(x)^({a}-1)", "0,pi/2", 2 ** (p - 2) * gamma(p / 2) ** 2 / gamma(p))
        add("quadpack 8", f"log(1/x)^({a}-1)", UNIT, gamma(p))
    for a in range(10):
        w, c = mpf(2) ** a, mpf(20)
        flat = (1 - exp(-c)) / c
        wave = (c * sin(w) - w * cos(w) + w * exp(-c)) / (c * c + w * w)
        add("quadpack 9", f"(1+sin(2^{a}*x))*exp(20*(x-1))", UNIT, flat + wave)
    for a in range(9):
        h = mpf(2) ** (a - 1)
        add("quadpack 10", f"(1+cos(2^{a}*x))/sqrt(x*(1-x))", UNIT, pi + pi * cos(h) * besselj(0, h))
    for a in range(7):
        b = mpf(2) ** -a
        add("quadpack 11", f"exp(-2^(-{a})*x)*(1+cos(x))/sqrt(x)", HALF_LINE, sqrt(pi) * (1 / sqrt(b) + cos(atan(1 / b) / 2) / (1 + b * b) ** mpf("0.25")))
    for a in range(0, 60, 5):
        add("quadpack 12", f"x^2*exp(-2^(-{a})*x)", HALF_LINE, mpf(2) ** (3 * a + 1))
    for a in steps("0.1", "0.9", "0.1") + steps("1.1", "1.9", "0.1"):
        p = mpf(a)
        add("quadpack 13", f"x^({a}-1)/(1+10*x)^2", HALF_LINE, 10**-p * (1 - p) * pi / sin(pi * p))


def kahaner():
    def one(formula, ranges, value):
        add("kahaner", formula, ranges, value)

    one("exp(x)", UNIT, exp(1) - 1)
    one("if(x<0.3,0,1)", UNIT, mpf("0.7"))
    one("sqrt(x)", UNIT, mpf(2) / 3)
    one("1+0.92*cosh(x)-cos(x)", "-1,1", 2 + 2 * mpf("0.92") * sinh(1) - 2 * sin(1))
    one("1/(x^4+x^2+0.9)", "-1,1", quad(lambda x: 1 / (x**4 + x**2 + mpf("0.9")), [-1, 0, 1]))
    one("x^1.5", UNIT, mpf("0.4"))
    one("x^(-0.5)", UNIT, 2)
    one("1/(x^4+1)", UNIT, (pi + 2 * log(1 + sqrt(2))) / (4 * sqrt(2)))
    one("2/(2+sin(10*pi*x))", UNIT, 2 / sqrt(3))
    one("1/(1+x)", UNIT, log(2))
    one("1/(1+exp(x))", UNIT, 1 + log(2) - log(1 + exp(1)))
    one("x/(exp(x)-1)", UNIT, quad(lambda x: x / mp.expm1(x), [0, 1]))
    one("10+sin(100*pi*x)/(pi*x)", "0.1,1", 9 + (mp.si(100 * pi) - mp.si(10 * pi)) / pi)
    one("sqrt(50)*exp(-50*pi*x^2)", "0,10", mpf("0.5"))
    one("25*exp(-25*x)", "0,10", 1 - exp(-250))
    one("50/pi/(2500*x^2+1)", "0,10", atan(500) / pi)
    w = 50 * pi
    one("50*(sin(50*pi*x)/(50*pi*x))^2", "0.01,1",
        50 / w * ((mp.si(2 * w) - sin(w) ** 2 / w) - (mp.si(2 * w / 100) - sin(w / 100) ** 2 / (w / 100))))
    one("1+cos(cos(x)+3*sin(x)+2*cos(2*x)+3*sin(2*x)+3*cos(3*x))", "0,pi",
        pi + quad(lambda x: cos(cos(x) + 3 * sin(x) + 2 * cos(2 * x) + 3 * sin(2 * x) + 3 * cos(3 * x)), mp.linspace(0, pi, 9)))
    one("log(1/x)", UNIT, 1)
    one("1/(1.005+x^2)", "-1,1", 2 * atan(1 / sqrt(mpf("1.005"))) / sqrt(mpf("1.005")))
    total = sum((mp.tanh(10**k * (1 - mpf(c))) + mp.tanh(10**k * mpf(c))) / 10**k for k, c in [(1, "0.2")])
    total += quad(lambda x: mp.sech(100 * (x - mpf("0.4"))) ** 4 + mp.sech(1000 * (x - mpf("0.6"))) ** 6,
                  [0, "0.35", "0.4", "0.45", "0.58", "0.595", "0.6", "0.605", "0.62", 1])
    one("1/cosh(10*(x-0.2))^2+1/cosh(100*(x-0.4))^4+1/cosh(1000*(x-0.6))^6", UNIT, total)


def bailey():
    def one(formula, ranges, value):
        add("bailey", formula, ranges, value)

    one("x*log(1+x)", UNIT, mpf(1) / 4)
    one("x^2*atan(x)", UNIT, (pi - 2 + 2 * log(2)) / 12)
    one("exp(x)*cos(x)", "0,pi/2", (exp(pi / 2) - 1) / 2)
    one("atan(sqrt(2+x^2))/((1+x^2)*sqrt(2+x^2))", UNIT, 5 * pi**2 / 96)
    one("sqrt(x)*log(1/x)", UNIT, mpf(4) / 9)
    one("sqrt(1-x^2)", UNIT, pi / 4)
    one("sqrt(x)/sqrt(1-x^2)", UNIT, 2 * sqrt(pi) * gamma(mpf(3) / 4) / gamma(mpf(1) / 4))
    one("log(x)^2", UNIT, 2)
    one("-log(cos(x))", "0,pi/2", pi * log(2) / 2)
    one("sqrt(tan(x))", "0,pi/2", pi * sqrt(2) / 2)
    one("1/(1+x^2)", HALF_LINE, pi / 2)
    one("exp(-x)/sqrt(x)", HALF_LINE, sqrt(pi))
    one("exp(-x^2/2)", HALF_LINE, sqrt(pi / 2))
    one("exp(-x)*(1+cos(x))", HALF_LINE, mpf("1.5"))
    one("1/(1-2*x+2*x^2)", UNIT, pi / 2)
    one("exp(1-1/x)/sqrt(x^3-x^4)", UNIT, sqrt(pi))
    one("1/(x^4+x^2+1)^2", HALF_LINE, quad(lambda x: 1 / (x**4 + x**2 + 1) ** 2, [0, 1, inf]))
    one("x^2/sin(x)^2", "0,pi/2", pi * log(2))
    one("-log(sin(x))", "0,pi/2", pi * log(2) / 2)
    one("log(1+tan(x))", "0,pi/4", pi * log(2) / 8)


def ryzhik():
    def one(formula, ranges, value):
        add("ryzhik", formula, ranges, value)

    for p, q in product(["0.1", "0.5", "1.5", "3"], ["0.2", "0.7", "2.5", "8"]):
        one(f"x^({p}-1)*(1-x)^({q}-1)", UNIT, beta(mpf(p), mpf(q)))  # 3.191 3
    for p, q in product(["0.3", "0.9", "1.5"], ["1.8", "2.4", "5", "12"]):
        one(f"x^({p}-1)/(1+x^{q})", HALF_LINE, pi / (mpf(q) * sin(pi * mpf(p) / mpf(q))))  # 3.241 2
    for s, k in product(["0.2", "0.5", "1", "2.5", "7"], ["0.5", "1", "2", "4"]):
        one(f"x^({s}-1)*exp(-x^{k})", HALF_LINE, gamma(mpf(s) / mpf(k)) / mpf(k))  # 3.326 2
    for a, b in product(["0.01", "1", "30"], ["0.001", "2", "50"]):
        one(f"exp(-{a}*x^2-{b}/x^2)", HALF_LINE, sqrt(pi / mpf(a)) / 2 * exp(-2 * sqrt(mpf(a) * mpf(b))))  # 3.325
        nu = mpf("1.5")
        one(f"x^(1.5-1)*exp(-{b}/x-{a}*x)", HALF_LINE,
            2 * (mpf(b) / mpf(a)) ** (nu / 2) * besselk(nu, 2 * sqrt(mpf(a) * mpf(b))))  # 3.471 9
    for a in ["0.001", "0.1", "1", "20"]:
        one(f"exp(-{a}*cosh(x))", HALF_LINE, besselk(0, mpf(a)))  # 3.337 1
        one(f"exp(-{a}*cosh(x))*cosh(1.5*x)", HALF_LINE, besselk(mpf("1.5"), mpf(a)))  # 8.432 1
        one(f"exp({a}*cos(x))", "0,2*pi", 2 * pi * besseli(0, mpf(a)))  # 3.339
    for b in ["0.1", "0.9", "0.999", "0.999999"]:
        one(f"1/(1+{b}*cos(x))", "0,2*pi", 2 * pi / sqrt(1 - mpf(b) ** 2))  # 3.613 1
        one(f"1/(1-2*{b}*cos(x)+{b}^2)", "0,2*pi", 2 * pi / (1 - mpf(b) ** 2))  # 3.613 2
        one(f"1/sqrt(1-{b}^2*sin(x)^2)", "0,pi/2", ellipk(mpf(b) ** 2))  # 8.112 1
    for s in ["1.1", "1.5", "2", "3.5", "10"]:
        one(f"x^({s}-1)/(exp(x)-1)", HALF_LINE, gamma(mpf(s)) * zeta(mpf(s)))  # 3.411 1
        one(f"x^({s}-1)/(exp(x)+1)", HALF_LINE, gamma(mpf(s)) * mp.altzeta(mpf(s)))  # 3.411 3
    for a in ["0.01", "1", "1000"]:
        one(f"log(1+({a}*x)^2)/x^2", HALF_LINE, pi * mpf(a))  # 4.295 3
        one(f"(1-cos({a}*x))/x^2", HALF_LINE, pi * mpf(a) / 2)  # 3.782 2
        one(f"(sin({a}*x)/x)^2", HALF_LINE, pi * mpf(a) / 2)  # 3.821 9
        one(f"1/cosh({a}*x)", LINE, pi / mpf(a))  # 3.511 1
        one(f"exp(-x)*(1-cos({a}*x))/x", HALF_LINE, log(1 + mpf(a) ** 2) / 2)  # 3.943
        one(f"(exp(-{a}*x)-exp(-2*{a}*x))/x", HALF_LINE, log(2))  # 3.434 2
        one(f"1/(x^2+{a}^2)^2", LINE, pi / (2 * mpf(a) ** 3))  # 3.241 4
    for a, b in [("1", "2"), ("0.5", "1"), ("3", "3.1"), ("20", "30")]:
        one(f"cosh({a}*x)/cosh({b}*x)", HALF_LINE, pi / (2 * mpf(b)) * sec(mpf(a) * pi / (2 * mpf(b))))  # 3.511 4
        one(f"sinh({a}*x)/sinh({b}*x)", HALF_LINE, pi / (2 * mpf(b)) * tan(mpf(a) * pi / (2 * mpf(b))))  # 3.511 2
    one("x/sinh(x)", HALF_LINE, pi**2 / 4)  # 3.521 1
    one("x^2/cosh(x)^2", HALF_LINE, pi**2 / 12)  # 3.527 5
    for p in ["0.25", "1.5", "6"]:
        one(f"1/cosh(x)^{p}", LINE, sqrt(pi) * gamma(mpf(p) / 2) / gamma((mpf(p) + 1) / 2))  # 3.512 1
    one("log(1+x)/x", UNIT, pi**2 / 12)  # 4.291 1
    one("-log(1-x)/x", UNIT, pi**2 / 6)  # 4.291 2
    one("log(x)/(x-1)", UNIT, pi**2 / 6)  # 4.231 2
    one("log(x)/(x^2-1)", UNIT, pi**2 / 8)  # 4.231 13
    one("log(x)^2/(1+x^2)", HALF_LINE, pi**3 / 8)  # 4.261 6
    one("log(x)^2/(1+x)^2", HALF_LINE, pi**2 / 3)  # 4.261 5
    one("atan(x)/(x*(1+x^2))", HALF_LINE, pi * log(2) / 2)  # 4.535 3
    one("(atan(x)/x)^2", HALF_LINE, pi * log(2))  # 4.538 2
    one("atan(x)/x", UNIT, catalan)  # 4.531 1
    one("x/sin(x)", "0,pi/2", 2 * catalan)  # 3.747 2
    one("erfc(x)", HALF_LINE, 1 / sqrt(pi))  # 6.281 1
    one("erfc(x)^2", HALF_LINE, (2 - sqrt(2)) / sqrt(pi))
    one("x*erfc(x)", HALF_LINE, mpf(1) / 4)  # 6.281 1
    for n, a in product([1, 3, 6], ["-0.7", "0", "4"]):
        one(f"x^({a})*log(1/x)^{n}", UNIT, factorial(n) / (mpf(a) + 1) ** (n + 1))  # 4.272 6
    for p, q in product(["-0.6", "0.5", "7"], ["-0.3", "3", "20"]):
        one(f"sin(x)^({p})*cos(x)^({q})", "0,pi/2", beta((mpf(p) + 1) / 2, (mpf(q) + 1) / 2) / 2)  # 3.621 5
    for p in ["-0.8", "-0.2", "0.6"]:  # beyond, what lies between pi/2 and its double counts
        one(f"tan(x)^({p})", "0,pi/2", pi / (2 * cos(pi * mpf(p) / 2)))  # 3.622 1
    one("x^x", UNIT, -nsum(lambda n: (-1) ** int(n) / mpf(n) ** int(n), [1, 30], method="d"))  # 3.342
    one("x^(-x)", UNIT, nsum(lambda n: 1 / mpf(n) ** int(n), [1, 30], method="d"))
    one("lgamma(x)", UNIT, log(2 * pi) / 2)  # 6.441 1
    for t in ["0.1", "1.5", "3"]:
        one(f"1/(x^2+2*x*cos({t})+1)", HALF_LINE, mpf(t) / sin(mpf(t)))  # 3.252 1
    one("1/sqrt(x^4+1)", HALF_LINE, gamma(mpf(1) / 4) ** 2 / (4 * sqrt(pi)))  # 3.166 16
    for a in ["1.05", "1.5", "4", "100"]:
        one(f"x^(-{a})", "1,inf", 1 / (mpf(a) - 1))
        one(f"1/(x*log(x)^{a})", "2,inf", log(2) ** (1 - mpf(a)) / (mpf(a) - 1))
        one(f"(1+x^2)^(-{a}/2)", LINE, sqrt(pi) * gamma((mpf(a) - 1) / 2) / gamma(mpf(a) / 2))  # 3.249 8
    for n in [2, 10, 30, 60]:
        one(f"x^{n}*exp(-x^2/2)", LINE, 2 ** (mpf(n + 1) / 2) * gamma(mpf(n + 1) / 2))  # 3.461 2
        one(f"abs(sin({n}*x))", "0,pi", 2)
        one(f"sin({n}*x)^2", "0,pi", pi / 2)
    for a in ["0.5", "10", "1000"]:
        one(f"exp(-{a}*x)", UNIT, -mp.expm1(-mpf(a)) / mpf(a))
        one(f"exp(-{a}*abs(x-1/3))", UNIT, -(mp.expm1(-mpf(a) / 3) + mp.expm1(-2 * mpf(a) / 3)) / mpf(a))
        one(f"log(1+{a}/x^2)", HALF_LINE, pi * sqrt(mpf(a)))  # 4.222 1
        one(f"(1+sin({a}*x))/(1+x^2)", LINE, pi)
        one(f"(1+cos({a}*x))/(1+x^2)", LINE, pi + pi * exp(-mpf(a)))  # 3.723 2
        one(f"(1+cos({a}*x))*exp(-x^2)", LINE, sqrt(pi) * (1 + exp(-mpf(a) ** 2 / 4)))  # 3.896 2
        one(f"x*exp(-{a}*x)/(1+exp(-{a}*x))", HALF_LINE, pi**2 / (12 * mpf(a) ** 2))
    one("1-x/sqrt(1+x^2)", HALF_LINE, 1)
    one("1-x*atan(1/x)", HALF_LINE, pi / 4)
    one("1-x^2*log(1+1/x^2)", HALF_LINE, pi / 3)
    one("sqrt(x^4+1)-x^2", LINE, 2 * gamma(mpf(1) / 4) ** 2 / (6 * sqrt(pi)))
    one("(x-sin(x))/x^3", HALF_LINE, pi / 4)  # 3.826
    one("exp(-x)*log(1+x)", HALF_LINE, exp(1) * mp.e1(1))  # 4.337 5
    one("exp(-x)/(1+x)", HALF_LINE, exp(1) * mp.e1(1))  # 3.353
    one("1/(exp(x)+exp(-x)+1)", LINE, 2 * pi / (3 * sqrt(3)))  # 3.511


def needles():
    def one(formula, ranges, value):
        add("needles", formula, ranges, value)

    for c in ["0.3", "0.918273645"]:
        for w in ["1e-2", "1e-4", "1e-6", "1e-8", "1e-10", "1e-12"]:
            one(f"exp(-((x-{c})/{w})^2)", UNIT, sqrt(pi) * mpf(w))
            one(f"1+exp(-((x-{c})/{w})^2)/{w}", UNIT, 1 + sqrt(pi))
            one(f"{w}/((x-{c})^2+{w}^2)", UNIT, atan(mpf(c) / mpf(w)) + atan((1 - mpf(c)) / mpf(w)))
            one(f"1/cosh((x-{c})/{w})", "-1,2", pi * mpf(w))
        for w in ["1e-3", "1e-6", "1e-9"]:
            one(f"1+if(abs(x-{c})<{w},1/{w},0)", UNIT, 3)
    for c, s in [("1e3", "1"), ("1e8", "1e-3"), ("-1e5", "1e-6"), ("3.3e4", "1e-4")]:
        one(f"exp(-((x-({c}))/{s})^2)", LINE, sqrt(pi) * mpf(s))
        one(f"{s}/((x-({c}))^2+{s}^2)", LINE, pi)
    for s in ["1e-300", "1e-200", "1e-160", "1e-50", "1e50", "1e200", "1e300"]:
        one(f"exp(-(x/{s})^2/2)", LINE, sqrt(2 * pi) * mpf(s))
        one(f"exp(-x/{s})", HALF_LINE, mpf(s))
    for n in [10, 60, 100, 200]:
        one(f"sum(i in 1..{n}, exp(-((x-i*0.37)/1e-3)^2))", "0,100", n * sqrt(pi) / 1000)
    for n in ["1e3", "1e5", "1e7", "1e9"]:
        one(f"x^{n}", UNIT, 1 / (mpf(n) + 1))
    one("exp(-((mod(x,1)-0.5)/1e-3)^2)", "0,100", sqrt(pi) / 10)
    one("floor(x)*exp(-x)", HALF_LINE, 1 / (exp(1) - 1))
    one("exp(-floor(x))", HALF_LINE, exp(1) / (exp(1) - 1))
    one("exp(-2*ceil(x/3))", HALF_LINE, 3 / (exp(2) - 1))
    one("exp(-round(x))", HALF_LINE, mpf("0.5") + 1 / (exp(1) - 1))
    one("floor(7*x)", UNIT, 3)
    one("mod(5*x,1)", "0,2", 1)


def laws():
    def one(formula, ranges, value):
        add("laws", formula, ranges, value)

    for k in ["0.1", "0.5", "3", "50"]:
        one(f"x^({k}-1)*exp(-x)", HALF_LINE, gamma(mpf(k)))
        one(f"x^(-{k}-1)*exp(-1/x)", HALF_LINE, gamma(mpf(k)))
        one(f"exp(-{k}*x-exp(-x))", LINE, gamma(mpf(k)))
        one(f"x^({k}-1)*exp(-log(x)^2/2)", HALF_LINE, sqrt(2 * pi) * exp(mpf(k) ** 2 / 2))
        one(f"sigmoid(x)^{k}*sigmoid(-x)", LINE, 1 / mpf(k))
        one(f"(1+x^2/{k})^(-({k}+1)/2)", LINE, sqrt(mpf(k)) * beta(mpf("0.5"), mpf(k) / 2))
        one(f"exp(-abs(x)^{k})", LINE, 2 * gamma(1 + 1 / mpf(k)))
        one(f"x^({k}-1)/(1+x^{k})^2", HALF_LINE, 1 / mpf(k))
        one(f"exp({k}*cos(x-1))", "-pi,pi", 2 * pi * besseli(0, mpf(k)))
        one(f"exp(-(x-1/x)^2*{k})", HALF_LINE, sqrt(pi / mpf(k)) / 2)
    one("exp(-x^4/4+x^2/2)", LINE, pi / 2 * exp(mpf(1) / 8) * (besseli(mpf(-1) / 4, mpf(1) / 8) + besseli(mpf(1) / 4, mpf(1) / 8)))
    one("(x-0.4)^4-(x-0.2)^2+0.6", "-0.7,1.5", quad(lambda x: (x - mpf("0.4")) ** 4 - (x - mpf("0.2")) ** 2 + mpf("0.6"), [mpf("-0.7"), mpf("1.5")]))
    one("0.3*exp(-(x+40)^2)+0.7*exp(-(x-40)^2*1e4)", LINE, sqrt(pi) * (mpf("0.3") + mpf("0.007")))
    one("normal_cdf(x)*exp(-x^2/2)", LINE, sqrt(pi / 2))
    one("log1p(exp(-x))", HALF_LINE, pi**2 / 12)
    one("gamma(x)*exp(-x^2)", "1,inf", quad(lambda x: gamma(x) * exp(-x * x), [1, 2, 4, 8, inf]))


def genz():
    """a is scaled so that its sum is the difficulty; u = 0.3, 0.45, 0.6, … modulo 1."""
    for d in range(1, 7):
        names = ["x", "y", "z", "u", "v", "w"][:d]
        box = " ".join(f"{name}=0,1" for name in names)
        at = [f"0.{(30 + 15 * i) % 90 + 5:02d}" for i in range(d)]
        for difficulty in [1, 6, 20]:
            a = [nstr(mpf(difficulty) * (i + 1) / (d * (d + 1) / 2), 4) for i in range(d)]
            A, U = [mpf(s) for s in a], [mpf(s) for s in at]
            dot = "+".join(f"{s}*{name}" for s, name in zip(a, names))

            def one(which, formula, value):
                add(f"genz {which} {d}-D", formula, box, value)

            wave = mp.re(mp.exp(2 * pi * mp.mpc(0, 1) * U[0]) * mp.fprod(mp.expm1(mp.mpc(0, 1) * s) / mp.mpc(0, s) for s in A))
            one("oscillatory", f"1+cos(2*pi*{at[0]}+{dot})", 1 + wave)
            one("product", "*".join(f"1/({s}^(-2)+({name}-{u})^2)" for s, u, name in zip(a, at, names)),
                mp.fprod(s * (atan(s * (1 - u)) + atan(s * u)) for s, u in zip(A, U)))
            corner = sum((-1) ** sum(k) / (1 + sum(s * j for s, j in zip(A, k))) for k in product([0, 1], repeat=d))
            one("corner", f"(1+{dot})^(-{d + 1})", corner / (factorial(d) * mp.fprod(A)))
            one("gaussian", "exp(-(" + "+".join(f"({s}*({name}-{u}))^2" for s, u, name in zip(a, at, names)) + "))",
                mp.fprod(sqrt(pi) / (2 * s) * (erf(s * (1 - u)) + erf(s * u)) for s, u in zip(A, U)))
            one("kink", "exp(-(" + "+".join(f"{s}*abs({name}-{u})" for s, u, name in zip(a, at, names)) + "))",
                mp.fprod((2 - exp(-s * u) - exp(-s * (1 - u))) / s for s, u in zip(A, U)))
            cut = min(d, 2)
            inside = " and ".join(f"{name}<{u}" for name, u in list(zip(names, at))[:cut])
            one("jump", f"if({inside}, exp({dot}), 0)",
                mp.fprod(mp.expm1(s * (u if i < cut else 1)) / s for i, (s, u) in enumerate(zip(A, U))))


for family in [quadpack, kahaner, bailey, ryzhik, needles, laws, genz]:
    family()
for row in rows:
    print("\t".join(row))
