//! Words to [`Ast`]: operator precedence by an explicit stack, children before parents.

use super::ast::{Ast, BinaryOperator, Comparison, Definition, Expr, ExprId, Fold, IndexRange, UnaryOperator};
use super::formula::{FreeName, suggest};
use super::functions::{Arity, CONSTANTS, Function, KEYWORDS};
use super::words::{Kind, Word, words};
use crate::error::{Error, ErrorKind, Result, Span};

/// Deepest nesting of parentheses, signs, powers and conditionals.
pub(super) const DEPTH_LIMIT: usize = 256;
/// Most expressions.
pub(super) const NODE_LIMIT: usize = 200_000;

/// Parses `text`; also the names it leaves free.
pub(super) fn parse(text: &str) -> Result<(Ast, Vec<FreeName>)> {
    let words = words(text)?;
    let mut parser = Parser {
        text,
        words: &words,
        at: 0,
        exprs: Vec::new(),
        spans: Vec::new(),
        definitions: Vec::new(),
        free: Vec::new(),
        bound: Vec::new(),
        stack: Vec::new(),
        operands: Vec::new(),
    };
    let root = parser.formula()?;
    let Parser { exprs, spans, definitions, free, .. } = parser;
    Ok((Ast { exprs, spans, definitions, root }, free))
}

/// How tightly an operator binds; see the table in the grammar.
mod binding {
    pub(super) const OR: u8 = 1;
    pub(super) const AND: u8 = 2;
    pub(super) const NOT: u8 = 3;
    pub(super) const COMPARISON: u8 = 4;
    pub(super) const SUM: u8 = 5;
    pub(super) const PRODUCT: u8 = 6;
    pub(super) const SIGN: u8 = 7;
    pub(super) const POWER: u8 = 8;
}

/// What waits on the stack for its operands or its closing word.
#[derive(Debug, Clone)]
enum Entry {
    Prefix(UnaryOperator, Span),
    Infix(BinaryOperator),
    Compare(Comparison),
    /// `c ?`, and the condition is known.
    Question(Span),
    /// `c ? a :`.
    Colon,
    Open {
        what: Bracket,
        span: Span,
        /// Operands below this one belong to the outside.
        floor: usize,
    },
}

#[derive(Debug, Clone)]
enum Bracket {
    Group,
    Call(Function),
    If,
    /// `name[`.
    Index(String),
    /// `sum(i in` and `sum(i in first..`: the index, not yet in force.
    FoldRange(Fold, String),
    /// `sum(i in first..last,`.
    FoldBody(Fold, String),
}

#[derive(Debug, Clone, Copy)]
struct Operand {
    id: ExprId,
    /// With the parentheses around it.
    span: Span,
    /// In parentheses: a comparison in them does not chain with one outside.
    grouped: bool,
}

struct Parser<'a> {
    text: &'a str,
    words: &'a [Word],
    at: usize,
    exprs: Vec<Expr>,
    spans: Vec<Span>,
    definitions: Vec<Definition>,
    free: Vec<FreeName>,
    /// Bound indices in force.
    bound: Vec<String>,
    stack: Vec<Entry>,
    operands: Vec<Operand>,
}

impl<'a> Parser<'a> {
    fn word(&self) -> Word {
        self.words[self.at.min(self.words.len() - 1)]
    }

    fn peek(&self, ahead: usize) -> Word {
        self.words[(self.at + ahead).min(self.words.len() - 1)]
    }

