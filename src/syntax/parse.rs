//! Tokens to [`Ast`]: operator precedence with a stack of its own, so that no text can exhaust the machine's.
//!
//! Finished operands wait on one stack, unfinished constructs (an operator without its right side, an open bracket) on another. An
//! operator that arrives closes those before it that bind tighter (Dijkstra's shunting yard); each closing makes one node, so children
//! precede their parents, and a subtree is a contiguous run of the arena.

mod calls;
mod definition;
mod expression;
mod outcome;
mod parameter;
mod slips;
mod tokens;

use std::collections::{HashMap, HashSet};

use super::ast::{Ast, BinaryOperator, Comparison, Definition, DefinitionKind, Expr, ExprId, Fold, Meaning, Statement, UnaryOperator};
use super::characters::{self, NESTING};
use super::distributions::{Distribution, Form};
use super::foreign;
use super::formula::FreeName;
use super::functions::{CONSTANTS, Function};
use crate::error::{ErrorKind, Result, Span};
use tokens::{Kind, Token};

/// Most nodes.
const NODES: usize = 200_000;

/// The tree of `source`, and the names in it that are bound nowhere, in order of appearance.
pub(super) fn parse(source: &str) -> Result<(Ast, Vec<FreeName>)> {
    let read = characters::check(source).and_then(|()| Parser::new(source, tokens::tokens(source)?).formula());
    use ErrorKind::{Arity, BadCharacter, Declaration, Syntax, UnknownName};
    read.map_err(|error| match error.kind {
        Syntax | BadCharacter | UnknownName | Arity | Declaration => foreign::recognised(source).unwrap_or(error),
        _ => error,
    })
}

/// How tightly an operator binds; the table in grammar/formula.pest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Choice,
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Sign,
    Power,
    /// No operator: a name, a number, anything in brackets.
    Operand,
}

impl Level {
    pub(super) fn of(operator: BinaryOperator) -> Level {
        match operator {
            BinaryOperator::Or => Level::Or,
            BinaryOperator::And => Level::And,
            BinaryOperator::Add | BinaryOperator::Subtract => Level::Sum,
            BinaryOperator::Multiply | BinaryOperator::Divide => Level::Product,
            BinaryOperator::Power => Level::Power,
        }
    }

    pub(super) fn of_prefix(operator: UnaryOperator) -> Level {
        match operator {
            UnaryOperator::Negate => Level::Sign,
            UnaryOperator::Not => Level::Not,
        }
    }
}

/// A construct that waits for what is to its right.
#[derive(Debug)]
enum Frame {
    Prefix(UnaryOperator, Span),
    /// The operator and its place.
    Infix(BinaryOperator, Span),
    Comparisons(Vec<Comparison>),
    /// `c ? a :`.
    Otherwise,
    Bracket(Bracket),
}

/// An open bracket; `?` is one, which `:` closes.
#[derive(Debug)]
struct Bracket {
    open: Span,
    role: Role,
    /// How many operands there were before it.
    operands: usize,
}

/// What an open bracket is for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Role {
    Group,
    Question,
    /// Arguments; the place of the name.
    Call(Function, Span),
    /// Arguments of a function of the text; the place of the name.
    Apply(Span),
    Distribution(Distribution, Form, Span),
    If(Span),
    /// `[a, b]`.
    List,
    /// The place of the name, which of its two subscripts are slices, whether the second has begun. A slice leaves two operands.
    Index(Span, [bool; 2], bool),
    /// The dimensions of a parameter.
    Shape,
    /// Where a parameter may be.
    Interval(Stage),
    /// `sum(` or `prod(`; the places of the word and of the index.
    Fold(Fold, Span, Span, Stage),
    /// A range of an indexed definition; the place of the index.
    DefinitionRange(Span, Stage),
}

/// How far a range has been read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    First,
    Last,
    Body,
}

/// A finished expression; the span includes its parentheses.
#[derive(Debug, Clone, Copy)]
struct Operand {
    id: ExprId,
    span: Span,
}

/// What a name of the language means.
#[derive(Debug, Clone, Copy)]
enum Known {
    Constant,
    Function(Function),
    Distribution(Distribution, Form),
}

/// What the text must go on with.
enum Due {
    Operand,
    Operator,
    /// Nothing: the statement ends here.
    End,
}

struct Parser<'s> {
    source: &'s str,
    tokens: Vec<Token>,
    /// The next token …
    at: usize,
    /// … and the one before it that is no line end.
    last: Option<usize>,
    operands: Vec<Operand>,
    frames: Vec<Frame>,
    nesting: usize,
    brackets: usize,
    /// A number leads the run of names being read: `2 pi x`.
    led_by_number: bool,
    /// The statement is `name = …`.
    defining: bool,
    /// The distribution of an outcome is being read.
    distributing: bool,
    exprs: Vec<Expr>,
    spans: Vec<Span>,
    statements: Vec<Statement>,
    meaning: Option<Meaning>,
    /// What the names of the language mean; a table, because a formula may hold very many names.
    known: HashMap<&'static str, Known>,
    defined: HashSet<&'s str>,
    /// Functions that the text defines, each with its number of parameters.
    functions: HashMap<&'s str, usize>,
    /// The terms that outcomes add to the log density.
    terms: Vec<Operand>,
    indices: Vec<&'s str>,
    free: Vec<FreeName>,
    free_positions: HashMap<&'s str, usize>,
}

