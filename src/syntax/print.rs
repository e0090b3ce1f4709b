//! [`Ast`] to canonical text, with as few parentheses as the grammar allows.

use std::fmt::{self, Write};

use super::ast::{
    Ast, BinaryOperator, Comparison, DefinitionKind, Domain, Expr, ExprId, Fold, IndexRange, Statement, Subscript, UnaryOperator,
};
use super::parse::Level;

/// What is still to be written.
enum Work<'a> {
    /// An expression; in parentheses if it binds less tightly than the level.
    Expr(ExprId, Option<Level>),
    Text(&'a str),
}

/// Writes `ast`.
pub(super) fn print(ast: &Ast, out: &mut impl Write) -> fmt::Result {
    print_joined(ast, "; ", out)
}

/// The text of one expression.
pub(super) fn expression(ast: &Ast, id: ExprId) -> String {
    let mut text = String::new();
    let _ = run(ast, vec![Work::Expr(id, None)], &mut text);
    text
}

/// The text of one statement.
pub(super) fn statement(ast: &Ast, statement: &Statement) -> String {
    let mut text = String::new();
    let _ = print_statement(ast, statement, &mut text);
    text
}

/// Writes `ast` with `joint` after each statement.
pub(super) fn print_joined(ast: &Ast, joint: &str, out: &mut impl Write) -> fmt::Result {
    for statement in ast.statements() {
        print_statement(ast, statement, out)?;
        out.write_str(joint)?;
    }
    if let Some(meaning) = ast.meaning() {
        write!(out, "{} = ", meaning.word())?;
    }
    run(ast, vec![Work::Expr(ast.root(), None)], out)
}

fn print_statement(ast: &Ast, statement: &Statement, out: &mut impl Write) -> fmt::Result {
    match statement {
        Statement::Definition(definition) => {
            out.write_str(&definition.name)?;
            match &definition.kind {
                DefinitionKind::Value => {}
                DefinitionKind::Elements(ranges) => {
                    for (position, range) in ranges.iter().enumerate() {
                        out.write_str(if position == 0 { "[" } else { ", " })?;
                        run(ast, range_work(range), out)?;
                    }
                    out.write_char(']')?;
                }
                DefinitionKind::Function(parameters) => write!(out, "({})", parameters.join(", "))?,
            }
            out.write_str(" = ")?;
            run(ast, vec![Work::Expr(definition.body, None)], out)?;
        }
        Statement::Parameter(parameter) => {
            out.write_str(&parameter.name)?;
            if !parameter.shape.is_empty() {
                out.write_char('[')?;
                run(ast, comma_separated(&parameter.shape), out)?;
                out.write_char(']')?;
            }
            out.write_str(" in ")?;
            match &parameter.domain {
                Domain::Interval { low, high, closed: [from, to] } => {
                    out.write_char(if *from { '[' } else { '(' })?;
                    run(ast, comma_separated(&[*low, *high]), out)?;
                    out.write_char(if *to { ']' } else { ')' })?;
                }
                Domain::Constraint(constraint) => out.write_str(constraint.name())?,
            }
        }
    }
    Ok(())
}

fn comma_separated(exprs: &[ExprId]) -> Vec<Work<'static>> {
    let mut parts = Vec::new();
    for (position, expr) in exprs.iter().enumerate() {
        if position > 0 {
            parts.push(Work::Text(", "));
        }
        parts.push(Work::Expr(*expr, None));
    }
    parts
}

fn range_work(range: &IndexRange) -> Vec<Work<'_>> {
    vec![Work::Text(&range.name), Work::Text(" in "), Work::Expr(range.first, None), Work::Text(".."), Work::Expr(range.last, None)]
}

/// Writes the pieces in order, taking expressions apart until only text is left.
fn run<'a>(ast: &'a Ast, mut pieces: Vec<Work<'a>>, out: &mut impl Write) -> fmt::Result {
    pieces.reverse();
    let mut stack = pieces;
    while let Some(work) = stack.pop() {
        match work {
            Work::Text(text) => out.write_str(text)?,
            Work::Expr(id, at_least) => {
                let expr = ast.expr(id);
                let wrapped = level(expr).is_some_and(|level| at_least.is_some_and(|least| level < least));
                let mut parts = if wrapped { vec![Work::Text("(")] } else { Vec::new() };
                take_apart(expr, &mut parts, out)?;
                if wrapped {
                    parts.push(Work::Text(")"));
                }
                stack.extend(parts.into_iter().rev());
            }
        }
    }
    Ok(())
}

