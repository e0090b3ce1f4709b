//! Pictures of how chains went: trace, ranks, autocorrelation, running mean.

mod autocorrelation;
mod ranks;
mod running;
mod trace;

use super::axis::whole;
use super::panel::{self, Panel, Room};
use super::scene::{Anchor, Color, Rect, Scene};
use super::style::{INK, MUTED, Type, cool};
use super::text::{self, Weight};
use super::{Curve, Size, nothing};
use crate::diagnostics::Convergence;
use crate::{Error, ErrorKind, Result};

/// What is shown of the chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainPlot {
    /// The draws in order, the marginal beside them.
    Trace,
    /// How the ranks of each chain's draws are spread among those of all (Vehtari et al. 2021).
    Ranks,
    /// Autocorrelation by lag, with the band of independent draws.
    Autocorrelation,
    /// The mean of the draws so far, with its Monte Carlo error.
    Running,
}

impl ChainPlot {
    /// All of them.
    pub const ALL: [ChainPlot; 4] = [ChainPlot::Trace, ChainPlot::Ranks, ChainPlot::Autocorrelation, ChainPlot::Running];

    /// Its name in the ending of a file: `run.trace.png`.
    pub fn name(self) -> &'static str {
        match self {
            ChainPlot::Trace => "trace",
            ChainPlot::Ranks => "ranks",
            ChainPlot::Autocorrelation => "autocorrelation",
            ChainPlot::Running => "running",
        }
    }

    /// Variables that one picture has room for.
    fn most(self) -> usize {
        match self {
            ChainPlot::Trace => 6,
            ChainPlot::Ranks => 4,
            ChainPlot::Autocorrelation | ChainPlot::Running => 9,
        }
    }

    /// The refusal of draws that have no order: one a chain.
    pub fn refusal(self, source: &str) -> Error {
        let message = format!("{source} has one draw a chain, so there is no picture of the {} of chains", self.noun());
        Error::new(ErrorKind::Setting, message)
            .hint("--sampler nuts draws chains; the endings .png, .svg and .pairs.png show draws of any kind")
    }

    fn noun(self) -> &'static str {
        match self {
            ChainPlot::Running => "running mean",
            plot => plot.name(),
        }
    }
}

/// Draws of a chain below which there is nothing to see.
const FEWEST: usize = 4;

/// One variable of the chains.
#[derive(Debug, Clone)]
pub struct ChainColumn<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its draws, a slice a chain, all of one length.
    pub chains: Vec<&'a [f64]>,
    /// The exact density, where it is known.
    pub curve: Option<&'a Curve>,
    /// The exact mean, where it is known.
    pub mean: Option<f64>,
}

/// Chains of some variables.
#[derive(Debug, Clone)]
pub struct Chains<'a> {
    /// What to show.
    pub plot: ChainPlot,
    /// The headline.
    pub title: &'a str,
    /// What the figures say, in a line or two below the headline.
    pub caption: &'a str,
    /// The variables. Where there are more than fit, those with the smallest effective sample size are shown.
    pub columns: Vec<ChainColumn<'a>>,
}

impl Chains<'_> {
    /// As high as its rows of charts need.
    pub(super) fn default_size(&self) -> Size {
        let count = self.columns.len().clamp(1, self.plot.most());
        let height = match self.plot {
            ChainPlot::Trace => [640, 800, 900][count.min(3) - 1] + 150 * count.saturating_sub(3),
            ChainPlot::Ranks => 170 + [330, 280, 230, 210][count - 1] * count,
            ChainPlot::Autocorrelation | ChainPlot::Running => match grid_of(count).1 {
                1 if count == 1 => 720,
                1 => 560,
                rows => 160 + 310 * rows,
            },
        };
        Size { width: 1280, height }
    }

    pub(super) fn scene(&self, size: Size) -> Result<Scene> {
        let shape = |column: &ChainColumn| (column.chains.len(), column.chains.first().map_or(0, |chain| chain.len()));
        let Some((chains, draws)) = self.columns.first().map(shape) else { return Err(nothing("no variable")) };
        let same = |column: &ChainColumn| column.chains.len() == chains && column.chains.iter().all(|chain| chain.len() == draws);
        if !self.columns.iter().all(same) {
            return Err(Error::new(ErrorKind::Setting, "a figure of chains needs chains of one length, as many for each variable"));
        }
        if chains == 0 || draws < FEWEST {
            let message = format!("a picture of the {} needs {FEWEST} draws a chain at least, and there are {draws}", self.plot.noun());
            return Err(Error::new(ErrorKind::Setting, message).hint("raise --draws"));
        }
        let columns: Vec<Shown> = self.columns.iter().map(Shown::of).collect();
        let shown = worst(&columns, self.plot.most());
        let rest = match columns.len() - shown.len() {
            0 => String::new(),
            _ => format!(" · {} of {} variables shown, those of the smallest ESS", whole(shown.len()), whole(columns.len())),
        };
        let kind = Type::of(Size { width: size.width, height: size.height.min(800 * size.width / 1280) });
        let mut canvas = Canvas { scene: Scene::new(size.width, size.height), kind, size, top: 0.0 };
        let caption = [self.caption, rest.as_str(), self.remark()].concat();
        canvas.top = panel::header(&mut canvas.scene, &kind, self.title, caption.trim_start_matches(" · ")) + 0.6 * kind.text;
        match self.plot {
            ChainPlot::Trace => trace::draw(&mut canvas, &shown),
            ChainPlot::Ranks => ranks::draw(&mut canvas, &shown),
            ChainPlot::Autocorrelation => autocorrelation::draw(&mut canvas, &shown),
            ChainPlot::Running => running::draw(&mut canvas, &shown),
        }
        Ok(canvas.scene)
    }

    /// What the reader must know to read the picture.
    fn remark(&self) -> &'static str {
        match self.plot {
            ChainPlot::Ranks => " · band: two standard errors about flat",
            ChainPlot::Autocorrelation => " · band: ±2/√n, where independent draws are",
            ChainPlot::Trace | ChainPlot::Running => "",
        }
    }
}