impl<'s> Parser<'s> {
    fn new(source: &'s str, tokens: Vec<Token>) -> Self {
        Parser {
            source,
            tokens,
            at: 0,
            last: None,
            operands: Vec::new(),
            frames: Vec::new(),
            nesting: 0,
            brackets: 0,
            led_by_number: false,
            defining: false,
            distributing: false,
            exprs: Vec::new(),
            spans: Vec::new(),
            statements: Vec::new(),
            meaning: None,
            known: known(),
            defined: HashSet::new(),
            functions: HashMap::new(),
            terms: Vec::new(),
            indices: Vec::new(),
            free: Vec::new(),
            free_positions: HashMap::new(),
        }
    }

    // Statements.

    fn formula(mut self) -> Result<(Ast, Vec<FreeName>)> {
        loop {
            self.skip_newlines();
            if self.kind() == Kind::End {
                if !self.terms.is_empty() {
                    return self.ended(None);
                }
                return Err(slips::no_value(&self, self.statements.last()));
            }
            if let Some(parameter) = self.parameter()? {
                self.statements.push(Statement::Parameter(parameter));
            } else if let Some(head) = self.definition_head()? {
                let body = self.expression()?;
                self.define(head, body)?;
            } else if self.is_outcome() {
                let term = self.outcome()?;
                self.terms.push(term);
            } else {
                let word = self.token().span;
                self.meaning = self.meaning_head();
                if !self.terms.is_empty() && self.meaning.is_some_and(|meaning| meaning != Meaning::LogDensity) {
                    return Err(slips::outcomes_beside(self.text(word), word));
                }
                let root = self.expression()?;
                self.skip_newlines();
                if self.kind() != Kind::End {
                    return Err(slips::after_value(&self));
                }
                return self.ended(Some(root));
            }
            if self.kind() == Kind::Semicolon {
                self.advance();
            }
        }
    }

    /// The formula: its value, and what outcomes add to it.
    fn ended(mut self, value: Option<ExprId>) -> Result<(Ast, Vec<FreeName>)> {
        let value = value.map(|id| Operand { id, span: self.spans[id.index()] });
        if !self.terms.is_empty() {
            self.meaning = Some(Meaning::LogDensity);
        }
        let mut terms = std::mem::take(&mut self.terms).into_iter().chain(value);
        let mut root = terms.next().expect("a value or a term");
        for term in terms {
            let sum = Expr::Binary { operator: BinaryOperator::Add, left: root.id, right: term.id };
            let span = root.span.to(term.span);
            root = Operand { id: self.node(sum, span)?, span };
        }
        let ast = Ast { exprs: self.exprs, spans: self.spans, statements: self.statements, meaning: self.meaning, root: root.id };
        Ok((ast, self.free))
    }

    /// Reads `density =`, `log_density =` or `energy =`, if that is what stands here.
    fn meaning_head(&mut self) -> Option<Meaning> {
        let word = self.token();
        if word.kind != Kind::Meaning || self.kind_at(1) != Kind::Assign {
            return None;
        }
        self.advance();
        self.advance();
        Meaning::ALL.into_iter().find(|meaning| meaning.word() == self.text(word.span))
    }

    fn define(&mut self, mut head: Definition, body: ExprId) -> Result<()> {
        head.body = body;
        let bound = head.ranges().len() + head.parameters().len();
        self.indices.truncate(self.indices.len() - bound);
        self.bind(head.name_span)?;
        if let DefinitionKind::Function(parameters) = &head.kind {
            self.functions.insert(self.text(head.name_span), parameters.len());
        }
        self.statements.push(Statement::Definition(head));
        Ok(())
    }

    /// From here on the name is taken, and it must not have been used before.
    fn bind(&mut self, name_span: Span) -> Result<()> {
        let name = self.text(name_span);
        if let Some(&position) = self.free_positions.get(name) {
            return Err(slips::used_too_early(self.free[position].span, name_span, name));
        }
        self.defined.insert(name);
        Ok(())
    }

    /// What a name of the language means.
    fn meaning_of(&self, name: &str) -> Option<Known> {
        let distribution = || Distribution::named(name).map(|(distribution, form)| Known::Distribution(distribution, form));
        self.known.get(name).copied().or_else(distribution)
    }

    /// Refuses a name that means something already.
    fn check_new_name(&self, span: Span) -> Result<()> {
        let name = self.text(span);
        let what = if let Some(known) = self.meaning_of(name) {
            match known {
                Known::Constant => "a constant",
                Known::Function(function) if function.is_soft() && !self.defined.contains(name) => return Ok(()),
                Known::Function(_) | Known::Distribution(..) => "a function",
            }
        } else if self.defined.contains(name) {
            "defined above"
        } else if self.indices.contains(&name) {
            "an index around this"
        } else {
            return Ok(());
        };
        Err(slips::name_taken(name, what, span))
    }

