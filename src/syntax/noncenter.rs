//! The non-centred form of a hierarchy: θ = μ + τ·η with η standard in place of θ about μ by τ.
//!
//! The same law in other coordinates (Papaspiliopoulos, Roberts & Sköld 2007): log p(θ | μ, τ) + log |dθ/dη| is the standard log
//! density of η, so that neither a scale nor its logarithm is left.

use std::collections::{HashMap, HashSet};

use super::ast::{
    Ast, BinaryOperator, Comparison, Definition, DefinitionKind, Domain, Expr, ExprId, IndexRange, Meaning, Statement, Subscript,
    UnaryOperator,
};
use super::formula::Formula;
use super::functions::Function;
use super::hierarchy::{Family, Found, Names, Shape, family, hierarchies};
use super::print;
use crate::error::{Result, Span};

/// Where a parameter may be, as far as a hierarchy asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Every real number.
    All,
    /// (0, ∞).
    Positive,
    /// Somewhere else.
    Other,
}

/// One hierarchy and its non-centred form, as text of the language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noncentered {
    /// The parameter: `theta`.
    pub name: String,
    /// What is sampled in its place: `eta`.
    pub standard: String,
    /// The term as it was: `normal_lpdf(theta | mu, tau)`.
    pub term: String,
    /// Where it stands in the source that was read.
    pub span: Span,
    /// The declaration of what is sampled, if the text declares its parameters: `eta[8] in (-inf, inf)`.
    pub declaration: Option<String>,
    /// Whether the parameter is the exponential of what is shifted and stretched, so that its range is (0, ∞) and `standard`'s is not.
    pub exponential: bool,
    /// The parameter's definition: `theta[j in 1..8] = mu + tau*eta[j]`.
    pub definition: String,
    /// The term as it becomes: `normal_lpdf(eta | 0, 1)`.
    pub prior: String,
}

/// Hierarchies of one formula that are rewritten at most.
const MOST: usize = 200;

/// `formula` with all its hierarchies non-centred, and what was done; the formula itself if it has none. `meaning` is what its value
/// is, and `reach` says of a parameter where it may be, `None` of any other name.
///
/// # Errors
/// Those of reading the new text, such as `too_long`.
///
/// ```
/// use langevin::syntax::{Meaning, Reach, noncenter};
/// let formula = "normal_lpdf(v | 0, 3) + normal_lpdf(x | 0, exp(v/2))".parse()?;
/// let (rewritten, done) = noncenter(&formula, Meaning::LogDensity, &|_| Some(Reach::All))?;
/// assert_eq!(rewritten.to_string(), "x = exp(v/2)*eta; normal_lpdf(v | 0, 3) + normal_lpdf(eta | 0, 1)");
/// assert_eq!(done[0].name, "x");
/// # Ok::<(), langevin::Error>(())
/// ```
pub fn noncenter(formula: &Formula, meaning: Meaning, reach: &dyn Fn(&str) -> Option<Reach>) -> Result<(Formula, Vec<Noncentered>)> {
    let first = hierarchies(formula.ast(), meaning, reach);
    let joint = if formula.ast().parameters().next().is_some() { "\n" } else { "; " };
    let (mut formula, mut done) = (formula.clone(), Vec::new());
    let mut made: HashMap<String, Reach> = HashMap::new();
    let spans: HashMap<&str, Span> = first.iter().map(|found| (found.name.as_str(), formula.ast().span(found.term))).collect();
    while done.len() < MOST {
        let known = |name: &str| made.get(name).copied().or_else(|| reach(name));
        let ast = formula.ast();
        let Some(found) = hierarchies(ast, meaning, &known).into_iter().next() else { break };
        let Some(family) = (match ast.expr(found.term) {
            Expr::Distribution { distribution, .. } => family(*distribution),
            _ => None,
        }) else {
            break;
        };
        let standard = fresh(ast, &found.name, first.len() == 1);
        let (text, rewrite) = rewrite(ast, &found, &family, &standard, &known, joint);
        let span = spans.get(found.name.as_str()).copied().unwrap_or_default();
        made.insert(standard, if family.exponential { Reach::All } else { family.reach });
        done.push(Noncentered { span, ..rewrite });
        formula = text.parse()?;
    }
    Ok((formula, done))
}

/// Every name in the text.
fn taken(ast: &Ast) -> HashSet<&str> {
    let mut names: HashSet<&str> = HashSet::new();
    for expr in ast.exprs() {
        match expr {
            Expr::Name(name) | Expr::Index { name, .. } => names.insert(name),
            Expr::Fold { range, .. } => names.insert(&range.name),
            _ => continue,
        };
    }
    for statement in ast.statements() {
        match statement {
            Statement::Definition(definition) => {
                names.insert(&definition.name);
                names.extend(definition.ranges().iter().map(|range| range.name.as_str()));
                names.extend(definition.parameters().iter().map(String::as_str));
            }
            Statement::Parameter(parameter) => {
                names.insert(&parameter.name);
            }
        }
    }
    names
}

/// A name for the standardised variable: `eta` for the only one, else `eta_theta`.
fn fresh(ast: &Ast, name: &str, is_only: bool) -> String {
    let taken = taken(ast);
    let mut fresh = if is_only && !taken.contains("eta") { "eta".to_string() } else { format!("eta_{name}") };
    while taken.contains(fresh.as_str()) {
        fresh.push_str("_1");
    }
    fresh
}

/// A copy of a tree that grows at its end; only printing reads it, so that children may come after their parents.
struct Draft(Ast);

impl Draft {
    fn add(&mut self, expr: Expr) -> ExprId {
        self.0.exprs.push(expr);
        self.0.spans.push(Span::default());
        ExprId(self.0.exprs.len() as u32 - 1)
    }

