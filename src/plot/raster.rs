//! Draws shapes on pixels, anti-aliased by the area that a shape covers of each pixel.
//!
//! Coverage is rounded to sixteenths: the eye does not see it, and a frame of an animation stays within the 255 colours
//! of a GIF.

use super::scene::{Anchor, Color, Point, Rect, Scene, Shape};
use super::text;

/// Shades between a shape and what is behind it.
const SHADES: f32 = 16.0;
/// Scanlines per row of pixels.
const SCANLINES: usize = 8;

/// Pixels, three bytes each, row by row from the top.
#[derive(Clone)]
pub(super) struct Raster {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) rgb: Vec<u8>,
}

/// Shapes already turned into covered pixels, to be drawn again and again.
pub(super) struct Stencil(Vec<(Color, Vec<(u32, u8)>)>);

impl Raster {
    /// The picture of a scene on white.
    pub(super) fn of(scene: &Scene) -> Raster {
        let mut raster = Raster { width: scene.width, height: scene.height, rgb: vec![255; scene.width * scene.height * 3] };
        raster.draw(&scene.shapes);
        raster
    }

    pub(super) fn draw(&mut self, shapes: &[Shape]) {
        let (width, height) = (self.width, self.height);
        for shape in shapes {
            if let Shape::Image { at, columns, pixels } = shape {
                self.copy(*at, *columns, pixels);
            } else if let Some(color) = color(shape) {
                cover(shape, width, height, &mut |index, level| self.blend(index, level, color));
            }
        }
    }

    pub(super) fn stamp(&mut self, stencil: &Stencil) {
        for (color, pixels) in &stencil.0 {
            for &(index, level) in pixels {
                self.blend(index as usize, level, *color);
            }
        }
    }

    /// Paints one pixel, if there is one.
    pub(super) fn set(&mut self, x: i64, y: i64, color: [u8; 3]) {
        if (0..self.width as i64).contains(&x) && (0..self.height as i64).contains(&y) {
            let at = 3 * (y as usize * self.width + x as usize);
            self.rgb[at..at + 3].copy_from_slice(&color);
        }
    }

    fn blend(&mut self, index: usize, level: u8, color: Color) {
        let weight = f32::from(level) / SHADES * color.alpha as f32;
        let pixel = &mut self.rgb[3 * index..3 * index + 3];
        if weight >= 1.0 {
            pixel.copy_from_slice(&color.rgb);
            return;
        }
        for (below, above) in pixel.iter_mut().zip(color.rgb) {
            *below = (f32::from(*below) + (f32::from(above) - f32::from(*below)) * weight + 0.5) as u8;
        }
    }

    fn copy(&mut self, at: (usize, usize), columns: usize, pixels: &[[u8; 3]]) {
        for (row, line) in pixels.chunks(columns.max(1)).enumerate().take_while(|(row, _)| at.1 + row < self.height) {
            for (column, pixel) in line.iter().enumerate().take_while(|(column, _)| at.0 + column < self.width) {
                let index = 3 * ((at.1 + row) * self.width + at.0 + column);
                self.rgb[index..index + 3].copy_from_slice(pixel);
            }
        }
    }
}

impl Stencil {
    /// The covered pixels of shapes other than images, on a raster of this size.
    pub(super) fn of(shapes: &[Shape], width: usize, height: usize) -> Stencil {
        let layer = |shape: &Shape| {
            let mut pixels = Vec::new();
            cover(shape, width, height, &mut |index, level| pixels.push((index as u32, level)));
            color(shape).map(|color| (color, pixels))
        };
        Stencil(shapes.iter().filter_map(layer).collect())
    }
}

fn color(shape: &Shape) -> Option<Color> {
    match shape {
        Shape::Rect { color, .. }
        | Shape::Bars { color, .. }
        | Shape::Line { color, .. }
        | Shape::Area { color, .. }
        | Shape::Dots { color, .. }
        | Shape::Text { color, .. } => Some(*color),
        Shape::Image { .. } => None,
    }
}

/// Calls `emit(index of the pixel, covered sixteenths)` for the pixels of a shape.
fn cover(shape: &Shape, width: usize, height: usize, emit: &mut dyn FnMut(usize, u8)) {
    let mut put = |x: i64, y: i64, coverage: f32| {
        let level = (coverage.clamp(0.0, 1.0) * SHADES + 0.5) as u8;
        if level > 0 && (0..width as i64).contains(&x) && (0..height as i64).contains(&y) {
            emit(y as usize * width + x as usize, level);
        }
    };
    match shape {
        Shape::Rect { rect, .. } => cover_rect(rect, (width, height), &mut put),
        Shape::Bars { edges, tops, base, .. } => cover_bars(edges, tops, *base, (width, height), &mut put),
        Shape::Line { points, width: thickness, .. } => scan(&stroke(points, *thickness), (width, height), &mut put),
        Shape::Area { points, .. } => scan(std::slice::from_ref(points), (width, height), &mut put),
        Shape::Dots { centres, radius, .. } => centres.iter().for_each(|centre| cover_dot(*centre, *radius, &mut put)),
        Shape::Text { text, at, anchor, size, weight, .. } => {
            let shift = match anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => 0.5 * text::width(text, *size, *weight),
                Anchor::End => text::width(text, *size, *weight),
            };
            text::cover(text, at.0 - shift, at.1, *size, *weight, put);
        }
        Shape::Image { .. } => {}
    }
}

