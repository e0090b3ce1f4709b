// Helpers for generated C: functions that math.h lacks, to about 1e-14. Each begins at a marker that names it and those it needs.
// @ sign:
static double sign(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x; }
// @ modulo:
static double modulo(double x, double y) {
    const double r = fmod(x, y);
    return r != 0.0 && (r < 0.0) != (y < 0.0) ? r + y : r;
}
// @ sigmoid:
static double sigmoid(double x) {
    const double small = exp(-fabs(x));
    return x >= 0.0 ? 1.0 / (1.0 + small) : small / (1.0 + small);
}
// @ softplus:
static double softplus(double x) { return fmax(x, 0.0) + log1p(exp(-fabs(x))); }
// @ log1m_exp:
static double log1m_exp(double x) { return x > -0.6931471805599453 ? log(-expm1(x)) : log1p(-exp(x)); }
// @ log_sum_exp:
static double log_sum_exp(int count, const double *values) {
    double largest = -INFINITY, sum = 0.0;
    for (int i = 0; i < count; i++) largest = fmax(largest, values[i]);
    if (!isfinite(largest)) return largest;
    for (int i = 0; i < count; i++) sum += exp(values[i] - largest);
    return largest + log(sum);
}
// @ erfcx:
/* exp(x^2) erfc(x): a continued fraction from 2 on. */
static double erfcx(double x) {
    if (x < 2.0) return exp(x * x) * erfc(x);
    double fraction = x;
    for (int k = 150; k >= 1; k--) fraction = x + 0.5 * k / fraction;
    return 0.5641895835477563 / fraction;
}
// @ log_erfc: erfcx
static double log_erfc(double x) { return x < 2.0 ? log(erfc(x)) : log(erfcx(x)) - x * x; }
// @ digamma:
static double digamma(double x) {
    const double pi = 3.141592653589793;
    if (x <= 0.0) return x == floor(x) ? NAN : digamma(1.0 - x) - pi / tan(pi * x);
    double sum = 0.0;
    for (; x < 15.0; x += 1.0) sum += 1.0 / x;
    const double r = 1.0 / (x * x);
    const double series =
        r * (1.0 / 12.0 - r * (1.0 / 120.0 - r * (1.0 / 252.0 - r * (1.0 / 240.0 - r * (1.0 / 132.0 - r * 691.0 / 32760.0)))));
    return log(x) - 0.5 / x - series - sum;
}
// @ polygamma: digamma
/* The n-th derivative of digamma. */
static double polygamma(int n, double x) {
    static const double bernoulli[8] = {1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0, -3617.0 / 510.0};
    if (n == 0) return digamma(x);
    double sum = 0.0, factorial = 1.0;
    for (; x < 15.0 + n; x += 1.0) sum += pow(x, -n - 1.0);
    const double base = pow(x, -n);
    double series = base / n + base / (2.0 * x), factor = base * (n + 1.0) / (2.0 * x * x);
    for (int k = 0; k < 8; k++) {
        const double two_k = 2.0 * (k + 1.0);
        series += bernoulli[k] * factor;
        factor *= (two_k + n) * (two_k + n + 1.0) / ((two_k + 1.0) * (two_k + 2.0) * x * x);
    }
    for (int k = 2; k <= n; k++) factorial *= k;
    return (n % 2 == 1 ? 1.0 : -1.0) * factorial * (sum + series);
}
