//! Outcomes and their distributions: `y ~ normal(mu, sigma) T[low, high]`, as terms of a log density.

use super::super::ast::{BinaryOperator, Comparison, Expr, ExprId, UnaryOperator};
use super::super::distributions::Form;
use super::super::functions::Function;
use super::tokens::Kind;
use super::{Frame, Operand, Parser, Role, Stage, calls, slips};
use crate::error::Result;

impl Parser<'_> {
    /// Whether a `~` stands in this statement, outside of brackets.
    pub(super) fn is_outcome(&self) -> bool {
        let mut depth = 0usize;
        for token in &self.tokens[self.at..] {
            match token.kind {
                Kind::Open | Kind::OpenIndex => depth += 1,
                Kind::Close | Kind::CloseIndex => depth = depth.saturating_sub(1),
                Kind::Tilde if depth == 0 => return true,
                Kind::Newline | Kind::Semicolon | Kind::Assign | Kind::End if depth == 0 => return false,
                _ => {}
            }
        }
        false
    }

    /// Reads `outcome ~ distribution(parameters)`, which is `total(distribution_lpdf(outcome | parameters))`.
    pub(super) fn outcome(&mut self) -> Result<Operand> {
        self.defining = true;
        let start = self.token().span;
        let outcome = self.expression()?;
        if self.kind() != Kind::Tilde {
            return Err(slips::no_tilde(self));
        }
        self.advance();
        self.distributing = true;
        let name = self.token();
        let (distribution, open) = (calls::distribution_of_outcome(self, name)?, self.tokens[self.at + 1].span);
        self.operands.push(Operand { id: outcome, span: start });
        self.advance();
        let id = if self.kind_at(1) == Kind::Close {
            let span = start.to(self.tokens[self.at + 1].span);
            calls::check_parameters(distribution, Form::LogDensity, 1, span)?;
            self.operands.pop();
            self.advance();
            self.advance();
            self.node(Expr::Distribution { distribution, form: Form::LogDensity, arguments: vec![outcome] }, span)?
        } else {
            self.open(open, Role::Distribution(distribution, Form::LogDensity, start))?;
            if let Some(Frame::Bracket(bracket)) = self.frames.last_mut() {
                bracket.operands -= 1;
            }
            self.advance();
            self.expression()?
        };
        self.distributing = false;
        let span = self.spans[id.index()];
        let is_distribution = matches!(self.exprs[id.index()], Expr::Distribution { .. });
        let id = if is_distribution && self.is_truncation() { self.truncation(id, outcome)? } else { id };
        if !matches!(self.kind(), Kind::Newline | Kind::Semicolon | Kind::End) || !is_distribution {
            return Err(slips::after_outcome(self, span));
        }
        let id = self.node(Expr::Call { function: Function::Total, arguments: vec![id] }, span)?;
        Ok(Operand { id, span })
    }

    /// Whether `T[` stands here, behind the distribution of an outcome.
    pub(super) fn is_truncation(&self) -> bool {
        self.kind() == Kind::Name && self.text(self.token().span) == "T" && self.kind_at(1) == Kind::OpenIndex
    }

    /// Reads `T[low, high]`, either of which may be left out: the log density minus the logarithm of the probability between.
    fn truncation(&mut self, density: ExprId, outcome: ExprId) -> Result<ExprId> {
        let (word, open) = (self.token().span, self.at + 1);
        let Expr::Distribution { distribution, arguments, .. } = self.exprs[density.index()].clone() else { return Ok(density) };
        if !distribution.has_cdf() {
            return Err(slips::not_truncated(distribution, word));
        }
        let close = slips::after_group(self, open).map_or(open, |after| after - 1);
        let [no_low, no_high] = [self.tokens[open + 1].kind == Kind::Comma, self.tokens[close - 1].kind == Kind::Comma];
        if close < open + 3 || no_low && no_high {
            return Err(slips::no_truncation(word));
        }
        // With one end the comma says nothing more.
        match (no_low, no_high) {
            (true, _) => drop(self.tokens.remove(open + 1)),
            (_, true) => drop(self.tokens.remove(close - 1)),
            _ => {}
        }
        self.advance();
        let span = self.token().span;
        self.advance();
        let operands = self.operands.len();
        self.open(span, if no_low || no_high { Role::Shape } else { Role::Interval(Stage::First) })?;
        let last = self.expression()?;
        let first = self.operands.drain(operands..).next().map(|operand| operand.id);
        let (low, high) = if no_low { (None, Some(last)) } else { (first.or(Some(last)), first.map(|_| last)) };
        let span = word.to(self.last_token().map_or(word, |token| token.span));
        let tail = |form: Form, end: ExprId| {
            let mut arguments = arguments.clone();
            arguments[0] = end;
            Expr::Distribution { distribution, form, arguments }
        };
        let mass = match (low, high) {
            (Some(low), None) => self.node(tail(Form::LogCcdf, low), span)?,
            (None, Some(high)) => self.node(tail(Form::LogCdf, high), span)?,
            _ => {
                let ends = [high, low].map(|end| end.unwrap_or(last));
                let upper = self.node(tail(Form::LogCdf, ends[0]), span)?;
                let lower = self.node(tail(Form::LogCdf, ends[1]), span)?;
                self.node(Expr::Call { function: Function::LogDiffExp, arguments: vec![upper, lower] }, span)?
            }
        };
        let then = self.node(Expr::Binary { operator: BinaryOperator::Subtract, left: density, right: mass }, span)?;
        let mut chain: Vec<ExprId> = low.into_iter().chain([outcome]).chain(high).collect();
        let rest = chain.split_off(1).into_iter().map(|end| (Comparison::LessEqual, end)).collect();
        let condition = self.node(Expr::Comparison { first: chain[0], rest }, span)?;
        let infinite = self.node(Expr::Name("inf".into()), span)?;
        let otherwise = self.node(Expr::Unary { operator: UnaryOperator::Negate, operand: infinite }, span)?;
        self.node(Expr::If { condition, then, otherwise }, span)
    }
}
