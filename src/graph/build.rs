//! Smart constructors: the only way to make a node, and where simplification happens.
//!
//! Real-number semantics: rewrites may change the last bit or the sign of a zero, never a value's domain. `0*u` becomes 0 only
//! where `u` is defined for every real input, so that `0*log(0*x)` stays the mistake it is.

use super::op::{log_sum_exp, powi, select};
use super::{Binary, Graph, Node, NodeId, Unary};

/// Larger integer exponents go through `pow`, which is more exact than that many products.
const LARGEST_POWER: f64 = 64.0;

/// Whether a constant factor came out as an ordinary number, not lost to overflow or underflow.
fn fits(factor: f64) -> bool {
    factor.is_normal()
}

/// A node as `numerator/denominator · base`, the constant factors pulled out.
struct Scaled {
    numerator: f64,
    denominator: f64,
    base: Option<NodeId>,
}

impl Graph {
    /// The number `value`.
    pub fn constant(&mut self, value: f64) -> NodeId {
        self.intern(Node::Constant(value.to_bits()))
    }

    /// Variable number `variable`.
    pub fn variable(&mut self, variable: u32) -> NodeId {
        self.intern(Node::Variable(variable))
    }

    /// a + b.
    pub fn add(&mut self, a: NodeId, b: NodeId) -> NodeId {
        match (self.number(a), self.number(b)) {
            (Some(x), Some(y)) => return self.constant(x + y),
            (Some(x), None) => return self.add_number(b, x),
            (None, Some(y)) => return self.add_number(a, y),
            (None, None) => {}
        }
        if let Some(like) = self.add_like_terms(a, b, 1.0) {
            return like;
        }
        if let Some(v) = self.negated(b) {
            return self.subtract(a, v);
        }
        if let Node::Unary(Unary::Negate, u) = self.node(a) {
            return self.subtract(b, u);
        }
        self.commutative(Binary::Add, a, b)
    }

    /// a − b.
    pub fn subtract(&mut self, a: NodeId, b: NodeId) -> NodeId {
        match (self.number(a), self.number(b)) {
            (Some(x), Some(y)) => return self.constant(x - y),
            (Some(x), None) => return self.number_minus(x, b),
            (None, Some(y)) => return self.add_number(a, -y),
            (None, None) => {}
        }
        if a == b && self.is_total(a) {
            return self.constant(0.0);
        }
        if let Some(like) = self.add_like_terms(a, b, -1.0) {
            return like;
        }
        if let Some(v) = self.negated(b) {
            return self.add(a, v);
        }
        self.intern(Node::Binary(Binary::Subtract, a, b))
    }

    /// −a.
    pub fn negate(&mut self, a: NodeId) -> NodeId {
        match self.node(a) {
            Node::Constant(bits) => self.constant(-f64::from_bits(bits)),
            Node::Unary(Unary::Negate, u) => u,
            Node::Binary(Binary::Subtract, u, v) => self.subtract(v, u),
            Node::Binary(Binary::Multiply, c, u) if self.number(c).is_some() => {
                let c = self.negate(c);
                self.scaled_product(c, u)
            }
            _ => self.intern(Node::Unary(Unary::Negate, a)),
        }
    }

    /// a·b.
    pub fn multiply(&mut self, a: NodeId, b: NodeId) -> NodeId {
        if let (Some(x), Some(y)) = (self.number(a), self.number(b)) {
            return if !fits(x) || !fits(y) || fits(x * y) {
                self.constant(x * y)
            } else {
                self.intern(Node::Binary(Binary::Multiply, a, b))
            };
        }
        for (zero, other) in [(a, b), (b, a)] {
            if self.number(zero) == Some(0.0) && self.is_total(other) {
                return self.constant(0.0);
            }
        }
        let (a_negative, a) = self.sign_apart(a);
        let (b_negative, b) = self.sign_apart(b);
        let product = match (self.fraction(a), self.fraction(b)) {
            (Some((p, q)), Some((r, s))) => {
                let (over, under) = (self.multiply(p, r), self.multiply(q, s));
                self.divide(over, under)
            }
            (Some((p, q)), None) => {
                let over = self.multiply(p, b);
                self.divide(over, q)
            }
            (None, Some((r, s))) => {
                let over = self.multiply(a, r);
                self.divide(over, s)
            }
            (None, None) => {
                let (x, y) = (self.scaled(a), self.scaled(b));
                let (numerator, denominator) = (x.numerator * y.numerator, x.denominator * y.denominator);
                if !fits(numerator) || !fits(denominator) {
                    // Both factors are ordinary numbers and their product is not: the logarithm still is, if they stay apart.
                    return self.commutative(Binary::Multiply, a, b);
                }
                let base = match (x.base, y.base) {
                    (Some(u), Some(v)) => Some(self.product(u, v)),
                    (u, v) => u.or(v),
                };
                self.unscaled(Scaled { numerator, denominator, base })
            }
        };
        if a_negative != b_negative { self.negate(product) } else { product }
    }

