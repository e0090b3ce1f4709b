//! GIF without loss where it matters: one palette of the colours that occur, and per frame only what changed.
//!
//! The palette holds the 255 most frequent colours of sampled frames; index 255 is transparent and stands for "as before".
//! Frames are rendered and compressed in bounded batches, on every core with the feature `parallel`, and written in
//! order, so neither memory nor bytes depend on how many frames or threads there are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

use super::raster::Raster;
use crate::{Error, ErrorKind, Result};

/// Frames that are counted for the palette.
const SAMPLED: usize = 16;
/// Pixels of the frames that are in memory at a time: 32 frames of 640 × 480.
const BATCH_PIXELS: usize = 9_830_400;
const TRANSPARENT: u8 = 255;

/// What can be animated: frames that any thread can draw.
pub(super) trait Stage: Sync {
    fn frames(&self) -> usize;
    /// A raster of the right size to draw on; what is on it does not matter.
    fn canvas(&self) -> Raster;
    /// Draws a whole frame.
    fn draw(&self, frame: usize, canvas: &mut Raster);
}

/// Writes the animation; `delay(frame)` is in hundredths of a second; `progress` hears how many frames are done.
pub(super) fn write(stage: &dyn Stage, delay: &(dyn Fn(usize) -> u16 + Sync), out: &mut dyn Write, progress: &dyn Fn(usize)) -> Result<()> {
    let canvas = stage.canvas();
    let (width, height) = (canvas.width, canvas.height);
    drop(canvas);
    let palette = Palette::learn(stage);
    let mut encoder = gif::Encoder::new(out, width as u16, height as u16, &palette.bytes()).map_err(failed)?;
    encoder.set_repeat(gif::Repeat::Infinite).map_err(failed)?;
    let mut last: Option<Vec<u8>> = None;
    let size = (BATCH_PIXELS / (width * height)).max(1);
    for start in (0..stage.frames()).step_by(size) {
        let batch: Vec<usize> = (start..stage.frames().min(start + size)).collect();
        let indexed = each(
            &batch,
            || stage.canvas(),
            |canvas, &frame| {
                stage.draw(frame, canvas);
                palette.indices(&canvas.rgb)
            },
        );
        let frames = each(
            &batch,
            || (),
            |(), &frame| {
                let at = frame - start;
                let before = if at == 0 { last.as_deref() } else { Some(&indexed[at - 1][..]) };
                let mut changed = changed(before, &indexed[at], width);
                changed.delay = delay(frame).max(2);
                changed.make_lzw_pre_encoded();
                changed
            },
        );
        for frame in &frames {
            encoder.write_lzw_pre_encoded_frame(frame).map_err(failed)?;
        }
        progress(start + batch.len());
        last = indexed.into_iter().next_back();
    }
    // Dropping the encoder would write the trailer too, but swallow the error of a full disk.
    let out = encoder.into_inner().map_err(failed)?;
    out.flush().map_err(|error| failed(error.into()))
}

fn failed(error: gif::EncodingError) -> Error {
    Error::new(ErrorKind::Io, format!("the animation could not be written: {error}"))
}

/// `work` on each item, in order; one scratch space per thread or piece of work.
#[cfg(feature = "parallel")]
fn each<T: Sync, S: Send, R: Send>(
    items: &[T],
    scratch: impl Fn() -> S + Sync + Send,
    work: impl Fn(&mut S, &T) -> R + Sync + Send,
) -> Vec<R> {
    use rayon::prelude::*;
    items.par_iter().with_min_len(4).map_init(scratch, work).collect()
}

#[cfg(not(feature = "parallel"))]
fn each<T, S, R>(items: &[T], scratch: impl Fn() -> S, work: impl Fn(&mut S, &T) -> R) -> Vec<R> {
    let mut scratch = scratch();
    items.iter().map(|item| work(&mut scratch, item)).collect()
}

/// The smallest rectangle that holds all changes, transparent where nothing changed; one pixel if nothing did at all.
fn changed(before: Option<&[u8]>, now: &[u8], width: usize) -> gif::Frame<'static> {
    let frame = |left: usize, top: usize, width: usize, buffer: Vec<u8>| gif::Frame {
        left: left as u16,
        top: top as u16,
        width: width as u16,
        height: (buffer.len() / width) as u16,
        buffer: Cow::Owned(buffer),
        transparent: Some(TRANSPARENT),
        dispose: gif::DisposalMethod::Keep,
        ..gif::Frame::default()
    };
    let Some(before) = before else { return frame(0, 0, width, now.to_vec()) };
    let rows = || before.chunks(width).zip(now.chunks(width)).enumerate().filter(|(_, (old, new))| old != new);
    let (Some((top, _)), Some((bottom, _))) = (rows().next(), rows().next_back()) else {
        return frame(0, 0, 1, vec![TRANSPARENT]);
    };
    let differs = |old: &[u8], new: &[u8], x: usize| old[x] != new[x];
    let first = |(_, (old, new)): (usize, (&[u8], &[u8]))| (0..width).find(|&x| differs(old, new, x));
    let last = |(_, (old, new)): (usize, (&[u8], &[u8]))| (0..width).rev().find(|&x| differs(old, new, x));
    let left = rows().filter_map(first).min().unwrap_or(0);
    let right = rows().filter_map(last).max().unwrap_or(width - 1);
    let mut buffer = Vec::with_capacity((bottom - top + 1) * (right - left + 1));
    for row in top..=bottom {
        let cells = row * width + left..=row * width + right;
        let pairs = before[cells.clone()].iter().zip(&now[cells]);
        buffer.extend(pairs.map(|(old, new)| if old == new { TRANSPARENT } else { *new }));
    }
    frame(left, top, right - left + 1, buffer)
}