/// The pieces of one expression. A number goes straight to `out`: it has no pieces, and is never wrapped.
fn take_apart<'a>(expr: &'a Expr, parts: &mut Vec<Work<'a>>, out: &mut impl Write) -> fmt::Result {
    match expr {
        Expr::Number(value) => return write_number(*value, out),
        Expr::Name(name) => parts.push(Work::Text(name)),
        Expr::Index { name, subscripts } => {
            parts.extend([Work::Text(name), Work::Text("[")]);
            for (position, subscript) in subscripts.iter().enumerate() {
                parts.push(Work::Text(if position > 0 { ", " } else { "" }));
                match *subscript {
                    Subscript::At(index) => parts.push(Work::Expr(index, None)),
                    Subscript::Between(first, last) => {
                        parts.extend([Work::Expr(first, None), Work::Text(".."), Work::Expr(last, None)]);
                    }
                }
            }
            parts.push(Work::Text("]"));
        }
        Expr::List(elements) => {
            parts.push(Work::Text("["));
            parts.extend(comma_separated(elements));
            parts.push(Work::Text("]"));
        }
        Expr::Unary { operator, operand } => {
            let text = match operator {
                UnaryOperator::Negate => "-",
                UnaryOperator::Not => "not ",
            };
            parts.extend([Work::Text(text), Work::Expr(*operand, Some(Level::of_prefix(*operator)))]);
        }
        Expr::Binary { operator, left, right } => {
            let (text, left_least, right_least) = match operator {
                BinaryOperator::Or => (" or ", Level::Or, Level::And),
                BinaryOperator::And => (" and ", Level::And, Level::Not),
                BinaryOperator::Add => (" + ", Level::Sum, Level::Product),
                BinaryOperator::Subtract => (" - ", Level::Sum, Level::Product),
                BinaryOperator::Multiply => ("*", Level::Product, Level::Sign),
                BinaryOperator::Divide => ("/", Level::Product, Level::Sign),
                // Right-associative; the base must be an operand, the exponent may have a sign.
                BinaryOperator::Power => ("^", Level::Operand, Level::Sign),
            };
            parts.extend([Work::Expr(*left, Some(left_least)), Work::Text(text), Work::Expr(*right, Some(right_least))]);
        }
        Expr::Comparison { first, rest } => {
            parts.push(Work::Expr(*first, Some(Level::Sum)));
            for (comparison, operand) in rest {
                parts.extend([Work::Text(comparison_text(*comparison)), Work::Expr(*operand, Some(Level::Sum))]);
            }
        }
        Expr::If { condition, then, otherwise } => {
            parts.push(Work::Text("if("));
            parts.extend(comma_separated(&[*condition, *then, *otherwise]));
            parts.push(Work::Text(")"));
        }
        Expr::Call { function, arguments } => {
            parts.extend([Work::Text(function.names()[0]), Work::Text("(")]);
            parts.extend(comma_separated(arguments));
            parts.push(Work::Text(")"));
        }
        Expr::Apply { name, arguments } => {
            parts.extend([Work::Text(name), Work::Text("(")]);
            parts.extend(comma_separated(arguments));
            parts.push(Work::Text(")"));
        }
        Expr::Distribution { distribution, form, arguments } => {
            out.write_str(&distribution.name(*form))?;
            parts.extend([Work::Text("("), Work::Expr(arguments[0], None)]);
            if arguments.len() > 1 {
                parts.push(Work::Text(" | "));
            }
            parts.extend(comma_separated(&arguments[1..]));
            parts.push(Work::Text(")"));
        }
        Expr::Fold { fold, range, body } => {
            parts.push(Work::Text(match fold {
                Fold::Sum => "sum(",
                Fold::Product => "prod(",
            }));
            parts.extend(range_work(range));
            parts.extend([Work::Text(", "), Work::Expr(*body, None), Work::Text(")")]);
        }
    }
    Ok(())
}