    /// a/b.
    pub fn divide(&mut self, a: NodeId, b: NodeId) -> NodeId {
        if let (Some(x), Some(y)) = (self.number(a), self.number(b)) {
            return self.constant(x / y);
        }
        if self.number(b) == Some(0.0) {
            return self.intern(Node::Binary(Binary::Divide, a, b));
        }
        let (a_negative, a) = self.sign_apart(a);
        let (b_negative, b) = self.sign_apart(b);
        let quotient = match (self.fraction(a), self.fraction(b)) {
            (Some((p, q)), _) => {
                let under = self.multiply(q, b);
                self.divide(p, under)
            }
            (None, Some((r, s))) => {
                let over = self.multiply(a, s);
                self.divide(over, r)
            }
            (None, None) => self.quotient(a, b),
        };
        if a_negative != b_negative { self.negate(quotient) } else { quotient }
    }

    /// aⁿ for an integer n.
    pub fn power(&mut self, a: NodeId, n: i32) -> NodeId {
        if let Some(x) = self.number(a) {
            return self.constant(powi(x, n));
        }
        match (n, self.node(a)) {
            (0, _) if self.is_total(a) => self.constant(1.0),
            (1, _) => a,
            (-1, _) => {
                let one = self.constant(1.0);
                self.divide(one, a)
            }
            (_, Node::Power(u, m)) if (m > 0) == (n > 0) && m.checked_mul(n).is_some_and(|mn| f64::from(mn).abs() <= LARGEST_POWER) => {
                self.power(u, m * n)
            }
            (_, Node::Unary(Unary::Negate, u)) => {
                let power = self.power(u, n);
                if n % 2 == 0 { power } else { self.negate(power) }
            }
            (_, Node::Unary(Unary::Abs, u)) if n % 2 == 0 => self.power(u, n),
            (_, Node::Unary(Unary::Exp, u)) => {
                // (eᵘ)ⁿ = eⁿᵘ reaches further before it overflows.
                let n = self.constant(f64::from(n));
                let exponent = self.multiply(n, u);
                self.unary(Unary::Exp, exponent)
            }
            _ => self.intern(Node::Power(a, n)),
        }
    }

    /// aᵇ.
    pub fn pow(&mut self, a: NodeId, b: NodeId) -> NodeId {
        if let Some(exponent) = self.number(b) {
            if exponent == exponent.trunc() && exponent.abs() <= LARGEST_POWER {
                return self.power(a, exponent as i32);
            }
            if let Some(x) = self.number(a) {
                return self.constant(Binary::Pow.eval(x, exponent));
            }
            if exponent == 0.5 {
                return self.unary(Unary::Sqrt, a);
            }
            if exponent == -0.5 {
                let (one, root) = (self.constant(1.0), self.unary(Unary::Sqrt, a));
                return self.divide(one, root);
            }
        }
        if self.number(a) == Some(std::f64::consts::E) {
            return self.unary(Unary::Exp, b);
        }
        if let Node::Unary(Unary::Exp, u) = self.node(a) {
            let exponent = self.multiply(b, u);
            return self.unary(Unary::Exp, exponent);
        }
        self.intern(Node::Binary(Binary::Pow, a, b))
    }

