//! The embedded font: how wide a text is, and the pixels it covers.
//!
//! No font of the machine is ever looked for, so a picture looks the same everywhere. The font is a subset of
//! DejaVu Sans (licence beside it); a character outside the subset is drawn as the replacement character.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, PxScale, point};

/// The two weights there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// Width of `text` in pixels at `size` pixels per em, with kerning.
pub(super) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let mut end = 0.0;
    place(text, size, weight, |_, _, right| end = right);
    end
}

/// `text`, or as much of its beginning as fits in `room` pixels with an ellipsis behind it.
pub(super) fn fit(text: &str, size: f64, weight: Weight, room: f64) -> String {
    if width(text, size, weight) <= room {
        return text.to_string();
    }
    let (mut kept, mut shown) = (String::new(), String::from("…"));
    for c in text.chars() {
        kept.push(c);
        let candidate = format!("{}…", kept.trim_end());
        if width(&candidate, size, weight) > room {
            break;
        }
        shown = candidate;
    }
    shown
}

/// `text` broken at spaces into at most `lines` lines no wider than `room`; the last one ends with an ellipsis if it must.
pub(super) fn wrap(text: &str, size: f64, weight: Weight, room: f64, lines: usize) -> Vec<String> {
    let mut wrapped: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let longer = if line.is_empty() { word.to_string() } else { format!("{line} {word}") };
        if line.is_empty() || width(&longer, size, weight) <= room || wrapped.len() + 1 >= lines {
            line = longer;
        } else {
            wrapped.push(std::mem::replace(&mut line, word.to_string()));
        }
    }
    wrapped.push(line);
    wrapped.into_iter().map(|line| fit(line.trim(), size, weight, room)).filter(|line| !line.is_empty()).collect()
}

/// Calls `emit(x, y, coverage)` for the pixels under `text`, its baseline starting at (`left`, `baseline`).
pub(super) fn cover(text: &str, left: f64, baseline: f64, size: f64, weight: Weight, mut emit: impl FnMut(i64, i64, f32)) {
    let font = face(weight);
    let scale = pixels_per_em(font, size);
    place(text, size, weight, |glyph, x, _| {
        let placed = glyph.with_scale_and_position(scale, point((left + x) as f32, baseline as f32));
        if let Some(outline) = font.outline_glyph(placed) {
            let corner = outline.px_bounds().min;
            let (x0, y0) = (corner.x as i64, corner.y as i64);
            outline.draw(|x, y, coverage| emit(x0 + i64::from(x), y0 + i64::from(y), coverage));
        }
    });
}

fn face(weight: Weight) -> &'static FontRef<'static> {
    static REGULAR: OnceLock<FontRef<'static>> = OnceLock::new();
    static BOLD: OnceLock<FontRef<'static>> = OnceLock::new();
    let load = |bytes| FontRef::try_from_slice(bytes).expect("the embedded font is whole");
    match weight {
        Weight::Regular => REGULAR.get_or_init(|| load(include_bytes!("font/DejaVuSans-subset.ttf"))),
        Weight::Bold => BOLD.get_or_init(|| load(include_bytes!("font/DejaVuSans-Bold-subset.ttf"))),
    }
}

/// The scale of `ab_glyph`, which counts in line heights, for a size in pixels per em.
fn pixels_per_em(font: &FontRef<'static>, size: f64) -> PxScale {
    PxScale::from(size as f32 * font.height_unscaled() / font.units_per_em().unwrap_or(2048.0))
}

/// Calls `emit(glyph, left, right)` for each character, in pixels from the start of the text.
fn place(text: &str, size: f64, weight: Weight, mut emit: impl FnMut(ab_glyph::GlyphId, f64, f64)) {
    let font = face(weight);
    let unit = size / f64::from(font.units_per_em().unwrap_or(2048.0));
    let (mut x, mut previous) = (0.0, None);
    for c in text.chars() {
        let mut glyph = font.glyph_id(c);
        if glyph.0 == 0 {
            glyph = font.glyph_id('\u{FFFD}');
        }
        if let Some(previous) = previous {
            x += f64::from(font.kern_unscaled(previous, glyph)) * unit;
        }
        let right = x + f64::from(font.h_advance_unscaled(glyph)) * unit;
        emit(glyph, x, right);
        (x, previous) = (right, Some(glyph));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signs_of_formulas_are_in_the_font() {
        for weight in [Weight::Regular, Weight::Bold] {
            for c in "aZ09αωΓΩεσμ∝∇∂∫∑√∞≤≥≈≠±×·−⁻¹²³⁰⁴⁵⁶⁷⁸⁹₀₁₂→↑…�é".chars()
            {
                assert_ne!(face(weight).glyph_id(c).0, 0, "{c}");
            }
        }
    }

    #[test]
    fn a_long_text_is_cut_to_its_room() {
        let cut = fit(&"exp(-x^2) + ".repeat(50), 14.0, Weight::Regular, 200.0);
        assert!(cut.ends_with('…') && width(&cut, 14.0, Weight::Regular) <= 200.0 && cut.len() > 15, "{cut}");
        let lines = wrap(&"word ".repeat(60), 14.0, Weight::Regular, 200.0, 2);
        assert!(lines.len() == 2 && lines.iter().all(|line| width(line, 14.0, Weight::Regular) <= 200.0), "{lines:?}");
    }
}