    fn text_of(&self, word: Word) -> &'a str {
        &self.text[word.span.start..word.span.end]
    }

    fn error(&self, span: Span, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Syntax, message).at(span)
    }

    /// Statements up to the end; the value of the last.
    fn formula(&mut self) -> Result<ExprId> {
        loop {
            while matches!(self.word().kind, Kind::LineEnd { .. } | Kind::Semicolon) {
                self.at += 1;
            }
            if self.word().kind == Kind::End {
                return Err(match self.definitions.last() {
                    None => Error::new(ErrorKind::EmptyInput, "the formula is empty").hint("type a density, such as exp(-x^2/2)"),
                    Some(definition) => self
                        .error(definition.name_span, "the formula ends with a definition, so it has no value")
                        .hint("end with an expression"),
                });
            }
            if self.definition()? {
                continue;
            }
            let root = self.expression()?;
            while matches!(self.word().kind, Kind::LineEnd { .. } | Kind::Semicolon) {
                self.at += 1;
            }
            let word = self.word();
            if word.kind != Kind::End {
                let span = self.spans[root.index()];
                return Err(self
                    .error(span, "only the last statement may be an expression")
                    .hint("give this one a name: name = …, or join the lines with an operator"));
            }
            return Ok(root);
        }
    }

    /// A definition, if one begins here.
    fn definition(&mut self) -> Result<bool> {
        let word = self.word();
        if word.kind != Kind::Name {
            return Ok(false);
        }
        let name = self.text_of(word).to_string();
        let indexed = self.peek(1).kind == Kind::OpenIndex && self.peek(2).kind == Kind::Name && self.text_of(self.peek(3)) == "in";
        if self.peek(1).kind != Kind::Assign && !indexed {
            return Ok(false);
        }
        self.check_definable(&name, word.span)?;
        self.at += 1;
        let mut range = None;
        if indexed {
            let index = self.text_of(self.peek(1)).to_string();
            self.at += 3;
            let first = self.expression()?;
            self.expect(Kind::Range, "an index range is written 1..n")?;
            let last = self.expression()?;
            self.expect(Kind::CloseIndex, "the index range is not closed")?;
            self.bound.push(index.clone());
            range = Some(IndexRange { name: index, first, last });
        }
        self.expect(Kind::Assign, "a definition needs `=`")?;
        let known = self.free.len();
        let body = self.expression()?;
        if let Some(own) = self.free[known..].iter().find(|free| free.name == name) {
            return Err(Error::new(ErrorKind::Declaration, format!("`{name}` is defined by itself"))
                .at(own.span)
                .hint("a definition uses names above it"));
        }
        self.bound.clear();
        let end = self.word();
        if !matches!(end.kind, Kind::LineEnd { .. } | Kind::Semicolon | Kind::End) {
            return Err(self.unexpected(end));
        }
        self.definitions.push(Definition { name, name_span: word.span, range, body });
        Ok(true)
    }

    fn check_definable(&self, name: &str, span: Span) -> Result<()> {
        let refuse = |message: String, hint: &str| Err(Error::new(ErrorKind::Declaration, message).at(span).hint(hint.to_string()));
        if Function::named(name).is_some() || matches!(name, "if" | "sum" | "prod") {
            return refuse(format!("`{name}` is a function and cannot be redefined"), "choose another name");
        }
        if CONSTANTS.iter().any(|(constant, _)| *constant == name) {
            return refuse(format!("`{name}` is a constant and cannot be redefined"), "choose another name");
        }
        if KEYWORDS.contains(&name) {
            return refuse(format!("`{name}` is a word of the language"), "choose another name");
        }
        if self.definitions.iter().any(|definition| definition.name == name) {
            return refuse(format!("`{name}` is defined twice"), "choose another name for one of them");
        }
        if let Some(free) = self.free.iter().find(|free| free.name == name) {
            let error = Error::new(ErrorKind::Declaration, format!("`{name}` is used before it is defined")).at(free.span);
            return Err(error.hint("move its definition up"));
        }
        Ok(())
    }

    fn expect(&mut self, kind: Kind, otherwise: &str) -> Result<()> {
        let word = self.word();
        if word.kind != kind {
            return Err(self.error(word.span, otherwise));
        }
        self.at += 1;
        Ok(())
    }

    /// One expression, up to a word that cannot belong to it.
    fn expression(&mut self) -> Result<ExprId> {
        debug_assert!(self.stack.is_empty() && self.operands.is_empty());
        loop {
            self.operand()?;
            if !self.after_operand()? {
                break;
            }
        }
        self.reduce(0)?;
        if let Some(entry) = self.stack.pop() {
            return Err(match entry {
                Entry::Open { span, what, .. } => self.unclosed(&what, span),
                Entry::Question(span) => self.error(span, "this `?` has no `:`").hint("write c ? a : b, or if(c, a, b)"),
                _ => self.unexpected(self.word()),
            });
        }
        Ok(self.operands.pop().expect("an expression leaves one operand").id)
    }

    fn unclosed(&self, what: &Bracket, span: Span) -> Error {
        let (open, close) = if matches!(what, Bracket::Index(_)) { ("[", "]") } else { ("(", ")") };
        self.error(span, format!("this `{open}` is never closed")).hint(format!("add `{close}`"))
    }

    fn push(&mut self, entry: Entry, span: Span) -> Result<()> {
        self.stack.push(entry);
        if self.stack.len() > DEPTH_LIMIT {
            return Err(Error::new(ErrorKind::TooDeep, format!("the formula nests deeper than {DEPTH_LIMIT} levels"))
                .at(span)
                .hint("name inner parts: u = …; exp(u)"));
        }
        Ok(())
    }

    fn node(&mut self, expr: Expr, span: Span) -> Result<ExprId> {
        if self.exprs.len() >= NODE_LIMIT {
            return Err(Error::new(ErrorKind::TooLong, format!("the formula has more than {NODE_LIMIT} operations"))
                .hint("sum(i in 1..n, …) says long sums briefly"));
        }
        self.exprs.push(expr);
        self.spans.push(span);
        Ok(ExprId(self.exprs.len() as u32 - 1))
    }

    fn push_operand(&mut self, expr: Expr, span: Span) -> Result<()> {
        let id = self.node(expr, span)?;
        self.operands.push(Operand { id, span, grouped: false });
        Ok(())
    }

    /// Line ends mean nothing where an operand must follow.
    fn skip_lines(&mut self) {
        while matches!(self.word().kind, Kind::LineEnd { .. }) {
            self.at += 1;
        }
    }

    /// Prefixes and opening brackets, up to a whole operand.
    fn operand(&mut self) -> Result<()> {
        loop {
            self.skip_lines();
            let word = self.word();
            match word.kind {
                Kind::Number => {
                    self.at += 1;
                    let value = self.number(word)?;
                    return self.push_operand(Expr::Number(value), word.span);
                }
                Kind::Name => {
                    if self.name(word)? {
                        return Ok(());
                    }
                }
                Kind::Minus => {
                    self.at += 1;
                    self.push(Entry::Prefix(UnaryOperator::Negate, word.span), word.span)?;
                }
                Kind::Bang => {
                    self.at += 1;
                    self.push(Entry::Prefix(UnaryOperator::Not, word.span), word.span)?;
                }
                Kind::Plus => self.at += 1,
                Kind::Open => {
                    self.at += 1;
                    self.skip_lines();
                    if self.word().kind == Kind::Close {
                        return Err(self.error(word.span.to(self.word().span), "these parentheses are empty"));
                    }
                    self.open(Bracket::Group, word.span)?;
                }
                _ => return Err(self.missing_operand(word)),
            }
        }
    }

    fn open(&mut self, what: Bracket, span: Span) -> Result<()> {
        let floor = self.operands.len();
        self.push(Entry::Open { what, span, floor }, span)
    }

    fn missing_operand(&self, word: Word) -> Error {
        let before = self.at.checked_sub(1).map(|at| self.words[at]);
        let shown = before.map(|before| self.text_of(before).trim()).filter(|text| !text.is_empty());
        match (word.kind, shown) {
            (Kind::End | Kind::Semicolon, Some(shown)) => {
                let span = before.map_or(word.span, |before| before.span);
                self.error(span, format!("something is missing after `{shown}`"))
            }
            (Kind::Close, Some(",")) => Error::new(ErrorKind::Arity, "an argument is missing after this comma")
                .at(before.map_or(word.span, |b| b.span))
                .hint("remove the comma, or add the argument"),
            (Kind::Comma, _) => self.error(word.span, "a comma separates arguments; something is missing before it"),
            (Kind::Assign, _) => self.error(word.span, "`=` defines a name").hint("compare with `==`"),
            (Kind::Times, Some("*")) => self.error(word.span, "two operators in a row").hint("a power is written ^ or **, without a space"),
            (Kind::Close | Kind::CloseIndex, None) => self.error(word.span, "nothing is open here"),
            (_, Some(shown)) => {
                let text = self.text_of(word);
                self.error(word.span, format!("`{text}` cannot follow `{shown}`"))
            }
            (_, None) => self.error(word.span, format!("a formula cannot begin with `{}`", self.text_of(word))),
        }
    }

    fn number(&self, word: Word) -> Result<f64> {
        let text = self.text_of(word);
        let value: f64 = text.parse().map_err(|_| self.error(word.span, format!("`{text}` is no number")))?;
        let digits = text.split(['e', 'E']).next().unwrap_or_default();
        if value.is_infinite() {
            return Err(Error::new(ErrorKind::LiteralOverflow, format!("`{text}` is too large for a double"))
                .at(word.span)
                .hint("the largest is 1.8e308; write a factor as exp(…)"));
        }
        if value == 0.0 && digits.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
            return Err(Error::new(ErrorKind::LiteralUnderflow, format!("`{text}` is too small for a double"))
                .at(word.span)
                .hint("the smallest is 4.9e-324; write a factor as exp(…)"));
        }
        Ok(value)
    }

    /// A name: a whole operand (true), or a prefix or call whose operand follows (false).
    fn name(&mut self, word: Word) -> Result<bool> {
        let name = self.text_of(word);
        self.at += 1;
        let next = self.word();
        let called = next.kind == Kind::Open;
        let function = Function::named(name);
        if called && function.is_none() && !matches!(name, "if" | "sum" | "prod" | "not") {
            return Err(self.not_a_function(name, word.span, next));
        }
        match name {
            "not" => {
                self.push(Entry::Prefix(UnaryOperator::Not, word.span), word.span)?;
                return Ok(false);
            }
            "if" if called => {
                self.at += 1;
                self.open(Bracket::If, word.span.to(next.span))?;
                return Ok(false);
            }
            "sum" | "prod" if called => {
                self.fold(if name == "sum" { Fold::Sum } else { Fold::Product }, word)?;
                return Ok(false);
            }
            _ => {}
        }
        if let Some(function) = function {
            if !called {
                return Err(self.bare_function(name, word.span, next));
            }
            self.at += 1;
            self.skip_lines();
            if self.word().kind == Kind::Close {
                return Err(arity_error(function, 0, word.span.to(self.word().span)));
            }
            self.open(Bracket::Call(function), word.span.to(next.span))?;
            return Ok(false);
        }
        if KEYWORDS.contains(&name) {
            return Err(self.error(word.span, format!("`{name}` is a word of the language and cannot stand here")));
        }
        if next.kind == Kind::OpenIndex {
            self.at += 1;
            self.note_name(name, true, word.span);
            self.open(Bracket::Index(name.to_string()), word.span.to(next.span))?;
            return Ok(false);
        }
        self.note_name(name, false, word.span);
        self.push_operand(Expr::Name(name.to_string()), word.span)?;
        Ok(true)
    }

    fn note_name(&mut self, name: &str, indexed: bool, span: Span) {
        let known = self.bound.iter().any(|bound| bound == name)
            || self.definitions.iter().any(|definition| definition.name == name)
            || CONSTANTS.iter().any(|(constant, _)| *constant == name)
            || self.free.iter().any(|free| free.name == name && free.indexed == indexed);
        if !known {
            self.free.push(FreeName { name: name.to_string(), indexed, span });
        }
    }

    fn not_a_function(&self, name: &str, span: Span, open: Word) -> Error {
        let known = self.bound.iter().any(|bound| bound == name)
            || self.definitions.iter().any(|definition| definition.name == name)
            || self.free.iter().any(|free| free.name == name)
            || CONSTANTS.iter().any(|(constant, _)| *constant == name);
        let names = Function::ALL.iter().flat_map(|function| function.names()).copied().chain(["if", "sum", "prod"]);
        let near = suggest(name, names);
        if known || (near.is_none() && name.chars().count() == 1) {
            let what = if CONSTANTS.iter().any(|(constant, _)| *constant == name) { "constant" } else { "variable" };
            return Error::new(ErrorKind::UnknownName, format!("`{name}` is a {what}, not a function"))
                .at(span.to(open.span))
                .hint(format!("for a product write {name}*(…)"));
        }
        let error = Error::new(ErrorKind::UnknownName, format!("unknown function `{name}`")).at(span);
        match near {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!("for a product write {name}*(…)")),
        }
    }

    fn bare_function(&self, name: &str, span: Span, next: Word) -> Error {
        let message = format!("`{name}` is a function and needs its argument in parentheses");
        let error = Error::new(ErrorKind::Syntax, message).at(span);
        match next.kind {
            Kind::Power | Kind::Squared | Kind::Cubed => error.hint(format!("write {name}(x)^2")),
            Kind::Number | Kind::Name => error.hint(format!("write {name}({})", self.text_of(next))),
            _ => error.hint(format!("write {name}(x)")),
        }
    }

    /// `sum(i in`, up to the first value of the range.
    fn fold(&mut self, fold: Fold, word: Word) -> Result<()> {
        let open = self.word();
        let (index, keyword) = (self.peek(1), self.peek(2));
        if index.kind != Kind::Name || self.text_of(keyword) != "in" {
            let name = self.text_of(word);
            return Err(self
                .error(word.span.to(open.span), format!("`{name}` needs an index and its range"))
                .hint(format!("write {name}(i in 1..n, …)")));
        }
        let name = self.text_of(index).to_string();
        if Function::named(&name).is_some() || KEYWORDS.contains(&name.as_str()) || CONSTANTS.iter().any(|(constant, _)| *constant == name)
        {
            return Err(Error::new(ErrorKind::Declaration, format!("`{name}` cannot be an index"))
                .at(index.span)
                .hint("choose another name"));
        }
        self.at += 3;
        self.open(Bracket::FoldRange(fold, name), word.span.to(open.span))
    }

    /// What follows an operand: true if another operand must follow, false at the end of the expression.
    fn after_operand(&mut self) -> Result<bool> {
        loop {
            let word = self.word();
            match word.kind {
                Kind::LineEnd { indented } => {
                    let inside = self.stack.iter().any(|entry| matches!(entry, Entry::Open { .. }));
                    if inside || (indented && is_infix(self.peek(1).kind)) {
                        self.at += 1;
                        continue;
                    }
                    return Ok(false);
                }
                Kind::Close | Kind::CloseIndex => {
                    if !self.stack.iter().any(|entry| matches!(entry, Entry::Open { .. })) {
                        if word.kind == Kind::CloseIndex {
                            return Ok(false);
                        }
                        return Err(self.error(word.span, "this `)` closes nothing").hint("remove it, or open a parenthesis before"));
                    }
                    self.at += 1;
                    self.close(word)?;
                }
                Kind::Squared | Kind::Cubed => {
                    self.at += 1;
                    self.infix(BinaryOperator::Power, binding::POWER, word.span)?;
                    let exponent = if word.kind == Kind::Squared { 2.0 } else { 3.0 };
                    self.push_operand(Expr::Number(exponent), word.span)?;
                }
                Kind::Comma => {
                    self.comma(word)?;
                    return Ok(true);
                }
                Kind::Range => {
                    self.reduce(0)?;
                    match self.stack.last() {
                        Some(Entry::Open { what: Bracket::FoldRange(..), floor, .. }) if self.operands.len() == floor + 1 => {
                            self.at += 1;
                            return Ok(true);
                        }
                        _ if self.stack.is_empty() => return Ok(false),
                        _ => return Err(self.error(word.span, "a range `..` belongs after `in`").hint("sum(i in 1..n, …)")),
                    }
                }
                Kind::Question => {
                    self.at += 1;
                    self.reduce(1)?;
                    self.push(Entry::Question(word.span), word.span)?;
                    return Ok(true);
                }
                Kind::Colon => {
                    self.reduce(0)?;
                    match self.stack.pop() {
                        Some(Entry::Question(_)) => self.stack.push(Entry::Colon),
                        _ => return Err(self.error(word.span, "this `:` has no `?` before it").hint("write c ? a : b")),
                    }
                    self.at += 1;
                    return Ok(true);
                }
                Kind::Number | Kind::Name | Kind::Open => return self.side_by_side(word),
                kind => match infix(kind) {
                    Some((entry, binds)) => {
                        self.at += 1;
                        self.reduce(if binds == binding::POWER { binds + 1 } else { binds })?;
                        self.push(entry, word.span)?;
                        return Ok(true);
                    }
                    None if kind == Kind::Bang => {
                        let operand = self.operands.last().map_or(word.span, |operand| operand.span);
                        let inner = &self.text[operand.start..operand.end];
                        return Err(self
                            .error(word.span, "the factorial `!` is not in the language")
                            .hint(format!("write gamma({inner} + 1)")));
                    }
                    None => return Ok(false),
                },
            }
        }
    }

    fn infix(&mut self, operator: BinaryOperator, binds: u8, span: Span) -> Result<()> {
        self.reduce(if binds == binding::POWER { binds + 1 } else { binds })?;
        self.push(Entry::Infix(operator), span)
    }

    /// Two operands side by side: a product, if nobody can misread it.
    fn side_by_side(&mut self, word: Word) -> Result<bool> {
        let left = self.operands.last().copied().expect("an operand stands before");
        let (left_text, right_text) = (&self.text[left.span.start..left.span.end], self.text_of(word));
        let is_number = !left.grouped && matches!(self.exprs[left.id.index()], Expr::Number(_));
        let is_closed = left.grouped || self.text[..word.span.start].trim_end().ends_with(')');
        if word.kind == Kind::Number && is_number {
            let message = if left.span.end == word.span.start { "this is no number" } else { "two numbers in a row" };
            return Err(self.error(left.span.to(word.span), message).hint("a number has one decimal point; a product needs `*`"));
        }
        if !(is_number || is_closed) || word.kind == Kind::Number {
            let shown = if right_text == "(" { "(…)" } else { right_text };
            let short = if left_text.len() > 12 { "…" } else { left_text };
            return Err(self
                .error(word.span, format!("an operator is missing before `{right_text}`"))
                .hint(format!("for a product write {short}*{shown}")));
        }
        match self.stack.last() {
            Some(Entry::Infix(BinaryOperator::Divide)) => {
                let short = |text: &str| if text.len() > 12 { "…".to_string() } else { text.to_string() };
                let (under, factor) = (short(left_text), if right_text == "(" { "(…)".into() } else { short(right_text) });
                Err(self
                    .error(left.span.to(word.span), "a product without `*` after a division can be read in two ways")
                    .hint(format!("write …/{under}*{factor} or …/({under}*{factor})")))
            }
            Some(Entry::Infix(BinaryOperator::Power)) => Err(self
                .error(left.span.to(word.span), "a product without `*` after a power can be read in two ways")
                .hint("write `*`, or put the exponent in parentheses")),
            _ => {
                self.infix(BinaryOperator::Multiply, binding::PRODUCT, word.span)?;
                Ok(true)
            }
        }
    }

    fn comma(&mut self, word: Word) -> Result<()> {
        self.reduce(0)?;
        match self.stack.pop() {
            Some(Entry::Open { what: Bracket::FoldRange(fold, name), span, floor }) => {
                if self.operands.len() != floor + 2 {
                    return Err(self.error(word.span, "the range needs two ends").hint("sum(i in 1..n, …)"));
                }
                self.bound.push(name.clone());
                self.stack.push(Entry::Open { what: Bracket::FoldBody(fold, name), span, floor });
            }
            Some(entry @ Entry::Open { what: Bracket::Call(_) | Bracket::If, .. }) => self.stack.push(entry),
            Some(Entry::Open { what: Bracket::FoldBody(..), .. }) => {
                return Err(Error::new(ErrorKind::Arity, "a sum or product has one term").at(word.span).hint("sum(i in 1..n, term)"));
            }
            Some(Entry::Question(span)) => return Err(self.error(span, "this `?` has no `:`").hint("write c ? a : b")),
            _ => return Err(self.error(word.span, "a comma has no meaning outside a call").hint("a decimal point is written `.`")),
        }
        self.at += 1;
        Ok(())
    }

    fn close(&mut self, word: Word) -> Result<()> {
        self.reduce(0)?;
        let (what, span, floor) = match self.stack.pop() {
            Some(Entry::Open { what, span, floor }) => (what, span, floor),
            Some(Entry::Question(span)) => return Err(self.error(span, "this `?` has no `:`").hint("write c ? a : b")),
            _ => return Err(self.unexpected(word)),
        };
        let is_index = matches!(what, Bracket::Index(_));
        if is_index != (word.kind == Kind::CloseIndex) {
            return Err(self.unclosed(&what, span));
        }
        let whole = span.to(word.span);
        let arguments: Vec<ExprId> = self.operands[floor..].iter().map(|operand| operand.id).collect();
        let expr = match what {
            Bracket::Group => {
                let operand = self.operands.last_mut().expect("a group holds an operand");
                (operand.span, operand.grouped) = (whole, true);
                return Ok(());
            }
            Bracket::Call(function) => {
                check_arity(function, arguments.len(), whole)?;
                Expr::Call { function, arguments }
            }
            Bracket::If => match arguments[..] {
                [condition, then, otherwise] => Expr::If { condition, then, otherwise },
                _ => {
                    let message = format!("`if` takes 3 arguments, not {}", arguments.len());
                    return Err(Error::new(ErrorKind::Arity, message).at(whole).hint("if(condition, then, otherwise)"));
                }
            },
            Bracket::Index(name) => match arguments[..] {
                [index] => Expr::Index { name, index },
                _ => return Err(self.error(whole, "an element has one index")),
            },
            Bracket::FoldBody(fold, name) => {
                self.bound.pop();
                Expr::Fold { fold, range: IndexRange { name, first: arguments[0], last: arguments[1] }, body: arguments[2] }
            }
            Bracket::FoldRange(..) => {
                return Err(Error::new(ErrorKind::Arity, "the term of the sum or product is missing")
                    .at(whole)
                    .hint("sum(i in 1..n, term)"));
            }
        };
        self.operands.truncate(floor);
        self.push_operand(expr, whole)
    }

    /// Builds what binds at least as tightly as `least`, down to a bracket or conditional (and that too for 0).
    fn reduce(&mut self, least: u8) -> Result<()> {
        loop {
            let binds = match self.stack.last() {
                Some(Entry::Prefix(UnaryOperator::Negate, _)) => binding::SIGN,
                Some(Entry::Prefix(UnaryOperator::Not, _)) => binding::NOT,
                Some(Entry::Infix(operator)) => binds(*operator),
                Some(Entry::Compare(_)) => binding::COMPARISON,
                Some(Entry::Colon) => 0,
                _ => return Ok(()),
            };
            if binds < least {
                return Ok(());
            }
            self.build()?;
        }
    }

    fn build(&mut self) -> Result<()> {
        let entry = self.stack.pop().expect("checked by reduce");
        let right = self.operands.pop().expect("an operator has an operand");
        match entry {
            Entry::Prefix(operator, span) => self.push_operand(Expr::Unary { operator, operand: right.id }, span.to(right.span)),
            Entry::Infix(operator) => {
                let left = self.operands.pop().expect("a left operand");
                self.push_operand(Expr::Binary { operator, left: left.id, right: right.id }, left.span.to(right.span))
            }
            Entry::Compare(comparison) => {
                let left = self.operands.pop().expect("a left operand");
                let span = left.span.to(right.span);
                // a < b < c: the comparison built last gains a term. It moves to the end, so that children stay before it; a
                // number that nobody refers to takes its old place, so that each expression still has one parent.
                if !left.grouped && matches!(self.exprs[left.id.index()], Expr::Comparison { .. }) {
                    let mut chain = std::mem::replace(&mut self.exprs[left.id.index()], Expr::Number(0.0));
                    if let Expr::Comparison { rest, .. } = &mut chain {
                        rest.push((comparison, right.id));
                    }
                    return self.push_operand(chain, span);
                }
                self.push_operand(Expr::Comparison { first: left.id, rest: vec![(comparison, right.id)] }, span)
            }
            Entry::Colon => {
                let then = self.operands.pop().expect("a middle operand");
                let condition = self.operands.pop().expect("a condition");
                let expr = Expr::If { condition: condition.id, then: then.id, otherwise: right.id };
                self.push_operand(expr, condition.span.to(right.span))
            }
            Entry::Question(_) | Entry::Open { .. } => unreachable!("reduce stops there"),
        }
    }

    fn unexpected(&self, word: Word) -> Error {
        match word.kind {
            Kind::Assign => self.error(word.span, "`=` defines a name, at the start of a statement").hint("compare with `==`"),
            Kind::End => self.error(word.span, "the formula ends too early"),
            _ => self.error(word.span, format!("`{}` cannot stand here", self.text_of(word).trim())),
        }
    }
}

