//! The probability distributions of the language: names, arguments, forms. Names and parameters are Stan's.

/// What is asked of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// The logarithm of the density, or of the probability of an outcome.
    LogDensity,
    /// The density, or the probability of an outcome.
    Density,
    /// P(X ≤ x).
    Cdf,
    /// log P(X ≤ x).
    LogCdf,
    /// log P(X > x).
    LogCcdf,
}

/// What an outcome or a parameter of a distribution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A number.
    Number,
    /// A vector; a number stands for one with that number throughout.
    Vector,
    /// A square matrix.
    Matrix,
}

macro_rules! distributions {
    ($($variant:ident [$($name:literal)+] ($($argument:literal),*) $kind:ident $cdf:literal, $about:literal;)*) => {
        /// A distribution of the language.
        #[allow(rustdoc::broken_intra_doc_links, reason = "subscripts of formulas are no links")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Distribution { $(#[doc = $about] $variant,)* }

        impl Distribution {
            /// Every distribution, in the order of the reference.
            pub const ALL: &'static [Distribution] = &[$(Distribution::$variant,)*];

            /// Its names, without `_lpdf`; the preferred one first.
            pub fn names(self) -> &'static [&'static str] {
                match self { $(Distribution::$variant => &[$($name,)+],)* }
            }

            /// The names of its parameters, in order; the outcome comes before them.
            pub fn parameters(self) -> &'static [&'static str] {
                match self { $(Distribution::$variant => &[$($argument,)*],)* }
            }

            /// Whether its outcomes are whole numbers.
            pub fn is_discrete(self) -> bool {
                match self { $(Distribution::$variant => stringify!($kind).len() == "discrete".len(),)* }
            }

            /// Whether its distribution function is elementary or like erf.
            pub fn has_cdf(self) -> bool {
                match self { $(Distribution::$variant => $cdf,)* }
            }

            /// Its formula and support, in a line.
            pub fn about(self) -> &'static str {
                match self { $(Distribution::$variant => $about,)* }
            }
        }
    };
}

