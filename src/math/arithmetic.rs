//! Functions near to arithmetic: sign, remainder, cube root, length of a vector.

use super::double::{Pair, exponent_and_mantissa, nearest, pick, polynomial, power_of_two};

/// −1, 0 or 1; NaN stays NaN.
#[inline(always)]
pub fn sign(x: f64) -> f64 {
    pick(x > 0.0, 1.0, pick(x < 0.0, -1.0, x))
}

/// x − y·floor(x/y): in [0, y) for positive y. The remainder is exact, so no digit is lost for large x.
#[inline(always)]
pub fn modulo(x: f64, y: f64) -> f64 {
    let remainder = x % y;
    if remainder != 0.0 && (remainder < 0.0) != (y < 0.0) { remainder + y } else { remainder }
}

/// ∛m on [1, 2]: Chebyshev expansion, error 2⁻¹³.
const ROOT: [f64; 5] = [0.5092481335492415, 0.7117423866025924, -0.2939541180848237, 0.08307903547963541, -0.010102212336338642];

/// Cube root.
#[inline(always)]
pub fn cbrt(x: f64) -> f64 {
    let size = x.abs();
    let (k, m) = exponent_and_mantissa(size);
    let (k, m) = (pick(m < 1.0, k - 1.0, k), pick(m < 1.0, 2.0 * m, m));
    // 2ᵏ = 2³ᵗ·2ʳ with r = −1, 0 or 1.
    let third = nearest(k * (1.0 / 3.0));
    let rest = k - 3.0 * third;
    let y = m * pick(rest < 0.0, 0.5, pick(rest > 0.0, 2.0, 1.0));
    let guess = polynomial(&ROOT, m) * pick(rest < 0.0, 0.7937005259840998, pick(rest > 0.0, 1.2599210498948732, 1.0));
    // Halley's step triples the digits; Newton's, with the exact cube, gives the rest.
    let cube = guess * guess * guess;
    let guess = guess * ((cube + 2.0 * y) / (2.0 * cube + y));
    let square = Pair::product(guess, guess);
    let error = guess.mul_add(square.hi, -y) + guess * square.lo;
    let root = guess - error / (3.0 * square.hi);
    let value = (root * power_of_two(third)).copysign(x);
    pick(size > 0.0 && size < f64::INFINITY, value, x)
}

/// √(x² + y²) without overflow.
#[inline(always)]
pub fn hypot(x: f64, y: f64) -> f64 {
    let (a, b) = (x.abs(), y.abs());
    let larger = pick(a > b, a, b);
    // Powers of two, so that scaling is exact.
    let scale = pick(larger > 1e150, power_of_two(-700.0), pick(larger < 1e-150, power_of_two(700.0), 1.0));
    let back = pick(larger > 1e150, power_of_two(700.0), pick(larger < 1e-150, power_of_two(-700.0), 1.0));
    let (a, b) = (a * scale, b * scale);
    let square = Pair::product(a, a).plus(Pair::product(b, b));
    let square = Pair::ordered_sum(square.hi, square.lo);
    let root = square.hi.sqrt();
    let low = ((-root).mul_add(root, square.hi) + square.lo) / (root + root);
    let value = pick(root > 0.0, root + low, root) * back;
    pick(x.abs() == f64::INFINITY || y.abs() == f64::INFINITY, f64::INFINITY, value)
}
