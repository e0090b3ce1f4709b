//! Pictures of draws: a histogram under the exact curve, a density map, pairs of variables, and the chains converging.
//!
//! Everything here takes plain numbers and knows nothing of samplers. The drawing is our own: a figure becomes a scene of
//! shapes, and the scene anti-aliased pixels or SVG. The font is embedded and nothing of the machine is asked, so the same
//! input gives the same bytes, for any number of threads.

mod animation;
mod axis;
mod chains;
mod comparison;
mod contour;
mod gif;
mod histogram;
mod map;
mod of_draws;
mod of_run;
mod pairs;
mod panel;
mod particles;
mod png;
mod raster;
mod scene;
mod style;
mod svg;
mod text;

pub use animation::Animation;
pub use chains::{ChainColumn, ChainPlot, Chains};
pub use comparison::{Competitor, Contest, comparison_plot};
pub use histogram::{Animation1d, Curve, Frame1d, Histogram1d};
pub use map::{DensityGrid, Map2d};
pub use of_draws::{DrawsPlot, Picture, draws_plot, run_plot};
pub use of_run::{run_gif, run_png, run_svg};
pub use pairs::Pairs;
pub use particles::{Animation2d, Frame2d};

use crate::{Error, ErrorKind, Result};

/// Width and height of a picture in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Pixels from left to right.
    pub width: usize,
    /// Pixels from top to bottom.
    pub height: usize,
}

impl Size {
    /// A still picture, sharp on a slide: 1280 × 800.
    pub const STILL: Size = Size { width: 1280, height: 800 };
    /// A still of two or more variables: 1080 × 1080.
    pub const SQUARE: Size = Size { width: 1080, height: 1080 };
    /// An animation: 640 × 480.
    pub const ANIMATION: Size = Size { width: 640, height: 480 };

    /// Refuses sizes that hold no readable picture or would take more memory than a picture is worth.
    fn checked(self) -> Result<Size> {
        if (160..=8192).contains(&self.width) && (120..=8192).contains(&self.height) {
            return Ok(self);
        }
        Err(Error::new(ErrorKind::Setting, format!("a picture of {} × {} pixels is not possible", self.width, self.height))
            .hint("use 160 to 8192 pixels across and 120 to 8192 down"))
    }
}

/// A still picture.
#[derive(Debug, Clone)]
pub enum Figure<'a> {
    /// One variable: the histogram of the draws, with the exact curve.
    Histogram(Histogram1d<'a>),
    /// Two variables: the density as a map with contours, the draws on it.
    Map(Map2d<'a>),
    /// More variables: the first few, each with each.
    Pairs(Pairs<'a>),
    /// How the chains went.
    Chains(Chains<'a>),
    /// Samplers side by side.
    Contest(Contest<'a>),
}

impl Figure<'_> {
    /// The size that suits the figure.
    pub fn default_size(&self) -> Size {
        match self {
            Figure::Histogram(_) => Size::STILL,
            Figure::Contest(_) => Size { width: 1280, height: 640 },
            Figure::Map(_) | Figure::Pairs(_) => Size::SQUARE,
            Figure::Chains(figure) => figure.default_size(),
        }
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`] if there is nothing to draw or the size is out of range.
    pub fn png(&self, size: Size) -> Result<Vec<u8>> {
        let picture = raster::Raster::of(&self.scene(size)?);
        png::encode(picture.width, picture.height, &picture.rgb)
    }

    /// The picture as an SVG document.
    ///
    /// # Errors
    /// As for [`png`](Figure::png).
    pub fn svg(&self, size: Size) -> Result<String> {
        svg::document(&self.scene(size)?)
    }

    fn scene(&self, size: Size) -> Result<scene::Scene> {
        let size = size.checked()?;
        match self {
            Figure::Histogram(figure) => figure.scene(size),
            Figure::Map(figure) => figure.scene(size),
            Figure::Pairs(figure) => figure.scene(size),
            Figure::Chains(figure) => figure.scene(size),
            Figure::Contest(figure) => figure.scene(size),
        }
    }
}

/// The refusal of a picture without content.
fn nothing(what: &str) -> Error {
    Error::new(ErrorKind::Setting, format!("there is nothing to draw: {what}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking, and the measured figures are worth a look")]
mod tests;
