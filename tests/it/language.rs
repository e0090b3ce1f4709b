//! The language by example: tests/language/*.txt hold formulas and what becomes of them.
//!
//! A case is the lines that begin with `> ` (the formula; `\u{...}` stands for a character) and the lines up to the next empty line: the
//! tree as an s-expression, one line a definition, or the error's kind and how it is shown. Lines that begin with `//` are headings.
//! `BLESS=1 cargo test --release language` writes what is the case into the files, to be read before it is committed.
#![allow(clippy::disallowed_methods, reason = "blessing rewrites the cases")]

use std::fs;
use std::path::{Path, PathBuf};

use langevin::ErrorKind;
use langevin::syntax::{
    Ast, BinaryOperator, Comparison, DefinitionKind, Domain, Expr, ExprId, Fold, Formula, IndexRange, Statement, Subscript, UnaryOperator,
};

#[test]
fn operators_make_these_trees() {
    check_file("operators.txt");
}

#[test]
fn operands_make_these_trees() {
    check_file("operands.txt");
}

#[test]
fn statements_make_these_trees() {
    check_file("statements.txt");
}

#[test]
fn models_make_these_trees() {
    check_file("models.txt");
}

#[test]
fn misspelt_operators_are_refused() {
    check_file("refused_operators.txt");
}

#[test]
fn misspelt_operands_are_refused() {
    check_file("refused_operands.txt");
}

#[test]
fn misspelt_calls_are_refused() {
    check_file("refused_calls.txt");
}

#[test]
fn misspelt_statements_are_refused() {
    check_file("refused_statements.txt");
}

#[test]
fn foreign_characters_are_refused() {
    check_file("refused_characters.txt");
}

#[test]
fn no_error_names_the_grammars_rules() {
    for path in files() {
        for case in cases(&fs::read_to_string(path).expect("readable")) {
            let Err(error) = case.formula.parse::<Formula>() else { continue };
            let text = error.render(&case.formula);
            assert!(!["expected", "EOI", "WHITESPACE", "superscript,", "pest"].iter().any(|word| text.contains(word)), "{text}");
            assert!(error.hint.is_some(), "no way out: {text}");
            assert!(error.span.is_some() || error.kind == ErrorKind::EmptyInput, "no place: {text}");
            assert!(text.lines().all(|line| line.chars().count() <= 100), "too wide: {text}");
        }
    }
}

/// Every case of one file, all differences in one message.
#[track_caller]
fn check_file(name: &str) {
    let path = folder().join(name);
    let text = fs::read_to_string(&path).expect("the file of cases is there");
    let cases = cases(&text);
    assert!(!cases.is_empty(), "{name} holds no case");
    if std::env::var_os("BLESS").is_some() {
        let blessed: Vec<String> = cases.iter().map(|case| format!("{}{}\n", case.head, outcome(&case.formula))).collect();
        fs::write(&path, blessed.join("\n")).expect("the file of cases can be written");
        return;
    }
    let wrong: Vec<String> = cases
        .iter()
        .filter(|case| outcome(&case.formula) != case.expected)
        .map(|case| format!("{}is\n{}\nbut was to be\n{}\n", case.head, outcome(&case.formula), case.expected))
        .collect();
    assert!(wrong.is_empty(), "{} of {} cases in {name}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

struct Case {
    /// Headings and formula as they stand in the file.
    head: String,
    formula: String,
    expected: String,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for block in text.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let is_head = |line: &&str| line.starts_with("//") || line.starts_with('>');
        let lines = block.trim_matches('\n').lines();
        let head: String = lines.clone().filter(is_head).map(|line| format!("{line}\n")).collect();
        let formula: Vec<&str> =
            lines.clone().filter_map(|line| line.strip_prefix('>')).map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        let expected: Vec<&str> = lines.filter(|line| !is_head(line)).collect();
        if !formula.is_empty() {
            cases.push(Case { head, formula: unescape(&formula.join("\n")), expected: expected.join("\n") });
        }
    }
    cases
}

fn unescape(text: &str) -> String {
    let mut parts = text.split("\\u{");
    let mut plain = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (code, rest) = part.split_once('}').expect("an escape ends");
        plain.push(u32::from_str_radix(code, 16).ok().and_then(char::from_u32).expect("a code point"));
        plain.push_str(rest);
    }
    plain
}

