//! Encodes pixels as PNG.

use crate::{Error, ErrorKind, Result};

/// An 8-bit RGB image of `width` × `height` pixels, row by row from the top.
pub(super) fn encode(width: usize, height: usize, rgb: &[u8]) -> Result<Vec<u8>> {
    let failed = |error: png::EncodingError| Error::new(ErrorKind::Io, format!("the PNG could not be written: {error}"));
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(rgb).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}