/// A variable and what its draws weigh.
struct Shown<'a> {
    column: &'a ChainColumn<'a>,
    /// The smaller of bulk and tail ESS.
    ess: f64,
}

impl<'a> Shown<'a> {
    fn of(column: &'a ChainColumn<'a>) -> Shown<'a> {
        let found = Convergence::new(&column.chains);
        let (bulk, tail) = (found.ess_bulk(), found.ess_tail());
        Shown { column, ess: if bulk.is_nan() || bulk < tail { bulk } else { tail } }
    }

    fn chains(&self) -> &[&'a [f64]] {
        &self.column.chains
    }

    fn total(&self) -> usize {
        self.chains().iter().map(|chain| chain.len()).sum()
    }
}

/// The variables of the smallest ESS, in their own order; one that has none is the worst.
fn worst<'a, 'b>(columns: &'b [Shown<'a>], most: usize) -> Vec<&'b Shown<'a>> {
    let rank = |index: &usize| if columns[*index].ess.is_nan() { f64::NEG_INFINITY } else { columns[*index].ess };
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by(|a, b| rank(a).total_cmp(&rank(b)));
    order.truncate(most);
    order.sort_unstable();
    order.into_iter().map(|index| &columns[index]).collect()
}

/// Where a figure is drawn.
struct Canvas {
    scene: Scene,
    kind: Type,
    size: Size,
    /// Where the space below the headline begins.
    top: f64,
}

impl Canvas {
    /// The space for charts: below the headline, above the labels of the lowest axis.
    fn space(&self, left: f64) -> Rect {
        let (right, bottom) = (self.size.width as f64 - self.kind.margin, self.size.height as f64 - 0.35 * self.kind.margin);
        let bottom = bottom - 3.3 * self.kind.text;
        Rect { left, top: self.top, width: (right - left).max(40.0), height: (bottom - self.top).max(40.0) }
    }

    /// Name and figures on the line above a chart.
    fn heading(&mut self, area: &Rect, name: &str, figures: &str) {
        let kind = self.kind;
        let y = area.top - 0.6 * kind.text;
        let used = text::width(figures, kind.text, Weight::Regular);
        let fits = used + 3.0 * kind.text <= area.width;
        let room = if fits { area.width - used - kind.text } else { area.width };
        self.scene.text(text::fit(name, kind.text, Weight::Bold, room), (area.left, y), Anchor::Start, (kind.text, Weight::Bold), INK);
        if fits {
            self.scene.text(figures, (area.right(), y), Anchor::End, (kind.text, Weight::Regular), MUTED);
        }
    }

    /// The frame of one chart: grid, both axes, the name below if it is given.
    fn axes(&mut self, panel: &Panel, below: &str, is_lowest: bool) {
        let kind = self.kind;
        panel.grid(&mut self.scene, &kind);
        panel.y_labels(&mut self.scene, &kind, false, Room::Free);
        if is_lowest {
            panel.x_axis(&mut self.scene, &kind, below, Room::Free);
        } else {
            panel.x_line(&mut self.scene, &kind);
        }
    }
}

/// Columns and rows of a grid of `count` charts.
fn grid_of(count: usize) -> (usize, usize) {
    let columns = match count {
        0 | 1 => 1,
        2..=4 => 2,
        _ => 3,
    };
    (columns, count.max(1).div_ceil(columns))
}

/// The areas of a grid of charts, each with a line for its heading and labels on its left.
fn grid_areas(canvas: &Canvas, count: usize, label: f64) -> Vec<Rect> {
    let (columns, rows) = grid_of(count);
    let text = canvas.kind.text;
    let space = canvas.space(canvas.kind.margin);
    let (head, gap) = (1.8 * text, 2.2 * text);
    // Charts in a row share the height; each but those of the lowest row has ticks below it too.
    let width = (space.width - gap * (columns - 1) as f64) / columns as f64;
    let below = 3.0 * text;
    let height = (space.height - below * (rows - 1) as f64) / rows as f64;
    (0..count)
        .map(|index| {
            let (column, row) = (index % columns, index / columns);
            let left = space.left + column as f64 * (width + gap) + label;
            let top = space.top + row as f64 * (height + below) + head;
            Rect { left, top, width: (width - label).max(10.0), height: (height - head).max(10.0) }
        })
        .collect()
}

/// The range of finite draws, with some room.
fn range<'a>(draws: impl Iterator<Item = &'a f64>, room: f64) -> (f64, f64) {
    let (low, high) = draws.filter(|x| x.is_finite()).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &x| (low.min(x), high.max(x)));
    if low > high {
        return (0.0, 1.0);
    }
    let room = room * (high - low);
    super::histogram::view(low - room, high + room).unwrap_or((0.0, 1.0))
}

/// The blue of bars at `t` between paper and navy.
fn blue(t: f64) -> Color {
    Color { rgb: cool(t), alpha: 1.0 }
}

/// `ESS 812 of 4,000`.
fn weight_of(shown: &Shown) -> String {
    match shown.ess.is_finite() {
        true => format!("ESS {} of {}", whole(shown.ess.round() as usize), whole(shown.total())),
        false => format!("{} draws, no ESS", whole(shown.total())),
    }
}
