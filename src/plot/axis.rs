//! Scales, ticks at round numbers, and numbers as people write them.

use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;

/// A linear map from values to pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// Maps `low` to the pixel `from` and `high` to the pixel `to`.
    pub(super) fn new(low: f64, high: f64, from: f64, to: f64) -> Scale {
        Scale { low, high, from, to }
    }

    pub(super) fn pixel(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    pub(super) fn low(&self) -> f64 {
        self.low
    }

    pub(super) fn high(&self) -> f64 {
        self.high
    }
}

/// A place on an axis and what is written there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
}

/// Ticks at round numbers, no more than `most` unless that leaves one alone, which gives no scale: the key points of plotters' linear
/// coordinate.
pub(super) fn ticks(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let (span, largest) = (high - low, low.abs().max(high.abs()));
    // Neighbouring ticks must be different doubles.
    if !(span > 1e-9 * largest && span.is_finite()) {
        return Vec::new();
    }
    let most = most.max(2);
    let range = RangedCoordf64::from(low..high);
    let points = (most..2 * most).map(|most| range.key_points(most)).find(|points| points.len() > 1);
    let points = points.unwrap_or_else(|| range.key_points(most));
    let step = points.windows(2).map(|pair| pair[1] - pair[0]).fold(span, f64::min);
    points
        .iter()
        .map(|&value| Tick { value: if value.abs() < 0.5 * step { 0.0 } else { value }, label: label(value, step, largest) })
        .collect()
}

/// A tick's value with the decimals that `step` needs; powers of ten where plain digits would be long.
fn label(value: f64, step: f64, largest: f64) -> String {
    if value.abs() < 0.5 * step {
        return String::from("0");
    }
    let exponent = step.log10().floor() as i32;
    let decimals =
        if ((step / 10f64.powi(exponent)).round() - step / 10f64.powi(exponent)).abs() > 0.01 { 1 - exponent } else { -exponent };
    if largest < 1e6 && decimals <= 4 {
        return signed(format!("{value:.*}", decimals.max(0) as usize));
    }
    let power = value.abs().log10().floor() as i32;
    scientific(value, (power + decimals).clamp(0, 15) as usize)
}

/// `value` with three significant digits, as in a caption.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "not a number".into() } else { signed(if value > 0.0 { "∞".into() } else { "-∞".into() }) };
    }
    let size = value.abs();
    if size == 0.0 {
        return "0".into();
    }
    if !(1e-3..99_950.0).contains(&size) {
        return scientific(value, 2);
    }
    let decimals = (2 - size.log10().floor() as i32).max(0) as usize;
    signed(format!("{value:.decimals$}"))
}

/// Mean ± standard deviation, both to the second digit of the deviation.
pub(super) fn with_spread(mean: f64, deviation: f64) -> String {
    if deviation > 0.0 && deviation.is_finite() && mean.abs() < 1e5 {
        let decimals = 1 - deviation.log10().floor() as i32;
        if (0..=4).contains(&decimals) {
            let decimals = decimals as usize;
            // A mean that rounds to nothing has no sign.
            let mean = if (mean * 10_f64.powi(decimals as i32)).abs() < 0.5 { 0.0 } else { mean };
            return format!("{} ± {deviation:.decimals$}", signed(format!("{mean:.decimals$}")));
        }
    }
    format!("{} ± {}", number(mean), number(deviation))
}

/// `value` as 1.23 × 10⁴, with so many digits after the point.
pub(super) fn scientific(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let raise = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit as u32 - '0' as u32).unwrap_or(digit),
    };
    let exponent: String = exponent.chars().map(raise).collect();
    signed(format!("{mantissa}×10{exponent}"))
}

/// A whole number with thin gaps between groups of three digits.
pub(super) fn whole(count: usize) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A hyphen that stands for minus becomes a minus.
fn signed(text: String) -> String {
    text.strip_prefix('-').map(|rest| format!("−{rest}")).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(low: f64, high: f64, most: usize, expected: &[&str]) {
        let labels: Vec<String> = ticks(low, high, most).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, expected);
    }

    #[test]
    fn ticks_are_round_and_zero_has_no_sign() {
        check(-0.7, 1.5, 6, &["−0.5", "0", "0.5", "1", "1.5"].map(|l| if l == "1" { "1.0" } else { l }));
        check(0.0, 1.3, 5, &["0", "0.5", "1.0"]);
        check(-3.0, 3.0, 7, &["−3", "−2", "−1", "0", "1", "2", "3"]);
        check(-3.9, 3.9, 3, &["−2", "0", "2"]);
        check(0.0, 45.0, 6, &["0", "10", "20", "30", "40"]);
        check(0.0, 2.5e-6, 4, &["0", "1×10⁻⁶", "2×10⁻⁶"]);
        check(0.0, 4e7, 4, &["0", "2×10⁷", "4×10⁷"]);
    }

    #[test]
    fn ranges_without_ticks_give_none_and_no_panic() {
        for (low, high) in
            [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (-f64::MAX, f64::MAX), (1e300, 1e300 * (1.0 + 1e-15))]
        {
            assert!(ticks(low, high, 6).len() <= 6);
        }
        assert!(ticks(0.0, 5e-324, 6).len() <= 6 && ticks(0.0, f64::MAX, 6).len() <= 6);
    }

    #[test]
    fn numbers_carry_three_digits() {
        let texts = [45.454, 0.0, -0.25, 3989.42, 1.5e-5, 0.012345, 1e9, f64::INFINITY].map(number);
        assert_eq!(texts, ["45.5", "0", "−0.250", "3989", "1.50×10⁻⁵", "0.0123", "1.00×10⁹", "∞"]);
        assert_eq!(whole(1_234_567), "1,234,567");
    }
}