    // Nodes and frames.

    /// Closes the operators back to the innermost bracket that bind as tightly as `level`, or all of them.
    fn close_operators(&mut self, incoming: Option<Level>) -> Result<()> {
        while let Some(found) = self.frames.last().and_then(level) {
            let same_chain = incoming == Some(Level::Comparison) && found == Level::Comparison;
            if same_chain || incoming.is_some_and(|incoming| found < incoming) {
                break;
            }
            let frame = self.frames.pop().expect("just seen");
            self.nesting -= usize::from(nests(&frame));
            let right = self.operands.pop().expect("an operator has a right operand");
            match frame {
                Frame::Prefix(operator, sign) => self.finish(Expr::Unary { operator, operand: right.id }, sign.to(right.span))?,
                Frame::Infix(operator, _) => {
                    let left = self.operands.pop().expect("an infix operator has a left operand");
                    self.finish(Expr::Binary { operator, left: left.id, right: right.id }, left.span.to(right.span))?;
                }
                Frame::Comparisons(chain) => {
                    self.operands.push(right);
                    let rest = self.operands.split_off(self.operands.len() - chain.len());
                    let first = self.operands.pop().expect("a comparison has a first operand");
                    let rest = chain.into_iter().zip(rest.iter().map(|operand| operand.id)).collect();
                    self.finish(Expr::Comparison { first: first.id, rest }, first.span.to(right.span))?;
                }
                Frame::Otherwise => {
                    let then = self.operands.pop().expect("a choice has a second operand");
                    let condition = self.operands.pop().expect("a choice has a condition");
                    let expr = Expr::If { condition: condition.id, then: then.id, otherwise: right.id };
                    self.finish(expr, condition.span.to(right.span))?;
                }
                Frame::Bracket(_) => unreachable!("a bracket has no level"),
            }
        }
        Ok(())
    }

    fn push(&mut self, frame: Frame, span: Span) -> Result<()> {
        if nests(&frame) {
            self.nesting += 1;
            self.check_nesting(self.nesting, span)?;
        }
        self.frames.push(frame);
        Ok(())
    }

    fn check_nesting(&self, levels: usize, span: Span) -> Result<()> {
        if levels <= NESTING { Ok(()) } else { Err(characters::too_deep(span)) }
    }

    fn finish(&mut self, expr: Expr, span: Span) -> Result<()> {
        let id = self.node(expr, span)?;
        self.operands.push(Operand { id, span });
        Ok(())
    }

    fn node(&mut self, expr: Expr, span: Span) -> Result<ExprId> {
        if self.exprs.len() == NODES {
            return Err(characters::too_long(&format!("the formula has more than {NODES} nodes")));
        }
        let id = ExprId(self.exprs.len() as u32);
        self.exprs.push(expr);
        self.spans.push(span);
        Ok(id)
    }

    // Tokens.

    fn token(&self) -> Token {
        self.tokens[self.at]
    }

    fn kind(&self) -> Kind {
        self.token().kind
    }

    /// The kind of the token so many places ahead; the end goes on for ever.
    fn kind_at(&self, ahead: usize) -> Kind {
        self.tokens.get(self.at + ahead).map_or(Kind::End, |token| token.kind)
    }

    fn last_token(&self) -> Option<Token> {
        self.last.map(|at| self.tokens[at])
    }

    fn last_kind(&self) -> Option<Kind> {
        self.last_token().map(|token| token.kind)
    }

    fn text(&self, span: Span) -> &'s str {
        &self.source[span.start..span.end]
    }

    fn advance(&mut self) {
        if self.kind() != Kind::Newline {
            self.last = Some(self.at);
        }
        self.at = (self.at + 1).min(self.tokens.len() - 1);
    }

    fn skip_newlines(&mut self) {
        while self.kind() == Kind::Newline {
            self.advance();
        }
    }
}

/// How tightly an operator that waits binds; a bracket does not bind.
fn level(frame: &Frame) -> Option<Level> {
    match frame {
        Frame::Prefix(operator, _) => Some(Level::of_prefix(*operator)),
        Frame::Infix(operator, _) => Some(Level::of(*operator)),
        Frame::Comparisons(_) => Some(Level::Comparison),
        Frame::Otherwise => Some(Level::Choice),
        Frame::Bracket(_) => None,
    }
}

/// Whether a frame is a level of nesting: those that can wait on top of their own kind.
fn nests(frame: &Frame) -> bool {
    !matches!(frame, Frame::Comparisons(_)) && !matches!(frame, Frame::Infix(operator, _) if *operator != BinaryOperator::Power)
}

fn known() -> HashMap<&'static str, Known> {
    let constants = CONSTANTS.iter().map(|&(name, _)| (name, Known::Constant));
    let functions = Function::ALL.iter().flat_map(|&function| function.names().iter().map(move |&name| (name, Known::Function(function))));
    constants.chain(functions).collect()
}

fn is_constant(name: &str) -> bool {
    CONSTANTS.iter().any(|(constant, _)| *constant == name)
}
