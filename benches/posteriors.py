"""Three posteriors by `langevin` and by its peers that are installed: effective draws a second, and seconds to the answer.

    cargo build --release && pip install numpyro blackjax nutpie pymc numba pystan arviz
    python benches/posteriors.py [target/release/langevin]

ESS is the smallest bulk ESS of the parameters (ArviZ's; ours equals it). `ess/s` counts warm-up and sampling; of the peers, four chains each,
not the compilation, of nobody the computation of figures. `answer` is the whole life of a process: of ours to the verdict, of those for
Python to the draws, of pystan with its C++ compiler; of nuts-rs and mini-mcmc, which
`benches/peers` builds with gradients by hand, without the building. `batches` is sgld over 100 rows a
step with control variates, and blackjax's mclmc has no Metropolis test: their draws have a bias.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CHAINS, WARMUP, DRAWS = 4, 1000, 1000
SCHOOLS = ([28.0, 8, -3, 7, -1, 1, 18, 12], [15.0, 10, 16, 11, 9, 11, 10, 18])
ROWS, COLUMNS = 10_000, 20


def regression():
    random = np.random.default_rng(20)
    x = random.normal(size=(ROWS, COLUMNS))
    coefficients = random.normal(size=COLUMNS) / 2
    return x, (random.random(ROWS) < 1 / (1 + np.exp(-x @ coefficients))).astype(float)


def densities():
    """log density and dimension of each posterior, in unconstrained parameters, for JAX."""
    import jax.numpy as jnp
    from jax.nn import softplus

    y, se = map(jnp.array, SCHOOLS)

    def schools(p):
        mu, log_tau, eta = p[0], p[1], p[2:]
        tau = jnp.exp(log_tau)
        prior = -(mu**2) / 50 - jnp.log1p(tau**2 / 25) + log_tau - jnp.sum(eta**2) / 2
        return prior - jnp.sum(((y - mu - tau * eta) / se) ** 2) / 2

    def gaussian(p):
        return -(p[0] ** 2) / 2 - jnp.sum((p[1:] - 0.95 * p[:-1]) ** 2) / (2 * (1 - 0.95**2))

    x, outcome = regression()
    signed = jnp.array(x * (2 * outcome - 1)[:, None])

    def logistic(p):
        return -jnp.sum(p**2) / 2 - jnp.sum(softplus(-(signed @ p)))

    return {"schools": (schools, 10), "gaussian": (gaussian, 10), "logistic": (logistic, COLUMNS)}


def pymc_model(name):
    """A posterior for nutpie."""
    import pymc

    y, se = SCHOOLS
    x, outcome = regression()
    with pymc.Model() as model:
        if name == "schools":
            mu, tau, eta = pymc.Normal("mu", 0, 5), pymc.HalfCauchy("tau", 5), pymc.Normal("eta", 0, 1, shape=8)
            pymc.Normal("y", mu + tau * eta, se, observed=y)
        elif name == "gaussian":
            x = pymc.Flat("x", shape=10)
            pymc.Potential("law", -(x[0] ** 2) / 2 - ((x[1:] - 0.95 * x[:-1]) ** 2).sum() / (2 * (1 - 0.95**2)))
        else:
            pymc.Bernoulli("y", logit_p=x @ pymc.Normal("beta", 0, 1, shape=COLUMNS), observed=outcome)
    return model


STAN = {
    "schools": """data { vector[8] y; vector<lower=0>[8] se; } parameters { real mu; real<lower=0> tau; vector[8] eta; }
        model { mu ~ normal(0, 5); tau ~ cauchy(0, 5); eta ~ std_normal(); y ~ normal(mu + tau * eta, se); }""",
    "gaussian": """parameters { vector[10] x; } model { x[1] ~ std_normal(); x[2:10] ~ normal(0.95 * x[1:9], sqrt(1 - 0.95^2)); }""",
    "logistic": """data { int n; int d; matrix[n, d] x; array[n] int y; } parameters { vector[d] beta; }
        model { beta ~ std_normal(); y ~ bernoulli_logit_glm(x, 0, beta); }""",
}


def stan_data(name):
    if name == "logistic":
        x, y = regression()
        return {"n": ROWS, "d": COLUMNS, "x": x.tolist(), "y": y.astype(int).tolist()}
    return dict(zip(("y", "se"), SCHOOLS)) if name == "schools" else {}


def peer(package, name):
    """Runs one package on one posterior; prints the seconds of warm-up and sampling without compilation, and the smallest ESS."""
    import arviz

    if package == "nutpie":
        import nutpie

        model = nutpie.compile_pymc_model(pymc_model(name))
        sample = lambda seed: nutpie.sample(model, draws=DRAWS, tune=WARMUP, chains=CHAINS, seed=seed, progress_bar=False).posterior
        variables = {"schools": ["mu", "tau", "eta"], "gaussian": ["x"], "logistic": ["beta"]}[name]
        run = lambda seed: (lambda found: np.concatenate([np.asarray(found[v]).reshape(CHAINS, DRAWS, -1) for v in variables], axis=2))(sample(seed))
    elif package == "pystan":
        import stan

        # It remembers the draws of a seed.
        models = [stan.build(STAN[name], data=stan_data(name), random_seed=seed) for seed in (1, 2)]
        fit = lambda seed: models[seed].sample(num_chains=CHAINS, num_warmup=WARMUP, num_samples=DRAWS)
        # `[figure or parameter][draw][chain]`, the parameters last.
        run = lambda seed: fit(seed)._draws[-len(models[0].constrained_param_names) :].transpose(2, 1, 0)
    else:
        run = jax_peer(package, name)

    # The first run compiles.
    run(0)
    start = time.perf_counter()
    draws = np.asarray(run(1))
    seconds = time.perf_counter() - start
    ess = min(float(arviz.ess(draws[:, :, i])) for i in range(draws.shape[2]))
    print(json.dumps({"seconds": seconds, "ess": ess}))


def jax_peer(package, name):
    """Draws `[chain][draw][variable]` by one of those that take a JAX function, as a function of the seed."""
    os.environ.setdefault("XLA_FLAGS", f"--xla_force_host_platform_device_count={os.cpu_count()}")
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    density, dimension = densities()[name]
    if package == "numpyro":
        from numpyro.infer import MCMC, NUTS

        sampler = MCMC(NUTS(potential_fn=lambda p: -density(p)), num_warmup=WARMUP, num_samples=DRAWS, num_chains=CHAINS, chain_method="vectorized", progress_bar=False)
        starts = jnp.zeros((CHAINS, dimension))
        run = lambda seed: sampler.run(jax.random.PRNGKey(seed), init_params=starts) or jax.block_until_ready(sampler.get_samples(group_by_chain=True))
    elif package == "blackjax mclmc":
        import blackjax

        def chain(key):
            first, tune, sample = jax.random.split(key, 3)
            state = blackjax.mcmc.mclmc.init(position=0.1 * jax.random.normal(first, (dimension,)), logdensity_fn=density, rng_key=first)
            kernel = blackjax.mcmc.mclmc.build_kernel()
            state, parameters, _ = blackjax.mclmc_find_L_and_step_size(kernel, 2 * WARMUP, state, tune, logdensity_fn=density)
            step = blackjax.mclmc(density, L=parameters.L, step_size=parameters.step_size, inverse_mass_matrix=parameters.inverse_mass_matrix).step
            return jax.lax.scan(lambda state, key: (lambda new: (new, new.position))(step(key, state)[0]), state, jax.random.split(sample, 20 * DRAWS))[1]

        chains = jax.jit(jax.vmap(chain))
        run = lambda seed: jax.block_until_ready(chains(jax.random.split(jax.random.PRNGKey(seed), CHAINS)))
    else:
        import blackjax

        def chain(key):
            warm, sample = jax.random.split(key)
            (state, parameters), _ = blackjax.window_adaptation(blackjax.nuts, density).run(warm, jnp.zeros(dimension), WARMUP)
            step = blackjax.nuts(density, **parameters).step
            return jax.lax.scan(lambda state, key: (lambda new: (new, new.position))(step(key, state)[0]), state, jax.random.split(sample, DRAWS))[1]

        chains = jax.jit(jax.vmap(chain))
        run = lambda seed: jax.block_until_ready(chains(jax.random.split(jax.random.PRNGKey(seed), CHAINS)))

    return run


def rust(folder, which, name, table):
    """nuts-rs with a metric, or mini-mcmc, by the program in `benches/peers`."""
    import arviz

    crate, draws = os.path.join(ROOT, "benches", "peers"), os.path.join(folder, "draws")
    build = ["cargo", "build", "--release", "--quiet", "--manifest-path", os.path.join(crate, "Cargo.toml")]
    subprocess.run(build, check=True, env=os.environ | {"RUSTFLAGS": "-C target-cpu=native"})
    program = os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(crate, "target")), "release", "peers")
    start = time.perf_counter()
    run = subprocess.run([program, which, name, str(CHAINS), str(WARMUP), str(DRAWS), draws, table], check=True, capture_output=True, text=True)
    answer = time.perf_counter() - start
    found = np.fromfile(draws).reshape(CHAINS, DRAWS, -1)
    return {"ess": min(float(arviz.ess(found[:, :, i])) for i in range(found.shape[2])), "seconds": float(run.stdout), "answer": answer}


def commands(folder):
    """The arguments of ours for each posterior."""
    models = os.path.join(ROOT, "examples", "models")
    x, y = regression()
    table = os.path.join(folder, "regression.csv")
    header = ",".join(["y"] + [f"x{i + 1}" for i in range(COLUMNS)])
    np.savetxt(table, np.column_stack([y, x]), delimiter=",", header=header, comments="", fmt="%.17g")
    logistic = "sum(normal_lpdf(beta | 0, 1)) + sum(bernoulli_logit_lpmf(y | dot(beta, x)))"
    source = os.path.join(folder, "logistic.lgv")
    with open(source, "w") as file:
        file.write(f"beta[{COLUMNS}] in (-inf, inf)\nlog_density = {logistic}\n")
    gaussian = "-x[1]^2/2 - sum(i in 2..10, (x[i] - 0.95*x[i-1])^2)/(2*(1 - 0.95^2))"
    return {
        "schools": ["--model", os.path.join(models, "eight_schools.lgv"), "--data", os.path.join(models, "eight_schools.csv")],
        "gaussian": ["--log-density", gaussian],
        "logistic": ["--model", source, "--data", table],
    }


def ours(program, arguments, sampler):
    start = time.perf_counter()
    run = subprocess.run([program, "sample", *arguments, "--sampler", sampler, "--seed", "1", "--json"], capture_output=True, text=True)
    answer = time.perf_counter() - start
    report = json.loads(run.stdout)
    ess = min(variable["ess_bulk"] for variable in report["variables"])
    return {"ess": ess, "seconds": report["run"]["sampling_seconds"], "answer": answer, "trust": report["verdict"]["trust"]}


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "target", "release", "langevin")
    print(f"{'posterior':10} {'sampler':16} {'ESS':>8} {'ess/s':>10} {'answer, s':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in commands(folder).items():
            rows = [(f"langevin {sampler}", ours(program, arguments, sampler)) for sampler in ("auto", "mams", "nuts")]
            if name == "logistic":
                rows.append(("langevin batches", ours(program, [*arguments, "--batch", "100"], "sgld")))
            for which, label in {"diagonal": "nuts-rs diagonal", "low-rank": "nuts-rs low-rank", "mini-mcmc": "mini-mcmc"}.items():
                try:
                    rows.append((label, rust(folder, which, name, arguments[-1])))
                except (ImportError, OSError, subprocess.CalledProcessError) as error:
                    print(f"{name:10} {label:16} not run: {error}")
            for package in ("numpyro", "blackjax", "blackjax mclmc", "nutpie", "pystan"):
                start = time.perf_counter()
                run = subprocess.run([sys.executable, os.path.abspath(__file__), "--peer", package, name], capture_output=True, text=True, cwd=folder)
                answer = time.perf_counter() - start
                if run.returncode == 0:
                    # The timed run is a second one: whoever asks once waits for one.
                    found = json.loads(run.stdout.splitlines()[-1])
                    rows.append((package, found | {"answer": answer - found["seconds"]}))
                else:
                    print(f"{name:10} {package:16} not run: {(run.stderr.strip().splitlines() or ['?'])[-1][:90]}")
            for sampler, found in rows:
                print(f"{name:10} {sampler:16} {found['ess']:8.0f} {found['ess'] / found['seconds']:10.0f} {found['answer']:10.2f}  {found.get('trust', '')}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        peer(sys.argv[2], sys.argv[3])
    else:
        main()
