//! Intervals of doubles, rounded outward: arithmetic that encloses.
//!
//! Moore, Kearfott & Cloud (2009), "Introduction to Interval Analysis". Sums are widened only if they round, products unless they are
//! exact, so that a zero proved stays a zero. An infinite end is a limit, never a value: 0·∞ is 0.

/// A closed interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// No value is smaller.
    pub low: f64,
    /// No value is larger.
    pub high: f64,
}

impl Interval {
    /// All numbers.
    pub const ALL: Interval = Interval { low: f64::NEG_INFINITY, high: f64::INFINITY };
    /// Zero alone.
    pub const ZERO: Interval = Interval { low: 0.0, high: 0.0 };
    /// One alone.
    pub const ONE: Interval = Interval { low: 1.0, high: 1.0 };
    /// From 0 to 1.
    pub const UNIT: Interval = Interval { low: 0.0, high: 1.0 };
    /// Every number that is not negative.
    pub const NONNEGATIVE: Interval = Interval { low: 0.0, high: f64::INFINITY };

    /// From `low` to `high`; everything if an end is no number.
    #[inline]
    pub fn new(low: f64, high: f64) -> Interval {
        if low.is_nan() || high.is_nan() { Interval::ALL } else { Interval { low, high } }
    }

    /// The number alone.
    #[inline]
    pub fn point(value: f64) -> Interval {
        Interval::new(value, value)
    }

    /// A constant of a formula: whole numbers and short binary fractions are themselves; others were rounded when they were read or
    /// folded, and stand for the decimal nearby.
    pub fn literal(value: f64) -> Interval {
        let short = value * f64::from(1 << 20);
        if short.trunc() == short && short.abs() < 9e15 || value.is_infinite() {
            Interval::point(value)
        } else {
            Interval::new(below(value, 4), above(value, 4))
        }
    }

    /// Whether no value is negative.
    pub fn is_nonnegative(self) -> bool {
        self.low >= 0.0
    }

    /// Whether no value is positive.
    pub fn is_nonpositive(self) -> bool {
        self.high <= 0.0
    }

    /// Whether every value is positive.
    pub fn is_positive(self) -> bool {
        self.low > 0.0
    }

    /// Whether every value is negative.
    pub fn is_negative(self) -> bool {
        self.high < 0.0
    }

    /// Whether it is 0 alone.
    pub fn is_zero(self) -> bool {
        self.low == 0.0 && self.high == 0.0
    }

    /// Whether `x` lies in it.
    #[inline]
    pub fn contains(self, x: f64) -> bool {
        self.low <= x && x <= self.high
    }

    /// Whether both ends are finite.
    pub fn is_finite(self) -> bool {
        self.low.is_finite() && self.high.is_finite()
    }

    /// high − low, rounded up.
    #[inline]
    pub fn width(self) -> f64 {
        add_up(self.high, -self.low)
    }

    /// A number near the middle; finite wherever the interval holds a finite number.
    pub fn middle(self) -> f64 {
        match (self.low.is_finite(), self.high.is_finite()) {
            (true, true) => (0.5 * self.low + 0.5 * self.high).clamp(self.low, self.high),
            (true, false) => {
                if self.low < 1.0 {
                    2.0
                } else {
                    (2.0 * self.low).min(f64::MAX)
                }
            }
            (false, true) => {
                if self.high > -1.0 {
                    -2.0
                } else {
                    (2.0 * self.high).max(f64::MIN)
                }
            }
            (false, false) => 0.0,
        }
    }

