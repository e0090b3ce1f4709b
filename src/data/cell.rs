//! One cell: a number, nothing, or text with a reason why it is no number.

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Number(f64),
    Missing,
    /// What to do about it.
    Text(&'static str),
}

/// How programs write that there is no value.
const MISSING: [&str; 8] = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "?"];

/// The number that a text begins with and how many bytes it takes, if [`cell`] would say nothing else of it.
#[inline]
pub(super) fn leading_number(text: &[u8]) -> Option<(f64, usize)> {
    if !text.first().is_some_and(|first| first.is_ascii_digit() || *first == b'-') {
        return None;
    }
    let (value, used) = fast_float2::parse_partial::<f64, _>(text).ok()?;
    // Infinity and what is too small are for `cell` to refuse.
    (value.is_normal() || text[..used] == *b"0").then_some((value, used))
}

/// Reads a cell; `comma` if the decimal separator may be a comma.
pub(super) fn cell(text: &str, comma: bool) -> Cell {
    let is_edge = |byte: Option<u8>| byte.is_none_or(|byte| !byte.is_ascii_graphic());
    let trims = is_edge(text.bytes().next()) || is_edge(text.bytes().next_back());
    let text = if trims { text.trim_matches([' ', '\t', '\u{a0}']) } else { text };
    if text.bytes().next().is_some_and(|first| first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.'))
        && let Ok(value) = fast_float2::parse::<f64, _>(text)
        && text.bytes().any(|byte| byte.is_ascii_digit())
    {
        // `1e999` reads as infinity, which the file does not say.
        return if !value.is_finite() {
            Cell::Text("this number is too large for a double")
        } else if value == 0.0 && text.split(['e', 'E']).next().is_some_and(|mantissa| mantissa.contains(|c: char| matches!(c, '1'..='9')))
        {
            Cell::Text("this number is too small for a double; write 0 if that is meant")
        } else {
            Cell::Number(value)
        };
    }
    if MISSING.contains(&text) || text == "." {
        return Cell::Missing;
    }
    match text {
        "true" | "TRUE" | "True" | "yes" | "YES" | "Yes" => return Cell::Number(1.0),
        "false" | "FALSE" | "False" | "no" | "NO" | "No" => return Cell::Number(0.0),
        _ => {}
    }
    if comma && text.matches(',').count() == 1 && !text.contains('.') {
        return cell(&text.replace(',', "."), false);
    }
    Cell::Text(reason(text))
}

/// Why a text is no number, and the way out.
fn reason(text: &str) -> &'static str {
    let number = |text: &str| text.parse::<f64>().is_ok();
    let lower = text.to_ascii_lowercase();
    if matches!(lower.trim_start_matches(['-', '+']), "inf" | "infinity") {
        "a column cannot hold infinite values"
    } else if text.ends_with('%') && number(&text[..text.len() - 1]) {
        "write percentages as numbers, without the sign"
    } else if text.contains(',') && number(&text.replace(',', "")) {
        "write numbers without separators of thousands, with a decimal point"
    } else if text.contains([' ', '_', '\'']) && number(&text.replace([' ', '_', '\''], "")) {
        "write numbers without separators of thousands"
    } else if number(&text.replace('.', "")) {
        "write numbers with one decimal point, without separators of thousands"
    } else if text.contains(['−', '–']) {
        "write the minus sign as `-`"
    } else if lower.starts_with("0x") {
        "write numbers in decimal"
    } else if text.split(['-', '/', ':']).count() > 2 && text.bytes().next().is_some_and(|byte| byte.is_ascii_digit()) {
        "turn dates and times into numbers first"
    } else if text.trim_start_matches(['-', '+', '.']).starts_with(|c: char| c.is_ascii_digit()) {
        "a cell holds a number and nothing else: drop units and marks"
    } else {
        "texts pick elements of a vector, a[column]; elsewhere number the categories 1, 2, ... first"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_to_the_last_bit() {
        for (text, value) in
            [("0.1", 0.1), (" -3 ", -3.0), ("+1e-3", 1e-3), (".5", 0.5), ("5.", 5.0), ("TRUE", 1.0), ("5e-324", 5e-324), ("0e-999", 0.0)]
        {
            assert_eq!(cell(text, false), Cell::Number(value), "{text}");
        }
        assert_eq!(cell("1,5", true), Cell::Number(1.5));
    }

    #[test]
    fn what_a_text_begins_with_is_what_its_cell_is() {
        let rest = [",1", "\n", "", "x", "-02", ".5", "e", "e5"];
        let texts =
            ["0", "-0", "0.1", "-3", "+1e-3", ".5", "5.", "17e3", "1e999", "-inf", "-nan", "1e-999", "5e-324", "-", "", " 1", "TRUE", "00"];
        let mut known = 0;
        for (text, rest) in texts.into_iter().flat_map(|text| rest.map(|rest| (text, rest))) {
            let whole = format!("{text}{rest}");
            if let Some((value, used)) = leading_number(whole.as_bytes()) {
                assert_eq!(cell(&whole[..used], false), Cell::Number(value), "{whole}");
                known += 1;
            }
        }
        assert!(known > 40, "{known}");
    }

    #[test]
    fn nothing_else_is_a_number() {
        for text in [
            "1,5",
            "1,234",
            "12kg",
            "1e999",
            "-1e-999",
            "inf",
            "-Infinity",
            "0x1F",
            "1 000",
            "50%",
            "2020-01-02",
            "−1",
            "1.2.3",
            "e5",
            "-",
            "1_000",
        ] {
            assert!(matches!(cell(text, false), Cell::Text(_)), "{text}");
        }
        for text in ["1,234,567", "1.5,2"] {
            assert!(matches!(cell(text, true), Cell::Text(_)), "{text}");
        }
        for text in ["", "NA", " ", ".", "nan", "?"] {
            assert_eq!(cell(text, false), Cell::Missing, "{text}");
        }
    }
}
