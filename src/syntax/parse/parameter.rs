//! Declarations: `name in (low, high)`, `name[n, m] in simplex`.

use super::super::ast::{Constraint, Domain, ExprId, Parameter};
use super::super::suggest::suggest;
use super::slips::{self, after_group, short, syntax};
use super::tokens::Kind;
use super::{Parser, Role, Stage};
use crate::error::{Error, ErrorKind, Result, Span};

impl Parser<'_> {
    /// Reads a declaration, if that is what stands here.
    pub(super) fn parameter(&mut self) -> Result<Option<Parameter>> {
        let name = self.token();
        let plain = self.kind_at(1) == Kind::In;
        let shaped = self.kind_at(1) == Kind::OpenIndex
            && self.kind_at(3) != Kind::In
            && after_group(self, self.at + 1).is_some_and(|after| self.tokens[after].kind == Kind::In);
        if name.kind != Kind::Name || !(plain || shaped) {
            return Ok(None);
        }
        self.check_new_name(name.span)?;
        self.defining = true;
        self.advance();
        let shape = if shaped { self.dimensions()? } else { Vec::new() };
        self.advance();
        let (domain, domain_span) = self.domain()?;
        if !matches!(self.kind(), Kind::Newline | Kind::Semicolon | Kind::End) {
            let error = syntax("one declaration ends before the next part begins", self.token().span);
            return Err(error.hint("write `;` or a new line after the range"));
        }
        self.bind(name.span)?;
        let name_text = self.text(name.span).into();
        Ok(Some(Parameter { name: name_text, name_span: name.span, shape, domain, domain_span }))
    }

    /// `[n]` or `[n, m]`.
    fn dimensions(&mut self) -> Result<Vec<ExprId>> {
        let (open, operands) = (self.token().span, self.operands.len());
        self.advance();
        self.open(open, Role::Shape)?;
        let last = self.expression()?;
        let mut shape: Vec<ExprId> = self.operands.drain(operands..).map(|operand| operand.id).collect();
        shape.push(last);
        if shape.len() > 2 {
            let message = format!("a parameter has at most two dimensions, not {}", shape.len());
            return Err(Error::new(ErrorKind::Dimension, message)
                .at(open.to(self.last_token().map_or(open, |token| token.span)))
                .hint("a number, a vector v[n] or a matrix W[n, m]"));
        }
        Ok(shape)
    }

    fn domain(&mut self) -> Result<(Domain, Span)> {
        let token = self.token();
        match token.kind {
            Kind::Open | Kind::OpenIndex => {
                self.advance();
                self.open(token.span, Role::Interval(Stage::First))?;
                let high = self.expression()?;
                let low = self.operands.pop().expect("an interval leaves its lower end").id;
                let close = self.last_token().expect("an interval was closed");
                let closed = [token.kind == Kind::OpenIndex, close.kind == Kind::CloseIndex];
                Ok((Domain::Interval { low, high, closed }, token.span.to(close.span)))
            }
            Kind::Name => {
                let name = self.text(token.span);
                let names = || Constraint::ALL.iter().map(|constraint| constraint.name());
                let Some(&constraint) = Constraint::ALL.iter().find(|constraint| constraint.name() == name) else {
                    let error = Error::new(ErrorKind::UnknownName, format!("`{}` is no set of numbers", short(name))).at(token.span);
                    let known: Vec<&str> = names().take(4).collect();
                    return Err(match suggest(name, names()) {
                        Some(near) => error.hint(format!("did you mean `{near}`?")),
                        None => error.hint(format!("an interval such as (0, inf), or {}, ...", known.join(", "))),
                    });
                };
                self.advance();
                Ok((Domain::Constraint(constraint), token.span))
            }
            _ => {
                let last = self.last_token().map_or(token.span, |last| last.span);
                Err(slips::syntax("a declaration says where the parameter may be", last)
                    .hint("write x in (-inf, inf), x in (0, 1) or p[3] in simplex"))
            }
        }
    }
}
