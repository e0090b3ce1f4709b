//! The loops over the lanes, one for each instruction: what the compiler vectorises.
//!
//! Cheap ones are inlined into the interpreter, which is compiled for each SIMD level as a whole; an elementary function is a function
//! of its own at each level.

use super::compile::{Place, Shape, Summand, Terms};
use super::operations::Twins;
use crate::graph::{Binary, Unary, max, min, powi, truth};
use crate::math::{self, Level, Work, dispatch};

/// Lanes in a piece of fixed size: no remainder to compile.
pub(super) const PIECE: usize = 64;
static ZEROS: [f64; PIECE] = [0.0; PIECE];

/// A row in pieces; every width is a multiple of [`PIECE`].
#[inline(always)]
fn pieces(row: &[f64]) -> &[[f64; PIECE]] {
    row.as_chunks().0
}

#[inline(always)]
fn pieces_mut(row: &mut [f64]) -> &mut [[f64; PIECE]] {
    row.as_chunks_mut().0
}

#[inline(always)]
pub(super) fn map(out: &mut [f64], a: &[f64], f: impl Fn(f64) -> f64) {
    for (out, a) in pieces_mut(out).iter_mut().zip(pieces(a)) {
        for lane in 0..PIECE {
            out[lane] = f(a[lane]);
        }
    }
}

#[inline(always)]
pub(super) fn map2(out: &mut [f64], a: &[f64], b: &[f64], f: impl Fn(f64, f64) -> f64) {
    for ((out, a), b) in pieces_mut(out).iter_mut().zip(pieces(a)).zip(pieces(b)) {
        for lane in 0..PIECE {
            out[lane] = f(a[lane], b[lane]);
        }
    }
}

#[inline(always)]
pub(super) fn map3(out: &mut [f64], a: &[f64], b: &[f64], c: &[f64], f: impl Fn(f64, f64, f64) -> f64) {
    for (((out, a), b), c) in pieces_mut(out).iter_mut().zip(pieces(a)).zip(pieces(b)).zip(pieces(c)) {
        for lane in 0..PIECE {
            out[lane] = f(a[lane], b[lane], c[lane]);
        }
    }
}

/// A function of one number.
trait Pointwise {
    fn of(&self, x: f64) -> f64;
}

/// A function of two numbers.
trait Pairwise {
    fn of(&self, x: f64, y: f64) -> f64;
}

/// A function of two numbers with the second given.
struct WithRight<F>(F, f64);

impl<F: Pairwise> Pointwise for WithRight<F> {
    #[inline(always)]
    fn of(&self, x: f64) -> f64 {
        self.0.of(x, self.1)
    }
}

/// A function of two numbers with the first given.
struct WithLeft<F>(f64, F);

impl<F: Pairwise> Pointwise for WithLeft<F> {
    #[inline(always)]
    fn of(&self, y: f64) -> f64 {
        self.1.of(self.0, y)
    }
}

/// An elementary function: a compiled function of its own.
struct OutlinedLarge<'a, F> {
    out: &'a mut [f64],
    a: &'a [f64],
    function: F,
}

impl<F: Pointwise> Work for OutlinedLarge<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (out, a) in pieces_mut(self.out).iter_mut().zip(pieces(self.a)) {
            for lane in 0..PIECE {
                out[lane] = self.function.of(a[lane]);
            }
        }
    }
}

/// The same for two operands.
struct OutlinedLarge2<'a, F> {
    out: &'a mut [f64],
    a: &'a [f64],
    b: &'a [f64],
    function: F,
}

impl<F: Pairwise> Work for OutlinedLarge2<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for ((out, a), b) in pieces_mut(self.out).iter_mut().zip(pieces(self.a)).zip(pieces(self.b)) {
            for lane in 0..PIECE {
                out[lane] = self.function.of(a[lane], b[lane]);
            }
        }
    }
}

struct Outlined2<'a, F> {
    out: &'a mut [f64],
    a: &'a [f64],
    b: &'a [f64],
    f: F,
}

impl<F: Fn(f64, f64) -> f64> Work for Outlined2<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        map2(self.out, self.a, self.b, self.f);
    }
}

/// A function of two operands that is a compiled function of its own.
#[inline(always)]
pub(super) fn outlined2(level: Level, out: &mut [f64], a: &[f64], b: &[f64], f: impl Fn(f64, f64) -> f64) {
    dispatch(level, Outlined2 { out, a, b, f });
}