    /// A unary operator.
    pub fn unary(&mut self, op: Unary, a: NodeId) -> NodeId {
        if op == Unary::Negate {
            return self.negate(a);
        }
        if let Some(x) = self.number(a) {
            let value = op.eval(x);
            // exp(-5000) is no zero to a logarithm that comes later.
            if op == Unary::Exp && x.is_finite() && !value.is_normal() {
                return self.intern(Node::Unary(op, a));
            }
            return self.constant(value);
        }
        match (op, self.node(a)) {
            (Unary::Log, Node::Unary(Unary::Exp, u)) => u,
            (Unary::Log, Node::Binary(Binary::Divide, one, v)) if self.number(one) == Some(1.0) => {
                let log = self.unary(Unary::Log, v);
                self.negate(log)
            }
            (Unary::Log, Node::Unary(Unary::Sigmoid, u)) => {
                let mirrored = self.negate(u);
                let soft = self.unary(Unary::Softplus, mirrored);
                self.negate(soft)
            }
            (Unary::Log, Node::Binary(Binary::Subtract, one, share))
                if self.number(one) == Some(1.0) && matches!(self.node(share), Node::Unary(Unary::Sigmoid, _)) =>
            {
                let Node::Unary(_, u) = self.node(share) else { unreachable!("just matched") };
                let soft = self.unary(Unary::Softplus, u);
                self.negate(soft)
            }
            (Unary::Log1p, Node::Unary(Unary::Negate, share)) if matches!(self.node(share), Node::Unary(Unary::Sigmoid, _)) => {
                let Node::Unary(_, u) = self.node(share) else { unreachable!("just matched") };
                let soft = self.unary(Unary::Softplus, u);
                self.negate(soft)
            }
            (Unary::Log, Node::Binary(Binary::Add, u, one)) if self.number(one) == Some(1.0) => match self.node(u) {
                Node::Unary(Unary::Exp, v) => self.unary(Unary::Softplus, v),
                _ => self.intern(Node::Unary(op, a)),
            },
            (Unary::Log, Node::Unary(Unary::Negate, less)) if matches!(self.node(less), Node::Unary(Unary::Expm1, _)) => {
                let Node::Unary(_, u) = self.node(less) else { unreachable!("just matched") };
                self.unary(Unary::Log1mExp, u)
            }
            (Unary::Log, Node::Unary(Unary::Erfc, u)) => self.unary(Unary::LogErfc, u),
            (Unary::Log1p, Node::Unary(Unary::Negate, square)) if matches!(self.node(square), Node::Power(u, 2) if matches!(self.node(u), Node::Binary(Binary::Add | Binary::Subtract, ..))) =>
            {
                let Node::Power(u, _) = self.node(square) else { unreachable!("just matched") };
                match self.square_minus_square(1.0, u) {
                    Some(product) => self.unary(Unary::Log, product),
                    None => self.intern(Node::Unary(Unary::Log1p, a)),
                }
            }
            (Unary::Log1p, Node::Unary(Unary::Exp, u)) => self.unary(Unary::Softplus, u),
            (Unary::Log1p, Node::Unary(Unary::Expm1, u)) => u,
            (Unary::Log1p, Node::Binary(Binary::Subtract, u, one)) if self.number(one) == Some(1.0) => self.unary(Unary::Log, u),
            (Unary::Abs, Node::Unary(Unary::Abs | Unary::Exp | Unary::Sqrt, _)) => a,
            (Unary::Abs, Node::Power(_, n)) if n % 2 == 0 => a,
            (Unary::Abs | Unary::Cos | Unary::Cosh, Node::Unary(Unary::Negate, u)) => self.unary(op, u),
            (Unary::Abs, Node::Binary(Binary::Subtract, u, v)) if self.number(u).is_some() => {
                let swapped = self.subtract(v, u);
                self.unary(op, swapped)
            }
            (Unary::Sqrt, Node::Power(u, 2)) => self.unary(Unary::Abs, u),
            (Unary::Sqrt, Node::Unary(Unary::Exp, u)) => {
                let two = self.constant(2.0);
                let half = self.divide(u, two);
                self.unary(Unary::Exp, half)
            }
            (Unary::Not, Node::Binary(Binary::Equal, u, v)) => self.binary(Binary::NotEqual, u, v),
            (Unary::Not, Node::Binary(Binary::NotEqual, u, v)) => self.binary(Binary::Equal, u, v),
            _ => self.intern(Node::Unary(op, a)),
        }
    }

