//! Sums and products with their rounding errors: numbers as unevaluated pairs, for the last bits of the elementary functions.
//!
//! Dekker (1971), "A floating-point technique for extending the available precision"; Ogita, Rump & Oishi (2005), "Accurate sum and
//! dot product". Everything inlines into loops over lanes; nothing branches.

/// hi + lo, with |lo| at most a few units in the last place of hi.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) hi: f64,
    pub(super) lo: f64,
}

impl Pair {
    #[inline(always)]
    pub(super) fn new(hi: f64, lo: f64) -> Pair {
        Pair { hi, lo }
    }

    /// a + b exactly.
    #[inline(always)]
    pub(super) fn sum(a: f64, b: f64) -> Pair {
        let hi = a + b;
        let b_part = hi - a;
        Pair { hi, lo: (a - (hi - b_part)) + (b - b_part) }
    }

    /// a + b exactly, given |a| ≥ |b| or a = 0.
    #[inline(always)]
    pub(super) fn ordered_sum(a: f64, b: f64) -> Pair {
        let hi = a + b;
        Pair { hi, lo: b - (hi - a) }
    }

    /// a·b exactly, short of underflow.
    #[inline(always)]
    pub(super) fn product(a: f64, b: f64) -> Pair {
        let hi = a * b;
        Pair { hi, lo: a.mul_add(b, -hi) }
    }

    /// self + x for a small x, without renormalising.
    #[inline(always)]
    pub(super) fn plus_small(self, x: f64) -> Pair {
        Pair { hi: self.hi, lo: self.lo + x }
    }

    #[inline(always)]
    pub(super) fn plus(self, other: Pair) -> Pair {
        Pair::sum(self.hi, other.hi).plus_small(self.lo + other.lo)
    }

    #[inline(always)]
    pub(super) fn times(self, other: Pair) -> Pair {
        Pair::product(self.hi, other.hi).plus_small(self.hi.mul_add(other.lo, self.lo * other.hi))
    }

    /// self/other, the quotient corrected by its exact remainder.
    #[inline(always)]
    pub(super) fn over(self, other: Pair) -> Pair {
        let hi = self.hi / other.hi;
        let remainder = (-hi).mul_add(other.hi, self.hi);
        Pair { hi, lo: (remainder + (-hi).mul_add(other.lo, self.lo)) / other.hi }
    }

    #[inline(always)]
    pub(super) fn scaled(self, power_of_two: f64) -> Pair {
        Pair { hi: self.hi * power_of_two, lo: self.lo * power_of_two }
    }

    #[inline(always)]
    pub(super) fn negated(self) -> Pair {
        Pair { hi: -self.hi, lo: -self.lo }
    }

    /// The nearest double.
    #[inline(always)]
    pub(super) fn rounded(self) -> f64 {
        self.hi + self.lo
    }
}

/// One of two, without a branch: an `if` may become one, which keeps the loop around it from vectorising.
#[inline(always)]
pub(super) fn pick(condition: bool, then: f64, otherwise: f64) -> f64 {
    std::hint::select_unpredictable(condition, then, otherwise)
}

/// c₀ + c₁x + c₂x² + … by Horner's rule.
#[inline(always)]
pub(super) fn polynomial<const N: usize>(coefficients: &[f64; N], x: f64) -> f64 {
    let mut value = coefficients[N - 1];
    for index in (0..N - 1).rev() {
        value = value.mul_add(x, coefficients[index]);
    }
    value
}

/// c₁ + c₂x + c₃x² + … without c₀, even and odd powers apart: a single chain of so many would not be unrolled, and the loop over lanes
/// around it not vectorised.
#[inline(always)]
pub(super) fn tail<const N: usize>(coefficients: &[f64; N], x: f64) -> f64 {
    tail_of::<N>(|index| coefficients[index], x)
}

/// [`tail`] with coefficients that a function chooses.
#[inline(always)]
pub(super) fn tail_of<const N: usize>(coefficient: impl Fn(usize) -> f64, x: f64) -> f64 {
    let square = x * x;
    let (evens, odds) = (N / 2, (N - 1) / 2);
    let mut even = coefficient(2 * evens - 1);
    for index in (0..evens - 1).rev() {
        even = even.mul_add(square, coefficient(2 * index + 1));
    }
    let mut odd = coefficient(2 * odds);
    for index in (0..odds - 1).rev() {
        odd = odd.mul_add(square, coefficient(2 * index + 2));
    }
    odd.mul_add(x, even)
}

/// 2ⁿ for a whole n in −1022 … 1023: the integer is read off the mantissa, as conversions do not vectorise everywhere.
#[inline(always)]
pub(super) fn power_of_two(n: f64) -> f64 {
    const SHIFT: f64 = 4_503_599_627_370_496.0 + 1023.0;
    f64::from_bits((n + SHIFT).to_bits() << 52)
}

/// x·2ⁿ for a whole n that leaves the result normal.
#[inline(always)]
pub(super) fn shift_exponent(x: f64, n: f64) -> f64 {
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    f64::from_bits(x.to_bits().wrapping_add((n + SHIFT).to_bits() << 52))
}

/// The nearest whole number, ties to even, for |x| < 2⁵¹.
#[inline(always)]
pub(super) fn nearest(x: f64) -> f64 {
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    (x + SHIFT) - SHIFT
}

/// x as 2ᵏ·m with m in [√½, √2); for x > 0, subnormal numbers included; any k and m for other x.
#[inline(always)]
pub(super) fn exponent_and_mantissa(x: f64) -> (f64, f64) {
    const ROOT_HALF: u64 = 0x3FE6_A09E_667F_3BCD;
    const ONE: u64 = 0x3FF0_0000_0000_0000;
    const WHOLE: u64 = 0x4330_0000_0000_0000;
    let subnormal = x < f64::MIN_POSITIVE;
    let bits = pick(subnormal, x * 18_014_398_509_481_984.0, x).to_bits().wrapping_add(ONE - ROOT_HALF);
    let biased = f64::from_bits((bits >> 52) & 0x7FF | WHOLE) - 4_503_599_627_370_496.0;
    let k = biased - pick(subnormal, 1023.0 + 54.0, 1023.0);
    (k, f64::from_bits((bits & 0x000F_FFFF_FFFF_FFFF) + ROOT_HALF))
}
