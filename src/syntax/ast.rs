//! The syntax tree: an arena of expressions, children before parents, a span on each.

use super::distributions::{Distribution, Form};
use super::functions::Function;
use crate::error::Span;

/// An expression of an [`Ast`]; children have smaller ids than their parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExprId(pub(crate) u32);

impl ExprId {
    /// The position in [`Ast::exprs`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One expression, as typed.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A literal; finite.
    Number(f64),
    /// A variable, a definition, a bound index, or a constant (`pi`, `e`, `inf`).
    Name(String),
    /// `x[i]`, `W[i, j]`, `x[2..5]`; 1-based.
    Index {
        /// The vector or matrix.
        name: String,
        /// One for each dimension, in order.
        subscripts: Vec<Subscript>,
    },
    /// `[a, b, c]`: a vector, or of vectors a matrix by rows.
    List(Vec<ExprId>),
    /// A prefix operator.
    Unary {
        /// Which.
        operator: UnaryOperator,
        /// Its operand.
        operand: ExprId,
    },
    /// An infix operator.
    Binary {
        /// Which.
        operator: BinaryOperator,
        /// Left operand.
        left: ExprId,
        /// Right operand.
        right: ExprId,
    },
    /// `a < b <= c`: true where every neighbouring pair compares true.
    Comparison {
        /// The leftmost operand.
        first: ExprId,
        /// The comparisons to its right, in order; at least one.
        rest: Vec<(Comparison, ExprId)>,
    },
    /// `if(c, a, b)` or `c ? a : b`.
    If {
        /// Where this is not zero …
        condition: ExprId,
        /// … the value is this,
        then: ExprId,
        /// … elsewhere this.
        otherwise: ExprId,
    },
    /// A call of a known function, with as many arguments as it takes.
    Call {
        /// Which.
        function: Function,
        /// Its arguments.
        arguments: Vec<ExprId>,
    },
    /// `f(a, b)`, of a function that the text defines above.
    Apply {
        /// Its name.
        name: String,
        /// As many arguments as it has parameters.
        arguments: Vec<ExprId>,
    },
    /// `normal_lpdf(x | mu, sigma)`.
    Distribution {
        /// Which.
        distribution: Distribution,
        /// What of it.
        form: Form,
        /// The outcome, then the parameters.
        arguments: Vec<ExprId>,
    },
    /// `sum(i in 1..n, body)` or `prod(i in 1..n, body)`.
    Fold {
        /// Sum or product.
        fold: Fold,
        /// The range that the bound index runs over.
        range: IndexRange,
        /// The term or factor.
        body: ExprId,
    },
}

/// What stands between the brackets of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subscript {
    /// One element: a constant once sums are expanded, or a column of whole numbers.
    At(ExprId),
    /// Those from the first to the last, both included.
    Between(ExprId, ExprId),
}

impl Subscript {
    /// The expressions in it.
    pub fn exprs(self) -> impl Iterator<Item = ExprId> {
        let (first, last) = match self {
            Subscript::At(index) => (index, None),
            Subscript::Between(first, last) => (first, Some(last)),
        };
        std::iter::once(first).chain(last)
    }
}

/// `i in first..last`, both ends included.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexRange {
    /// The bound index.
    pub name: String,
    /// First value, a constant expression.
    pub first: ExprId,
    /// Last value, a constant expression; an empty range if smaller than the first.
    pub last: ExprId,
}

/// Prefix operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum UnaryOperator {
    Negate,
    Not,
}

/// Infix operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum BinaryOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    And,
    Or,
}

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
}

/// What an index range folds its body with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Fold {
    Sum,
    Product,
}

/// `name = body`, `name[i in 1..n] = body` or `name(x, y) = body`, before the last expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// The name it defines; neither a constant nor a function, and defined once.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// What it defines.
    pub kind: DefinitionKind,
    /// The expression; it may use names defined above it.
    pub body: ExprId,
}

/// What a definition defines.
#[derive(Debug, Clone, PartialEq)]
pub enum DefinitionKind {
    /// A value.
    Value,
    /// A vector or a matrix, element by element, by one index or two.
    Elements(Vec<IndexRange>),
    /// A function of so many parameters, one or more.
    Function(Vec<String>),
}

impl Definition {
    /// The ranges of its indices; none for a value and for a function.
    pub fn ranges(&self) -> &[IndexRange] {
        match &self.kind {
            DefinitionKind::Elements(ranges) => ranges,
            DefinitionKind::Value | DefinitionKind::Function(_) => &[],
        }
    }

    /// The parameters of a function.
    pub fn parameters(&self) -> &[String] {
        match &self.kind {
            DefinitionKind::Function(parameters) => parameters,
            DefinitionKind::Value | DefinitionKind::Elements(_) => &[],
        }
    }
}

/// `name in (low, high)` or `name[n, m] in simplex`: a parameter and where it may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The name it declares.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// The lengths of its dimensions, constant expressions: none for a number, one for a vector, two for a matrix.
    pub shape: Vec<ExprId>,
    /// Where it may be.
    pub domain: Domain,
    /// Where the domain stands.
    pub domain_span: Span,
}