    /// A binary operator.
    pub fn binary(&mut self, op: Binary, a: NodeId, b: NodeId) -> NodeId {
        match op {
            Binary::Add => return self.add(a, b),
            Binary::Subtract => return self.subtract(a, b),
            Binary::Multiply => return self.multiply(a, b),
            Binary::Divide => return self.divide(a, b),
            Binary::Pow => return self.pow(a, b),
            _ => {}
        }
        if let (Some(x), Some(y)) = (self.number(a), self.number(b)) {
            return self.constant(op.eval(x, y));
        }
        match op {
            Binary::Min | Binary::Max if a == b => a,
            Binary::And if self.number(a) == Some(1.0) && self.is_truth(b) => b,
            Binary::And if self.number(b) == Some(1.0) && self.is_truth(a) => a,
            Binary::And if a == b && self.is_truth(a) => a,
            _ => self.intern(Node::Binary(op, a, b)),
        }
    }

    /// `if(condition, then, otherwise)`.
    pub fn select(&mut self, condition: NodeId, then: NodeId, otherwise: NodeId) -> NodeId {
        if let Some(c) = self.number(condition) {
            return if select(c, 1.0, 0.0) == 1.0 { then } else { otherwise };
        }
        match self.node(condition) {
            _ if then == otherwise => then,
            Node::Unary(Unary::Not, c) => self.select(c, otherwise, then),
            _ => self.intern(Node::Select(condition, then, otherwise)),
        }
    }

    /// ψ⁽ⁿ⁾(a); n = 0 is digamma.
    pub fn polygamma(&mut self, n: u32, a: NodeId) -> NodeId {
        match (n, self.number(a)) {
            (0, _) => self.unary(Unary::Digamma, a),
            (_, Some(x)) => self.constant(crate::math::polygamma(n, x)),
            _ => self.intern(Node::Polygamma(n, a)),
        }
    }

    /// log Σ exp of the operands; −∞ for none.
    pub fn log_sum_exp(&mut self, operands: &[NodeId]) -> NodeId {
        let mut flat = Vec::with_capacity(operands.len());
        for &operand in operands {
            match self.node(operand) {
                Node::LogSumExp(list) => flat.extend_from_slice(self.list(list)),
                Node::Constant(bits) if f64::from_bits(bits) == f64::NEG_INFINITY => {}
                _ => flat.push(operand),
            }
        }
        if let [only] = flat[..] {
            return only;
        }
        let numbers: Option<Vec<f64>> = flat.iter().map(|&operand| self.number(operand)).collect();
        if let Some(numbers) = numbers {
            return self.constant(log_sum_exp(numbers.iter().copied()));
        }
        let list = self.intern_list(&flat);
        self.intern(Node::LogSumExp(list))
    }

    /// Whether the node is defined for every real value of its variables.
    pub fn is_total(&self, id: NodeId) -> bool {
        self.total[id.index()]
    }

    /// Whether `node` is defined wherever its operands are.
    pub(super) fn keeps_total(node: Node) -> bool {
        use Unary::*;
        match node {
            Node::Constant(bits) => f64::from_bits(bits).is_finite(),
            Node::Variable(_) | Node::Select(..) | Node::LogSumExp(_) => true,
            Node::Column(_) | Node::Gather(..) | Node::RowSum(_) | Node::GroupSum(..) => true,
            Node::Unary(op, _) => {
                !matches!(op, Sqrt | Log | Log1p | Log1mExp | Tan | Asin | Acos | Acosh | Atanh | Gamma | Lgamma | Digamma)
            }
            Node::Binary(op, ..) => !matches!(op, Binary::Divide | Binary::Pow | Binary::Mod),
            Node::Power(_, n) => n >= 0,
            Node::Polygamma(..) => false,
        }
    }

    fn is_truth(&self, id: NodeId) -> bool {
        use Binary::*;
        matches!(self.node(id), Node::Unary(Unary::Not, _) | Node::Binary(Less | LessEqual | Equal | NotEqual | And | Or, ..))
    }

