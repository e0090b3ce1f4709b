//! Hierarchies: terms of a log density that distribute a parameter about a location by a scale that is a parameter itself.
//!
//! Such a term makes a funnel: where the scale is small, so is the room of what it scales, and one step size cannot serve both ends
//! (Neal 2003, section 8; Betancourt & Girolami 2015, section 2.3).

use std::collections::HashSet;

use super::ast::{
    Ast, BinaryOperator, Definition, DefinitionKind, Expr, ExprId, Fold, IndexRange, Meaning, Parameter, Statement, Subscript,
    UnaryOperator,
};
use super::distributions::{Distribution, Form};
use super::functions::{CONSTANTS, Function};
use super::noncenter::Reach;

/// A family of distributions whose members are shifted and stretched copies of one.
pub(super) struct Family {
    /// What the standardised variable follows.
    pub(super) standard: Distribution,
    /// The places of location and scale among the arguments.
    pub(super) location: Option<usize>,
    pub(super) scale: usize,
    /// Where its outcome may be.
    pub(super) reach: Reach,
    /// Whether the outcome is the exponential of what is shifted and stretched.
    pub(super) exponential: bool,
}

/// The family of a distribution, if it has one.
pub(super) fn family(distribution: Distribution) -> Option<Family> {
    use Distribution::{Cauchy, Gumbel, HalfCauchy, HalfNormal, Laplace, Logistic, Lognormal, Normal, SkewNormal, StudentT};
    let (location, scale, reach) = match distribution {
        Normal | Cauchy | Laplace | Logistic | Gumbel | SkewNormal => (Some(1), 2, Reach::All),
        StudentT => (Some(2), 3, Reach::All),
        Lognormal => (Some(1), 2, Reach::Positive),
        HalfNormal | HalfCauchy => (None, 1, Reach::Positive),
        _ => return None,
    };
    let exponential = distribution == Lognormal;
    Some(Family { standard: if exponential { Normal } else { distribution }, location, scale, reach, exponential })
}

/// How the parameter of a hierarchy stands in its term.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// `normal_lpdf(theta | …)`, a number.
    Scalar,
    /// `sum(normal_lpdf(theta | …))`, a vector or matrix.
    Whole,
    /// `sum(j in 1..8, normal_lpdf(theta[j] | …))`.
    Each(IndexRange),
    /// `sum(t in 2..8, normal_lpdf(theta[t] | …theta[t - 1]…))`, a series each of whose elements is distributed about the one before.
    Series {
        /// Of the elements but the first.
        range: IndexRange,
        /// The term of the first element, if it has location and scale of its own.
        first: Option<ExprId>,
    },
}

/// A hierarchy.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    /// The parameter.
    pub(super) name: String,
    /// The term, a distribution.
    pub(super) term: ExprId,
    pub(super) shape: Shape,
    /// Where the definition of the parameter would stand, among the statements.
    pub(super) place: usize,
}

/// The hierarchies of `ast`, the first for each parameter; `reach` says where a parameter may be.
pub(super) fn hierarchies(ast: &Ast, meaning: Meaning, reach: &dyn Fn(&str) -> Option<Reach>) -> Vec<Found> {
    let names = Names { ast, reach };
    let mut found: Vec<Found> = Vec::new();
    let terms = terms(ast, meaning);
    for term in &terms {
        if let Some(hierarchy) = names.hierarchy(term, &terms)
            && !found.iter().any(|known| known.name == hierarchy.name)
        {
            found.push(hierarchy);
        }
    }
    found
}

/// A log density that is added once to that of the whole.
struct Term<'a> {
    id: ExprId,
    /// The sum whose terms it is.
    each: Option<&'a IndexRange>,
    /// Whether it is all that `sum( )` adds up.
    summed: bool,
}

/// What becomes of an expression's value on the way to the density; the flag is false for what is subtracted or divided by.
#[derive(Clone, Copy)]
enum Role {
    Summand(bool),
    Factor(bool),
}