fn comparison_text(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => " < ",
        Comparison::LessEqual => " <= ",
        Comparison::Greater => " > ",
        Comparison::GreaterEqual => " >= ",
        Comparison::Equal => " == ",
        Comparison::NotEqual => " != ",
    }
}

/// How tightly an expression binds; an operand needs no parentheses anywhere.
fn level(expr: &Expr) -> Option<Level> {
    match expr {
        Expr::Unary { operator, .. } => Some(Level::of_prefix(*operator)),
        Expr::Binary { operator, .. } => Some(Level::of(*operator)),
        Expr::Comparison { .. } => Some(Level::Comparison),
        _ => None,
    }
}

/// The shortest text that reads back as the same double: `2`, `0.5`, `1e-7`.
fn write_number(value: f64, out: &mut impl Write) -> fmt::Result {
    let text = format!("{value:?}");
    out.write_str(text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::ast::{Constraint, Definition, Meaning, Parameter};
    use super::super::distributions::{Distribution, Form};
    use super::super::functions::{Arity, Function};
    use super::super::parse::parse;
    use super::*;
    use crate::error::Span;

    /// A tree as proptest grows it; [`Builder`] lays it out as the parser does.
    #[derive(Debug, Clone)]
    enum Tree {
        Number(f64),
        Name(&'static str),
        /// A definition above, counted from the last.
        Defined(usize),
        Index(Box<Tree>),
        Slice(Box<[Tree; 3]>),
        List(Vec<Tree>),
        Unary(UnaryOperator, Box<Tree>),
        Binary(BinaryOperator, Box<[Tree; 2]>),
        Comparison(Box<Tree>, Vec<(Comparison, Tree)>),
        If(Box<[Tree; 3]>),
        Call(Function, Vec<Tree>),
        Distribution(Distribution, Vec<Tree>),
        Fold(Fold, Box<[Tree; 3]>),
    }

    fn trees() -> impl Strategy<Value = Tree> {
        let leaf = prop_oneof![
            (0u32..1000).prop_map(|number| Tree::Number(number.into())),
            any::<f64>().prop_map(|number| Tree::Number(if number.is_finite() { number.abs() } else { 0.5 })),
            prop::sample::select(vec!["x", "y", "α_2", "e", "pi", "inf", "i1", "e3", "_", "nota"]).prop_map(Tree::Name),
            (0usize..4).prop_map(Tree::Defined),
        ];
        leaf.prop_recursive(7, 60, 4, |inner| {
            use BinaryOperator::*;
            let unary = prop::sample::select(vec![UnaryOperator::Negate, UnaryOperator::Not]);
            let binary = prop::sample::select(vec![Add, Subtract, Multiply, Divide, Power, Power, And, Or]);
            let comparison = prop::sample::select(vec![Comparison::Less, Comparison::GreaterEqual, Comparison::NotEqual]);
            let three = || prop::array::uniform3(inner.clone());
            let call = (prop::sample::select(Function::ALL.to_vec()), prop::collection::vec(inner.clone(), 5));
            prop_oneof![
                1 => inner.clone().prop_map(|index| Tree::Index(index.into())),
                1 => three().prop_map(|parts| Tree::Slice(parts.into())),
                1 => prop::collection::vec(inner.clone(), 1..4).prop_map(Tree::List),
                3 => (unary, inner.clone()).prop_map(|(operator, operand)| Tree::Unary(operator, operand.into())),
                6 => (binary, prop::array::uniform2(inner.clone())).prop_map(|(operator, sides)| Tree::Binary(operator, sides.into())),
                2 => (inner.clone(), prop::collection::vec((comparison, inner.clone()), 1..3))
                    .prop_map(|(first, rest)| Tree::Comparison(first.into(), rest)),
                1 => three().prop_map(|parts| Tree::If(parts.into())),
                1 => (prop::bool::ANY, three())
                    .prop_map(|(sum, parts)| Tree::Fold(if sum { Fold::Sum } else { Fold::Product }, parts.into())),
                1 => (prop::sample::select(Distribution::ALL.to_vec()), prop::collection::vec(inner.clone(), 4)).prop_map(|(distribution, mut arguments)| {
                    arguments.truncate(1 + distribution.parameters().len());
                    Tree::Distribution(distribution, arguments)
                }),
                2 => call.prop_map(|(function, mut arguments)| {
                    arguments.truncate(match function.arity() {
                        Arity::Exactly(count) | Arity::Either(_, count) => count,
                        Arity::AtLeast(_) => 3,
                        Arity::TwoVectors => 2,
                    });
                    Tree::Call(function, arguments)
                }),
            ]
        })
    }

    #[derive(Default)]
    struct Builder {
        exprs: Vec<Expr>,
        definitions: Vec<Definition>,
        statements: Vec<Statement>,
        folds: usize,
    }

    impl Builder {
        fn build(mut self, definitions: &[(usize, Tree)], root: &Tree, meaning: Option<Meaning>) -> Ast {
            if meaning.is_some() {
                let span = Span::default();
                let shape = vec![self.add(Expr::Number(3.0))];
                let domain = Domain::Constraint(Constraint::Simplex);
                self.statements.push(Statement::Parameter(Parameter {
                    name: "p1".into(),
                    name_span: span,
                    shape,
                    domain,
                    domain_span: span,
                }));
                let shape = vec![self.add(Expr::Number(3.0)), self.add(Expr::Name("n".into()))];
                let (low, high) = (self.add(Expr::Number(0.0)), self.add(Expr::Name("inf".into())));
                let domain = Domain::Interval { low, high, closed: [true, false] };
                self.statements.push(Statement::Parameter(Parameter {
                    name: "p2".into(),
                    name_span: span,
                    shape,
                    domain,
                    domain_span: span,
                }));
            }
            for (position, (indices, body)) in definitions.iter().enumerate() {
                let ranges = ["k", "k2"].into_iter().take(*indices).map(|index| {
                    let (first, last) = (self.add(Expr::Number(1.0)), self.add(Expr::Name("n".into())));
                    IndexRange { name: index.into(), first, last }
                });
                let kind = match indices {
                    0 => DefinitionKind::Value,
                    1 | 2 => DefinitionKind::Elements(ranges.collect()),
                    _ => DefinitionKind::Function(vec!["k".into(), "k2".into()]),
                };
                let body = self.tree(body);
                let definition = Definition { name: format!("d{position}"), name_span: Span::default(), kind, body };
                self.statements.push(Statement::Definition(definition.clone()));
                self.definitions.push(definition);
            }
            let root = self.tree(root);
            Ast { spans: vec![Span::default(); self.exprs.len()], exprs: self.exprs, statements: self.statements, meaning, root }
        }

        fn add(&mut self, expr: Expr) -> ExprId {
            self.exprs.push(expr);
            ExprId(self.exprs.len() as u32 - 1)
        }

        fn tree(&mut self, tree: &Tree) -> ExprId {
            let expr = match tree {
                Tree::Number(value) => Expr::Number(*value),
                Tree::Name(name) => Expr::Name((*name).into()),
                Tree::Defined(back) => match self.definitions.len().checked_sub(back + 1) {
                    Some(position) => {
                        let Definition { name, kind, .. } = self.definitions[position].clone();
                        match kind {
                            DefinitionKind::Function(_) => {
                                let arguments = (0..2).map(|_| self.add(Expr::Number(2.0))).collect();
                                Expr::Apply { name, arguments }
                            }
                            _ => Expr::Name(name),
                        }
                    }
                    None => Expr::Name("z".into()),
                },
                Tree::Index(index) => Expr::Index { name: "v".into(), subscripts: vec![Subscript::At(self.tree(index))] },
                Tree::Slice(parts) => {
                    let [row, first, last] = [0, 1, 2].map(|part| self.tree(&parts[part]));
                    Expr::Index { name: "W".into(), subscripts: vec![Subscript::At(row), Subscript::Between(first, last)] }
                }
                Tree::List(elements) => Expr::List(elements.iter().map(|element| self.tree(element)).collect()),
                Tree::Unary(operator, operand) => Expr::Unary { operator: *operator, operand: self.tree(operand) },
                Tree::Binary(operator, sides) => {
                    let [left, right] = [0, 1].map(|side| self.tree(&sides[side]));
                    Expr::Binary { operator: *operator, left, right }
                }
                Tree::Comparison(first, rest) => {
                    let first = self.tree(first);
                    Expr::Comparison { first, rest: rest.iter().map(|(comparison, operand)| (*comparison, self.tree(operand))).collect() }
                }
                Tree::If(parts) => {
                    let [condition, then, otherwise] = [0, 1, 2].map(|part| self.tree(&parts[part]));
                    Expr::If { condition, then, otherwise }
                }
                Tree::Call(function, arguments) => {
                    Expr::Call { function: *function, arguments: arguments.iter().map(|argument| self.tree(argument)).collect() }
                }
                Tree::Distribution(distribution, arguments) => Expr::Distribution {
                    distribution: *distribution,
                    form: Form::LogDensity,
                    arguments: arguments.iter().map(|argument| self.tree(argument)).collect(),
                },
                Tree::Fold(fold, parts) => {
                    self.folds += 1;
                    let name = format!("f{}", self.folds);
                    let [first, last, body] = [0, 1, 2].map(|part| self.tree(&parts[part]));
                    Expr::Fold { fold: *fold, range: IndexRange { name, first, last }, body }
                }
            };
            self.add(expr)
        }
    }

    fn without_spans(mut ast: Ast) -> Ast {
        ast.spans.clear();
        for statement in &mut ast.statements {
            match statement {
                Statement::Definition(definition) => definition.name_span = Span::default(),
                Statement::Parameter(parameter) => (parameter.name_span, parameter.domain_span) = Default::default(),
            }
        }
        ast
    }

    fn printed(ast: &Ast) -> String {
        let mut text = String::new();
        print(ast, &mut text).expect("writing to a string");
        text
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn printing_and_reading_back_is_the_identity(
            definitions in prop::collection::vec((0usize..4, trees()), 0..3),
            root in trees(),
            meaning in prop::option::of(prop::sample::select(Meaning::ALL.to_vec())),
        ) {
            let ast = Builder::default().build(&definitions, &root, meaning);
            let text = printed(&ast);
            let (again, _) = parse(&text).map_err(|error| TestCaseError::fail(error.render(&text)))?;
            prop_assert_eq!(without_spans(again), without_spans(ast), "{}", text);
        }

        #[test]
        fn no_parentheses_can_be_left_out(root in trees()) {
            // Dropping any one pair of printed parentheses that opens no call changes the tree or is refused.
            let ast = Builder::default().build(&[], &root, None);
            let text = printed(&ast);
            let bytes = text.as_bytes();
            for open in (0..bytes.len()).filter(|&at| bytes[at] == b'(') {
                if open > 0 && (bytes[open - 1].is_ascii_alphanumeric() || bytes[open - 1] >= 0x80 || bytes[open - 1] == b'_') {
                    continue;
                }
                let mut depth = 0i32;
                let close = (open..bytes.len()).find(|&at| {
                    depth += i32::from(bytes[at] == b'(') - i32::from(bytes[at] == b')');
                    depth == 0
                });
                let close = close.expect("parentheses are balanced");
                let shorter = format!("{} {} {}", &text[..open], &text[open + 1..close], &text[close + 1..]);
                if let Ok((other, _)) = parse(&shorter) {
                    prop_assert_ne!(without_spans(other).exprs, ast.exprs.clone(), "{} and {}", text, shorter);
                }
            }
        }
    }

    #[test]
    fn numbers_are_shortest() {
        for (value, text) in [(2.0, "2"), (0.1, "0.1"), (1e300, "1e300"), (5e-324, "5e-324"), (1e-7, "1e-7"), (0.0, "0")] {
            let mut out = String::new();
            write_number(value, &mut out).expect("writing to a string");
            assert_eq!(out, text);
            assert_eq!(out.parse(), Ok(value));
        }
    }
}
