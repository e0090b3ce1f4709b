//! "Did you mean": the known name nearest to a misspelt one.

/// The candidate that `name` was probably meant to be, if one is near.
///
/// A candidate that differs in case only wins at once. Otherwise the nearest by optimal string alignment distance (insertions,
/// deletions, substitutions, swaps of neighbours; Damerau 1964, Levenshtein 1966) counts if a third of the longer name or less must
/// change, and of two letters the first remains; of equally near candidates, the first that begins with the same letter, else the first.
///
/// ```
/// # use langevin::syntax::suggest;
/// assert_eq!(suggest("sine", ["cos", "sin"]), Some("sin"));
/// assert_eq!(suggest("frobnicate", ["cos", "sin"]), None);
/// ```
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody mistypes a name this long; the table below would be large.
    const LONGEST: usize = 64;
    let letters: Vec<char> = name.chars().take(LONGEST + 1).collect();
    if letters.len() > LONGEST {
        return None;
    }
    let lower = name.to_lowercase();
    let mut best: Option<((usize, bool), &str)> = None;
    for candidate in candidates {
        if candidate == name {
            continue;
        }
        if candidate.to_lowercase() == lower {
            return Some(candidate);
        }
        let other: Vec<char> = candidate.chars().take(LONGEST + 1).collect();
        let longer = letters.len().max(other.len());
        if letters.len().abs_diff(other.len()) > (longer / 3).max(1) {
            continue;
        }
        let distance = distance(&letters, &other);
        let rank = (distance, letters.first() != other.first());
        let near = if longer <= 2 { distance < longer && !rank.1 } else { distance <= (longer / 3).max(1) };
        if near && best.is_none_or(|(least, _)| rank < least) {
            best = Some((rank, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance, three rows of the table at a time.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut row = vec![0; b.len() + 1];
    for i in 1..=a.len() {
        row[0] = i;
        for j in 1..=b.len() {
            let change = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = change.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        std::mem::swap(&mut before, &mut above);
        std::mem::swap(&mut above, &mut row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 8] = ["exp", "expm1", "sin", "asin", "sigmoid", "normal_cdf", "Phi", "x"];

    #[track_caller]
    fn check(name: &str, expected: Option<&str>) {
        assert_eq!(suggest(name, KNOWN), expected, "{name}");
    }

    #[test]
    fn near_names_are_found() {
        check("sine", Some("sin"));
        check("expp", Some("exp"));
        check("epx", Some("exp"));
        check("sigmiod", Some("sigmoid"));
        check("normalcdf", Some("normal_cdf"));
        check("xx", Some("x"));
    }

    #[test]
    fn case_alone_wins() {
        check("EXP", Some("exp"));
        check("phi", Some("Phi"));
        check("X", Some("x"));
    }

    #[test]
    fn far_names_are_not() {
        check("y", None);
        check("f", None);
        assert_eq!(suggest("f", ["if"]), None);
        check("frobnicate", None);
        check("", None);
        check(&"s".repeat(100_000), None);
    }

    #[test]
    fn a_swap_counts_once() {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(distance(&letters("ab"), &letters("ba")), 1);
        assert_eq!(distance(&letters("kitten"), &letters("sitting")), 3); // the textbook pair
        assert_eq!(distance(&letters(""), &letters("abc")), 3);
    }
}