fn binds(operator: BinaryOperator) -> u8 {
    match operator {
        BinaryOperator::Or => binding::OR,
        BinaryOperator::And => binding::AND,
        BinaryOperator::Add | BinaryOperator::Subtract => binding::SUM,
        BinaryOperator::Multiply | BinaryOperator::Divide => binding::PRODUCT,
        BinaryOperator::Power => binding::POWER,
    }
}

fn infix(kind: Kind) -> Option<(Entry, u8)> {
    let operator = |operator| Some((Entry::Infix(operator), binds(operator)));
    let compare = |comparison| Some((Entry::Compare(comparison), binding::COMPARISON));
    match kind {
        Kind::Plus => operator(BinaryOperator::Add),
        Kind::Minus => operator(BinaryOperator::Subtract),
        Kind::Times => operator(BinaryOperator::Multiply),
        Kind::Divide => operator(BinaryOperator::Divide),
        Kind::Power => operator(BinaryOperator::Power),
        Kind::And => operator(BinaryOperator::And),
        Kind::Or => operator(BinaryOperator::Or),
        Kind::Less => compare(Comparison::Less),
        Kind::LessEqual => compare(Comparison::LessEqual),
        Kind::Greater => compare(Comparison::Greater),
        Kind::GreaterEqual => compare(Comparison::GreaterEqual),
        Kind::Equal => compare(Comparison::Equal),
        Kind::NotEqual => compare(Comparison::NotEqual),
        _ => None,
    }
}

fn is_infix(kind: Kind) -> bool {
    infix(kind).is_some() || matches!(kind, Kind::Question | Kind::Colon)
}

fn check_arity(function: Function, count: usize, span: Span) -> Result<()> {
    let fits = match function.arity() {
        Arity::Exactly(wanted) => count == wanted,
        Arity::Either(few, many) => count == few || count == many,
        Arity::AtLeast(least) => count >= least,
        Arity::TwoVectors => count == 2,
    };
    if fits { Ok(()) } else { Err(arity_error(function, count, span)) }
}

fn arity_error(function: Function, count: usize, span: Span) -> Error {
    let name = function.names()[0];
    let wanted = match function.arity() {
        Arity::Exactly(1) => "1 argument".to_string(),
        Arity::Exactly(wanted) => format!("{wanted} arguments"),
        Arity::Either(few, many) => format!("{few} or {many} arguments"),
        Arity::AtLeast(least) => format!("{least} or more arguments"),
        Arity::TwoVectors => "2 vectors".to_string(),
    };
    let given = if count == 0 { "none".to_string() } else { count.to_string() };
    Error::new(ErrorKind::Arity, format!("`{name}` takes {wanted}, not {given}")).at(span).hint(function.about())
}
