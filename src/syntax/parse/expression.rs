//! Expressions: operands and operators in turn, brackets as they open and close.

use super::super::ast::{BinaryOperator, Expr, ExprId, Fold, IndexRange, Subscript, UnaryOperator};
use super::super::formula::FreeName;
use super::super::functions::Function;
use super::tokens::{self, Kind, Token};
use super::{Bracket, Due, Frame, Known, Level, Parser, Role, Stage, calls, level, slips};
use crate::error::{Result, Span};

impl<'s> Parser<'s> {
    /// Reads one expression, up to the end of its statement (or the `]` of a definition's range, whose last value it then returns).
    pub(super) fn expression(&mut self) -> Result<ExprId> {
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
                let value = tokens::number(self.text(token.span), token.span)?;
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
            Kind::Fold(fold) if self.kind_at(1) == Kind::Open && self.takes_one_argument() => {
                let function = if fold == Fold::Sum { Function::Sum } else { Function::Product };
                self.advance();
                self.open(self.token().span, Role::Call(function, token.span))?;
            }
            Kind::OpenIndex => self.open(token.span, Role::List)?,
            _ => return Err(slips::no_operand(self, token)),
        }
        self.advance();
        Ok(Due::Operand)
    }

    /// Whether the call `sum(...)` that stands here is of one expression, not of a range spelt wrong.
    fn takes_one_argument(&self) -> bool {
        !matches!((self.kind_at(2), self.kind_at(3)), (Kind::Close | Kind::In, _) | (Kind::Name, Kind::Assign))
    }

    fn name(&mut self, token: Token) -> Result<Due> {
        let name = self.text(token.span);
        let soft = |known: &Known| matches!(known, Known::Function(function) if function.is_soft()) && self.kind_at(1) != Kind::Open;
        let known = self.meaning_of(name).filter(|known| !soft(known));
        match (self.kind_at(1), known) {
            (Kind::Open, Some(Known::Function(function))) => {
                self.advance();
                self.open(self.token().span, Role::Call(function, token.span))?;
            }
            (Kind::Open, Some(Known::Distribution(distribution, form))) => {
                self.advance();
                self.open(self.token().span, Role::Distribution(distribution, form, token.span))?;
            }
            (Kind::Open, None) if self.functions.contains_key(name) && !self.indices.contains(&name) => {
                self.advance();
                self.open(self.token().span, Role::Apply(token.span))?;
            }
            (Kind::Open, _) => return Err(calls::not_a_function(self, token)),
            (_, None) if self.functions.contains_key(name) && !self.indices.contains(&name) && !self.is_rate() => {
                return Err(calls::defined_function_without_call(self, token));
            }
            (_, Some(Known::Distribution(distribution, form))) => return Err(calls::distribution_without_call(distribution, form, token)),
            (_, Some(Known::Function(_))) => return Err(calls::function_without_call(self, token)),
            (Kind::OpenIndex, Some(Known::Constant)) => return Err(slips::indexed_constant(name, token.span)),
            (Kind::OpenIndex, None) => {
                self.note(name, token.span, true);
                self.advance();
                self.open(self.token().span, Role::Index(token.span, [false; 2], false))?;
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
            Kind::Name if self.distributing && self.brackets == 0 && self.last_kind() == Some(Kind::Close) && self.is_truncation() => {
                self.close_operators(None)?;
                return Ok(Due::End);
            }
            Kind::Name | Kind::Open | Kind::If | Kind::Fold(_) => {
                self.implicit_product(token)?;
                return Ok(Due::Operand);
            }
            Kind::Comma if self.ends_a_range() => {
                self.close_operators(None)?;
                self.frames.pop();
                self.brackets -= 1;
                self.nesting -= 1;
                return Ok(Due::End);
            }
            Kind::Colon | Kind::Comma | Kind::Range => self.separator(token)?,
            Kind::Slip if self.text(token.span) == "|" && self.is_after_outcome() => {
                self.separator(Token { kind: Kind::Comma, span: token.span })?;
            }
            Kind::Close | Kind::CloseIndex => return self.close(token),
            Kind::Tilde if self.brackets == 0 => {
                self.close_operators(None)?;
                return Ok(Due::End);
            }
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

    /// Whether the first argument of `ode` is due, which is a function.
    fn is_rate(&self) -> bool {
        let due = |bracket: &Bracket| matches!(bracket.role, Role::Call(Function::Ode, _)) && self.operands.len() == bracket.operands;
        self.bracket().is_some_and(due)
    }

    /// Whether this comma stands between two ranges of a definition.
    fn ends_a_range(&self) -> bool {
        let is_last = self.bracket().is_some_and(|bracket| matches!(bracket.role, Role::DefinitionRange(_, Stage::Last)));
        is_last && self.kind_at(1) == Kind::Name && self.kind_at(2) == Kind::In
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

    pub(super) fn open(&mut self, span: Span, role: Role) -> Result<()> {
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

    /// Whether the one argument so far is the outcome of a distribution.
    fn is_after_outcome(&self) -> bool {
        let is_distribution = |role: Role| matches!(role, Role::Distribution(..) | Role::Call(Function::NormalCdf, _));
        let waiting = |frame: &&Frame| matches!(frame, Frame::Infix(..));
        self.bracket().is_some_and(|bracket| {
            // An infix operator that waits has its left operand on the stack too.
            let operators = self.frames.iter().rev().take_while(|frame| level(frame).is_some());
            let pending: usize = operators
                .map(|frame| usize::from(waiting(&frame)) + if let Frame::Comparisons(chain) = frame { chain.len() } else { 0 })
                .sum();
            is_distribution(bracket.role) && self.operands.len() - pending == bracket.operands + 1
        })
    }

    /// `,` between arguments, `:` after `?`, `..` and `,` in a range.
    fn separator(&mut self, token: Token) -> Result<()> {
        self.close_operators(None)?;
        let Some(Frame::Bracket(bracket)) = self.frames.last_mut() else {
            return Err(slips::stray_separator(self, token));
        };
        match (token.kind, &mut bracket.role) {
            (Kind::Comma, Role::Call(..) | Role::Apply(_) | Role::Distribution(..) | Role::If(_) | Role::List | Role::Shape) => {}
            (Kind::Comma, Role::Interval(stage @ Stage::First)) => *stage = Stage::Last,
            (Kind::Comma, Role::Index(_, _, second @ false)) => *second = true,
            (Kind::Range, Role::Index(_, slices, second)) if !slices[usize::from(*second)] => slices[usize::from(*second)] = true,
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
            Role::Index(..) | Role::DefinitionRange(..) | Role::List | Role::Shape => Kind::CloseIndex,
            Role::Interval(_) => token.kind,
            _ => Kind::Close,
        };
        let unfinished = matches!(
            role,
            Role::Question
                | Role::DefinitionRange(_, Stage::First)
                | Role::Interval(Stage::First)
                | Role::Fold(_, _, _, Stage::First | Stage::Last)
        );
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
            Role::DefinitionRange(..) | Role::Shape | Role::Interval(_) => return Ok(Due::End),
            _ => self.operands.drain(start..).map(|operand| operand.id).collect(),
        };
        let (expr, from) = match role {
            Role::Call(function, name) => {
                calls::check_arity(function, arguments.len(), self.text(name), name.to(token.span))
                    .map_err(|error| calls::decimal_comma(self, open, token.span).unwrap_or(error))?;
                (Expr::Call { function, arguments }, name)
            }
            Role::Apply(name) => {
                calls::check_arguments(self, name, arguments.len(), name.to(token.span))?;
                (Expr::Apply { name: self.text(name).into(), arguments }, name)
            }
            Role::Distribution(distribution, form, name) => {
                calls::check_parameters(distribution, form, arguments.len(), name.to(token.span))?;
                (Expr::Distribution { distribution, form, arguments }, name)
            }
            Role::If(word) => {
                let [condition, then, otherwise] =
                    arguments[..].try_into().map_err(|_| calls::if_arity(arguments.len(), word.to(token.span)))?;
                (Expr::If { condition, then, otherwise }, word)
            }
            Role::Fold(fold, word, index, _) => {
                self.indices.pop();
                let range = IndexRange { name: self.text(index).into(), first: arguments[0], last: arguments[1] };
                (Expr::Fold { fold, range, body: arguments[2] }, word)
            }
            Role::Index(name, slices, _) => {
                let mut arguments = arguments.into_iter();
                let subscript = |slice: bool| {
                    let first = arguments.next()?;
                    let last = if slice { arguments.next() } else { None };
                    Some(last.map_or(Subscript::At(first), |last| Subscript::Between(first, last)))
                };
                (Expr::Index { name: self.text(name).into(), subscripts: slices.into_iter().map_while(subscript).collect() }, name)
            }
            Role::List => (Expr::List(arguments), open),
            Role::Group | Role::Question | Role::DefinitionRange(..) | Role::Shape | Role::Interval(_) => unreachable!("returned above"),
        };
        self.finish(expr, from.to(token.span))?;
        Ok(Due::Operator)
    }
}
