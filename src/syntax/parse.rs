//! Tokens to [`Ast`]: operator precedence with a stack of its own, so that no text can exhaust the machine's.
//!
//! Finished operands wait on one stack, unfinished constructs (an operator without its right side, an open bracket) on another. An
//! operator that arrives closes those before it that bind tighter (Dijkstra's shunting yard); each closing makes one node, so children
//! precede their parents, and a subtree is a contiguous run of the arena.

use std::collections::{HashMap, HashSet};

use super::ast::{Ast, BinaryOperator, Comparison, Definition, Expr, ExprId, Fold, IndexRange, UnaryOperator};
use super::characters::{self, NESTING};
use super::formula::FreeName;
use super::functions::{CONSTANTS, Function};
use super::parse_slips as slips;
use super::parse_tokens::{self, Kind, Token};
use crate::error::{Result, Span};

/// Most nodes.
const NODES: usize = 200_000;

/// The tree of `source`, and the names in it that are bound nowhere, in order of appearance.
pub(super) fn parse(source: &str) -> Result<(Ast, Vec<FreeName>)> {
    characters::check(source)?;
    Parser::new(source, parse_tokens::tokens(source)?).formula()
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
pub(super) enum Frame {
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
pub(super) struct Bracket {
    pub(super) open: Span,
    pub(super) role: Role,
    /// How many operands there were before it.
    operands: usize,
}

/// What an open bracket is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Role {
    Group,
    Question,
    /// Arguments; the place of the name.
    Call(Function, Span),
    If(Span),
    Index(Span),
    /// `sum(` or `prod(`; the places of the word and of the index.
    Fold(Fold, Span, Span, Stage),
    /// The range of an indexed definition; the place of the index.
    DefinitionRange(Span, Stage),
}

/// How far a range has been read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Stage {
    First,
    Last,
    Body,
}

/// A finished expression; the span includes its parentheses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operand {
    id: ExprId,
    pub(super) span: Span,
}

/// What a name of the language means.
#[derive(Debug, Clone, Copy)]
enum Known {
    Constant,
    Function(Function),
}

/// What the text must go on with.
enum Due {
    Operand,
    Operator,
    /// Nothing: the statement ends here.
    End,
}