/// Up to 255 colours, sorted, and a table that finds them.
struct Palette {
    colors: Vec<[u8; 3]>,
    /// Open addressing: colour + 1 and its index; 0 is a free slot.
    slots: Vec<(u32, u8)>,
}

impl Palette {
    fn learn(stage: &dyn Stage) -> Palette {
        let frames = stage.frames();
        let mut sampled: Vec<usize> = (0..SAMPLED).map(|i| i * frames.saturating_sub(1) / (SAMPLED - 1)).collect();
        sampled.dedup();
        let counts = each(
            &sampled,
            || stage.canvas(),
            |canvas, &frame| {
                stage.draw(frame, canvas);
                count(&canvas.rgb)
            },
        );
        let mut total = BTreeMap::<u32, u64>::new();
        for (color, count) in counts.into_iter().flatten() {
            *total.entry(color).or_default() += count;
        }
        let mut colors: Vec<(u32, u64)> = total.into_iter().collect();
        // Equal counts in order of colour, so that the palette does not depend on anything else.
        colors.sort_by_key(|&(color, count)| (std::cmp::Reverse(count), color));
        colors.truncate(usize::from(TRANSPARENT));
        Palette::new(colors.into_iter().map(|(color, _)| [(color >> 16) as u8, (color >> 8) as u8, color as u8]).collect())
    }

    fn new(colors: Vec<[u8; 3]>) -> Palette {
        let mut palette = Palette { slots: vec![(0, 0); 1024], colors: Vec::new() };
        for (index, &color) in colors.iter().enumerate() {
            let slot = palette.slot(key(&color));
            palette.slots[slot] = (key(&color) + 1, index as u8);
        }
        palette.colors = colors;
        palette
    }

    /// The slot that holds the colour, or the free one where it would be.
    fn slot(&self, key: u32) -> usize {
        let mut slot = (key.wrapping_mul(0x9E37_79B1) >> 22) as usize;
        while self.slots[slot].0 != 0 && self.slots[slot].0 != key + 1 {
            slot = (slot + 1) % self.slots.len();
        }
        slot
    }

    /// Exactly 256 entries, so that the transparent index is always one of them.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.colors.concat();
        bytes.resize(3 * 256, 0);
        bytes
    }

    fn indices(&self, rgb: &[u8]) -> Vec<u8> {
        let (mut last, mut index) = (u32::MAX, 0);
        let mut indices = Vec::with_capacity(rgb.len() / 3);
        for pixel in rgb.chunks_exact(3) {
            let key = key(pixel);
            if key != last {
                let (found, at) = self.slots[self.slot(key)];
                (last, index) = (key, if found == 0 { self.nearest(pixel) } else { at });
            }
            indices.push(index);
        }
        indices
    }

    fn nearest(&self, pixel: &[u8]) -> u8 {
        let distance = |color: &[u8; 3]| -> i32 { color.iter().zip(pixel).map(|(&a, &b)| (i32::from(a) - i32::from(b)).pow(2)).sum() };
        (0..self.colors.len()).min_by_key(|&index| distance(&self.colors[index])).unwrap_or(0) as u8
    }
}

fn key(pixel: &[u8]) -> u32 {
    u32::from(pixel[0]) << 16 | u32::from(pixel[1]) << 8 | u32::from(pixel[2])
}

/// How often each colour occurs; runs of one colour are counted at once.
fn count(rgb: &[u8]) -> Vec<(u32, u64)> {
    let mut counts = BTreeMap::<u32, u64>::new();
    for run in rgb.as_chunks::<3>().0.chunk_by(|a, b| a == b) {
        *counts.entry(key(&run[0])).or_default() += run.len() as u64;
    }
    counts.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_holds_only_what_changed() {
        let (before, mut now) = (vec![1; 100], vec![1; 100]);
        (now[23], now[45]) = (7, 8);
        let frame = changed(Some(&before), &now, 10);
        assert_eq!((frame.left, frame.top, frame.width, frame.height), (3, 2, 3, 3));
        assert_eq!(frame.buffer[..], [7, 255, 255, 255, 255, 255, 255, 255, 8]);
        assert_eq!(changed(Some(&now), &now, 10).buffer[..], [255]);
    }

    #[test]
    fn a_palette_finds_its_own_colours_and_the_nearest_of_others() {
        let colors: Vec<[u8; 3]> = (0..255).map(|i| [i, 255 - i, i / 2]).collect();
        let palette = Palette::new(colors.clone());
        assert_eq!(palette.indices(&colors.concat()), (0..255).collect::<Vec<u8>>());
        assert_eq!(palette.indices(&[9, 245, 6, 255, 0, 127]), [10, 254]);
    }
}