/// The length that `low..high` and the pixel `at` share.
fn overlap(low: f64, high: f64, at: i64) -> f32 {
    (high.min(at as f64 + 1.0) - low.max(at as f64)).max(0.0) as f32
}

fn pixels(low: f64, high: f64, count: usize) -> std::ops::Range<i64> {
    let clip = |x: f64| x.clamp(0.0, count as f64);
    clip(low).floor() as i64..clip(high).ceil() as i64
}

fn cover_rect(rect: &Rect, size: (usize, usize), put: &mut dyn FnMut(i64, i64, f32)) {
    for y in pixels(rect.top, rect.bottom(), size.1) {
        let part = overlap(rect.top, rect.bottom(), y);
        for x in pixels(rect.left, rect.right(), size.0) {
            put(x, y, part * overlap(rect.left, rect.right(), x));
        }
    }
}

/// Neighbouring bars share the pixel column between them, so their parts of it are added before anything is drawn.
fn cover_bars(edges: &[f64], tops: &[f64], base: f64, size: (usize, usize), put: &mut dyn FnMut(i64, i64, f32)) {
    let (Some(&left), Some(&right)) = (edges.first(), edges.last()) else { return };
    let mut first = 0;
    for x in pixels(left, right, size.0) {
        while first < tops.len() && edges[first + 1] <= x as f64 {
            first += 1;
        }
        let bars = (first..tops.len()).take_while(|&bar| edges[bar] < (x + 1) as f64);
        let parts: Vec<(f64, f32)> = bars.map(|bar| (tops[bar], overlap(edges[bar], edges[bar + 1], x))).collect();
        let highest = parts.iter().fold(base, |highest, part| highest.min(part.0));
        for y in pixels(highest, base, size.1) {
            put(x, y, parts.iter().map(|&(top, part)| part * overlap(top.min(base), base, y)).sum());
        }
    }
}

fn cover_dot(centre: Point, radius: f64, put: &mut dyn FnMut(i64, i64, f32)) {
    if !(centre.0.abs() < 1e6 && centre.1.abs() < 1e6) {
        return;
    }
    for y in (centre.1 - radius - 1.0).floor() as i64..=(centre.1 + radius) as i64 + 1 {
        for x in (centre.0 - radius - 1.0).floor() as i64..=(centre.0 + radius) as i64 + 1 {
            let distance = (x as f64 + 0.5 - centre.0).hypot(y as f64 + 0.5 - centre.1);
            put(x, y, (radius + 0.5 - distance) as f32);
        }
    }
}

/// One quadrilateral per segment and one polygon per join, all turning the same way so that their union is the line.
fn stroke(points: &[Point], thickness: f64) -> Vec<Vec<Point>> {
    let half = 0.5 * thickness;
    let corners = if half > 2.0 { 16 } else { 10 };
    let mut parts = Vec::with_capacity(2 * points.len());
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        if length > 0.0 {
            let (nx, ny) = (-(to.1 - from.1) / length * half, (to.0 - from.0) / length * half);
            parts.push(vec![(from.0 - nx, from.1 - ny), (to.0 - nx, to.1 - ny), (to.0 + nx, to.1 + ny), (from.0 + nx, from.1 + ny)]);
        }
    }
    for &(x, y) in points.iter().skip(1).take(points.len().saturating_sub(2)) {
        let corner = |i: usize| {
            let angle = std::f64::consts::TAU * i as f64 / corners as f64;
            (x + half * angle.cos(), y + half * angle.sin())
        };
        parts.push((0..corners).map(corner).collect());
    }
    parts
}

struct Edge {
    top: f64,
    bottom: f64,
    x: f64,
    slope: f64,
    turn: i32,
}