pub(super) struct Parser<'s> {
    pub(super) source: &'s str,
    pub(super) tokens: Vec<Token>,
    /// The next token …
    pub(super) at: usize,
    /// … and the one before it that is no line end.
    pub(super) last: Option<usize>,
    pub(super) operands: Vec<Operand>,
    pub(super) frames: Vec<Frame>,
    nesting: usize,
    brackets: usize,
    /// A number leads the run of names being read: `2 pi x`.
    led_by_number: bool,
    /// The statement is `name = …`.
    pub(super) defining: bool,
    exprs: Vec<Expr>,
    spans: Vec<Span>,
    definitions: Vec<Definition>,
    /// What the names of the language mean; a table, because a formula may hold very many names.
    known: HashMap<&'static str, Known>,
    defined: HashSet<&'s str>,
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
            exprs: Vec::new(),
            spans: Vec::new(),
            definitions: Vec::new(),
            known: known(),
            defined: HashSet::new(),
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
                return Err(slips::no_value(&self, self.definitions.last()));
            }
            match self.definition_head()? {
                Some(head) => {
                    let body = self.expression()?;
                    self.define(head, body)?;
                }
                None => {
                    let root = self.expression()?;
                    self.skip_newlines();
                    if self.kind() != Kind::End {
                        return Err(slips::after_value(&self));
                    }
                    let ast = Ast { exprs: self.exprs, spans: self.spans, definitions: self.definitions, root };
                    return Ok((ast, self.free));
                }
            }
            if self.kind() == Kind::Semicolon {
                self.advance();
            }
        }
    }

    /// Reads `name =` or `name[i in a..b] =`, if that is what stands here.
    fn definition_head(&mut self) -> Result<Option<Definition>> {
        let name = self.token();
        let indexed = self.kind_at(1) == Kind::OpenIndex && self.kind_at(2) == Kind::Name && self.kind_at(3) == Kind::In;
        let plain = self.kind_at(1) == Kind::Assign;
        self.defining = indexed || plain;
        if plain && matches!(name.kind, Kind::If | Kind::In | Kind::Fold(_) | Kind::Meaning | Kind::And | Kind::Or | Kind::Not) {
            return Err(slips::defines_keyword(self, name));
        }
        if name.kind != Kind::Name || !self.defining {
            self.defining = false;
            return Ok(None);
        }
        self.check_new_name(name.span)?;
        let mut head = Definition { name: self.text(name.span).into(), name_span: name.span, range: None, body: ExprId(0) };
        self.advance();
        if indexed {
            let (open, index) = (self.token().span, self.tokens[self.at + 1].span);
            self.check_new_name(index)?;
            if self.text(index) == head.name {
                return Err(slips::name_taken(&head.name, "the name being defined", index));
            }
            self.advance();
            self.advance();
            self.advance();
            self.open(open, Role::DefinitionRange(index, Stage::First))?;
            let last = self.expression()?;
            let first = self.operands.pop().expect("a range leaves its first value").id;
            self.indices.push(self.text(index));
            head.range = Some(IndexRange { name: self.text(index).into(), first, last });
            if self.kind() != Kind::Assign {
                return Err(slips::no_assign(self));
            }
        }
        self.advance();
        Ok(Some(head))
    }

    fn define(&mut self, mut head: Definition, body: ExprId) -> Result<()> {
        head.body = body;
        if head.range.is_some() {
            self.indices.pop();
        }
        let name = self.text(head.name_span);
        if let Some(&position) = self.free_positions.get(name) {
            return Err(slips::used_too_early(self.free[position].span, head.name_span, name));
        }
        self.defined.insert(name);
        self.definitions.push(head);
        Ok(())
    }

    /// Refuses a name that means something already.
    fn check_new_name(&self, span: Span) -> Result<()> {
        let name = self.text(span);
        let what = if let Some(known) = self.known.get(name) {
            match known {
                Known::Constant => "a constant",
                Known::Function(_) => "a function",
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

    // Expressions.

    /// Reads one expression, up to the end of its statement (or the `]` of a definition's range, whose last value it then returns).
    fn expression(&mut self) -> Result<ExprId> {
        let mut due = Due::Operand;
        loop {
            due = match due {
                Due::Operand => self.operand()?,
                Due::Operator => self.operator()?,
                Due::End => return Ok(self.operands.pop().expect("an expression leaves an operand").id),
            };
        }
    }

    /// Reads up to and including an operand, or into a bracket.
    fn operand(&mut self) -> Result<Due> {
        let token = self.token();
        match token.kind {
            Kind::Number => {
                let value = parse_tokens::number(self.text(token.span), token.span)?;
                self.led_by_number = true;
                self.advance();
                self.finish(Expr::Number(value), token.span)?;
                return Ok(Due::Operator);
            }
            Kind::Name => return self.name(token),
            Kind::Add => {}
            Kind::Subtract => self.push(Frame::Prefix(UnaryOperator::Negate, token.span), token.span)?,
            Kind::Not | Kind::Bang => {
                if matches!(self.frames.last(), Some(frame) if level(frame).is_some_and(|level| level > Level::Not)) {
                    return Err(slips::not_in_operand(self, token));
                }
                self.push(Frame::Prefix(UnaryOperator::Not, token.span), token.span)?;
            }
            Kind::Open => self.open(token.span, Role::Group)?,
            Kind::If if self.kind_at(1) == Kind::Open => {
                self.advance();
                self.open(self.token().span, Role::If(token.span))?;
            }
            Kind::Fold(fold) if [1, 2, 3].map(|ahead| self.kind_at(ahead)) == [Kind::Open, Kind::Name, Kind::In] => {
                let index = self.tokens[self.at + 2].span;
                self.check_new_name(index)?;
                self.advance();
                self.open(self.token().span, Role::Fold(fold, token.span, index, Stage::First))?;
                self.advance();
                self.advance();
            }
            _ => return Err(slips::no_operand(self, token)),
        }
        self.advance();
        Ok(Due::Operand)
    }

    fn name(&mut self, token: Token) -> Result<Due> {
        let name = self.text(token.span);
        let known = self.known.get(name).copied();
        match (self.kind_at(1), known) {
            (Kind::Open, Some(Known::Function(function))) => {
                self.advance();
                self.open(self.token().span, Role::Call(function, token.span))?;
            }
            (Kind::Open, _) => return Err(slips::not_a_function(self, token)),
            (_, Some(Known::Function(_))) => return Err(slips::function_without_call(self, token)),
            (Kind::OpenIndex, Some(Known::Constant)) => return Err(slips::indexed_constant(name, token.span)),
            (Kind::OpenIndex, None) => {
                self.note(name, token.span, true);
                self.advance();
                self.open(self.token().span, Role::Index(token.span))?;
            }
            (_, known) => {
                if known.is_none() {
                    self.note(name, token.span, false);
                }
                self.advance();
                self.finish(Expr::Name(name.into()), token.span)?;
                return Ok(Due::Operator);
            }
        }
        self.advance();
        Ok(Due::Operand)
    }

    /// Records the use of a name that nothing above or around it binds.
    fn note(&mut self, name: &'s str, span: Span, indexed: bool) {
        if self.defined.contains(name) || self.indices.contains(&name) {
            return;
        }
        let position = *self.free_positions.entry(name).or_insert(self.free.len());
        match self.free.get_mut(position) {
            Some(known) => known.indexed |= indexed,
            None => self.free.push(FreeName { name: name.into(), indexed, span }),
        }
    }

    /// Reads what follows an operand.
    fn operator(&mut self) -> Result<Due> {
        if self.kind() == Kind::Newline {
            if self.brackets == 0 && !self.line_continues() {
                self.close_operators(None)?;
                return Ok(Due::End);
            }
            self.skip_newlines();
        }
        let token = self.token();
        match token.kind {
            Kind::Add => self.infix(BinaryOperator::Add, token)?,
            Kind::Subtract => self.infix(BinaryOperator::Subtract, token)?,
            Kind::Multiply => self.infix(BinaryOperator::Multiply, token)?,
            Kind::Divide => self.infix(BinaryOperator::Divide, token)?,
            Kind::Power => self.infix(BinaryOperator::Power, token)?,
            Kind::And => self.infix(BinaryOperator::And, token)?,
            Kind::Or => self.infix(BinaryOperator::Or, token)?,
            Kind::Compare(comparison) => {
                self.close_operators(Some(Level::Comparison))?;
                match self.frames.last_mut() {
                    Some(Frame::Comparisons(chain)) => chain.push(comparison),
                    _ => self.push(Frame::Comparisons(vec![comparison]), token.span)?,
                }
            }
            Kind::Superscript(exponent) => {
                self.superscript(exponent, token)?;
                return Ok(Due::Operator);
            }
            Kind::Question => {
                self.close_operators(Some(Level::Or))?;
                self.open(token.span, Role::Question)?;
            }
            Kind::Name | Kind::Open | Kind::If | Kind::Fold(_) => {
                self.implicit_product(token)?;
                return Ok(Due::Operand);
            }
            Kind::Colon | Kind::Comma | Kind::Range => self.separator(token)?,
            Kind::Close | Kind::CloseIndex => return self.close(token),
            Kind::End | Kind::Semicolon => {
                self.close_operators(None)?;
                return match self.bracket() {
                    Some(bracket) => Err(slips::unclosed(self, bracket)),
                    None => Ok(Due::End),
                };
            }
            _ => return Err(slips::no_operator(self, token)),
        }
        self.led_by_number = false;
        self.advance();
        Ok(Due::Operand)
    }

    /// Whether the line after this one begins with an operator that needs a left operand. A `-` does not in a definition.
    fn line_continues(&self) -> bool {
        let next = self.tokens[self.at..].iter().map(|token| token.kind).find(|&kind| kind != Kind::Newline);
        match next {
            Some(Kind::Add | Kind::Multiply | Kind::Divide | Kind::Power | Kind::Superscript(_) | Kind::Compare(_)) => true,
            Some(Kind::And | Kind::Or | Kind::Question | Kind::Slip | Kind::Close | Kind::CloseIndex) => true,
            Some(Kind::Subtract) => !self.defining,
            _ => false,
        }
    }

    fn infix(&mut self, operator: BinaryOperator, token: Token) -> Result<()> {
        // From the left, an equal before it is closed; from the right, it is not.
        match operator {
            BinaryOperator::Power => {}
            _ => self.close_operators(Some(Level::of(operator)))?,
        }
        self.push(Frame::Infix(operator, token.span), token.span)
    }

    fn superscript(&mut self, exponent: u8, token: Token) -> Result<()> {
        if self.last_kind().is_some_and(|kind| matches!(kind, Kind::Superscript(_))) {
            return Err(slips::superscripts(token));
        }
        self.advance();
        if self.kind() == Kind::Power {
            return Err(slips::superscripts(self.token()));
        }
        // One level deep, as `^2` is, so that what is printed nests no deeper than what was read.
        self.check_nesting(self.nesting + 1, token.span)?;
        let base = self.operands.pop().expect("an operand precedes");
        let right = self.node(Expr::Number(exponent.into()), token.span)?;
        self.finish(Expr::Binary { operator: BinaryOperator::Power, left: base.id, right }, base.span.to(token.span))
    }

    /// A product without a sign, where one is allowed and can be read in one way only.
    fn implicit_product(&mut self, token: Token) -> Result<()> {
        let allowed = match self.last_kind() {
            Some(Kind::Number | Kind::Close) => true,
            Some(Kind::Name) => self.led_by_number && token.kind == Kind::Name,
            _ => false,
        };
        if self.last_kind() == Some(Kind::Number) && self.text(token.span).starts_with('_') {
            return Err(slips::digits_apart(self, token));
        }
        if !allowed {
            return Err(slips::side_by_side(self, token));
        }
        let mut operands = self.operands.len() - 1;
        for frame in self.frames.iter().rev() {
            match frame {
                Frame::Prefix(UnaryOperator::Negate, _) => {}
                Frame::Infix(BinaryOperator::Power, sign) => {
                    operands -= 1;
                    // An exponent in parentheses ends where they do.
                    if self.last_kind() != Some(Kind::Close) {
                        return Err(slips::ambiguous_product(self, '^', self.operands[operands].span, *sign));
                    }
                }
                Frame::Infix(BinaryOperator::Divide, sign) => {
                    return Err(slips::ambiguous_product(self, '/', self.operands[operands - 1].span, *sign));
                }
                _ => break,
            }
        }
        let led = self.led_by_number;
        self.infix(BinaryOperator::Multiply, Token { kind: Kind::Multiply, span: token.span })?;
        self.led_by_number = led;
        Ok(())
    }

    // Brackets.

    fn open(&mut self, span: Span, role: Role) -> Result<()> {
        self.led_by_number = false;
        self.push(Frame::Bracket(Bracket { open: span, role, operands: self.operands.len() }), span)?;
        self.brackets += 1;
        Ok(())
    }

    /// The innermost open bracket.
    pub(super) fn bracket(&self) -> Option<&Bracket> {
        self.frames.iter().rev().find_map(|frame| match frame {
            Frame::Bracket(bracket) => Some(bracket),
            _ => None,
        })
    }

    /// `,` between arguments, `:` after `?`, `..` and `,` in a range.
    fn separator(&mut self, token: Token) -> Result<()> {
        self.close_operators(None)?;
        let Some(Frame::Bracket(bracket)) = self.frames.last_mut() else {
            return Err(slips::stray_separator(self, token));
        };
        match (token.kind, &mut bracket.role) {
            (Kind::Comma, Role::Call(..) | Role::If(_)) => {}
            (Kind::Range, Role::Fold(_, _, _, stage @ Stage::First) | Role::DefinitionRange(_, stage @ Stage::First)) => {
                *stage = Stage::Last
            }
            (Kind::Comma, Role::Fold(_, _, index, stage @ Stage::Last)) => {
                *stage = Stage::Body;
                let index = *index;
                self.indices.push(self.text(index));
            }
            (Kind::Colon, Role::Question) => {
                self.frames.pop();
                self.brackets -= 1;
                self.nesting -= 1;
                self.push(Frame::Otherwise, token.span)?;
            }
            _ => return Err(slips::stray_separator(self, token)),
        }
        Ok(())
    }

    fn close(&mut self, token: Token) -> Result<Due> {
        self.close_operators(None)?;
        let Some(bracket) = self.bracket() else { return Err(slips::closes_nothing(self, token)) };
        let (role, start, open) = (bracket.role, bracket.operands, bracket.open);
        let wanted = match role {
            Role::Index(_) | Role::DefinitionRange(..) => Kind::CloseIndex,
            _ => Kind::Close,
        };
        let unfinished =
            matches!(role, Role::Question | Role::DefinitionRange(_, Stage::First) | Role::Fold(_, _, _, Stage::First | Stage::Last));
        if wanted != token.kind || unfinished {
            return Err(slips::wrong_close(self, bracket, token));
        }
        self.frames.pop();
        self.brackets -= 1;
        self.nesting -= 1;
        self.led_by_number = false;
        self.advance();
        let arguments: Vec<ExprId> = match role {
            Role::Group => {
                self.operands.last_mut().expect("a group holds an operand").span = open.to(token.span);
                return Ok(Due::Operator);
            }
            Role::DefinitionRange(..) => return Ok(Due::End),
            _ => self.operands.drain(start..).map(|operand| operand.id).collect(),
        };
        let (expr, from) = match role {
            Role::Call(function, name) => {
                slips::check_arity(function, arguments.len(), self.text(name), name.to(token.span))?;
                (Expr::Call { function, arguments }, name)
            }
            Role::If(word) => {
                let [condition, then, otherwise] =
                    arguments[..].try_into().map_err(|_| slips::if_arity(arguments.len(), word.to(token.span)))?;
                (Expr::If { condition, then, otherwise }, word)
            }
            Role::Fold(fold, word, index, _) => {
                self.indices.pop();
                let range = IndexRange { name: self.text(index).into(), first: arguments[0], last: arguments[1] };
                (Expr::Fold { fold, range, body: arguments[2] }, word)
            }
            Role::Index(name) => (Expr::Index { name: self.text(name).into(), index: arguments[0] }, name),
            Role::Group | Role::Question | Role::DefinitionRange(..) => unreachable!("returned above"),
        };
        self.finish(expr, from.to(token.span))?;
        Ok(Due::Operator)
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

    pub(super) fn token(&self) -> Token {
        self.tokens[self.at]
    }

    pub(super) fn kind(&self) -> Kind {
        self.token().kind
    }

    /// The kind of the token so many places ahead; the end goes on for ever.
    pub(super) fn kind_at(&self, ahead: usize) -> Kind {
        self.tokens.get(self.at + ahead).map_or(Kind::End, |token| token.kind)
    }

    pub(super) fn last_token(&self) -> Option<Token> {
        self.last.map(|at| self.tokens[at])
    }

    pub(super) fn last_kind(&self) -> Option<Kind> {
        self.last_token().map(|token| token.kind)
    }

    pub(super) fn text(&self, span: Span) -> &'s str {
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

pub(super) fn is_constant(name: &str) -> bool {
    CONSTANTS.iter().any(|(constant, _)| *constant == name)
}