/// Where a parameter may be.
#[derive(Debug, Clone, PartialEq)]
pub enum Domain {
    /// Between two constant expressions; a square bracket includes its end, which for a density changes nothing.
    Interval {
        /// The lower end.
        low: ExprId,
        /// The upper end.
        high: ExprId,
        /// Whether each end is included.
        closed: [bool; 2],
    },
    /// A set with a name.
    Constraint(Constraint),
}

macro_rules! constraints {
    ($($(#[$doc:meta])* $variant:ident $name:literal;)*) => {
        /// The sets with a name, under Stan's names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Constraint { $($(#[$doc])* $variant,)* }

        impl Constraint {
            /// Every one.
            pub const ALL: &'static [Constraint] = &[$(Constraint::$variant,)*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self { $(Constraint::$variant => $name,)* }
            }
        }
    };
}

constraints! {
    /// Numbers of 0 or more that add up to 1.
    Simplex "simplex";
    /// Ascending numbers.
    Ordered "ordered";
    /// Ascending numbers of 0 or more.
    PositiveOrdered "positive_ordered";
    /// Numbers that add up to 0.
    SumToZero "sum_to_zero";
    /// A vector of length 1.
    UnitVector "unit_vector";
    /// A matrix each row of which is a simplex.
    RowStochastic "row_stochastic";
    /// A lower-triangular matrix with a positive diagonal.
    CholeskyFactorCov "cholesky_factor_cov";
    /// A lower-triangular matrix with a positive diagonal and rows of length 1.
    CholeskyFactorCorr "cholesky_factor_corr";
    /// A symmetric positive-definite matrix.
    CovMatrix "cov_matrix";
    /// A symmetric positive-definite matrix with 1 on its diagonal.
    CorrMatrix "corr_matrix";
}

/// What stands before the last expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// Gives an expression a name.
    Definition(Definition),
    /// Says where a parameter may be.
    Parameter(Parameter),
}

/// What the number that a formula computes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// A density p, up to its normaliser.
    Density,
    /// log p, up to a constant.
    LogDensity,
    /// −log p, up to a constant.
    Energy,
}

impl Meaning {
    /// Every meaning.
    pub const ALL: [Meaning; 3] = [Meaning::Density, Meaning::LogDensity, Meaning::Energy];

    /// Its name: that of the flag.
    pub fn name(self) -> &'static str {
        match self {
            Meaning::Density => "density",
            Meaning::LogDensity => "log-density",
            Meaning::Energy => "energy",
        }
    }

    /// Its word in the language.
    pub fn word(self) -> &'static str {
        match self {
            Meaning::LogDensity => "log_density",
            _ => self.name(),
        }
    }
}

impl Expr {
    /// The expressions directly below it, ends of ranges and subscripts included.
    pub fn operands(&self) -> Vec<ExprId> {
        match self {
            Expr::Number(_) | Expr::Name(_) => Vec::new(),
            Expr::Index { subscripts, .. } => subscripts.iter().flat_map(|subscript| subscript.exprs()).collect(),
            Expr::List(operands)
            | Expr::Call { arguments: operands, .. }
            | Expr::Apply { arguments: operands, .. }
            | Expr::Distribution { arguments: operands, .. } => operands.clone(),
            Expr::Unary { operand, .. } => vec![*operand],
            Expr::Binary { left, right, .. } => vec![*left, *right],
            Expr::Comparison { first, rest } => std::iter::once(*first).chain(rest.iter().map(|(_, operand)| *operand)).collect(),
            Expr::If { condition, then, otherwise } => vec![*condition, *then, *otherwise],
            Expr::Fold { range, body, .. } => vec![range.first, range.last, *body],
        }
    }
}

/// A parsed formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Ast {
    pub(crate) exprs: Vec<Expr>,
    pub(crate) spans: Vec<Span>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) meaning: Option<Meaning>,
    pub(crate) root: ExprId,
}

impl Ast {
    /// Every expression, children first.
    pub fn exprs(&self) -> &[Expr] {
        &self.exprs
    }

    /// The expression `id`.
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.index()]
    }

    /// Where `id` stands in the source.
    pub fn span(&self, id: ExprId) -> Span {
        self.spans[id.index()]
    }

    /// Definitions and declarations, in order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The definitions, in order.
    pub fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.statements.iter().filter_map(|statement| match statement {
            Statement::Definition(definition) => Some(definition),
            Statement::Parameter(_) => None,
        })
    }

    /// The declarations, in order.
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.statements.iter().filter_map(|statement| match statement {
            Statement::Parameter(parameter) => Some(parameter),
            Statement::Definition(_) => None,
        })
    }

    /// What the last expression means, where the text says so: `log_density = …`.
    pub fn meaning(&self) -> Option<Meaning> {
        self.meaning
    }

    /// The last expression: the formula's value.
    pub fn root(&self) -> ExprId {
        self.root
    }
}