    /// The smallest interval that holds both.
    pub fn hull(self, other: Interval) -> Interval {
        Interval { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// What both hold; where rounding made them miss each other, the one of the two.
    pub fn meet(self, other: Interval) -> Interval {
        let (low, high) = (self.low.max(other.low), self.high.min(other.high));
        if low <= high { Interval { low, high } } else { self }
    }

    /// The part between `low` and `high`; the nearer end if there is none.
    pub fn within(self, low: f64, high: f64) -> Interval {
        Interval { low: self.low.clamp(low, high), high: self.high.clamp(low, high) }
    }

    /// The largest size of a value.
    pub fn size(self) -> f64 {
        self.low.abs().max(self.high.abs())
    }

    /// |x|.
    pub fn abs(self) -> Interval {
        let larger = self.size();
        if self.contains(0.0) { Interval::new(0.0, larger) } else { Interval::new(self.low.abs().min(self.high.abs()), larger) }
    }

    /// x², never negative.
    pub fn square(self) -> Interval {
        let size = self.abs();
        Interval { low: mul_down(size.low, size.low).max(0.0), high: mul_up(size.high, size.high) }
    }

    /// xⁿ.
    pub fn powi(self, n: i32) -> Interval {
        if n < 0 {
            // Two halves, so that an odd power keeps its signs beside the pole.
            return Interval::ONE / self.powi(n.saturating_neg());
        }
        let size = self.abs();
        let raised = Interval { low: raise(size.low, n, mul_down), high: raise(size.high, n, mul_up) };
        if n % 2 == 0 || self.low >= 0.0 {
            raised
        } else if self.high <= 0.0 {
            -raised
        } else {
            Interval { low: -raise(-self.low, n, mul_up), high: raise(self.high, n, mul_up) }
        }
    }

    /// √x of the part that has one.
    pub fn sqrt(self) -> Interval {
        let root = |x: f64| x.max(0.0).sqrt();
        // IEEE roots are correctly rounded; a small perfect square shows in its square.
        let exact = |x: f64, r: f64| r * r == x && r.trunc() == r && r < 9e7;
        let (low, high) = (root(self.low), root(self.high));
        Interval {
            low: if exact(self.low.max(0.0), low) { low } else { low.next_down().max(0.0) },
            high: if exact(self.high.max(0.0), high) || high == f64::INFINITY { high } else { high.next_up() },
        }
    }

    /// The value times a power of two, exact short of underflow.
    pub fn halved(self) -> Interval {
        self * Interval::point(0.5)
    }
}

fn raise(x: f64, n: i32, times: fn(f64, f64) -> f64) -> f64 {
    let (mut square, mut result, mut left) = (x, 1.0, n.unsigned_abs());
    loop {
        if left & 1 == 1 {
            result = times(result, square);
        }
        left >>= 1;
        if left == 0 {
            return result;
        }
        square = times(square, square);
    }
}

/// `value` some steps down.
pub(crate) fn below(value: f64, steps: u32) -> f64 {
    (0..steps).fold(value, |value, _| value.next_down())
}

/// `value` some steps up.
pub(crate) fn above(value: f64, steps: u32) -> f64 {
    (0..steps).fold(value, |value, _| value.next_up())
}

/// a + b, not above the true sum.
#[inline]
fn add_down(a: f64, b: f64) -> f64 {
    let sum = a + b;
    // Knuth's two-sum: the rounding error, exactly.
    let part = sum - a;
    let error = (a - (sum - part)) + (b - part);
    if error < 0.0 {
        sum.next_down()
    } else if sum.is_finite() || a.is_infinite() || b.is_infinite() {
        // ∞ − ∞ of two limits: nothing is known.
        if sum.is_nan() { f64::NEG_INFINITY } else { sum }
    } else {
        sum.min(f64::MAX)
    }
}

/// a + b, not below the true sum.
#[inline]
fn add_up(a: f64, b: f64) -> f64 {
    -add_down(-a, -b)
}

/// Whether a product of two such numbers is exact, short of underflow: at most 26 significant bits each.
#[inline]
fn is_short(x: f64) -> bool {
    x.to_bits() & ((1 << 27) - 1) == 0
}

/// a·b, not above the true product.
#[inline]
fn mul_down(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 {
        return 0.0;
    }
    let product = a * b;
    if product == 0.0 {
        return if (a < 0.0) == (b < 0.0) { 0.0 } else { -f64::from_bits(1) };
    }
    if is_short(a) && is_short(b) && product.abs() >= f64::MIN_POSITIVE || product.is_infinite() && (a.is_infinite() || b.is_infinite()) {
        return product;
    }
    product.next_down()
}

/// a·b, not below the true product.
#[inline]
fn mul_up(a: f64, b: f64) -> f64 {
    -mul_down(-a, b)
}

/// a/b for b ≠ 0, not above the true quotient.
#[inline]
fn div_down(a: f64, b: f64) -> f64 {
    if a == 0.0 {
        return 0.0;
    }
    if b.is_infinite() {
        // A limit: as small as you please, or anything if both are.
        return if a.is_infinite() {
            f64::NEG_INFINITY
        } else if (a < 0.0) == (b < 0.0) {
            0.0
        } else {
            -f64::from_bits(1)
        };
    }
    let quotient = a / b;
    if quotient == 0.0 {
        return if (a < 0.0) == (b < 0.0) { 0.0 } else { -f64::from_bits(1) };
    }
    // An exact quotient shows in its product; that product is exact.
    if is_short(quotient) && is_short(b) && quotient * b == a || quotient.is_infinite() && a.is_infinite() {
        return quotient;
    }
    quotient.next_down()
}

/// a/b for b ≠ 0, not below the true quotient.
#[inline]
fn div_up(a: f64, b: f64) -> f64 {
    -div_down(-a, b)
}

impl std::ops::Neg for Interval {
    type Output = Interval;
    #[inline]
    fn neg(self) -> Interval {
        Interval { low: -self.high, high: -self.low }
    }
}

impl std::ops::Add for Interval {
    type Output = Interval;
    #[inline]
    fn add(self, other: Interval) -> Interval {
        Interval { low: add_down(self.low, other.low), high: add_up(self.high, other.high) }
    }
}

impl std::ops::Sub for Interval {
    type Output = Interval;
    #[inline]
    fn sub(self, other: Interval) -> Interval {
        self + -other
    }
}

impl std::ops::Mul for Interval {
    type Output = Interval;
    #[inline]
    fn mul(self, other: Interval) -> Interval {
        let (a, b) = (self, other);
        // By the signs, so that two products do where four would be needed.
        let (low, high) = if a.low >= 0.0 {
            if b.low >= 0.0 {
                ((a.low, b.low), (a.high, b.high))
            } else if b.high <= 0.0 {
                ((a.high, b.low), (a.low, b.high))
            } else {
                ((a.high, b.low), (a.high, b.high))
            }
        } else if a.high <= 0.0 {
            if b.low >= 0.0 {
                ((a.low, b.high), (a.high, b.low))
            } else if b.high <= 0.0 {
                ((a.high, b.high), (a.low, b.low))
            } else {
                ((a.low, b.high), (a.low, b.low))
            }
        } else if b.low >= 0.0 {
            ((a.low, b.high), (a.high, b.high))
        } else if b.high <= 0.0 {
            ((a.high, b.low), (a.low, b.low))
        } else {
            return Interval {
                low: mul_down(a.low, b.high).min(mul_down(a.high, b.low)),
                high: mul_up(a.low, b.low).max(mul_up(a.high, b.high)),
            };
        };
        Interval { low: mul_down(low.0, low.1), high: mul_up(high.0, high.1) }
    }
}

impl std::ops::Div for Interval {
    type Output = Interval;
    /// Of the pairs whose divisor is not 0; everything if that leaves both signs.
    #[inline]
    fn div(self, other: Interval) -> Interval {
        let (a, b) = (self, other);
        if b.low > 0.0 {
            let low = if a.low >= 0.0 { div_down(a.low, b.high) } else { div_down(a.low, b.low) };
            let high = if a.high >= 0.0 { div_up(a.high, b.low) } else { div_up(a.high, b.high) };
            Interval { low, high }
        } else if b.high < 0.0 {
            -a / -b
        } else if a.is_zero() && !b.is_zero() {
            Interval::ZERO
        } else if b.low == 0.0 && b.high > 0.0 {
            if a.low >= 0.0 {
                Interval { low: div_down(a.low, b.high), high: f64::INFINITY }
            } else if a.high <= 0.0 {
                Interval { low: f64::NEG_INFINITY, high: div_up(a.high, b.high) }
            } else {
                Interval::ALL
            }
        } else if b.high == 0.0 && b.low < 0.0 {
            -a / -b
        } else {
            Interval::ALL
        }
    }
}