distributions! {
    Normal ["normal"] ("mu", "sigma") continuous true, "exp(-((x - mu)/sigma)^2/2)/(sigma*sqrt(2*pi)), all x";
    StudentT ["student_t"] ("nu", "mu", "sigma") continuous false, "(1 + z^2/nu)^(-(nu + 1)/2), z = (x - mu)/sigma, all x";
    Cauchy ["cauchy"] ("mu", "sigma") continuous true, "1/(pi*sigma*(1 + z^2)), z = (x - mu)/sigma, all x";
    Laplace ["laplace" "double_exponential"] ("mu", "sigma") continuous true, "exp(-|x - mu|/sigma)/(2*sigma), all x";
    Logistic ["logistic"] ("mu", "sigma") continuous true, "exp(-z)/(sigma*(1 + exp(-z))^2), z = (x - mu)/sigma, all x";
    Gumbel ["gumbel"] ("mu", "beta") continuous true, "exp(-z - exp(-z))/beta, z = (x - mu)/beta, all x";
    SkewNormal ["skew_normal"] ("xi", "omega", "alpha") continuous false, "2*phi(z)*Phi(alpha*z)/omega, z = (x - xi)/omega, all x";
    VonMises ["von_mises"] ("mu", "kappa") continuous false, "exp(kappa*cos(x - mu))/(2*pi*I0(kappa)), any interval of length 2*pi";
    Uniform ["uniform"] ("low", "high") continuous true, "1/(high - low), low <= x <= high";
    HalfNormal ["half_normal"] ("sigma") continuous false, "2*exp(-(x/sigma)^2/2)/(sigma*sqrt(2*pi)), x >= 0";
    HalfCauchy ["half_cauchy"] ("sigma") continuous false, "2/(pi*sigma*(1 + (x/sigma)^2)), x >= 0";
    Lognormal ["lognormal"] ("mu", "sigma") continuous true, "exp(-((log(x) - mu)/sigma)^2/2)/(x*sigma*sqrt(2*pi)), x > 0";
    Exponential ["exponential"] ("beta") continuous true, "beta*exp(-beta*x), x >= 0";
    Gamma ["gamma"] ("alpha", "beta") continuous false, "beta^alpha*x^(alpha - 1)*exp(-beta*x)/gamma(alpha), x > 0";
    InvGamma ["inv_gamma"] ("alpha", "beta") continuous false, "beta^alpha*x^(-alpha - 1)*exp(-beta/x)/gamma(alpha), x > 0";
    ChiSquare ["chi_square"] ("nu") continuous false, "gamma with alpha = nu/2 and beta = 1/2, x > 0";
    Weibull ["weibull"] ("alpha", "sigma") continuous true, "alpha/sigma*(x/sigma)^(alpha - 1)*exp(-(x/sigma)^alpha), x > 0";
    Pareto ["pareto"] ("low", "alpha") continuous true, "alpha*low^alpha/x^(alpha + 1), x >= low";
    StdNormal ["std_normal"] () continuous true, "normal with mu = 0 and sigma = 1, all x";
    HalfStudentT ["half_student_t"] ("nu", "sigma") continuous false, "2*student_t with mu = 0, x >= 0";
    SkewDoubleExponential ["skew_double_exponential"] ("mu", "sigma", "tau") continuous true, "2*tau*(1 - tau)/sigma*exp(-2/sigma*(x - mu)*(if x < mu, tau - 1, else tau)), all x";
    ExpModNormal ["exp_mod_normal"] ("mu", "sigma", "lambda") continuous false, "the sum of a normal and an exponential outcome, all x";
    Frechet ["frechet"] ("alpha", "sigma") continuous true, "alpha/sigma*(x/sigma)^(-alpha - 1)*exp(-(x/sigma)^-alpha), x > 0";
    Rayleigh ["rayleigh"] ("sigma") continuous true, "x/sigma^2*exp(-x^2/(2*sigma^2)), x > 0";
    LogLogistic ["loglogistic" "log_logistic"] ("alpha", "beta") continuous true, "beta/alpha*(x/alpha)^(beta - 1)/(1 + (x/alpha)^beta)^2, x > 0";
    ParetoType2 ["pareto_type_2"] ("mu", "lambda", "alpha") continuous true, "alpha/lambda*(1 + (x - mu)/lambda)^(-alpha - 1), x >= mu";
    InvGaussian ["inv_gaussian" "wald"] ("mu", "lambda") continuous false, "sqrt(lambda/(2*pi*x^3))*exp(-lambda*(x - mu)^2/(2*mu^2*x)), x > 0";
    InvChiSquare ["inv_chi_square"] ("nu") continuous false, "inv_gamma with alpha = nu/2 and beta = 1/2, x > 0";
    ScaledInvChiSquare ["scaled_inv_chi_square"] ("nu", "sigma") continuous false, "inv_gamma with alpha = nu/2 and beta = nu*sigma^2/2, x > 0";
    Beta ["beta"] ("alpha", "beta") continuous false, "x^(alpha - 1)*(1 - x)^(beta - 1)/B(alpha, beta), 0 < x < 1";
    BetaProportion ["beta_proportion"] ("mu", "kappa") continuous false, "beta with alpha = mu*kappa and beta = (1 - mu)*kappa, 0 < x < 1";
    Bernoulli ["bernoulli"] ("theta") discrete false, "theta^k*(1 - theta)^(1 - k), k = 0, 1";
    BernoulliLogit ["bernoulli_logit"] ("alpha") discrete false, "bernoulli with theta = sigmoid(alpha)";
    Binomial ["binomial"] ("n", "theta") discrete false, "C(n, k)*theta^k*(1 - theta)^(n - k), k = 0 to n";
    BinomialLogit ["binomial_logit"] ("n", "alpha") discrete false, "binomial with theta = sigmoid(alpha)";
    BetaBinomial ["beta_binomial"] ("n", "alpha", "beta") discrete false, "C(n, k)*B(k + alpha, n - k + beta)/B(alpha, beta), k = 0 to n";
    Poisson ["poisson"] ("lambda") discrete false, "lambda^k*exp(-lambda)/k!, k = 0, 1, ...";
    PoissonLog ["poisson_log"] ("alpha") discrete false, "poisson with lambda = exp(alpha)";
    NegBinomial2 ["neg_binomial_2"] ("mu", "phi") discrete false, "mean mu, variance mu + mu^2/phi, k = 0, 1, ...";
    NegBinomial2Log ["neg_binomial_2_log"] ("eta", "phi") discrete false, "neg_binomial_2 with mu = exp(eta)";
    NegBinomial ["neg_binomial"] ("alpha", "beta") discrete false, "neg_binomial_2 with mu = alpha/beta and phi = alpha";
    Geometric ["geometric"] ("theta") discrete false, "theta*(1 - theta)^k, k = 0, 1, ...";
    Categorical ["categorical"] ("theta") discrete false, "theta[k], theta a simplex, k = 1, 2, ...";
    CategoricalLogit ["categorical_logit"] ("beta") discrete false, "categorical with theta = softmax(beta)";
    OrderedLogistic ["ordered_logistic"] ("eta", "c") discrete false, "sigmoid(eta - c[k-1]) - sigmoid(eta - c[k]), c ascending, c[0] = -inf, k = 1 to one more than c has";
    OrderedProbit ["ordered_probit"] ("eta", "c") discrete false, "Phi(eta - c[k-1]) - Phi(eta - c[k]), c ascending, c[0] = -inf, k = 1 to one more than c has";
    Multinomial ["multinomial"] ("theta") discrete false, "vectors: n!*prod(theta^k/k!), n = sum(k), theta a simplex";
    Dirichlet ["dirichlet"] ("alpha") continuous false, "vectors: gamma(sum(alpha))*prod(x^(alpha - 1)/gamma(alpha)), x a simplex";
    MultiNormalCholesky ["multi_normal_cholesky"] ("mu", "L") continuous false, "vectors: normal with covariance L*L^T, L lower triangular";
    MultiNormal ["multi_normal"] ("mu", "Sigma") continuous false, "vectors: normal with covariance Sigma";
    MultiNormalPrec ["multi_normal_prec"] ("mu", "Omega") continuous false, "vectors: normal with the inverse Omega of a covariance";
    MultiStudentT ["multi_student_t"] ("nu", "mu", "Sigma") continuous false, "vectors of n: (1 + z/nu)^(-(nu + n)/2), z = (x - mu)^T*Sigma^-1*(x - mu)";
    LkjCorr ["lkj_corr"] ("eta") continuous false, "correlation matrices: det(x)^(eta - 1)";
    LkjCorrCholesky ["lkj_corr_cholesky"] ("eta") continuous false, "lower triangles L of correlation matrices L*L^T that are lkj_corr";
    Wishart ["wishart"] ("nu", "S") continuous false, "matrices of n: det(x)^((nu - n - 1)/2)*exp(-tr(S^-1*x)/2)";
    InvWishart ["inv_wishart"] ("nu", "S") continuous false, "matrices of n: det(x)^(-(nu + n + 1)/2)*exp(-tr(S*x^-1)/2)";
}

