//! The probability distributions of the language: names, arguments, forms. Names and parameters are Stan's.

/// What is asked of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// The logarithm of the density, or of the probability of an outcome.
    LogDensity,
    /// P(X ≤ x).
    Cdf,
    /// log P(X ≤ x).
    LogCdf,
    /// log P(X > x).
    LogCcdf,
}

macro_rules! distributions {
    ($($variant:ident [$($name:literal)+] ($($argument:literal),*) $kind:ident $cdf:literal, $about:literal;)*) => {
        /// A distribution of the language.
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
    Beta ["beta"] ("alpha", "beta") continuous false, "x^(alpha - 1)*(1 - x)^(beta - 1)/B(alpha, beta), 0 < x < 1";
    Bernoulli ["bernoulli"] ("theta") discrete false, "theta^k*(1 - theta)^(1 - k), k = 0, 1";
    BernoulliLogit ["bernoulli_logit"] ("alpha") discrete false, "bernoulli with theta = sigmoid(alpha)";
    Binomial ["binomial"] ("n", "theta") discrete false, "C(n, k)*theta^k*(1 - theta)^(n - k), k = 0 to n";
    BinomialLogit ["binomial_logit"] ("n", "alpha") discrete false, "binomial with theta = sigmoid(alpha)";
    BetaBinomial ["beta_binomial"] ("n", "alpha", "beta") discrete false, "C(n, k)*B(k + alpha, n - k + beta)/B(alpha, beta), k = 0 to n";
    Poisson ["poisson"] ("lambda") discrete false, "lambda^k*exp(-lambda)/k!, k = 0, 1, ...";
    PoissonLog ["poisson_log"] ("alpha") discrete false, "poisson with lambda = exp(alpha)";
    NegBinomial2 ["neg_binomial_2"] ("mu", "phi") discrete false, "mean mu, variance mu + mu^2/phi, k = 0, 1, ...";
    Dirichlet ["dirichlet"] ("alpha") continuous false, "vectors: gamma(sum(alpha))*prod(x^(alpha - 1)/gamma(alpha)), x a simplex";
    MultiNormalCholesky ["multi_normal_cholesky"] ("mu", "L") continuous false, "vectors: normal with covariance L*L^T, L lower triangular";
    MultiNormal ["multi_normal"] ("mu", "Sigma") continuous false, "vectors: normal with covariance Sigma";
}

impl Distribution {
    /// The distribution and the form that a name such as `normal_lpdf` asks for.
    pub fn named(name: &str) -> Option<(Distribution, Form)> {
        let (stem, ending) = name.rsplit_once('_')?;
        let distribution = Distribution::ALL.iter().copied().find(|distribution| distribution.names().contains(&stem))?;
        let form = match ending {
            "lpdf" if !distribution.is_discrete() => Form::LogDensity,
            "lpmf" if distribution.is_discrete() => Form::LogDensity,
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
            Form::Cdf => "cdf",
            Form::LogCdf => "lcdf",
            Form::LogCcdf => "lccdf",
        };
        format!("{}_{ending}", self.names()[0])
    }

    /// Every name of every form.
    pub fn all_names() -> Vec<String> {
        let endings = ["lpdf", "lpmf", "cdf", "lcdf", "lccdf"];
        let names = Distribution::ALL.iter().flat_map(|distribution| distribution.names());
        let all = names.flat_map(|name| endings.map(|ending| format!("{name}_{ending}")));
        all.filter(|name| Distribution::named(name).is_some()).collect()
    }

    /// How a call is written: `normal_lpdf(x | mu, sigma)`.
    pub fn signature(self, form: Form) -> String {
        let outcome = if self.is_discrete() { "k" } else { "x" };
        format!("{}({outcome} | {})", self.name(form), self.parameters().join(", "))
    }
}
