//! What a picture is made of: a list of shapes in pixels, drawn in order; `raster` and `svg` draw it.

use super::text::Weight;

/// Pixels from the left and from the top.
pub(super) type Point = (f64, f64);

/// A colour of the sRGB space, laid over what is below it with `alpha`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Color {
    pub(super) rgb: [u8; 3],
    pub(super) alpha: f64,
}

impl Color {
    pub(super) const fn rgb(hex: u32) -> Color {
        Color { rgb: [(hex >> 16) as u8, (hex >> 8) as u8, hex as u8], alpha: 1.0 }
    }

    pub(super) const fn alpha(self, alpha: f64) -> Color {
        Color { alpha, ..self }
    }
}

/// Which point of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// An axis-aligned rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Rect {
    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }
}

/// One thing to draw.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    Rect {
        rect: Rect,
        color: Color,
    },
    /// Bars side by side: bar `i` spans `edges[i]..edges[i + 1]` from `tops[i]` down to `base`.
    Bars {
        edges: Vec<f64>,
        tops: Vec<f64>,
        base: f64,
        color: Color,
    },
    /// A line through the points, with round joins.
    Line {
        points: Vec<Point>,
        width: f64,
        color: Color,
    },
    /// The inside of a closed line.
    Area {
        points: Vec<Point>,
        color: Color,
    },
    Dots {
        centres: Vec<Point>,
        radius: f64,
        color: Color,
    },
    Text {
        text: String,
        at: Point,
        anchor: Anchor,
        size: f64,
        weight: Weight,
        color: Color,
    },
    /// One colour a pixel, row by row from the top left corner `at`, which is a whole number of pixels.
    Image {
        at: (usize, usize),
        columns: usize,
        pixels: Vec<[u8; 3]>,
    },
}

/// A picture of a size in pixels.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) shapes: Vec<Shape>,
}

impl Scene {
    pub(super) fn new(width: usize, height: usize) -> Scene {
        Scene { width, height, shapes: Vec::new() }
    }

    pub(super) fn rect(&mut self, left: f64, top: f64, width: f64, height: f64, color: Color) {
        self.shapes.push(Shape::Rect { rect: Rect { left, top, width, height }, color });
    }

    pub(super) fn line(&mut self, points: Vec<Point>, width: f64, color: Color) {
        self.shapes.push(Shape::Line { points, width, color });
    }

    pub(super) fn text(&mut self, text: impl Into<String>, at: Point, anchor: Anchor, font: (f64, Weight), color: Color) {
        self.shapes.push(Shape::Text { text: text.into(), at, anchor, size: font.0, weight: font.1, color });
    }
}
