//! Each formula by hand in vector intrinsics, gradient and move in one pass: what an expert writes for that formula alone, the limit.
//!
//! Noise is the library's generator, compiled into the same function.
#![allow(clippy::incompatible_msrv, reason = "AVX-512 needs Rust 1.89, here as in the library's own vector code")]

use std::arch::x86_64::*;
use std::marker::PhantomData;
use std::rc::Rc;

use langevin::density::Bound;
use langevin::math::{LANES, Lanes, Level, Work, dispatch};
use langevin::random::{BlockRng, Purpose};
use langevin::sampler::Population;

use crate::contender::{Contender, Run};
use crate::problems::{SCALE, centres, precision};

/// The contenders for the problem called `problem`, one for each register width that the processor has.
pub(crate) fn contenders(problem: &str, bounds: &[Bound]) -> Vec<Box<dyn Contender>> {
    match problem {
        "quartic" => widths(Quartic, bounds),
        "banana" => widths(Banana, bounds),
        "ring" => widths(Ring(centres().map(|centre| centre.map(|c| c / (SCALE * SCALE)))), bounds),
        "dense" => widths(Dense(precision().into()), bounds),
        _ => Vec::new(),
    }
}

fn widths<const D: usize, G: Gradient<D> + Clone + 'static>(gradient: G, bounds: &[Bound]) -> Vec<Box<dyn Contender>> {
    let bounds: [(f64, f64); D] = std::array::from_fn(|i| (bounds[i].low, bounds[i].high));
    let mut found: Vec<Box<dyn Contender>> = Vec::new();
    if Level::detect() >= Level::Avx512 {
        found.push(Box::new(ByHand { gradient: gradient.clone(), bounds, width: PhantomData::<Zmm> }));
    }
    if Level::detect() >= Level::Avx2 {
        found.push(Box::new(ByHand { gradient, bounds, width: PhantomData::<Ymm> }));
    }
    found
}

/// A register of doubles. Every method is unsafe for one reason: the processor must have the register's instructions.
trait Vector: Copy {
    const WIDTH: usize;
    const LEVEL: Level;
    unsafe fn splat(x: f64) -> Self;
    unsafe fn load(row: &Lanes, at: usize) -> Self;
    unsafe fn store(self, row: &mut Lanes, at: usize);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn div(self, other: Self) -> Self;
    unsafe fn max(self, other: Self) -> Self;
    unsafe fn min(self, other: Self) -> Self;
    /// self·a + b.
    unsafe fn fma(self, a: Self, b: Self) -> Self;
    /// b − self·a.
    unsafe fn fnma(self, a: Self, b: Self) -> Self;
    /// self·2ⁿ, where n is the integer in the low bits of `shifted`.
    unsafe fn scale(self, shifted: Self) -> Self;
}