    /// a + c for a node that is no number.
    fn add_number(&mut self, a: NodeId, c: f64) -> NodeId {
        if c == 0.0 {
            return a;
        }
        match self.node(a) {
            Node::Binary(Binary::Add, u, d) if self.number(d).is_some() => {
                let d = self.number(d).unwrap_or_default();
                return self.add_number(u, d + c);
            }
            Node::Binary(Binary::Subtract, u, d) => match (self.number(u), self.number(d)) {
                (None, Some(d)) => return self.add_number(u, c - d),
                (Some(x), None) => return self.number_minus(x + c, d),
                _ => {}
            },
            Node::Unary(Unary::Erf, u) if c == 1.0 => {
                let u = self.negate(u);
                return self.unary(Unary::Erfc, u);
            }
            Node::Unary(Unary::Exp, u) if c == -1.0 => return self.unary(Unary::Expm1, u),
            Node::Unary(Unary::Negate, u) => return self.number_minus(c, u),
            _ => {}
        }
        let (op, size) = if c < 0.0 { (Binary::Subtract, -c) } else { (Binary::Add, c) };
        let size = self.constant(size);
        self.intern(Node::Binary(op, a, size))
    }

    /// r² − u² = (r − u)(r + u) where u is r or −r and a rest, which is then a factor: 1 − (1 − d)² = d(2 − d) keeps the digits of d.
    fn square_minus_square(&mut self, r: f64, u: NodeId) -> Option<NodeId> {
        // u = ±(rest + number) with the number ±r.
        let (rest, shift) = match self.node(u) {
            Node::Binary(Binary::Add, rest, number) => (rest, self.number(number)?),
            Node::Binary(Binary::Subtract, a, b) => match (self.number(a), self.number(b)) {
                (Some(number), _) => (b, -number),
                (_, Some(number)) => (a, -number),
                _ => return None,
            },
            _ => return None,
        };
        if shift.abs() != r {
            return None;
        }
        // r² − (rest + s)² = −rest·(rest + 2s).
        let other = self.add_number(rest, 2.0 * shift);
        let product = self.multiply(rest, other);
        Some(self.negate(product))
    }

    /// c − b for a node that is no number.
    fn number_minus(&mut self, c: f64, b: NodeId) -> NodeId {
        if c == 0.0 {
            return self.negate(b);
        }
        match self.node(b) {
            Node::Binary(Binary::Add, u, d) => {
                if let Some(d) = self.number(d) {
                    return self.number_minus(c - d, u);
                }
            }
            Node::Binary(Binary::Subtract, u, d) => match (self.number(u), self.number(d)) {
                (None, Some(d)) => return self.number_minus(c + d, u),
                (Some(x), None) => return self.add_number(d, c - x),
                _ => {}
            },
            Node::Power(u, 2) if c > 0.0 && c.sqrt() * c.sqrt() == c => {
                if let Some(product) = self.square_minus_square(c.sqrt(), u) {
                    return product;
                }
            }
            Node::Unary(Unary::Erf, u) if c == 1.0 => return self.unary(Unary::Erfc, u),
            Node::Unary(Unary::Exp, u) if c == 1.0 => {
                let less = self.unary(Unary::Expm1, u);
                return self.negate(less);
            }
            Node::Unary(Unary::Negate, u) => return self.add_number(u, c),
            Node::Binary(Binary::Multiply, d, u) if self.number(d).is_some_and(|d| d < 0.0) => {
                let v = self.negate(b);
                debug_assert_ne!(v, u);
                return self.add_number(v, c);
            }
            _ => {}
        }
        let c = self.constant(c);
        self.intern(Node::Binary(Binary::Subtract, c, b))
    }

    /// `c·u + sign·d·u` as one term, if a and b share their base.
    fn add_like_terms(&mut self, a: NodeId, b: NodeId, sign: f64) -> Option<NodeId> {
        let (x, y) = (self.scaled(a), self.scaled(b));
        if x.base != y.base || x.base.is_none() || x.denominator != y.denominator {
            return None;
        }
        let numerator = x.numerator + sign * y.numerator;
        if numerator == 0.0 && !x.base.is_some_and(|base| self.is_total(base)) {
            return None;
        }
        Some(self.unscaled(Scaled { numerator, ..x }))
    }