fn outcome(formula: &str) -> String {
    match formula.parse::<Formula>() {
        Ok(formula) => {
            let again: Formula = formula.to_string().parse().expect("printed text reads back");
            assert_eq!(tree(again.ast()), tree(formula.ast()), "{formula} is another tree");
            assert_eq!(again.to_string(), formula.to_string(), "printing settles at once");
            format!("{}\n{formula}", tree(formula.ast()))
        }
        Err(error) => format!("{}\n{}", error.kind.name(), error.render(formula)),
    }
}

fn tree(ast: &Ast) -> String {
    let mut lines = Vec::new();
    for statement in ast.statements() {
        match statement {
            Statement::Definition(definition) => {
                let range = |range: &IndexRange| format!("{} {} {}", range.name, node(ast, range.first), node(ast, range.last));
                let head = match &definition.kind {
                    DefinitionKind::Value => definition.name.clone(),
                    DefinitionKind::Elements(ranges) => {
                        format!("{}[{}]", definition.name, ranges.iter().map(range).collect::<Vec<_>>().join(", "))
                    }
                    DefinitionKind::Function(parameters) => format!("({} {})", definition.name, parameters.join(" ")),
                };
                lines.push(format!("(= {head} {})", node(ast, definition.body)));
            }
            Statement::Parameter(parameter) => {
                let shape: Vec<String> = parameter.shape.iter().map(|&length| format!(" {}", node(ast, length))).collect();
                let domain = match &parameter.domain {
                    Domain::Interval { low, high, closed } => {
                        let [open, close] = [if closed[0] { '[' } else { '(' }, if closed[1] { ']' } else { ')' }];
                        format!("{open}{} {}{close}", node(ast, *low), node(ast, *high))
                    }
                    Domain::Constraint(constraint) => constraint.name().into(),
                };
                lines.push(format!("(in {}{} {domain})", parameter.name, shape.concat()));
            }
        }
    }
    let root = node(ast, ast.root());
    lines.push(ast.meaning().map_or(root.clone(), |meaning| format!("({} {root})", meaning.word())));
    lines.join("\n")
}

fn node(ast: &Ast, id: ExprId) -> String {
    let list = |head: &str, ids: &[ExprId]| {
        let ids: Vec<String> = ids.iter().map(|&id| node(ast, id)).collect();
        format!("({head} {})", ids.join(" "))
    };
    match ast.expr(id) {
        Expr::Number(value) if *value != 0.0 && !(1e-6..1e16).contains(value) => format!("{value:e}"),
        Expr::Number(value) => format!("{value}"),
        Expr::Name(name) => name.clone(),
        Expr::Index { name, subscripts } => {
            let subscript = |subscript: &Subscript| match *subscript {
                Subscript::At(index) => format!(" {}", node(ast, index)),
                Subscript::Between(first, last) => format!(" {}..{}", node(ast, first), node(ast, last)),
            };
            format!("([] {name}{})", subscripts.iter().map(subscript).collect::<String>())
        }
        Expr::List(elements) => list("list", elements),
        Expr::Unary { operator: UnaryOperator::Negate, operand } => list("neg", &[*operand]),
        Expr::Unary { operator: UnaryOperator::Not, operand } => list("not", &[*operand]),
        Expr::Binary { operator, left, right } => {
            let head = match operator {
                BinaryOperator::Add => "+",
                BinaryOperator::Subtract => "-",
                BinaryOperator::Multiply => "*",
                BinaryOperator::Divide => "/",
                BinaryOperator::Power => "^",
                BinaryOperator::And => "and",
                BinaryOperator::Or => "or",
            };
            list(head, &[*left, *right])
        }
        Expr::Comparison { first, rest } => {
            let mut text = format!("(compare {}", node(ast, *first));
            for (comparison, operand) in rest {
                let sign = match comparison {
                    Comparison::Less => "<",
                    Comparison::LessEqual => "<=",
                    Comparison::Greater => ">",
                    Comparison::GreaterEqual => ">=",
                    Comparison::Equal => "==",
                    Comparison::NotEqual => "!=",
                };
                text.push_str(&format!(" {sign} {}", node(ast, *operand)));
            }
            text + ")"
        }
        Expr::If { condition, then, otherwise } => list("if", &[*condition, *then, *otherwise]),
        Expr::Call { function, arguments } => list(function.names()[0], arguments),
        Expr::Apply { name, arguments } => list(name, arguments),
        Expr::Distribution { distribution, form, arguments } => list(&distribution.name(*form), arguments),
        Expr::Fold { fold, range, body } => {
            let head = match fold {
                Fold::Sum => "sum",
                Fold::Product => "prod",
            };
            list(&format!("{head} {}", range.name), &[range.first, range.last, *body])
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language")
}

fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder()).expect("the folder of cases").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}