macro_rules! vector {
    ($name:ident, $register:ty, $width:literal, $level:expr,
     $splat:ident $load:ident $store:ident $add:ident $sub:ident $mul:ident $div:ident $max:ident $min:ident $fma:ident $fnma:ident
     $to_bits:ident $from_bits:ident $add_bits:ident $shift:ident) => {
        #[derive(Clone, Copy)]
        struct $name($register);

        // SAFETY, for every block below: the caller promises the instructions, and for `load` and `store` an `at` that is a multiple of
        // the width, so that a row, itself aligned to 64 bytes, holds the register whole and aligned.
        impl Vector for $name {
            const WIDTH: usize = $width;
            const LEVEL: Level = $level;
            #[inline(always)]
            unsafe fn splat(x: f64) -> Self {
                Self(unsafe { $splat(x) })
            }
            #[inline(always)]
            unsafe fn load(row: &Lanes, at: usize) -> Self {
                debug_assert!(at + $width <= LANES);
                Self(unsafe { $load(row.as_ptr().add(at)) })
            }
            #[inline(always)]
            unsafe fn store(self, row: &mut Lanes, at: usize) {
                debug_assert!(at + $width <= LANES);
                unsafe { $store(row.as_mut_ptr().add(at), self.0) }
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                Self(unsafe { $add(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn sub(self, other: Self) -> Self {
                Self(unsafe { $sub(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn mul(self, other: Self) -> Self {
                Self(unsafe { $mul(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn div(self, other: Self) -> Self {
                Self(unsafe { $div(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn max(self, other: Self) -> Self {
                Self(unsafe { $max(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn min(self, other: Self) -> Self {
                Self(unsafe { $min(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn fma(self, a: Self, b: Self) -> Self {
                Self(unsafe { $fma(self.0, a.0, b.0) })
            }
            #[inline(always)]
            unsafe fn fnma(self, a: Self, b: Self) -> Self {
                Self(unsafe { $fnma(self.0, a.0, b.0) })
            }
            #[inline(always)]
            unsafe fn scale(self, shifted: Self) -> Self {
                Self(unsafe { $from_bits($add_bits($to_bits(self.0), $shift::<52>($to_bits(shifted.0)))) })
            }
        }
    };
}

vector!(Zmm, __m512d, 8, Level::Avx512,
    _mm512_set1_pd _mm512_load_pd _mm512_store_pd _mm512_add_pd _mm512_sub_pd _mm512_mul_pd _mm512_div_pd _mm512_max_pd _mm512_min_pd
    _mm512_fmadd_pd _mm512_fnmadd_pd _mm512_castpd_si512 _mm512_castsi512_pd _mm512_add_epi64 _mm512_slli_epi64);
vector!(Ymm, __m256d, 4, Level::Avx2,
    _mm256_set1_pd _mm256_load_pd _mm256_store_pd _mm256_add_pd _mm256_sub_pd _mm256_mul_pd _mm256_div_pd _mm256_max_pd _mm256_min_pd
    _mm256_fmadd_pd _mm256_fnmadd_pd _mm256_castpd_si256 _mm256_castsi256_pd _mm256_add_epi64 _mm256_slli_epi64);

/// eˣ within 2 ULP for |x| ≤ 700.
///
/// # Safety
/// As the methods of [`Vector`].
#[inline(always)]
unsafe fn exp<V: Vector>(x: V) -> V {
    // Added to a small number, it leaves the nearest integer in the low bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    // ln 2 in two pieces; the first has zeros enough at its end for n times it to be exact.
    const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    // 1/k! down from k = 12: on |r| ≤ ½ ln 2 the next term is below 2⁻⁵².
    const TERMS: [f64; 11] = [
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
    ];
    // SAFETY: the caller's promise.
    unsafe {
        let shifted = x.fma(V::splat(std::f64::consts::LOG2_E), V::splat(ROUND));
        let n = shifted.sub(V::splat(ROUND));
        let r = n.fnma(V::splat(LN_2_LOW), n.fnma(V::splat(LN_2_HIGH), x));
        let mut series = V::splat(TERMS[0]);
        for term in &TERMS[1..] {
            series = series.fma(r, V::splat(*term));
        }
        let one = V::splat(1.0);
        series.fma(r, one).fma(r, one).scale(shifted)
    }
}

/// ∇ log p of one formula, a register of chains at a time.
trait Gradient<const D: usize> {
    /// # Safety
    /// As the methods of [`Vector`].
    unsafe fn gradient<V: Vector>(&self, x: &[V; D]) -> [V; D];
}

#[derive(Clone)]
struct Quartic;

impl Gradient<1> for Quartic {
    #[inline(always)]
    unsafe fn gradient<V: Vector>(&self, [x]: &[V; 1]) -> [V; 1] {
        // SAFETY: the caller's promise.
        unsafe {
            let (a, b) = (x.sub(V::splat(0.4)), x.sub(V::splat(0.2)));
            let square = a.mul(a);
            let slope = square.mul(a).fma(V::splat(4.0), b.mul(V::splat(-2.0)));
            let density = square.fma(square, b.fnma(b, V::splat(0.6)));
            [slope.div(density)]
        }
    }
}

#[derive(Clone)]
struct Banana;

impl Gradient<10> for Banana {
    #[inline(always)]
    unsafe fn gradient<V: Vector>(&self, x: &[V; 10]) -> [V; 10] {
        // SAFETY: the caller's promise.
        unsafe {
            let (one, far) = (V::splat(1.0), V::splat(700.0));
            let mut gradient = [V::splat(0.0); 10];
            let mut bend = V::splat(0.0);
            for i in 0..10 {
                let square = x[i].mul(x[i]);
                let rise = one.add(exp(V::splat(0.0).sub(x[i]).min(far)));
                let mut sum = bend.mul(V::splat(-10.0));
                if i < 9 {
                    bend = x[i + 1].sub(square);
                    sum = x[i].mul(V::splat(20.0)).fma(bend, x[i].fnma(V::splat(0.1), sum.add(V::splat(0.1))));
                }
                let sigmoid = V::splat(0.1).div(rise);
                let cauchy = x[i].mul(V::splat(0.2)).div(one.add(square));
                gradient[i] = sum.sub(sigmoid.add(cauchy));
            }
            gradient
        }
    }
}

/// Centres over the variance.
#[derive(Clone)]
struct Ring([[f64; 2]; 8]);

impl Gradient<2> for Ring {
    #[inline(always)]
    unsafe fn gradient<V: Vector>(&self, [x, y]: &[V; 2]) -> [V; 2] {
        // Every centre is as far from the origin as its neighbour, so weights are exp(centre·x/σ²) up to a factor that cancels, and the
        // exponents of opposite centres differ in sign alone.
        // SAFETY: the caller's promise.
        unsafe {
            let zero = V::splat(0.0);
            let mut exponents = [zero; 4];
            let mut largest = zero;
            for (exponent, [u, v]) in exponents.iter_mut().zip(&self.0) {
                *exponent = x.fma(V::splat(*u), y.mul(V::splat(*v)));
                largest = largest.max(*exponent).max(zero.sub(*exponent));
            }
            let far = V::splat(-700.0);
            let (mut total, mut pull_x, mut pull_y) = (zero, zero, zero);
            for (exponent, [u, v]) in exponents.iter().zip(&self.0) {
                let near = exp(exponent.sub(largest).max(far));
                let opposite = exp(zero.sub(*exponent).sub(largest).max(far));
                let difference = near.sub(opposite);
                total = total.add(near.add(opposite));
                pull_x = difference.fma(V::splat(*u), pull_x);
                pull_y = difference.fma(V::splat(*v), pull_y);
            }
            let share = V::splat(1.0).div(total);
            let narrow = V::splat(1.0 / (SCALE * SCALE));
            [x.fnma(narrow, pull_x.mul(share)), y.fnma(narrow, pull_y.mul(share))]
        }
    }
}

/// The precision matrix; that its entries follow a pattern is not used.
#[derive(Clone)]
struct Dense(Rc<[[f64; 50]; 50]>);

impl Gradient<50> for Dense {
    #[inline(always)]
    unsafe fn gradient<V: Vector>(&self, x: &[V; 50]) -> [V; 50] {
        /// Rows summed side by side: enough to hide the latency of a fused multiply-add, few enough for the registers of either width.
        const ROWS: usize = 10;
        // SAFETY: the caller's promise.
        unsafe {
            let zero = V::splat(0.0);
            let mut gradient = [zero; 50];
            for (out, rows) in gradient.as_chunks_mut::<ROWS>().0.iter_mut().zip(self.0.as_chunks::<ROWS>().0) {
                let mut sums = [zero; ROWS];
                for j in 0..50 {
                    for row in 0..ROWS {
                        sums[row] = x[j].fnma(V::splat(rows[row][j]), sums[row]);
                    }
                }
                *out = sums;
            }
            gradient
        }
    }
}

/// A formula at one register width.
struct ByHand<const D: usize, G, V> {
    gradient: G,
    bounds: [(f64, f64); D],
    width: PhantomData<V>,
}

impl<const D: usize, G: Gradient<D>, V: Vector> Contender for ByHand<D, G, V> {
    fn name(&self) -> String {
        format!("by hand, {}", V::LEVEL)
    }

    fn gradient(&self, position: &[f64]) -> Vec<f64> {
        dispatch(V::LEVEL, Once::<D, G, V> { gradient: &self.gradient, position, width: self.width })
    }

    fn run(&self, run: &Run) -> Population {
        let mut columns = vec![Vec::with_capacity(run.starts.chains()); D];
        for block in 0..run.starts.blocks() {
            let mut rows = run.starts.block(block);
            let rng = &mut BlockRng::new(run.seed, block as u64, Purpose::Noise);
            dispatch(V::LEVEL, Steps { of: self, rows: (&mut rows[..]).try_into().expect("a row a variable"), rng, run });
            let active = LANES.min(run.starts.chains() - block * LANES);
            columns.iter_mut().zip(&rows).for_each(|(column, row)| column.extend_from_slice(&row[..active]));
        }
        Population::from_columns(columns)
    }
}

struct Once<'a, const D: usize, G, V> {
    gradient: &'a G,
    position: &'a [f64],
    width: PhantomData<V>,
}

impl<const D: usize, G: Gradient<D>, V: Vector> Work for Once<'_, D, G, V> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn run(self) -> Vec<f64> {
        let mut first = Vec::with_capacity(D);
        // SAFETY: `contenders` has seen that the processor has the instructions.
        unsafe {
            let mut x = [V::splat(0.0); D];
            for (x, position) in x.iter_mut().zip(self.position) {
                *x = V::splat(*position);
            }
            let mut row = Lanes::default();
            for gradient in self.gradient.gradient(&x) {
                gradient.store(&mut row, 0);
                first.push(row[0]);
            }
        }
        first
    }
}

struct Steps<'a, const D: usize, G, V> {
    of: &'a ByHand<D, G, V>,
    rows: &'a mut [Lanes; D],
    rng: &'a mut BlockRng,
    run: &'a Run<'a>,
}

impl<const D: usize, G: Gradient<D>, V: Vector> Work for Steps<'_, D, G, V> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Steps { of: ByHand { gradient, bounds, .. }, rows, rng, run } = self;
        let mut noise = vec![Lanes::default(); D];
        // SAFETY: `contenders` has seen that the processor has the instructions.
        unsafe {
            let (step_size, spread) = (V::splat(run.step_size), V::splat((2.0 * run.step_size).sqrt()));
            for _ in 0..run.steps {
                for row in &mut noise {
                    rng.fill_normal(row);
                }
                for at in (0..LANES).step_by(V::WIDTH) {
                    let mut x = [step_size; D];
                    for i in 0..D {
                        x[i] = V::load(&rows[i], at);
                    }
                    let slope = gradient.gradient(&x);
                    for i in 0..D {
                        let (low, high) = bounds[i];
                        let mut moved = spread.fma(V::load(&noise[i], at), step_size.fma(slope[i], x[i]));
                        // The mirror image is on the inner side just where the proposal is outside.
                        if low.is_finite() {
                            moved = moved.max(V::splat(2.0 * low).sub(moved));
                        }
                        if high.is_finite() {
                            moved = moved.min(V::splat(2.0 * high).sub(moved));
                        }
                        moved.store(&mut rows[i], at);
                    }
                }
            }
        }
    }
}
