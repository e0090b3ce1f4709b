//! Two variables, frame by frame: particles over the exact density.

use super::axis::whole;
use super::gif::Stage;
use super::map::{self, DensityGrid};
use super::panel::{self, Key};
use super::raster::Raster;
use super::style::{DOT, warm};
use super::{Size, nothing};
use crate::Result;

/// Particles shown at most, by the number of frames: each costs some twenty bytes a frame while it moves, and a picture
/// for a web page should stay within two megabytes.
const PARTICLES: std::ops::RangeInclusive<usize> = 100..=1000;
const PARTICLE_FRAMES: usize = 75_000;

/// The chains at one step.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame2d<'a> {
    /// Steps done.
    pub step: usize,
    /// The step size that led here.
    pub step_size: f64,
    /// Where each chain is, in the same order in all frames.
    pub positions: &'a [[f32; 2]],
}

/// The chains of two variables converging.
#[derive(Debug, Clone)]
pub struct Animation2d<'a> {
    /// The headline.
    pub title: &'a str,
    /// The names along the axes.
    pub variables: [&'a str; 2],
    /// The exact density; its ranges are the view.
    pub grid: &'a DensityGrid,
    /// Steps of the whole run.
    pub steps: usize,
    /// The frames in order of time.
    pub frames: Vec<Frame2d<'a>>,
}

impl<'a> Animation2d<'a> {
    pub(super) fn stage(&'a self, size: Size) -> Result<Box<dyn Stage + 'a>> {
        let chains = self.frames.iter().map(|frame| frame.positions.len()).max().ok_or_else(|| nothing("no frames"))?;
        let most = (PARTICLE_FRAMES / self.frames.len()).clamp(*PARTICLES.start(), *PARTICLES.end());
        let stride = chains.div_ceil(most).max(1);
        let shown = if stride > 1 { format!(" ({} shown)", whole(chains.div_ceil(stride))) } else { String::new() };
        let keys = vec![(Key::Dot(DOT), format!("{} chains{shown}", whole(chains)))];
        let chart = map::chart(size, (self.title, panel::CLOCK), self.variables, self.grid, keys, false)?;
        let sprite = sprite(0.2 * chart.kind.text);
        Ok(Box::new(Stage2d { animation: self, base: Raster::of(&chart.scene), chart, stride, sprite }))
    }
}

struct Stage2d<'a> {
    animation: &'a Animation2d<'a>,
    base: Raster,
    chart: map::Chart,
    stride: usize,
    sprite: Vec<(i64, i64, [u8; 3])>,
}

/// The pixels of a disc around a pixel. Its rim has the shades of a disc on a middling density wherever it is, so that
/// equal rows of pixels compress well.
fn sprite(radius: f64) -> Vec<(i64, i64, [u8; 3])> {
    let reach = radius.ceil() as i64;
    let around = || -reach..=reach;
    let shade = |x: i64, y: i64| {
        let part = (radius + 0.5 - (x as f64).hypot(y as f64)).clamp(0.0, 1.0);
        let ground = warm(0.3);
        let mix = |i: usize| (f64::from(ground[i]) + part * (f64::from(DOT.rgb[i]) - f64::from(ground[i]))).round() as u8;
        (part > 0.25).then(|| (x, y, std::array::from_fn(mix)))
    };
    around().flat_map(|y| around().filter_map(move |x| shade(x, y))).collect()
}

impl Stage for Stage2d<'_> {
    fn frames(&self) -> usize {
        self.animation.frames.len()
    }

    fn canvas(&self) -> Raster {
        self.base.clone()
    }

    fn draw(&self, frame: usize, canvas: &mut Raster) {
        let (frame, panel) = (&self.animation.frames[frame], &self.chart.panel);
        let area = panel.area;
        canvas.rgb.copy_from_slice(&self.base.rgb);
        // Whole pixels and one sprite: all particles look alike, which is calmer to watch and smaller to store.
        let pixel = |position: &[f32; 2]| (panel.x.pixel(f64::from(position[0])).floor(), panel.y.pixel(f64::from(position[1])).floor());
        let inside = |&(x, y): &(f64, f64)| area.left < x && x < area.right() && area.top < y && y < area.bottom();
        for centre in frame.positions.iter().step_by(self.stride).map(pixel).filter(inside) {
            for &(x, y, color) in &self.sprite {
                canvas.set(centre.0 as i64 + x, centre.1 as i64 + y, color);
            }
        }
        let size = (canvas.width, canvas.height);
        canvas.draw(&panel::clock(size, &self.chart.kind, self.chart.clock, (frame.step, self.animation.steps), frame.step_size));
    }
}
