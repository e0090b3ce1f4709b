# Helpers for generated Python: functions that math lacks, to about 1e-14. Each begins at a marker that names it and those it needs.
# @ exp:
def exp(x):
    return math.exp(x) if x < 709.782712893384 else math.inf
# @ log:
def log(x):
    return math.log(x) if x > 0.0 else -math.inf if x == 0.0 else math.nan
# @ divide:
def divide(a, b):
    if b == 0.0:
        return math.nan if a == 0.0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1.0, b)
    return a / b
# @ power:
def power(x, y):
    try:
        result = x**y
    except ZeroDivisionError:
        return math.inf
    except OverflowError:
        return math.inf
    return math.nan if isinstance(result, complex) else result
# @ round_half_away:
def round_half_away(x):
    return math.copysign(float(math.floor(abs(x) + 0.5)), x)
# @ sign:
def sign(x):
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else x
# @ modulo:
def modulo(x, y):
    return x % y
# @ sigmoid:
def sigmoid(x):
    small = math.exp(-abs(x))
    return 1.0 / (1.0 + small) if x >= 0.0 else small / (1.0 + small)
# @ softplus:
def softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
# @ log1m_exp: log
def log1m_exp(x):
    return log(-math.expm1(x)) if x > -0.6931471805599453 else math.log1p(-math.exp(x))
# @ log_sum_exp: log
def log_sum_exp(values):
    largest = max(values)
    if not math.isfinite(largest):
        return largest
    return largest + log(sum(math.exp(value - largest) for value in values))
# @ erfcx: exp
def erfcx(x):
    # A continued fraction from 2 on.
    if x < 2.0:
        return exp(x * x) * math.erfc(x)
    fraction = x
    for k in range(150, 0, -1):
        fraction = x + 0.5 * k / fraction
    return 0.5641895835477563 / fraction
# @ log_erfc: log erfcx exp
def log_erfc(x):
    return log(math.erfc(x)) if x < 2.0 else log(erfcx(x)) - x * x
# @ digamma:
def digamma(x):
    if x <= 0.0:
        return math.nan if x == math.floor(x) else digamma(1.0 - x) - math.pi / math.tan(math.pi * x)
    total = 0.0
    while x < 15.0:
        total += 1.0 / x
        x += 1.0
    r = 1.0 / (x * x)
    series = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * 691 / 32760)))))
    return math.log(x) - 0.5 / x - series - total
# @ polygamma: digamma
def polygamma(n, x):
    # The n-th derivative of digamma.
    if n == 0:
        return digamma(x)
    total = 0.0
    while x < 15.0 + n:
        total += x ** (-n - 1)
        x += 1.0
    base = x**-n
    series = base / n + base / (2.0 * x)
    factor = base * (n + 1.0) / (2.0 * x * x)
    for k, b in enumerate([1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510]):
        series += b * factor
        two_k = 2.0 * (k + 1.0)
        factor *= (two_k + n) * (two_k + n + 1.0) / ((two_k + 1.0) * (two_k + 2.0) * x * x)
    return (1.0 if n % 2 == 1 else -1.0) * math.factorial(n) * (total + series)
