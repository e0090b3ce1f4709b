//! How pictures look: colours, type sizes, line widths.
//!
//! The one warm colour is kept for what is exact; everything sampled is blue. Vermilion against blue stays apart under
//! all common kinds of colour blindness (Okabe & Ito 2008, "Color Universal Design"). The ramp of the density maps runs
//! from paper to navy with evenly falling lightness.

use super::Size;
use super::scene::Color;

pub(super) const INK: Color = Color::rgb(0x1B2430);
pub(super) const MUTED: Color = Color::rgb(0x5F6B7A);
pub(super) const AXIS: Color = Color::rgb(0x9AA5B1);
pub(super) const GRID: Color = Color::rgb(0xE8ECF1);
pub(super) const PAPER: Color = Color::rgb(0xFFFFFF);
/// Bars.
pub(super) const DRAWS: Color = Color::rgb(0xB4CDE6);
/// The exact curve.
pub(super) const EXACT: Color = Color::rgb(0xD5501E);

/// Single draws and particles.
pub(super) const DOT: Color = Color::rgb(0x1F4E8C);
/// What went wrong: divergences. Reddish purple, apart from blue and vermilion for all (Okabe & Ito 2008).
pub(super) const WRONG: Color = Color::rgb(0xA8277F);
/// Chains told apart by lightness as well as by hue, all of them cool.
pub(super) const CHAINS: [Color; 4] = [Color::rgb(0x1D4477), Color::rgb(0x45A3DC), Color::rgb(0x0A7F66), Color::rgb(0x8A86C9)];
/// Lines and dots on the blue ramp.
pub(super) const DEEP: Color = Color::rgb(0x1D4477);

const WARM: [[u8; 3]; 6] =
    [[0xFF, 0xFF, 0xFF], [0xFD, 0xEE, 0xE4], [0xFB, 0xDC, 0xC8], [0xF8, 0xC6, 0xA8], [0xF3, 0xAD, 0x86], [0xEC, 0x93, 0x66]];

/// Lightness falls from 98 to 34 in even steps of OKLab between these stops.
const COOL: [[u8; 3]; 6] =
    [[0xFF, 0xFF, 0xFF], [0xDB, 0xE8, 0xF4], [0xB0, 0xCD, 0xE7], [0x7F, 0xAC, 0xD6], [0x4D, 0x87, 0xBE], [0x25, 0x60, 0x9C]];

/// The colour of an exact density at `t` from 0 (paper) to 1 (where it is highest).
pub(super) fn warm(t: f64) -> [u8; 3] {
    ramp(&WARM, t)
}

/// The colour of a density of draws, likewise.
pub(super) fn cool(t: f64) -> [u8; 3] {
    ramp(&COOL, t)
}

fn ramp(stops: &[[u8; 3]], t: f64) -> [u8; 3] {
    let position = t.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let below = (position as usize).min(stops.len() - 2);
    let part = position - below as f64;
    std::array::from_fn(|i| (f64::from(stops[below][i]) * (1.0 - part) + f64::from(stops[below + 1][i]) * part).round() as u8)
}

/// Sizes in pixels, for a picture of a given size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Type {
    pub(super) title: f64,
    pub(super) text: f64,
    pub(super) margin: f64,
    /// Width of the exact curve.
    pub(super) curve: f64,
    /// Width of axes and grid lines.
    pub(super) hair: f64,
}

impl Type {
    /// Type shrinks more slowly than the picture, so that a small one can still be read.
    pub(super) fn of(size: Size) -> Type {
        let scale = ((size.width * size.height) as f64).sqrt() / 1012.0;
        let soft = scale.powf(0.62);
        Type { title: 25.0 * soft, text: 16.0 * soft, margin: 40.0 * scale.powf(0.9), curve: 3.4 * soft, hair: soft.round().max(1.0) }
    }
}
