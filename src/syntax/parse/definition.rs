//! Heads of definitions: `name =`, `name[i in a..b, j in c..d] =`, `name(x, y) =`.

use super::super::ast::{Definition, DefinitionKind, ExprId, IndexRange};
use super::tokens::Kind;
use super::{Known, Parser, Role, Stage, slips};
use crate::error::{Result, Span};

impl Parser<'_> {
    /// Reads `name =`, `name[i in a..b] =` or `name(x, y) =`, if that is what stands here.
    pub(super) fn definition_head(&mut self) -> Result<Option<Definition>> {
        let name = self.token();
        let indexed = self.kind_at(1) == Kind::OpenIndex && self.kind_at(2) == Kind::Name && self.kind_at(3) == Kind::In;
        let plain = self.kind_at(1) == Kind::Assign;
        let called = self.kind_at(1) == Kind::Open
            && slips::after_group(self, self.at + 1).is_some_and(|after| self.tokens[after].kind == Kind::Assign);
        self.defining = indexed || plain || called;
        if plain && matches!(name.kind, Kind::If | Kind::In | Kind::Fold(_) | Kind::And | Kind::Or | Kind::Not) {
            return Err(slips::defines_keyword(self, name));
        }
        if name.kind != Kind::Name || !self.defining {
            self.defining = false;
            return Ok(None);
        }
        self.check_new_name(name.span)?;
        self.advance();
        let kind = if indexed {
            let ranges = self.definition_ranges(name.span)?;
            // Its elements may use those before them.
            self.bind(name.span)?;
            DefinitionKind::Elements(ranges)
        } else if called {
            DefinitionKind::Function(self.definition_parameters()?)
        } else {
            DefinitionKind::Value
        };
        self.advance();
        Ok(Some(Definition { name: self.text(name.span).into(), name_span: name.span, kind, body: ExprId(0) }))
    }

    /// Reads `[i in a..b]` or `[i in a..b, j in c..d]`.
    fn definition_ranges(&mut self, name: Span) -> Result<Vec<IndexRange>> {
        let mut ranges: Vec<(Span, IndexRange)> = Vec::new();
        while self.kind() != Kind::Assign {
            let (open, index) = (self.token().span, self.tokens[self.at + 1].span);
            let text = self.text(index);
            self.check_new_name(index)?;
            if text == self.text(name) {
                return Err(slips::name_taken(text, "the name being defined", index));
            }
            if ranges.iter().any(|(_, range)| range.name == text) {
                return Err(slips::name_taken(text, "the other index", index));
            }
            if ranges.len() == 2 {
                return Err(slips::three_indices(open.to(index)));
            }
            self.advance();
            self.advance();
            self.advance();
            self.open(open, Role::DefinitionRange(index, Stage::First))?;
            let last = self.expression()?;
            let first = self.operands.pop().expect("a range leaves its first value").id;
            ranges.push((index, IndexRange { name: text.into(), first, last }));
            if !matches!(self.kind(), Kind::Assign | Kind::Comma) {
                return Err(slips::no_assign(self));
            }
        }
        self.indices.extend(ranges.iter().map(|(index, _)| &self.source[index.start..index.end]));
        Ok(ranges.into_iter().map(|(_, range)| range).collect())
    }

    /// Reads `(x, y)`.
    fn definition_parameters(&mut self) -> Result<Vec<String>> {
        let mut parameters: Vec<String> = Vec::new();
        loop {
            self.advance();
            let name = self.token();
            if name.kind != Kind::Name || !matches!(self.kind_at(1), Kind::Comma | Kind::Close) {
                return Err(slips::no_parameter(self, name));
            }
            let text = self.text(name.span);
            match self.meaning_of(text) {
                Some(Known::Function(function)) if function.is_soft() => {}
                Some(_) => return Err(slips::name_taken(text, "a name of the language", name.span)),
                None if parameters.iter().any(|known| known == text) => {
                    return Err(slips::name_taken(text, "a parameter already", name.span));
                }
                None => {}
            }
            parameters.push(text.into());
            self.indices.push(text);
            self.advance();
            if self.kind() == Kind::Close {
                self.advance();
                return Ok(parameters);
            }
        }
    }
}
