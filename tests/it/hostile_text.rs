//! Text that is made to hurt gets a clean answer: in time, in little stack, without a panic.
#![allow(clippy::disallowed_methods, reason = "a test of how long an answer takes")]

use std::time::{Duration, Instant};

use langevin::ErrorKind;
use langevin::syntax::Formula;
use proptest::prelude::*;

/// Release builds answer within 0.1 s; this leaves room for unoptimised ones on a busy machine, and catches quadratic time.
const PATIENCE: Duration = Duration::from_secs(3);

/// Reads `source` on a thread with so many bytes of stack, and says what it was refused for. Printing and dropping count as well.
#[track_caller]
fn refusal(source: String, stack: usize) -> Option<ErrorKind> {
    let start = Instant::now();
    let read = move || match source.parse::<Formula>() {
        Ok(formula) => {
            let again: Formula = formula.to_string().parse().expect("printed text reads back");
            assert_eq!(again.to_string(), formula.to_string());
            None
        }
        Err(error) => {
            assert!(error.render(&source).len() < 2000);
            assert!(error.span.is_none_or(|span| span.start <= span.end && source.get(span.start..span.end).is_some()));
            Some(error.kind)
        }
    };
    let thread = std::thread::Builder::new().stack_size(stack).spawn(read).expect("a thread");
    let kind = thread.join().expect("no panic");
    assert!(start.elapsed() < PATIENCE, "took {:?}", start.elapsed());
    kind
}

#[track_caller]
fn check(unit: &str, count: usize, middle: &str, unit2: &str, expected: Option<ErrorKind>) {
    let source = format!("{}{middle}{}", unit.repeat(count), unit2.repeat(count));
    for stack in [2 << 20, 512 << 10, 128 << 10] {
        let middle: String = middle.chars().take(20).collect();
        assert_eq!(refusal(source.clone(), stack), expected, "{unit}...{middle}...{unit2} x {count}");
    }
}

#[test]
fn deep_nests_are_refused() {
    for (unit, unit2) in [
        ("-", ""),
        ("- ", ""),
        ("not ", ""),
        ("!", ""),
        ("(", ")"),
        ("(", ""),
        ("x^", ""),
        ("2^-", ""),
        ("exp(", ")"),
        ("exp(", ""),
        ("abs(", ")"),
        ("x[", "]"),
        ("x[", ""),
        ("1?", ":1"),
        ("1?x:", ""),
        ("if(x,1,", ")"),
        ("if(", ",1,2)"),
        ("max(x,", ")"),
        ("-(", ")"),
        ("x+(", ")"),
        ("2(", ")"),
        ("x*(1+", ")"),
        ("sum(i in 1..2,", ")"),
        ("a<(", ")"),
    ] {
        check(unit, 250, "(((((((x)))))))", unit2, Some(ErrorKind::TooDeep));
        let refused = refusal(format!("{}x{}", unit.repeat(100_000), unit2.repeat(100_000)), 128 << 10);
        assert!(matches!(refused, Some(ErrorKind::TooDeep | ErrorKind::TooLong)), "{unit}: {refused:?}");
    }
}

#[test]
fn chains_that_do_not_nest_are_read() {
    for (unit, middle) in [("x+", "x"), ("x-", "x"), ("x*", "x"), ("x/", "x"), ("x<", "x"), ("x and ", "x"), ("2x+", "1"), ("+", "x")] {
        check(unit, 45_000, middle, "", None);
    }
    check("", 0, "x", "\n", None);
    check("", 60_000, "x", "\n", None);
    check("# text\n", 60_000, "x", "", None);
    check("a=1;", 1, "a", "", None);
}

#[test]
fn long_texts_are_refused() {
    use ErrorKind::*;
    check("x+", 500_000, "x", "", Some(TooLong));
    check("1.2345e-6*", 99_999, "x", "", None);
    check("x+", 150_000, "x", "", Some(TooLong));
    check(" ", 2_000_000, "x", "", Some(TooLong));
    check("()", 250_000, "x", "", Some(TooLong));
    check("x", 500_000, "(1)", "", Some(UnknownName));
    check("1", 500_000, "", "", Some(LiteralOverflow));
    check("x = 1; ", 50_000, "x", "", Some(Declaration));
    check("\n", 500_000, "", "", Some(EmptyInput));
    check(";", 300_000, "", "", Some(Syntax));
    check("x ", 300_000, "", "", Some(Syntax));
    check(")", 300_000, "", "", Some(Syntax));
    check("|", 300_000, "", "", Some(Syntax));
    check("é", 400_000, "", "", None);
}