    fn binary(&mut self, operator: BinaryOperator, left: ExprId, right: ExprId) -> ExprId {
        self.add(Expr::Binary { operator, left, right })
    }

    /// location + scale·`standard` of a distribution with these arguments, or its exponential.
    fn shifted(&mut self, family: &Family, arguments: &[ExprId], standard: ExprId) -> ExprId {
        let mut body = self.binary(BinaryOperator::Multiply, arguments[family.scale], standard);
        let location = family.location.map(|place| arguments[place]);
        if let Some(location) = location.filter(|location| *self.0.expr(*location) != Expr::Number(0.0)) {
            body = self.binary(BinaryOperator::Add, location, body);
        }
        if family.exponential { self.add(Expr::Call { function: Function::Exp, arguments: vec![body] }) } else { body }
    }

    /// Makes a term one of the standard member of its family.
    fn standardise(&mut self, term: ExprId, family: &Family, outcome: ExprId) {
        let (zero, one) = (self.add(Expr::Number(0.0)), self.add(Expr::Number(1.0)));
        if let Expr::Distribution { distribution, arguments, .. } = &mut self.0.exprs[term.index()] {
            *distribution = family.standard;
            arguments[0] = outcome;
            if let Some(place) = family.location {
                arguments[place] = zero;
            }
            arguments[family.scale] = one;
        }
    }

    fn element(&mut self, name: &str, index: Option<&str>) -> ExprId {
        match index {
            None => self.add(Expr::Name(name.into())),
            Some(index) => {
                let at = self.add(Expr::Name(index.into()));
                self.add(Expr::Index { name: name.into(), subscripts: vec![Subscript::At(at)] })
            }
        }
    }
}

/// The text of `ast` with one hierarchy non-centred, and what was done; its place is left open.
fn rewrite(
    ast: &Ast,
    found: &Found,
    family: &Family,
    standard: &str,
    reach: &dyn Fn(&str) -> Option<Reach>,
    joint: &str,
) -> (String, Noncentered) {
    let names = Names { ast, reach };
    let term = print::expression(ast, found.term);
    let arguments = match ast.expr(found.term) {
        Expr::Distribution { arguments, .. } => arguments.clone(),
        _ => Vec::new(),
    };
    let declared = ast.parameters().find(|parameter| parameter.name == found.name);
    let mut draft = Draft(ast.clone());
    let (location, scale) = (family.location.map(|place| arguments[place]), arguments[family.scale]);
    let mut range = match &found.shape {
        Shape::Scalar => None,
        Shape::Each(range) | Shape::Series { range, .. } => Some(range.clone()),
        // Element by element where that is how it must be read; as a whole where location or scale have elements too.
        Shape::Whole => match declared.map(|parameter| &parameter.shape[..]) {
            Some(&[length]) if names.is_number(scale) && location.is_none_or(|location| names.is_number(location)) => {
                let taken = taken(ast);
                let index = ["j", "i", "k", "l", "m", "n"].into_iter().find(|name| !taken.contains(name));
                let first = draft.add(Expr::Number(1.0));
                index.map(|name| IndexRange { name: name.into(), first, last: length })
            }
            _ => None,
        },
    };
    let element = draft.element(standard, range.as_ref().map(|range| range.name.as_str()));
    let mut body = draft.shifted(family, &arguments, element);
    if let (Shape::Series { first, .. }, Some(range)) = (&found.shape, &mut range) {
        let one = draft.add(Expr::Number(1.0));
        let index = draft.add(Expr::Name(range.name.clone()));
        let condition = draft.add(Expr::Comparison { first: index, rest: vec![(Comparison::Equal, one)] });
        let begins = draft.add(Expr::Index { name: standard.into(), subscripts: vec![Subscript::At(one)] });
        let mut then = begins;
        if let Some(id) = *first
            && let Expr::Distribution { distribution, arguments, .. } = ast.expr(id)
            && let Some(family) = self::family(*distribution)
        {
            then = draft.shifted(&family, arguments, begins);
            draft.standardise(id, &family, begins);
        }
        body = draft.add(Expr::If { condition, then, otherwise: body });
        range.first = one;
    }
    let kind = range.map_or(DefinitionKind::Value, |range| DefinitionKind::Elements(vec![range]));
    let definition = Statement::Definition(Definition { name: found.name.clone(), name_span: Span::default(), kind, body });
    // The term: what was sampled is now standard.
    let index = match &found.shape {
        Shape::Each(range) | Shape::Series { range, .. } => Some(range.name.as_str()),
        Shape::Scalar | Shape::Whole => None,
    };
    let outcome = draft.element(standard, index);
    draft.standardise(found.term, family, outcome);
    let mut declaration = None;
    if let Some(at) = ast.statements().iter().position(|s| matches!(s, Statement::Parameter(parameter) if parameter.name == found.name)) {
        let infinite = draft.add(Expr::Name("inf".into()));
        let low = draft.add(Expr::Unary { operator: UnaryOperator::Negate, operand: infinite });
        if let Statement::Parameter(parameter) = &mut draft.0.statements[at] {
            parameter.name = standard.into();
            if family.exponential {
                parameter.domain = Domain::Interval { low, high: infinite, closed: [false; 2] };
            }
        }
        declaration = Some(print::statement(&draft.0, &draft.0.statements[at]));
    }
    let rewrite = Noncentered {
        name: found.name.clone(),
        standard: standard.into(),
        term,
        span: Span::default(),
        declaration,
        exponential: family.exponential,
        definition: print::statement(&draft.0, &definition),
        prior: print::expression(&draft.0, found.term),
    };
    draft.0.statements.insert(found.place, definition);
    let mut text = String::new();
    let _ = print::print_joined(&draft.0, joint, &mut text);
    (text, rewrite)
}