impl Distribution {
    /// What the outcome and each parameter is; `None` if all are numbers, so that vectors go element by element.
    pub fn shapes(self) -> Option<&'static [Shape]> {
        use Distribution::*;
        use Shape::{Matrix, Number, Vector};
        match self {
            Categorical | CategoricalLogit => Some(&[Number, Vector]),
            OrderedLogistic | OrderedProbit => Some(&[Number, Number, Vector]),
            Dirichlet | Multinomial => Some(&[Vector, Vector]),
            MultiNormalCholesky | MultiNormal | MultiNormalPrec => Some(&[Vector, Vector, Matrix]),
            MultiStudentT => Some(&[Vector, Number, Vector, Matrix]),
            LkjCorr | LkjCorrCholesky => Some(&[Matrix, Number]),
            Wishart | InvWishart => Some(&[Matrix, Number, Matrix]),
            _ => None,
        }
    }

    /// Where a continuous outcome on the line may be, whatever the parameters are.
    pub fn support(self) -> (f64, f64) {
        match self.about().rsplit(", ").next() {
            Some("x > 0" | "x >= 0") => (0.0, f64::INFINITY),
            Some("0 < x < 1") => (0.0, 1.0),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    /// The distribution and the form that a name such as `normal_lpdf` asks for.
    pub fn named(name: &str) -> Option<(Distribution, Form)> {
        let (stem, ending) = name.rsplit_once('_')?;
        let distribution = Distribution::ALL.iter().copied().find(|distribution| distribution.names().contains(&stem))?;
        let form = match ending {
            "lpdf" if !distribution.is_discrete() => Form::LogDensity,
            "lpmf" if distribution.is_discrete() => Form::LogDensity,
            "pdf" if !distribution.is_discrete() => Form::Density,
            "pmf" if distribution.is_discrete() => Form::Density,
            "cdf" if distribution.has_cdf() => Form::Cdf,
            "lcdf" if distribution.has_cdf() => Form::LogCdf,
            "lccdf" if distribution.has_cdf() => Form::LogCcdf,
            _ => return None,
        };
        Some((distribution, form))
    }

    /// The name of a form: `normal_lpdf`.
    pub fn name(self, form: Form) -> String {
        let ending = match form {
            Form::LogDensity if self.is_discrete() => "lpmf",
            Form::LogDensity => "lpdf",
            Form::Density if self.is_discrete() => "pmf",
            Form::Density => "pdf",
            Form::Cdf => "cdf",
            Form::LogCdf => "lcdf",
            Form::LogCcdf => "lccdf",
        };
        format!("{}_{ending}", self.names()[0])
    }

    /// Every name of every form.
    pub fn all_names() -> Vec<String> {
        let endings = ["lpdf", "lpmf", "pdf", "pmf", "cdf", "lcdf", "lccdf"];
        let names = Distribution::ALL.iter().flat_map(|distribution| distribution.names());
        let all = names.flat_map(|name| endings.map(|ending| format!("{name}_{ending}")));
        all.filter(|name| Distribution::named(name).is_some()).collect()
    }

    /// How a call is written: `normal_lpdf(x | mu, sigma)`.
    pub fn signature(self, form: Form) -> String {
        let outcome = if self.is_discrete() { "k" } else { "x" };
        match self.parameters() {
            [] => format!("{}({outcome})", self.name(form)),
            parameters => format!("{}({outcome} | {})", self.name(form), parameters.join(", ")),
        }
    }
}