struct OutlinedTwins<'a, F> {
    first: &'a mut [f64],
    second: &'a mut [f64],
    a: &'a [f64],
    f: F,
}

impl<F: Fn(f64) -> (f64, f64)> Work for OutlinedTwins<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for ((first, second), a) in pieces_mut(self.first).iter_mut().zip(pieces_mut(self.second)).zip(pieces(self.a)) {
            for lane in 0..PIECE {
                (first[lane], second[lane]) = (self.f)(a[lane]);
            }
        }
    }
}

/// The few lanes for which a function's usual formula does not serve, done again one by one.
#[inline(always)]
fn patch(out: &mut [f64], a: &[f64], rare: impl Fn(f64) -> bool, full: impl Fn(f64) -> f64) {
    let a = &a[..out.len()];
    // A fold without a branch in it vectorises; a search that stops at the first does not.
    if a.iter().fold(false, |any, &x| any | rare(x)) {
        for lane in 0..out.len() {
            if rare(a[lane]) {
                out[lane] = full(a[lane]);
            }
        }
    }
}

#[inline(always)]
pub(super) fn unary(level: Level, op: Unary, out: &mut [f64], a: &[f64]) {
    // One loop an arm, the operator's definition inlined into it: a call through `Unary::eval` would not vectorise.
    macro_rules! arms {
        (@ cheap $f:expr) => { map(out, a, $f) };
        (@ large $f:expr) => {{
            // A function of several hundred instructions is inlined into the loop only where that is forced, and that a closure or a
            // function's name cannot be.
            struct Large;
            impl Pointwise for Large {
                #[inline(always)]
                fn of(&self, x: f64) -> f64 {
                    $f(x)
                }
            }
            dispatch(level, OutlinedLarge { out, a, function: Large })
        }};
        (@ patched $usual:expr, $rare:expr, $full:expr) => {{
            arms!(@ large $usual);
            patch(out, a, $rare, $full);
        }};
        ($($variant:ident => $way:ident $($f:expr),+;)*) => {
            match op { $(Unary::$variant => arms!(@ $way $($f),+),)* }
        };
    }
    arms! {
        Negate => cheap |x: f64| -x;
        Abs => cheap |x: f64| x.abs();
        Sign => cheap math::sign;
        Floor => cheap |x: f64| x.floor();
        Ceil => cheap |x: f64| x.ceil();
        Round => cheap |x: f64| x.round();
        Not => cheap |x: f64| truth(x == 0.0);
        Sqrt => cheap |x: f64| x.sqrt();
        Cbrt => large math::cbrt;
        Exp => large math::exp;
        Expm1 => large math::expm1;
        Log => large math::log;
        Log1p => large math::log1p;
        Log1mExp => large math::log1m_exp;
        Sin => patched math::sin_near, math::is_far, math::sin;
        Cos => patched math::cos_near, math::is_far, math::cos;
        Tan => patched math::tan_near, math::is_far, math::tan;
        Asin => large math::asin;
        Acos => large math::acos;
        Atan => large math::atan;
        Sinh => large math::sinh;
        Cosh => large math::cosh;
        Tanh => large math::tanh;
        Asinh => large math::asinh;
        Acosh => large math::acosh;
        Atanh => large math::atanh;
        Erf => large math::erf;
        Erfc => large math::erfc;
        Erfcx => large math::erfcx;
        LogErfc => large math::log_erfc;
        Gamma => patched math::gamma_right, math::is_left, math::gamma;
        Lgamma => patched math::lgamma_right, math::is_left, math::lgamma;
        Digamma => patched math::digamma_right, math::is_left, math::digamma;
        Sigmoid => large math::sigmoid;
        Softplus => large math::softplus;
    }
}

#[inline(always)]
pub(super) fn twins(level: Level, twins: Twins, first: &mut [f64], second: &mut [f64], a: &[f64]) {
    match twins {
        Twins::SinCos => {
            dispatch(level, OutlinedTwins { first, second, a, f: math::sin_cos_near });
            patch(first, a, math::is_far, math::sin);
            patch(second, a, math::is_far, math::cos);
        }
        Twins::SoftplusSigmoid => dispatch(level, OutlinedTwins { first, second, a, f: math::softplus_sigmoid }),
    }
}