/// Fills the union of polygons (non-zero winding): exact across a scanline, eight scanlines to a pixel.
fn scan(polygons: &[Vec<Point>], size: (usize, usize), put: &mut dyn FnMut(i64, i64, f32)) {
    let mut edges = Vec::new();
    for polygon in polygons {
        for (i, &from) in polygon.iter().enumerate() {
            let to = polygon[(i + 1) % polygon.len()];
            let (upper, lower, turn) = if from.1 < to.1 { (from, to, 1) } else { (to, from, -1) };
            if upper.1 < lower.1 && upper.0.is_finite() && lower.0.is_finite() && (lower.1 - upper.1).is_finite() {
                edges.push(Edge { top: upper.1, bottom: lower.1, x: upper.0, slope: (lower.0 - upper.0) / (lower.1 - upper.1), turn });
            }
        }
    }
    edges.sort_by(|a, b| a.top.total_cmp(&b.top));
    let bottom = edges.iter().fold(0.0, |bottom: f64, edge| bottom.max(edge.bottom));
    let (mut next, mut active) = (0, Vec::<&Edge>::new());
    let (mut row, mut crossings) = (vec![0.0_f32; size.0 + 2], Vec::new());
    for y in pixels(edges.first().map_or(0.0, |edge| edge.top), bottom, size.1) {
        while next < edges.len() && edges[next].top < (y + 1) as f64 {
            active.push(&edges[next]);
            next += 1;
        }
        active.retain(|edge| edge.bottom > y as f64);
        row.fill(0.0);
        for scanline in 0..SCANLINES {
            let height = y as f64 + (scanline as f64 + 0.5) / SCANLINES as f64;
            crossings.clear();
            let crossed = active.iter().filter(|edge| edge.top <= height && height < edge.bottom);
            crossings.extend(crossed.map(|edge| (edge.x + edge.slope * (height - edge.top), edge.turn)));
            crossings.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
            let (mut winding, mut start) = (0, 0.0);
            for &(x, turn) in &crossings {
                if winding == 0 {
                    start = x;
                }
                winding += turn;
                if winding == 0 {
                    add_span(&mut row, start.clamp(0.0, size.0 as f64), x.clamp(0.0, size.0 as f64));
                }
            }
        }
        let mut sum = 0.0;
        for (x, change) in row[..size.0].iter().enumerate() {
            sum += change;
            if sum > 1e-3 {
                put(x as i64, y, sum / SCANLINES as f32);
            }
        }
    }
}

/// Adds the coverage of `low..high` on one scanline to a row of differences between neighbouring pixels.
fn add_span(row: &mut [f32], low: f64, high: f64) {
    for (x, sign) in [(low, 1.0), (high, -1.0)] {
        let (pixel, part) = (x.floor() as usize, (x - x.floor()) as f32);
        row[pixel] += sign * (1.0 - part);
        row[pixel + 1] += sign * part;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INK: Color = Color::rgb(0);

    fn drawn(shape: Shape) -> Raster {
        let mut scene = Scene::new(20, 20);
        scene.shapes.push(shape);
        Raster::of(&scene)
    }

    fn ink(raster: &Raster) -> f64 {
        raster.rgb.iter().step_by(3).map(|&value| (255.0 - f64::from(value)) / 255.0).sum()
    }

    #[test]
    fn ink_is_the_area_of_the_shape() {
        // Areas by geometry; a sixteenth of rounding per touched edge pixel allows 0.5.
        let rect = Rect { left: 2.25, top: 3.5, width: 10.5, height: 4.25 };
        assert!((ink(&drawn(Shape::Rect { rect, color: INK })) - 10.5 * 4.25).abs() < 0.5);
        let line = drawn(Shape::Line { points: vec![(2.0, 2.0), (14.0, 18.0)], width: 3.0, color: INK });
        assert!((ink(&line) - 60.0).abs() < 0.5, "{}", ink(&line));
        let dot = drawn(Shape::Dots { centres: vec![(9.3, 8.1)], radius: 4.0, color: INK });
        assert!((ink(&dot) - std::f64::consts::PI * 16.0).abs() < 0.5, "{}", ink(&dot));
    }

    #[test]
    fn a_line_that_returns_on_itself_is_drawn_once() {
        // 14 × 4 and half a disc of radius 2 (a decagon) around the turn.
        let line = drawn(Shape::Line { points: vec![(2.0, 10.0), (16.0, 10.0), (2.0, 10.0)], width: 4.0, color: INK });
        assert!((ink(&line) - 56.0 - 5.9).abs() < 0.7, "{}", ink(&line));
    }

    #[test]
    fn neighbouring_bars_leave_no_seam() {
        let raster = drawn(Shape::Bars { edges: vec![1.0, 5.4, 9.7, 15.0], tops: vec![4.0; 3], base: 18.0, color: INK });
        assert!((1..15).all(|x| raster.rgb[3 * (10 * 20 + x)] == 0));
        assert!((ink(&raster) - 14.0 * 14.0).abs() < 1e-9);
    }

    #[test]
    fn shapes_beyond_the_picture_are_cut_without_harm() {
        let far = [(-1e9, 5.0), (1e9, 5.0), (f64::NAN, 1.0), (3.0, f64::INFINITY)];
        drawn(Shape::Line { points: far.to_vec(), width: 2.0, color: INK });
        drawn(Shape::Dots { centres: far.to_vec(), radius: 2.0, color: INK });
        drawn(Shape::Rect { rect: Rect { left: -1e12, top: f64::NAN, width: 2e12, height: 5.0 }, color: INK });
    }

    #[test]
    fn a_stencil_draws_what_the_shape_draws() {
        let shapes = [Shape::Line { points: vec![(2.0, 2.0), (14.0, 18.0), (17.0, 3.0)], width: 3.0, color: INK.alpha(0.5) }];
        let mut scene = Scene::new(20, 20);
        let mut stamped = Raster::of(&scene);
        stamped.stamp(&Stencil::of(&shapes, 20, 20));
        scene.shapes.extend(shapes);
        assert_eq!(stamped.rgb, Raster::of(&scene).rgb);
    }
}
