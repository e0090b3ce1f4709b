//! Whether draws are right: the probabilities of a battery of events, by them and by exact draws.

use langevin::random::{Purpose, Stream};

use crate::case::Case;

/// Exact draws of each case.
const DRAWS: usize = 40_000;
/// Variables in the battery; of more, evenly spaced ones.
const VARIABLES: usize = 20;
/// Levels of the quantiles that tell how much of a variable lies where.
const LEVELS: [f64; 5] = [0.01, 0.1, 0.5, 0.9, 0.99];
/// Standard errors that chance may bring: of a few hundred events, one run in ten thousand.
const ERRORS: f64 = 5.0;
/// Errors that nobody minds, as a share of p(1 − p): a third of a tail of one in a hundred must be missing or too much.
const SLACK: f64 = 0.15;

/// The event whose probability is most wrong.
pub(crate) struct Worst {
    pub(crate) event: String,
    pub(crate) exact: f64,
    pub(crate) found: f64,
    /// |found − exact| as a multiple of what is allowed.
    pub(crate) excess: f64,
}

/// An event: its name, and whether a position is in it.
type Event<'a> = (String, Box<dyn Fn(&[f64]) -> bool + 'a>);

/// The event that draws, an entry a variable, worth `ess` independent ones, have most wrong; `None` where there is no law.
pub(crate) fn worst(case: &Case, columns: &[Vec<f64>], ess: f64) -> Option<Worst> {
    let draw = case.draw.as_ref()?;
    let mut dice = Stream::new(20261201, 0, Purpose::Noise);
    let exact: Vec<Vec<f64>> = (0..DRAWS).map(|_| draw(&mut dice)).collect();
    let found: Vec<Vec<f64>> = (0..columns[0].len()).map(|at| columns.iter().map(|column| column[at]).collect()).collect();
    let events = battery(case, &exact);
    let share = |draws: &[Vec<f64>], is: &dyn Fn(&[f64]) -> bool| draws.iter().filter(|x| is(x)).count() as f64 / draws.len() as f64;
    let judge = |(name, is): &Event| {
        let (exact, found) = (share(&exact, is), share(&found, is));
        // Laplace's rule keeps an event that never happened from having no error.
        let p = (exact * DRAWS as f64 + 1.0) / (DRAWS as f64 + 2.0);
        let error = (p * (1.0 - p) * (1.0 / ess.max(1.0) + 1.0 / DRAWS as f64)).sqrt();
        Worst { event: name.clone(), exact, found, excess: (found - exact).abs() / (ERRORS * error + SLACK * p * (1.0 - p)) }
    };
    events.iter().map(judge).max_by(|a, b| a.excess.total_cmp(&b.excess))
}

/// Events of the case, of each variable, of pairs of them, and of the distance from the middle.
fn battery<'a>(case: &'a Case, exact: &[Vec<f64>]) -> Vec<Event<'a>> {
    let dimension = exact[0].len();
    let shown: Vec<usize> = (0..dimension.min(VARIABLES)).map(|at| at * dimension / dimension.min(VARIABLES)).collect();
    let quantiles = |of: &dyn Fn(&[f64]) -> f64| {
        let mut values: Vec<f64> = exact.iter().map(|x| of(x)).collect();
        values.sort_by(f64::total_cmp);
        LEVELS.map(|level| values[(level * values.len() as f64) as usize])
    };
    let mut events: Vec<Event> = Vec::new();
    for (name, is) in &case.events {
        events.push((name.clone(), Box::new(is)));
    }
    let marginal: Vec<[f64; 5]> = (0..dimension).map(|variable| quantiles(&|x| x[variable])).collect();
    for &variable in &shown {
        for (level, edge) in LEVELS.into_iter().zip(marginal[variable]) {
            events.push((format!("x{} < its {level} quantile", variable + 1), Box::new(move |x| x[variable] < edge)));
        }
    }
    for pair in shown.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let (middle_a, middle_b) = (marginal[a][2], marginal[b][2]);
        let name = format!("x{} and x{} on one side of their medians", a + 1, b + 1);
        events.push((name, Box::new(move |x| (x[a] < middle_a) == (x[b] < middle_b))));
    }
    if dimension > 1 {
        let scale = move |x: &[f64]| {
            let squares =
                x.iter().zip(&marginal).map(|(x, [_, low, middle, high, _])| ((x - middle) / (high - low).max(f64::MIN_POSITIVE)).powi(2));
            squares.sum::<f64>().sqrt()
        };
        for (level, edge) in LEVELS.into_iter().zip(quantiles(&scale)) {
            let scale = scale.clone();
            events.push((format!("distance < its {level} quantile"), Box::new(move |x| scale(x) < edge)));
        }
    }
    events
}