/// The distributions whose log density is a summand of the whole's, from left to right.
fn terms(ast: &Ast, meaning: Meaning) -> Vec<Term<'_>> {
    let role = match meaning {
        Meaning::Density => Role::Factor(true),
        Meaning::LogDensity => Role::Summand(true),
        Meaning::Energy => Role::Summand(false),
    };
    let mut terms = Vec::new();
    let mut stack: Vec<(ExprId, Role, Option<&IndexRange>)> = vec![(ast.root(), role, None)];
    while let Some((id, role, each)) = stack.pop() {
        let mut visit = |id: ExprId, role: Role| stack.push((id, role, each));
        match (ast.expr(id), role) {
            (Expr::Distribution { form: Form::LogDensity, .. }, Role::Summand(true)) => terms.push(Term { id, each, summed: false }),
            (Expr::Binary { operator, left, right }, _) => {
                let second = match (operator, role) {
                    (BinaryOperator::Add, Role::Summand(_)) | (BinaryOperator::Multiply, Role::Factor(_)) => role,
                    (BinaryOperator::Subtract, Role::Summand(sign)) => Role::Summand(!sign),
                    (BinaryOperator::Divide, Role::Factor(sign)) => Role::Factor(!sign),
                    _ => continue,
                };
                visit(*right, second);
                visit(*left, role);
            }
            (Expr::Unary { operator: UnaryOperator::Negate, operand }, Role::Summand(sign)) => visit(*operand, Role::Summand(!sign)),
            (Expr::Call { function: Function::Exp, arguments }, Role::Factor(sign)) => visit(arguments[0], Role::Summand(sign)),
            (Expr::Call { function: function @ (Function::Sum | Function::Total), arguments }, Role::Summand(sign)) if each.is_none() => {
                match ast.expr(arguments[0]) {
                    Expr::Distribution { form: Form::LogDensity, arguments: of, .. } if sign => {
                        let is_number = |name: &str| ast.parameters().any(|parameter| parameter.name == name && parameter.shape.is_empty());
                        let summed = *function == Function::Sum || !matches!(ast.expr(of[0]), Expr::Name(name) if is_number(name));
                        terms.push(Term { id: arguments[0], each, summed });
                    }
                    Expr::Unary { operator: UnaryOperator::Negate, operand } if !sign => {
                        if let Expr::Distribution { form: Form::LogDensity, .. } = ast.expr(*operand) {
                            terms.push(Term { id: *operand, each, summed: true });
                        }
                    }
                    _ => {}
                }
            }
            (Expr::Fold { fold: Fold::Sum, range, body }, Role::Summand(_)) if each.is_none() => stack.push((*body, role, Some(range))),
            (Expr::Name(name), _) if each.is_none() => {
                let uses = ast.exprs().iter().filter(|expr| matches!(expr, Expr::Name(used) if used == name)).count();
                match ast.definitions().find(|definition| definition.name == *name) {
                    Some(Definition { kind: DefinitionKind::Value, body, .. }) if uses == 1 => visit(*body, role),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    terms
}

/// What the names of a formula are.
pub(super) struct Names<'a> {
    pub(super) ast: &'a Ast,
    pub(super) reach: &'a dyn Fn(&str) -> Option<Reach>,
}

impl Names<'_> {
    fn hierarchy(&self, term: &Term, terms: &[Term]) -> Option<Found> {
        let Expr::Distribution { distribution, arguments, .. } = self.ast.expr(term.id) else { return None };
        let family = family(*distribution)?;
        let (name, mut shape) = self.outcome(arguments[0], term)?;
        if (self.reach)(name) != Some(family.reach) {
            return None;
        }
        let index = term.each.map(|range| range.name.as_str());
        let scale = self.below(&[arguments[family.scale]], index)?;
        let middle: Vec<ExprId> = family.location.map(|place| arguments[place]).into_iter().collect();
        let mut location = self.below(&middle, index)?;
        if let Shape::Series { range, first } = &mut shape {
            if family.exponential || !middle.iter().all(|&middle| self.follows(middle, name, &range.name)) {
                return None;
            }
            location.remove(name);
            *first = terms.iter().find_map(|term| self.first(term, name));
            for &id in first.iter() {
                let Expr::Distribution { arguments, .. } = self.ast.expr(id) else { continue };
                location.extend(self.below(&arguments[1..], None)?);
            }
        }
        if scale.contains(name) || location.contains(name) || !scale.iter().any(|name| (self.reach)(name).is_some()) {
            return None;
        }
        let place = self.place(name);
        let stands_after = |needed: &&str| self.statement(needed).is_some_and(|at| at >= place);
        if scale.iter().chain(&location).any(|needed| stands_after(&needed.as_str())) {
            return None;
        }
        Some(Found { name: name.to_string(), term: term.id, shape, place })
    }

    /// Whether a location uses the series `name` by its element before the index alone, `name[index - 1]`.
    fn follows(&self, location: ExprId, name: &str, index: &str) -> bool {
        let mut stack = vec![location];
        while let Some(id) = stack.pop() {
            let expr = self.ast.expr(id);
            match expr {
                Expr::Name(used) | Expr::Index { name: used, .. } if used == name => {
                    let Expr::Index { subscripts, .. } = expr else { return false };
                    let [Subscript::At(at)] = subscripts[..] else { return false };
                    let Expr::Binary { operator: BinaryOperator::Subtract, left, right } = self.ast.expr(at) else { return false };
                    if *self.ast.expr(*left) != Expr::Name(index.into()) || *self.ast.expr(*right) != Expr::Number(1.0) {
                        return false;
                    }
                }
                Expr::Name(used) | Expr::Index { name: used, .. } => {
                    let definition = self.ast.definitions().find(|definition| definition.name == *used);
                    let uses =
                        |definition: &Definition| self.below(&[definition.body], Some(index)).is_none_or(|below| below.contains(name));
                    if definition.is_some_and(uses) {
                        return false;
                    }
                    stack.extend(expr.operands());
                }
                _ => stack.extend(expr.operands()),
            }
        }
        true
    }

    /// The term, if it distributes the first element of the series `name` by a location and a scale.
    fn first(&self, term: &Term, name: &str) -> Option<ExprId> {
        let Expr::Distribution { distribution, arguments, .. } = self.ast.expr(term.id) else { return None };
        let is_first = match (self.ast.expr(arguments[0]), term.each) {
            (Expr::Index { name: used, subscripts }, None) if used == name => {
                matches!(subscripts[..], [Subscript::At(at)] if *self.ast.expr(at) == Expr::Number(1.0))
            }
            _ => false,
        };
        let family = family(*distribution).filter(|family| family.reach == Reach::All && is_first)?;
        let below = self.below(
            &[Some(arguments[family.scale]), family.location.map(|place| arguments[place])].into_iter().flatten().collect::<Vec<_>>(),
            None,
        )?;
        (!below.contains(name)).then_some(term.id)
    }

    /// The parameter that a term distributes.
    fn outcome(&self, outcome: ExprId, term: &Term) -> Option<(&str, Shape)> {
        let (name, shape) = match (self.ast.expr(outcome), term.each) {
            (Expr::Name(name), None) if term.summed => (name, Shape::Whole),
            (Expr::Name(name), None) => (name, Shape::Scalar),
            (Expr::Index { name, subscripts }, Some(range)) => match subscripts[..] {
                [Subscript::At(index)] if *self.ast.expr(index) == Expr::Name(range.name.clone()) => {
                    let range = range.clone();
                    let is_series = *self.ast.expr(range.first) == Expr::Number(2.0);
                    (name, if is_series { Shape::Series { range, first: None } } else { Shape::Each(range) })
                }
                _ => return None,
            },
            _ => return None,
        };
        if self.ast.definitions().any(|definition| definition.name == *name) {
            return None;
        }
        let declared = self.ast.parameters().find(|parameter| parameter.name == *name);
        let fits = match (&shape, declared) {
            (Shape::Scalar, Some(parameter)) => parameter.shape.is_empty(),
            (Shape::Scalar, None) => true,
            (Shape::Whole, Some(parameter)) => !parameter.shape.is_empty(),
            // A vector that only its uses declare has no length yet where it is summed.
            (Shape::Whole, None) => false,
            (Shape::Each(range), declared) => {
                let begins = *self.ast.expr(range.first) == Expr::Number(1.0);
                begins && declared.is_none_or(|Parameter { shape, .. }| shape.len() == 1 && self.same(shape[0], range.last))
            }
            (Shape::Series { range, .. }, declared) => {
                declared.is_some_and(|Parameter { shape, .. }| shape.len() == 1 && self.same(shape[0], range.last))
            }
        };
        fits.then_some((name, shape))
    }

    /// Whether two lengths are written alike.
    fn same(&self, a: ExprId, b: ExprId) -> bool {
        super::print::expression(self.ast, a) == super::print::expression(self.ast, b)
    }

    /// Parameters and definitions that `roots` depend on. `None` if they vary with rows of data, for then the term counts once a row.
    pub(super) fn below(&self, roots: &[ExprId], index: Option<&str>) -> Option<HashSet<String>> {
        let mut found = HashSet::new();
        let mut bound: HashSet<&str> = index.into_iter().collect();
        let mut stack = roots.to_vec();
        while let Some(id) = stack.pop() {
            let expr = self.ast.expr(id);
            if let Expr::Fold { range, .. } = expr {
                bound.insert(&range.name);
            }
            stack.extend(expr.operands());
            // What a function makes of it is not looked into.
            if let Expr::Apply { .. } = expr {
                return None;
            }
            let (Expr::Name(name) | Expr::Index { name, .. }) = expr else { continue };
            if bound.contains(name.as_str()) || found.contains(name) || CONSTANTS.iter().any(|(constant, _)| constant == name) {
                continue;
            }
            if let Some(definition) = self.ast.definitions().find(|definition| definition.name == *name) {
                for range in definition.ranges() {
                    bound.insert(&range.name);
                    stack.extend([range.first, range.last]);
                }
                stack.push(definition.body);
            } else if (self.reach)(name).is_none() {
                // A column by the index of the sum is a number; anything else of the data is not known to be.
                let Expr::Index { subscripts, .. } = expr else { return None };
                let by_index = |subscript: &Subscript| match *subscript {
                    Subscript::At(at) => match self.ast.expr(at) {
                        Expr::Number(_) => true,
                        Expr::Name(name) => bound.contains(name.as_str()),
                        _ => false,
                    },
                    Subscript::Between(..) => false,
                };
                if !subscripts.iter().all(by_index) {
                    return None;
                }
                continue;
            }
            found.insert(name.clone());
        }
        Some(found)
    }

    /// The first statement that uses `name`, or one past the last.
    fn place(&self, name: &str) -> usize {
        let uses = |statement: &Statement| match statement {
            Statement::Definition(definition) => {
                let range = definition.ranges().iter().flat_map(|range| [range.first, range.last]);
                self.uses(range.chain([definition.body]).collect(), name)
            }
            Statement::Parameter(_) => false,
        };
        self.ast.statements().iter().position(uses).unwrap_or(self.ast.statements().len())
    }

    fn uses(&self, mut stack: Vec<ExprId>, name: &str) -> bool {
        while let Some(id) = stack.pop() {
            match self.ast.expr(id) {
                Expr::Name(used) | Expr::Index { name: used, .. } if used == name => return true,
                expr => stack.extend(expr.operands()),
            }
        }
        false
    }

    /// The statement that gives `name` its meaning.
    fn statement(&self, name: &str) -> Option<usize> {
        self.ast.statements().iter().position(|statement| match statement {
            Statement::Definition(definition) => definition.name == name,
            Statement::Parameter(parameter) => parameter.name == name,
        })
    }

    /// Whether an expression is a number, as far as its names tell.
    pub(super) fn is_number(&self, root: ExprId) -> bool {
        let mut seen = HashSet::new();
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            let expr = self.ast.expr(id);
            match expr {
                Expr::List(_) | Expr::Fold { .. } | Expr::Index { .. } | Expr::Apply { .. } => return false,
                Expr::Name(name) if seen.insert(name.as_str()) => {
                    let declared = self.ast.parameters().find(|parameter| parameter.name == *name);
                    match (declared, self.ast.definitions().find(|definition| definition.name == *name)) {
                        (Some(parameter), _) if !parameter.shape.is_empty() => return false,
                        (None, Some(Definition { kind: DefinitionKind::Value, body, .. })) => stack.push(*body),
                        (None, Some(_)) => return false,
                        _ => {}
                    }
                }
                _ => {}
            }
            stack.extend(expr.operands());
        }
        true
    }
}
