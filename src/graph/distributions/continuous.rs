//! Log densities on the line.

use std::f64::consts::{LN_2, PI};

use super::{Binary, Distribution, Formula, HUGE, LOG_ROOT_TWO_PI, Node, NodeId, Unary};

/// From here on the parts of a gamma density cancel more digits than are lost without them.
const LARGE: f64 = 1e4;

impl Formula<'_> {
    pub(super) fn log_density(&mut self, distribution: Distribution, arguments: &[NodeId]) -> NodeId {
        use Distribution::*;
        let x = arguments[0];
        let zero = self.number(0.0);
        match (distribution, &arguments[1..]) {
            (Normal, &[mu, sigma]) => {
                self.positive(2, sigma);
                self.normal(x, mu, sigma)
            }
            (StdNormal, &[]) => {
                let one = self.number(1.0);
                self.normal(x, zero, one)
            }
            (HalfStudentT, &[nu, sigma]) => {
                self.non_negative(0, x);
                self.positive(1, nu);
                self.positive(2, sigma);
                let student_t = self.student_t(x, nu, zero, sigma);
                self.plus(student_t, LN_2)
            }
            (SkewDoubleExponential, &[mu, sigma, tau]) => {
                self.positive(2, sigma);
                self.inside_unit(3, tau);
                let z = self.standardised(x, mu, sigma);
                let mirrored = self.neg(tau);
                let (less, left) = (self.plus(tau, -1.0), self.graph.binary(Binary::Less, z, zero));
                let slope = self.graph.select(left, less, tau);
                let drop = self.mul(slope, z);
                let drop = self.times(2.0, drop);
                let (share, rest, scale) = (self.log(tau), self.unary(Unary::Log1p, mirrored), self.log(sigma));
                let value = self.sum(&[(1.0, share), (1.0, rest), (-1.0, scale), (-1.0, drop)]);
                self.plus(value, LN_2)
            }
            (ExpModNormal, &[mu, sigma, lambda]) => {
                self.positive(2, sigma);
                self.positive(3, lambda);
                // λ/2·exp(λ(μ − x) + λ²σ²/2)·erfc(w), w = (λσ − z)/√2; to the right of w = 0 as λ/2·exp(−z²/2)·erfcx(w).
                let z = self.standardised(x, mu, sigma);
                let rate = self.mul(lambda, sigma);
                let less = self.sub(rate, z);
                let w = self.times(std::f64::consts::FRAC_1_SQRT_2, less);
                let (square, scaled) = (self.square(z), self.unary(Unary::Erfcx, w));
                let (half, log_scaled) = (self.times(0.5, square), self.log(scaled));
                let far = self.sub(log_scaled, half);
                let half_rate = self.times(0.5, rate);
                let slope = self.sub(half_rate, z);
                let (exponent, tail) = (self.mul(rate, slope), self.unary(Unary::LogErfc, w));
                let near = self.add(exponent, tail);
                let is_far = self.graph.binary(Binary::Less, zero, w);
                let (value, log) = (self.graph.select(is_far, far, near), self.log(lambda));
                let value = self.add(log, value);
                self.plus(value, -LN_2)
            }
            (Frechet, &[alpha, sigma]) => {
                self.positive(0, x);
                self.positive(1, alpha);
                self.positive(2, sigma);
                let (log, scale, shape) = (self.log(x), self.log(sigma), self.log(alpha));
                let ratio = self.sub(scale, log);
                let power = self.mul(alpha, ratio);
                let tail = self.unary(Unary::Exp, power);
                self.sum(&[(1.0, shape), (-1.0, log), (1.0, power), (-1.0, tail)])
            }
            (Rayleigh, &[sigma]) => {
                self.positive(0, x);
                self.positive(1, sigma);
                let z = self.div(x, sigma);
                let square = self.square(z);
                let (half, log, scale) = (self.times(0.5, square), self.log(x), self.log(sigma));
                let scale = self.times(2.0, scale);
                self.sum(&[(1.0, log), (-1.0, scale), (-1.0, half)])
            }
            (LogLogistic, &[alpha, beta]) => {
                self.positive(0, x);
                self.positive(1, alpha);
                self.positive(2, beta);
                let (log, scale, shape) = (self.log(x), self.log(alpha), self.log(beta));
                let ratio = self.sub(log, scale);
                let z = self.mul(beta, ratio);
                let size = self.unary(Unary::Abs, z);
                let mirrored = self.neg(size);
                let soft = self.unary(Unary::Softplus, mirrored);
                let twice = self.times(2.0, soft);
                self.sum(&[(1.0, shape), (-1.0, log), (-1.0, size), (-1.0, twice)])
            }
            (ParetoType2, &[mu, lambda, alpha]) => {
                self.require(0, Binary::LessEqual, mu, x, ">= mu");
                self.positive(2, lambda);
                self.positive(3, alpha);
                let z = self.standardised(x, mu, lambda);
                let (log, next) = (self.unary(Unary::Log1p, z), self.plus(alpha, 1.0));
                let (power, shape, scale) = (self.mul(next, log), self.log(alpha), self.log(lambda));
                self.sum(&[(1.0, shape), (-1.0, scale), (-1.0, power)])
            }
            (InvGaussian, &[mu, lambda]) => {
                self.positive(0, x);
                self.positive(1, mu);
                self.positive(2, lambda);
                let z = self.standardised(x, mu, mu);
                let square = self.square(z);
                let (rate, log, scale) = (self.div(lambda, x), self.log(x), self.log(lambda));
                let drop = self.mul(rate, square);
                let (drop, log, scale) = (self.times(0.5, drop), self.times(1.5, log), self.times(0.5, scale));
                let value = self.sum(&[(1.0, scale), (-1.0, log), (-1.0, drop)]);
                self.plus(value, -LOG_ROOT_TWO_PI)
            }
            (HalfNormal, &[sigma]) => {
                self.non_negative(0, x);
                self.positive(1, sigma);
                let normal = self.normal(x, zero, sigma);
                self.plus(normal, LN_2)
            }
            (Lognormal, &[mu, sigma]) => {
                self.positive(0, x);
                self.positive(2, sigma);
                let log = self.log(x);
                let normal = self.normal(log, mu, sigma);
                self.sub(normal, log)
            }
            (SkewNormal, &[xi, omega, alpha]) => {
                self.positive(2, omega);
                // 2Φ(αz) = erfc(−αz/√2).
                let normal = self.normal(x, xi, omega);
                let z = self.standardised(x, xi, omega);
                let scaled = self.mul(alpha, z);
                let scaled = self.times(-std::f64::consts::FRAC_1_SQRT_2, scaled);
                let tail = self.unary(Unary::LogErfc, scaled);
                self.add(normal, tail)
            }
            (StudentT, &[nu, mu, sigma]) => {
                self.require(1, Binary::Less, zero, nu, "> 0");
                self.positive(3, sigma);
                self.student_t(x, nu, mu, sigma)
            }
            (Cauchy, &[mu, sigma]) => {
                self.positive(2, sigma);
                self.cauchy(x, mu, sigma)
            }
            (HalfCauchy, &[sigma]) => {
                self.non_negative(0, x);
                self.positive(1, sigma);
                let cauchy = self.cauchy(x, zero, sigma);
                self.plus(cauchy, LN_2)
            }
            (Laplace, &[mu, sigma]) => {
                self.positive(2, sigma);
                let z = self.standardised(x, mu, sigma);
                let (size, log) = (self.unary(Unary::Abs, z), self.log(sigma));
                let value = self.sum(&[(-1.0, size), (-1.0, log)]);
                self.plus(value, -LN_2)
            }
            (Logistic, &[mu, sigma]) => {
                self.positive(2, sigma);
                // −z − 2 log(1 + e⁻ᶻ) is even in z; by |z| nothing cancels on either side.
                let z = self.standardised(x, mu, sigma);
                let size = self.unary(Unary::Abs, z);
                let mirrored = self.neg(size);
                let soft = self.unary(Unary::Softplus, mirrored);
                let (twice, log) = (self.times(2.0, soft), self.log(sigma));
                self.sum(&[(-1.0, size), (-1.0, twice), (-1.0, log)])
            }
            (Gumbel, &[mu, beta]) => {
                self.positive(2, beta);
                let z = self.standardised(x, mu, beta);
                // −∞ − (−∞) on the left of everything would be nan.
                let mirrored = self.neg(z);
                let mirrored = if matches!(self.graph.node(beta), Node::Constant(_) | Node::Variable(_)) {
                    mirrored
                } else {
                    self.at_most(HUGE, mirrored)
                };
                let z = self.neg(mirrored);
                let (tail, log) = (self.unary(Unary::Exp, mirrored), self.log(beta));
                self.sum(&[(-1.0, z), (-1.0, tail), (-1.0, log)])
            }
            (VonMises, &[mu, kappa]) => {
                self.non_negative(2, kappa);
                // κ(cos − 1) − log(e⁻ᵏI₀(κ)): for large κ the two large terms are not there to cancel.
                let angle = self.sub(x, mu);
                let half = self.times(0.5, angle);
                let sine = self.unary(Unary::Sin, half);
                let square = self.square(sine);
                let drop = self.mul(kappa, square);
                let (drop, bessel) = (self.times(2.0, drop), self.log_scaled_bessel(kappa));
                let value = self.sum(&[(-1.0, drop), (-1.0, bessel)]);
                self.plus(value, -2.0 * LOG_ROOT_TWO_PI)
            }
            (Uniform, &[low, high]) => {
                self.require(2, Binary::Less, low, high, "> low");
                self.require(0, Binary::LessEqual, low, x, ">= low");
                self.require(0, Binary::LessEqual, x, high, "<= high");
                let width = self.sub(high, low);
                let log = self.log(width);
                self.neg(log)
            }
            (Exponential, &[beta]) => {
                self.non_negative(0, x);
                self.positive(1, beta);
                let (log, product) = (self.log(beta), self.mul(beta, x));
                self.sub(log, product)
            }
            (Gamma, &[alpha, beta]) => {
                self.positive(0, x);
                self.positive(1, alpha);
                self.positive(2, beta);
                self.gamma(x, alpha, beta)
            }
            (ChiSquare, &[nu]) => {
                self.positive(0, x);
                self.positive(1, nu);
                let (alpha, beta) = (self.times(0.5, nu), self.number(0.5));
                self.gamma(x, alpha, beta)
            }
            (InvGamma, &[alpha, beta]) => {
                self.positive(0, x);
                self.positive(1, alpha);
                self.positive(2, beta);
                self.inv_gamma(x, alpha, beta)
            }
            (InvChiSquare, &[nu]) => {
                self.positive(0, x);
                self.positive(1, nu);
                let (alpha, beta) = (self.times(0.5, nu), self.number(0.5));
                self.inv_gamma(x, alpha, beta)
            }
            (ScaledInvChiSquare, &[nu, sigma]) => {
                self.positive(0, x);
                self.positive(1, nu);
                self.positive(2, sigma);
                let (alpha, square) = (self.times(0.5, nu), self.square(sigma));
                let beta = self.mul(alpha, square);
                self.inv_gamma(x, alpha, beta)
            }
            (Weibull, &[alpha, sigma]) => {
                self.positive(0, x);
                self.positive(1, alpha);
                self.positive(2, sigma);
                // Apart, as x/sigma may overflow.
                let (log, scale) = (self.log(x), self.log(sigma));
                let (less, log) = (self.plus(alpha, -1.0), self.sub(log, scale));
                let power = self.mul(less, log);
                let exponent = self.mul(alpha, log);
                let tail = self.unary(Unary::Exp, exponent);
                let shape = self.log(alpha);
                self.sum(&[(1.0, shape), (-1.0, scale), (1.0, power), (-1.0, tail)])
            }
            (Pareto, &[low, alpha]) => {
                self.positive(1, low);
                self.positive(2, alpha);
                self.require(0, Binary::LessEqual, low, x, ">= low");
                let (shape, start) = (self.log(alpha), self.times_log(alpha, low));
                let next = self.plus(alpha, 1.0);
                let power = self.times_log(next, x);
                self.sum(&[(1.0, shape), (1.0, start), (-1.0, power)])
            }
            (Beta, &[alpha, beta]) => {
                self.positive(1, alpha);
                self.positive(2, beta);
                self.beta(x, alpha, beta)
            }
            (BetaProportion, &[mu, kappa]) => {
                self.inside_unit(1, mu);
                self.positive(2, kappa);
                let alpha = self.mul(mu, kappa);
                let beta = self.sub(kappa, alpha);
                self.beta(x, alpha, beta)
            }
            _ => unreachable!("as many parameters as the distribution has, and it is on the line"),
        }
    }

    /// −((x − mu)/sigma)²/2 − log sigma − log √(2π).
    pub(super) fn normal(&mut self, x: NodeId, mu: NodeId, sigma: NodeId) -> NodeId {
        let z = self.standardised(x, mu, sigma);
        let square = self.square(z);
        let (half, log) = (self.times(0.5, square), self.log(sigma));
        let value = self.sum(&[(-1.0, half), (-1.0, log)]);
        self.plus(value, -LOG_ROOT_TWO_PI)
    }

    fn cauchy(&mut self, x: NodeId, mu: NodeId, sigma: NodeId) -> NodeId {
        let z = self.standardised(x, mu, sigma);
        let square = self.square(z);
        let (tail, log) = (self.unary(Unary::Log1p, square), self.log(sigma));
        let value = self.sum(&[(-1.0, tail), (-1.0, log)]);
        self.plus(value, -PI.ln())
    }

    fn beta(&mut self, x: NodeId, alpha: NodeId, beta: NodeId) -> NodeId {
        self.inside_unit(0, x);
        let (a, b) = (self.plus(alpha, -1.0), self.plus(beta, -1.0));
        let mirrored = self.neg(x);
        let (log, other) = (self.log(x), self.unary(Unary::Log1p, mirrored));
        let (left, right) = (self.mul(a, log), self.mul(b, other));
        let normaliser = self.lbeta(alpha, beta);
        self.sum(&[(1.0, left), (1.0, right), (-1.0, normaliser)])
    }

    fn gamma(&mut self, x: NodeId, alpha: NodeId, beta: NodeId) -> NodeId {
        let scale = self.times_log(alpha, beta);
        let (less, gamma) = (self.plus(alpha, -1.0), self.lgamma(alpha));
        let (power, product) = (self.times_log(less, x), self.mul(beta, x));
        let plain = self.sum(&[(1.0, scale), (-1.0, gamma), (1.0, power), (-1.0, product)]);
        self.by_deviance(plain, x, alpha, product)
    }

    fn inv_gamma(&mut self, x: NodeId, alpha: NodeId, beta: NodeId) -> NodeId {
        let scale = self.times_log(alpha, beta);
        let (next, gamma) = (self.plus(alpha, 1.0), self.lgamma(alpha));
        let (power, ratio) = (self.times_log(next, x), self.div(beta, x));
        let plain = self.sum(&[(1.0, scale), (-1.0, gamma), (-1.0, power), (-1.0, ratio)]);
        self.by_deviance(plain, x, alpha, ratio)
    }

    /// `plain`, or for a large α what does not cancel: with r = rate/α the log density of a gamma and of an inverse gamma outcome is
    /// α(log r + 1 − r) + ½ log α − log x − log √(2π) − s(α), s Stirling's series. Sums over the data stay `plain`, which they take apart.
    fn by_deviance(&mut self, plain: NodeId, x: NodeId, alpha: NodeId, rate: NodeId) -> NodeId {
        if self.graph.number(alpha).is_some_and(|alpha| alpha < LARGE) || self.graph.is_data(x) && self.graph.table_of(alpha).is_none() {
            return plain;
        }
        let ratio = self.div(rate, alpha);
        let (log, mirrored) = (self.log(ratio), self.neg(ratio));
        let less = self.plus(mirrored, 1.0);
        let deviance = self.add(log, less);
        let (main, size, log_x) = (self.mul(alpha, deviance), self.log(alpha), self.log(x));
        let (half, series) = (self.times(0.5, size), self.stirling(alpha));
        let value = self.sum(&[(1.0, main), (1.0, half), (-1.0, log_x), (-1.0, series)]);
        let value = self.plus(value, -LOG_ROOT_TWO_PI);
        let crossing = self.number(LARGE);
        let is_large = self.graph.binary(Binary::Less, crossing, alpha);
        self.graph.select(is_large, value, plain)
    }

    /// An infinite ν is as a huge one: normal.
    fn student_t(&mut self, x: NodeId, nu: NodeId, mu: NodeId, sigma: NodeId) -> NodeId {
        let nu = if matches!(self.graph.node(nu), Node::Constant(_) | Node::Variable(_)) { nu } else { self.at_most(HUGE, nu) };
        let z = self.standardised(x, mu, sigma);
        let square = self.square(z);
        let ratio = self.div(square, nu);
        let tail = self.unary(Unary::Log1p, ratio);
        let next = self.plus(nu, 1.0);
        let product = self.mul(next, tail);
        let (half, log) = (self.times(0.5, product), self.log(sigma));
        let gammas = self.gamma_ratio(nu);
        let value = self.sum(&[(1.0, gammas), (-1.0, half), (-1.0, log)]);
        self.plus(value, -0.5 * PI.ln())
    }

    /// log Γ((ν + 1)/2) − log Γ(ν/2) − ½ log ν. For large ν the difference cancels; there with a = ν/2 it is −½ log 2 − 1/(8a) + 1/(192a³) −
    /// 1/(640a⁵) + 17/(14336a⁷) (from Stirling's series; Abramowitz & Stegun 6.1.47), whose next term is below 10⁻¹⁷ at the crossing.
    fn gamma_ratio(&mut self, nu: NodeId) -> NodeId {
        let next = self.plus(nu, 1.0);
        let (upper, lower) = (self.times(0.5, next), self.times(0.5, nu));
        let (upper, lower, log) = (self.lgamma(upper), self.lgamma(lower), self.log(nu));
        let log = self.times(0.5, log);
        let difference = self.sum(&[(1.0, upper), (-1.0, lower), (-1.0, log)]);
        let one = self.number(1.0);
        let a = self.times(0.5, nu);
        let inverse = self.div(one, a);
        let square = self.square(inverse);
        let mut series = self.number(17.0 / 14336.0);
        for coefficient in [-1.0 / 640.0, 1.0 / 192.0, -1.0 / 8.0] {
            series = self.mul(series, square);
            series = self.plus(series, coefficient);
        }
        let series = self.mul(series, inverse);
        let series = self.plus(series, -0.5 * LN_2);
        let crossing = self.number(100.0);
        let large = self.graph.binary(Binary::Less, crossing, nu);
        self.graph.select(large, series, difference)
    }

    /// log(e⁻ᵏ I₀(κ)). Below 30 the trapezium rule on I₀(κ) = mean of e^(κ cos t), which converges geometrically for a periodic
    /// integrand (Trefethen & Weideman 2014): 48 angles leave I₉₆(30)/I₀(30) < 10⁻⁴⁰. Above, Hankel's series (DLMF 10.40.1), whose
    /// smallest term is about e⁻²ᵏ.
    fn log_scaled_bessel(&mut self, kappa: NodeId) -> NodeId {
        const ANGLES: usize = 48;
        const TERMS: usize = 24;
        let mut total = self.number(0.0);
        for angle in 0..ANGLES {
            let sine = (PI * (angle as f64 + 0.5) / (2 * ANGLES) as f64).sin();
            let exponent = self.times(-2.0 * sine * sine, kappa);
            let term = self.unary(Unary::Exp, exponent);
            total = self.add(total, term);
        }
        let log = self.log(total);
        let near = self.plus(log, -(ANGLES as f64).ln());
        let one = self.number(1.0);
        let inverse = self.div(one, kappa);
        // Σ aₖ κ⁻ᵏ with aₖ = aₖ₋₁ (2k − 1)²/(8k), by Horner.
        let mut coefficients = vec![1.0];
        for k in 1..=TERMS {
            let odd = (2 * k - 1) as f64;
            coefficients.push(coefficients[k - 1] * odd * odd / (8.0 * k as f64));
        }
        let mut series = self.number(0.0);
        for &coefficient in coefficients.iter().rev() {
            series = self.mul(series, inverse);
            series = self.plus(series, coefficient);
        }
        let (series, scale) = (self.log(series), self.log(kappa));
        let scale = self.times(0.5, scale);
        let far = self.sub(series, scale);
        let far = self.plus(far, -LOG_ROOT_TWO_PI);
        let crossing = self.number(30.0);
        let large = self.graph.binary(Binary::Less, crossing, kappa);
        self.graph.select(large, far, near)
    }
}