/// Runs `$run` with `$f` bound to the definition of an operator of two operands; `$large` for those that are functions of their own.
macro_rules! with_definition {
    ($op:expr, $f:ident => $run:expr, $large:expr) => {{
        macro_rules! cheap {
            ($definition:expr) => {{
                let $f = $definition;
                $run
            }};
        }
        macro_rules! large {
            ($definition:expr) => {{
                #[derive(Clone, Copy)]
                struct Large;
                impl Pairwise for Large {
                    #[inline(always)]
                    fn of(&self, x: f64, y: f64) -> f64 {
                        $definition(x, y)
                    }
                }
                let $f = Large;
                $large
            }};
        }
        match $op {
            Binary::Add => cheap!(|x: f64, y: f64| x + y),
            Binary::Subtract => cheap!(|x: f64, y: f64| x - y),
            Binary::Multiply => cheap!(|x: f64, y: f64| x * y),
            Binary::Divide => cheap!(|x: f64, y: f64| x / y),
            Binary::Min => cheap!(min),
            Binary::Max => cheap!(max),
            Binary::Less => cheap!(|x: f64, y: f64| truth(x < y)),
            Binary::LessEqual => cheap!(|x: f64, y: f64| truth(x <= y)),
            Binary::Equal => cheap!(|x: f64, y: f64| truth(x == y)),
            Binary::NotEqual => cheap!(|x: f64, y: f64| truth(x != y)),
            Binary::And => cheap!(|x: f64, y: f64| truth(x != 0.0 && y != 0.0)),
            Binary::Or => cheap!(|x: f64, y: f64| truth(x != 0.0 || y != 0.0)),
            Binary::Pow => large!(math::pow),
            Binary::Mod => large!(math::modulo),
            Binary::Atan2 => large!(math::atan2),
            Binary::Hypot => large!(math::hypot),
        }
    }};
}

#[inline(always)]
pub(super) fn binary(level: Level, op: Binary, out: &mut [f64], a: &[f64], b: &[f64]) {
    with_definition!(op, f => map2(out, a, b, f), dispatch(level, OutlinedLarge2 { out, a, b, function: f }));
}

#[inline(always)]
pub(super) fn binary_right(level: Level, op: Binary, out: &mut [f64], a: &[f64], b: f64) {
    with_definition!(op, f => map(out, a, |x| f(x, b)), dispatch(level, OutlinedLarge { out, a, function: WithRight(f, b) }));
}

#[inline(always)]
pub(super) fn binary_left(level: Level, op: Binary, out: &mut [f64], a: f64, b: &[f64]) {
    with_definition!(op, f => map(out, b, |y| f(a, y)), dispatch(level, OutlinedLarge { out, a: b, function: WithLeft(a, f) }));
}

#[inline(always)]
pub(super) fn power(out: &mut [f64], a: &[f64], n: i32) {
    // Loops of fixed shape vectorise; each multiplies in the order of `powi`.
    macro_rules! fixed {
        ($($exponent:literal)*) => {
            match n {
                $($exponent => map(out, a, |x| powi(x, $exponent)),)*
                _ => map(out, a, |x| powi(x, n)),
            }
        };
    }
    fixed!(-4 -3 -2 -1 2 3 4 5 6 7 8);
}

/// What a sum starts from.
pub(super) trait Addend: Copy {
    /// Its lanes within a piece.
    fn piece(self, piece: usize) -> impl Fn(usize) -> f64;
}

impl Addend for f64 {
    #[inline(always)]
    fn piece(self, _piece: usize) -> impl Fn(usize) -> f64 {
        move |_| self
    }
}

impl Addend for &[f64] {
    #[inline(always)]
    fn piece(self, piece: usize) -> impl Fn(usize) -> f64 {
        let row = &pieces(self)[piece];
        move |lane| row[lane]
    }
}

/// start + Σ terms, one fused multiply-add a term; `row` finds the lanes of an operand.
#[inline(always)]
pub(super) fn sum<'a>(level: Level, out: &mut [f64], start: impl Addend, terms: &Terms, row: impl Fn(Place) -> &'a [f64]) {
    macro_rules! shapes {
        ([$($exponents:literal)*] [$($s:literal $p:literal,)*]) => {
            match terms.shape {
                $(Shape::Powers($exponents) => dispatch(level, SumOfPowers::<_, _, $exponents> { out, start, terms, row }),)*
                $(Shape::Products([$s, $p]) => dispatch(level, SumOfProducts::<_, _, $s, $p> { out, start, terms, row }),)*
                _ => unreachable!("a longer sum is made of pieces"),
            }
        };
    }
    shapes! {
        [1 2 3 4 11 21 22 31 32 33 41 42 43 44 111 211 221 222 311 321 322 331 332 333 411 421 422 431 432 433 441 442 443 444]
        [0 1, 0 2, 0 3, 0 4, 0 5, 0 6, 1 0, 1 1, 1 2, 1 3, 1 4, 1 5, 2 0, 2 1, 2 2, 2 3, 2 4, 3 0, 3 1, 3 2, 3 3, 4 0, 4 1, 4 2,
         5 0, 5 1, 6 0,]
    }
}

