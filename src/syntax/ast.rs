//! The syntax tree: an arena of expressions, children before parents, a span on each.

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
    /// `x[i]`, 1-based.
    Index {
        /// The vector.
        name: String,
        /// Which element; a constant once sums are expanded.
        index: ExprId,
    },
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

/// `name = body` or `name[i in 1..n] = body`, before the last expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// The name it defines; neither a constant nor a function, and defined once.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// The index, for an indexed definition.
    pub range: Option<IndexRange>,
    /// The expression; it may use names defined above it.
    pub body: ExprId,
}

/// A parsed formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Ast {
    pub(crate) exprs: Vec<Expr>,
    pub(crate) spans: Vec<Span>,
    pub(crate) definitions: Vec<Definition>,
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

    /// The definitions, in order.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// The last expression: the formula's value.
    pub fn root(&self) -> ExprId {
        self.root
    }
}