    /// The node −b stands for, if b has a negative constant factor.
    fn negated(&mut self, b: NodeId) -> Option<NodeId> {
        match self.node(b) {
            Node::Unary(Unary::Negate, v) => Some(v),
            Node::Binary(Binary::Multiply, c, _) if self.number(c).is_some_and(|c| c < 0.0) => Some(self.negate(b)),
            _ => None,
        }
    }

    /// Strips a leading minus.
    fn sign_apart(&mut self, a: NodeId) -> (bool, NodeId) {
        match self.node(a) {
            Node::Unary(Unary::Negate, u) => (true, u),
            _ => (false, a),
        }
    }

    /// Numerator and denominator, if `a` is a quotient by something that is no number.
    fn fraction(&self, a: NodeId) -> Option<(NodeId, NodeId)> {
        match self.node(a) {
            Node::Binary(Binary::Divide, p, q) if self.number(q).is_none() => Some((p, q)),
            _ => None,
        }
    }

    fn scaled(&self, a: NodeId) -> Scaled {
        let (mut numerator, mut denominator, mut base) = (1.0, 1.0, a);
        loop {
            match self.node(base) {
                Node::Constant(bits) => return Scaled { numerator: numerator * f64::from_bits(bits), denominator, base: None },
                Node::Unary(Unary::Negate, u) => (numerator, base) = (-numerator, u),
                Node::Binary(Binary::Multiply, c, u) => match self.number(c) {
                    Some(c) => (numerator, base) = (numerator * c, u),
                    None => break,
                },
                Node::Binary(Binary::Divide, u, d) => match self.number(d) {
                    Some(d) => (denominator, base) = (denominator * d, u),
                    None => break,
                },
                _ => break,
            }
        }
        // A factor that left the range of doubles would change the value: leave the node whole.
        if numerator.is_normal() && denominator.is_normal() {
            Scaled { numerator, denominator, base: Some(base) }
        } else {
            Scaled { numerator: 1.0, denominator: 1.0, base: Some(a) }
        }
    }

    fn unscaled(&mut self, scaled: Scaled) -> NodeId {
        let Scaled { mut numerator, mut denominator, base } = scaled;
        let Some(base) = base else { return self.constant(numerator / denominator) };
        if denominator < 0.0 {
            (numerator, denominator) = (-numerator, -denominator);
        }
        if denominator != 1.0 {
            if numerator % denominator == 0.0 && fits(numerator / denominator) {
                (numerator, denominator) = (numerator / denominator, 1.0);
            } else if numerator.abs() != 1.0 && denominator % numerator == 0.0 {
                (numerator, denominator) = (numerator.signum(), denominator / numerator.abs());
            }
        }
        if numerator == 0.0 && self.is_total(base) {
            return self.constant(0.0);
        }
        if denominator == 1.0 {
            return if numerator == -1.0 {
                self.negate(base)
            } else {
                let numerator = self.constant(numerator);
                self.scaled_product(numerator, base)
            };
        }
        let size = self.constant(numerator.abs());
        let over = self.scaled_product(size, base);
        let under = self.constant(denominator);
        let quotient = self.intern(Node::Binary(Binary::Divide, over, under));
        if numerator < 0.0 { self.negate(quotient) } else { quotient }
    }

    /// c·u with the number first; u itself carries no constant factor.
    fn scaled_product(&mut self, c: NodeId, u: NodeId) -> NodeId {
        if self.number(c) == Some(1.0) {
            return u;
        }
        self.intern(Node::Binary(Binary::Multiply, c, u))
    }

    /// u·v without constant factors.
    fn product(&mut self, u: NodeId, v: NodeId) -> NodeId {
        let as_power = |node: Node, id: NodeId| match node {
            Node::Power(base, n) => (base, n),
            _ => (id, 1),
        };
        let (base, m) = as_power(self.node(u), u);
        let (other, n) = as_power(self.node(v), v);
        if base == other && (m > 0) == (n > 0) && f64::from(m.saturating_add(n)).abs() <= LARGEST_POWER {
            return self.power(base, m + n);
        }
        // x*exp(x) reads better than exp(x)*x; the product is the same to the bit.
        if self.simplicity(v) < self.simplicity(u) {
            return self.commutative(Binary::Multiply, v, u);
        }
        self.commutative(Binary::Multiply, u, v)
    }

