//! Writes shapes as an SVG document.

use std::fmt::Write;

use super::png;
use super::scene::{Anchor, Color, Scene, Shape};
use super::text::Weight;
use crate::Result;

/// The embedded font's own name first, then what other systems call their plain sans-serif.
const FAMILIES: &str = "'DejaVu Sans', Verdana, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif";

/// The scene as a document that stands on its own.
pub(super) fn document(scene: &Scene) -> Result<String> {
    let (width, height) = (scene.width, scene.height);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"{FAMILIES}\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    for shape in &scene.shapes {
        write_shape(&mut svg, shape)?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// Writes into a `String`, which cannot fail.
macro_rules! put {
    ($svg:expr, $($argument:tt)*) => { write!($svg, $($argument)*).expect("a String takes all text") };
}

fn write_shape(svg: &mut String, shape: &Shape) -> Result<()> {
    match shape {
        Shape::Rect { rect, color } => {
            let (left, top, width, height) = (short(rect.left), short(rect.top), short(rect.width), short(rect.height));
            put!(svg, "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"{}/>\n", paint("fill", *color));
        }
        Shape::Bars { edges, tops, base, color } => {
            let base = short(*base);
            put!(svg, "<path d=\"");
            for (pair, &top) in edges.windows(2).zip(tops) {
                put!(svg, "M{} {base}V{}H{}V{base}z", short(pair[0]), short(top), short(pair[1]));
            }
            put!(svg, "\"{}/>\n", paint("fill", *color));
        }
        Shape::Line { points, width, color } => {
            put!(
                svg,
                "<polyline fill=\"none\" stroke-linejoin=\"round\" stroke-width=\"{}\"{} points=\"",
                short(*width),
                paint("stroke", *color)
            );
            for point in points {
                put!(svg, "{},{} ", short(point.0), short(point.1));
            }
            svg.push_str("\"/>\n");
        }
        Shape::Area { points, color } => {
            put!(svg, "<polygon{} points=\"", paint("fill", *color));
            for point in points {
                put!(svg, "{},{} ", short(point.0), short(point.1));
            }
            svg.push_str("\"/>\n");
        }
        Shape::Dots { centres, radius, color } => {
            put!(svg, "<g{}>", paint("fill", *color));
            for centre in centres {
                put!(svg, "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"/>", short(centre.0), short(centre.1), short(*radius));
            }
            svg.push_str("</g>\n");
        }
        Shape::Text { text, at, anchor, size, weight, color } => {
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let weight = if *weight == Weight::Bold { " font-weight=\"bold\"" } else { "" };
            let (x, y, size, paint) = (short(at.0), short(at.1), short(*size), paint("fill", *color));
            put!(svg, "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\"{weight}{paint}>{}</text>\n", escape(text));
        }
        Shape::Image { at, columns, pixels } => {
            let rows = pixels.len() / (*columns).max(1);
            let data = base64(&png::encode(*columns, rows, &pixels.concat())?);
            let (x, y) = at;
            put!(svg, "<image x=\"{x}\" y=\"{y}\" width=\"{columns}\" height=\"{rows}\" href=\"data:image/png;base64,{data}\"/>\n");
        }
    }
    Ok(())
}

/// A coordinate to a hundredth of a pixel, without needless zeros.
fn short(x: f64) -> f64 {
    // Adding zero turns -0 into 0.
    (x * 100.0).round() / 100.0 + 0.0
}

fn paint(property: &str, color: Color) -> String {
    let [r, g, b] = color.rgb;
    let opacity = if color.alpha < 1.0 { format!(" {property}-opacity=\"{}\"", short(color.alpha)) } else { String::new() };
    format!(" {property}=\"#{r:02x}{g:02x}{b:02x}\"{opacity}")
}

/// Text as XML; control characters, which XML cannot hold, become `�`.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            c if c.is_control() || c == '\u{FFFE}' || c == '\u{FFFF}' => escaped.push('\u{FFFD}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().enumerate().fold(0, |bits, (i, &byte)| bits | u32::from(byte) << (16 - 8 * i));
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_matches_the_test_vectors_of_rfc_4648() {
        for (plain, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")] {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }

    #[test]
    fn text_cannot_leave_its_element() {
        assert_eq!(escape("a<b & c>\u{1b}[2J"), "a&lt;b &amp; c&gt;\u{FFFD}[2J");
    }
}
