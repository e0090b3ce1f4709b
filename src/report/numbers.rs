//! Numbers as people read them: as many digits as they are worth, in columns of a table.

/// A position, name by name.
pub(super) fn place(names: &[String], position: &[f64]) -> String {
    names.iter().zip(position).map(|(name, x)| format!("{name} = {}", short(*x))).collect::<Vec<_>>().join(", ")
}

/// [`short()`], rounded up: for what nothing exceeds.
pub(super) fn short_above(bound: f64) -> String {
    let text = short(bound);
    // Beyond what the bound itself was rounded by.
    if text.parse::<f64>().is_ok_and(|shown| shown < bound - 1e-12 * bound.abs()) { short(bound + 1e-4 * bound.abs()) } else { text }
}

/// Four significant digits in at most eight columns; `-` for what is no number.
pub(super) fn short(value: f64) -> String {
    if value.is_nan() {
        return "-".into();
    }
    if value == 0.0 || value.is_infinite() {
        return value.to_string();
    }
    let size = value.abs();
    let text = if !(1e-3..1e5).contains(&size) {
        let text = format!("{value:.2e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'));
    } else if size >= 1000.0 {
        format!("{value:.1}")
    } else if size >= 100.0 {
        format!("{value:.2}")
    } else if size >= 10.0 {
        format!("{value:.3}")
    } else {
        format!("{value:.4}")
    };
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// A standard error: two significant digits.
pub(super) fn error(value: f64) -> String {
    match value {
        _ if !value.is_finite() => "-".into(),
        _ if value >= 1e5 => short(value),
        _ if value >= 10.0 => format!("{value:.0}"),
        _ if value >= 1.0 => format!("{value:.1}"),
        _ if value >= 0.1 => format!("{value:.2}"),
        _ if value >= 0.01 => format!("{value:.3}"),
        _ if value >= 0.001 => format!("{value:.4}"),
        _ => format!("{value:.0e}"),
    }
}

/// As many digits as the relative error warrants, at most 15.
pub(super) fn digits(value: f64, relative_error: f64) -> String {
    if value.is_nan() {
        return "-".into();
    }
    if value == 0.0 || value.is_infinite() {
        return value.to_string();
    }
    let significant = (-relative_error.max(1e-16).log10()).floor().clamp(2.0, 15.0) as i32;
    let magnitude = value.abs().log10().floor() as i32;
    if !(-5..13).contains(&magnitude) {
        let text = format!("{value:.*e}", (significant - 1) as usize);
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
        return format!("{digits}e{exponent}");
    }
    let decimals = (significant - 1 - magnitude).max(0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

pub(super) fn probability(p: f64) -> String {
    if p.is_nan() {
        "-".into()
    } else if p >= 1e-3 {
        format!("{p:.3}")
    } else if p > 0.0 {
        format!("{p:.0e}")
    } else {
        "0".into()
    }
}

pub(super) fn percent(share: f64) -> String {
    format!("{} %", short((1e4 * share).round() / 1e2))
}

/// A count with its unit: 8.2 M.
pub(super) fn count(value: f64) -> String {
    match value {
        v if v.is_nan() => "-".into(),
        v if v >= 1e15 => short(v),
        v if v >= 1e9 => format!("{:.1} G", v / 1e9),
        v if v >= 1e6 => format!("{:.1} M", v / 1e6),
        v if v >= 1e5 => format!("{:.0} k", v / 1e3),
        v => format!("{v:.0}"),
    }
}

pub(super) fn time(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.0} ms", 1e3 * seconds) } else { format!("{} s", fixed(seconds, 1)) }
}

/// So many decimals; short where that is long, and `-` for what is no number.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    if value.is_nan() {
        "-".into()
    } else if value.abs() >= 1e7 {
        short(value)
    } else {
        format!("{value:.decimals$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_fit_their_columns_and_none_is_nan() {
        let parts = [0.0, 1.0, 0.123_456_789, 99_999.5, 1e15, 1e308, f64::MAX, 5e-324, f64::INFINITY, f64::NAN];
        for value in parts.into_iter().flat_map(|x| [x, -x]) {
            // Errors, counts, times and shares have no sign.
            let size = value.abs();
            let texts = [
                short(value),
                error(size),
                count(size),
                probability(size.min(1.0)),
                fixed(value, 3),
                time(size),
                percent(size),
                digits(value, 0.1),
            ];
            for (which, text) in texts.iter().enumerate() {
                assert!(text.chars().count() <= 13, "{which}: {text}");
                assert!(!text.contains("NaN") && !text.contains("nan"), "{which}: {text}");
            }
        }
    }
}