    /// How early a factor is written: variables, their powers, then everything else.
    fn simplicity(&self, u: NodeId) -> u8 {
        match self.node(u) {
            Node::Variable(_) => 0,
            Node::Power(base, _) if matches!(self.node(base), Node::Variable(_)) => 1,
            Node::Unary(..) | Node::LogSumExp(_) | Node::Select(..) => 3,
            _ => 2,
        }
    }

    /// a/b where neither is a quotient by a non-number, nor negated.
    fn quotient(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let (x, y) = (self.scaled(a), self.scaled(b));
        let Some(under) = y.base else {
            let denominator = x.denominator * y.numerator / y.denominator;
            if !fits(denominator) || denominator == 0.0 {
                return self.intern(Node::Binary(Binary::Divide, a, b));
            }
            return self.unscaled(Scaled { denominator, ..x });
        };
        if let (Some(over), Node::Binary(Binary::Add, u, one)) = (self.number(a), self.node(b))
            && over == 1.0
            && self.number(one) == Some(1.0)
            && let Node::Unary(Unary::Exp, v) = self.node(u)
        {
            let v = self.negate(v);
            return self.unary(Unary::Sigmoid, v);
        }
        if let (Some(over), Node::Unary(Unary::Cosh, v)) = (x.base, self.node(under))
            && self.node(over) == Node::Unary(Unary::Sinh, v)
        {
            let (numerator, denominator) = (x.numerator * y.denominator, x.denominator * y.numerator);
            let base = Some(self.unary(Unary::Tanh, v));
            return self.unscaled(Scaled { numerator, denominator, base });
        }
        if let Some((over, under)) = x.base.and_then(|base| self.reduced(base, under)) {
            let (over, under) = (self.unscaled(Scaled { base: over, ..x }), self.unscaled(Scaled { base: Some(under), ..y }));
            return self.divide(over, under);
        }
        let (mut numerator, mut denominator) = (x.numerator * y.denominator, y.numerator * x.denominator);
        if !numerator.is_normal() || !denominator.is_normal() {
            return self.intern(Node::Binary(Binary::Divide, a, b));
        }
        if denominator < 0.0 {
            (numerator, denominator) = (-numerator, -denominator);
        }
        if numerator % denominator == 0.0 && fits(numerator / denominator) {
            (numerator, denominator) = (numerator / denominator, 1.0);
        } else if denominator % numerator == 0.0 {
            (numerator, denominator) = (numerator.signum(), denominator / numerator.abs());
        }
        let negative = numerator < 0.0;
        let over = self.unscaled(Scaled { numerator: numerator.abs(), denominator: 1.0, base: x.base });
        let under = self.unscaled(Scaled { numerator: denominator, denominator: 1.0, base: Some(under) });
        let quotient = self.intern(Node::Binary(Binary::Divide, over, under));
        if negative { self.negate(quotient) } else { quotient }
    }

    /// uᵐ/uⁿ for 0 < m < n as 1 over the rest: both are infinite or undefined at u = 0, and the rest underflows later.
    fn reduced(&mut self, over: NodeId, under: NodeId) -> Option<(Option<NodeId>, NodeId)> {
        let Node::Power(base, n) = self.node(under) else { return None };
        let m = match self.node(over) {
            Node::Power(other, m) if other == base => m,
            _ if over == base => 1,
            _ => return None,
        };
        (0 < m && m < n).then(|| (None, self.power(base, n - m)))
    }

    /// The node as typed, or its mirror image if that is the one already there.
    fn commutative(&mut self, op: Binary, a: NodeId, b: NodeId) -> NodeId {
        match self.node_ids.get(&Node::Binary(op, b, a)) {
            Some(&id) => id,
            None => self.intern(Node::Binary(op, a, b)),
        }
    }
}
