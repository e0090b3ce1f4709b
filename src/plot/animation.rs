//! Animations: what they show, how long each frame stays, and where they are written.

use std::io::Write;

use super::gif::{self as encoder, Stage};
use super::{Animation1d, Animation2d, Size, nothing};
use crate::Result;

/// Chains converging.
#[derive(Debug, Clone)]
pub enum Animation<'a> {
    /// One variable: the histogram under the exact curve.
    Histogram(Animation1d<'a>),
    /// Two variables: particles over the density.
    Particles(Animation2d<'a>),
}

impl Animation<'_> {
    /// Writes the animation as a GIF that loops for ever, about ten seconds a turn, holding its first and last frame.
    ///
    /// The bytes are the same for any number of threads; memory does not grow with the number of frames. `progress` is told how many frames are done.
    ///
    /// # Errors
    /// [`ErrorKind::Setting`](crate::ErrorKind::Setting) if there is nothing to draw, the frames do not fit the bins or
    /// the size is out of range; [`ErrorKind::Io`](crate::ErrorKind::Io) if `out` fails.
    pub fn gif(&self, size: Size, out: &mut dyn Write, progress: Option<&dyn Fn(usize)>) -> Result<()> {
        let stage = self.stage(size)?;
        let frames = stage.frames();
        let usual = (1000 / frames).clamp(2, 12) as u16;
        let delay = |frame: usize| match frame {
            frame if frame + 1 == frames => 200,
            0 => 70,
            _ => usual,
        };
        encoder::write(stage.as_ref(), &delay, out, progress.unwrap_or(&|_| ()))
    }

    /// One frame as a PNG file, the pixels that [`gif`](Animation::gif) encodes.
    ///
    /// # Errors
    /// As for [`gif`](Animation::gif), and if there is no such frame.
    pub fn png(&self, size: Size, frame: usize) -> Result<Vec<u8>> {
        let stage = self.stage(size)?;
        if frame >= stage.frames() {
            return Err(nothing("no such frame"));
        }
        let mut canvas = stage.canvas();
        stage.draw(frame, &mut canvas);
        super::png::encode(canvas.width, canvas.height, &canvas.rgb)
    }

    pub(super) fn stage(&self, size: Size) -> Result<Box<dyn Stage + '_>> {
        let size = size.checked()?;
        match self {
            Animation::Histogram(animation) => animation.stage(size),
            Animation::Particles(animation) => animation.stage(size),
        }
    }
}