#[test]
fn nesting_up_to_the_limit_is_read_and_printed() {
    check("(", 256, "x", ")", None);
    check("(", 257, "x", ")", Some(ErrorKind::TooDeep));
    check("exp(", 256, "x", ")", None);
    check("-", 256, "x", "", None);
    check("-", 257, "x", "", Some(ErrorKind::TooDeep));
    check("x^", 256, "x", "", None);
    check("exp(", 255, "x²", ")", None);
    check("exp(", 256, "x²", ")", Some(ErrorKind::TooDeep));
    check("1?x:", 256, "x", "", None);
    check("1?", 256, "x", ":1", None);
}

#[test]
fn many_sided_slips_take_linear_time() {
    // Each of these asks the error layer to look far ahead or back.
    check("x(", 1, "x", "", Some(ErrorKind::Syntax));
    check("f(", 200, &"x+".repeat(100_000), "", Some(ErrorKind::UnknownName));
    check("|x", 1, &"+x".repeat(90_000), "", Some(ErrorKind::Syntax));
    check("1/2x", 1, &"^2".repeat(90_000), "", Some(ErrorKind::Syntax));
    check("a = ", 1, &"x+".repeat(90_000), "", Some(ErrorKind::Syntax));
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let check = |bytes: &[u8], kind| assert_eq!(Formula::from_bytes(bytes).expect_err("no formula").kind, kind);
    check(b"x^2+\xE2\x82", ErrorKind::Encoding);
    check(b"\xFF\xFE", ErrorKind::Encoding);
    check(b"\xC0\x80", ErrorKind::Encoding);
    check(b"x\xED\xA0\x80", ErrorKind::Encoding);
    check(b"x\0", ErrorKind::NulByte);
    check(&[b'x'; (1 << 20) + 1], ErrorKind::TooLong);
    assert_eq!(Formula::from_bytes(b"x^2\r\n").expect("a formula").to_string(), "x^2");
}

fn formulas() -> impl Strategy<Value = String> {
    let words = "x y 1 2.5 .5 1e5 1e999 pi e inf exp sin max log if sum prod in and or not density ( ) [ ] ( ) , ; \n + - * / ^ ** ² < <= == != = \
                 ? : .. . | & ! # é – \0 i r = x x ( ) sum(i in 1..3, x[i]) if(x>0, 1, 2)";
    let words: Vec<&'static str> = words.split(' ').collect();
    let word = prop::sample::select(words);
    prop::collection::vec((word, prop::sample::select(vec!["", " ", "\n"])), 0..40)
        .prop_map(|words| words.into_iter().flat_map(|(word, gap)| [word, gap]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_get_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(error) = Formula::from_bytes(&bytes) {
            prop_assert!(!error.message.is_empty());
        }
    }

    #[test]
    fn any_text_gets_an_answer_with_a_place(text in any::<String>()) {
        look(&text)?;
    }

    #[test]
    fn any_words_get_an_answer_with_a_place(text in formulas()) {
        look(&text)?;
    }

    #[test]
    fn one_slip_in_a_formula_gets_an_answer(at in 0usize..200, with in formulas(), length in 0usize..4) {
        let mut text = String::from("r2 = x^2 + y^2 # radius\nh[j in 1..4] = if(r2 > 1, -x², 2 pi y);\nexp(-r2/2)*sum(i in 1..4, h[i]^2) + (x > 0 ? 1 : 2e-3)(y+1)");
        let at = (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let end = (at..=(at + length).min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(at);
        text.replace_range(at..end, &with.chars().take(length).collect::<String>());
        look(&text)?;
    }
}

/// A formula prints to text that settles at once; an error has a sentence, a way out and a place that can be shown.
fn look(text: &str) -> Result<(), TestCaseError> {
    match text.parse::<Formula>() {
        Ok(formula) => {
            let printed = formula.to_string();
            let again = printed.parse::<Formula>().map_err(|error| TestCaseError::fail(error.render(&printed)))?;
            prop_assert_eq!(again.ast().exprs(), formula.ast().exprs());
            prop_assert_eq!(again.to_string(), printed);
        }
        Err(error) => {
            prop_assert!(!error.message.is_empty() && !error.message.ends_with('.') && !error.message.contains('\n'), "{}", error);
            prop_assert!(error.hint.is_some(), "{}", error);
            prop_assert!(error.span.is_some() || error.kind == ErrorKind::EmptyInput, "{}", error);
            if let Some(span) = error.span {
                prop_assert!(text.get(span.start..span.end).is_some(), "{:?} in {:?}", span, text);
            }
            error.render(text);
        }
    }
    Ok(())
}