struct SumOfProducts<'t, F, R, const S: usize, const P: usize> {
    out: &'t mut [f64],
    start: F,
    terms: &'t Terms,
    row: R,
}

impl<'a, F, R, const S: usize, const P: usize> Work for SumOfProducts<'_, F, R, S, P>
where
    F: Addend,
    R: Fn(Place) -> &'a [f64],
{
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let SumOfProducts { out, start, terms, row } = self;
        // Filled by loops: a closure handed to `from_fn` may stay a call, compiled for no level.
        let (mut scaled, mut products) = ([(0.0, &[][..], 0.0); S], [(0.0, &[][..], &[][..]); P]);
        for (term, Summand { factor, a, shift, .. }) in scaled.iter_mut().zip(&terms.list) {
            *term = (*factor, pieces(row(*a)), *shift);
        }
        for (term, Summand { factor, a, b, .. }) in products.iter_mut().zip(terms.list.iter().skip(S)) {
            *term = (*factor, pieces(row(*a)), pieces(row(*b)));
        }
        for (piece, out) in pieces_mut(out).iter_mut().enumerate() {
            let start = start.piece(piece);
            let (mut x, mut y, mut z) = ([&ZEROS; S], [&ZEROS; P], [&ZEROS; P]);
            for (x, (_, a, _)) in x.iter_mut().zip(&scaled) {
                *x = &a[piece];
            }
            for ((y, z), (_, a, b)) in y.iter_mut().zip(&mut z).zip(&products) {
                (*y, *z) = (&a[piece], &b[piece]);
            }
            for lane in 0..PIECE {
                let mut total = start(lane);
                for i in 0..S {
                    total = scaled[i].0.mul_add(x[i][lane] - scaled[i].2, total);
                }
                for i in 0..P {
                    total = (products[i].0 * y[i][lane]).mul_add(z[i][lane], total);
                }
                out[lane] = total;
            }
        }
    }
}

struct SumOfPowers<'t, F, R, const EXPONENTS: usize> {
    out: &'t mut [f64],
    start: F,
    terms: &'t Terms,
    row: R,
}

impl<'a, F, R, const EXPONENTS: usize> Work for SumOfPowers<'_, F, R, EXPONENTS>
where
    F: Addend,
    R: Fn(Place) -> &'a [f64],
{
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let SumOfPowers { out, start, terms, row } = self;
        // The digits, the first of them the first term's; terms that are not there repeat the first, unread.
        let [n1, n2, n3] = match EXPONENTS {
            0..=9 => [EXPONENTS, 0, 0],
            10..=99 => [EXPONENTS / 10, EXPONENTS % 10, 0],
            _ => [EXPONENTS / 100, EXPONENTS / 10 % 10, EXPONENTS % 10],
        };
        let term = |there: usize, index: usize| {
            let term = &terms.list[if there > 0 { index } else { 0 }];
            (term.factor, pieces(row(term.a)), term.shift)
        };
        let ((f1, a, s1), (f2, b, s2), (f3, c, s3)) = (term(n1, 0), term(n2, 1), term(n3, 2));
        for (piece, out) in pieces_mut(out).iter_mut().enumerate() {
            let (a, b, c, start) = (&a[piece], &b[piece], &c[piece], start.piece(piece));
            for lane in 0..PIECE {
                let mut total = f1.mul_add(small_power(a[lane] - s1, n1), start(lane));
                if n2 > 0 {
                    total = f2.mul_add(small_power(b[lane] - s2, n2), total);
                }
                if n3 > 0 {
                    total = f3.mul_add(small_power(c[lane] - s3, n3), total);
                }
                out[lane] = total;
            }
        }
    }
}

/// xⁿ with the bits of `powi`, without its loop.
#[inline(always)]
fn small_power(x: f64, n: usize) -> f64 {
    match n {
        1 => x,
        2 => x * x,
        3 => x * (x * x),
        _ => (x * x) * (x * x),
    }
}
