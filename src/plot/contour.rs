//! Highest-density regions of a density on a grid, and the lines around them.
//!
//! The region of mass q is where the density is above the level that leaves mass q (Hyndman 1996, "Computing and
//! Graphing Highest Density Regions"); lines by marching squares with linear interpolation (Lorensen & Cline 1987).

use super::scene::Point;

/// Values at the centres of equal cells, row by row.
pub(super) struct Field {
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) values: Vec<f64>,
    /// The values from high to low, and the mass of all cells down to each.
    sorted: Vec<(f64, f64)>,
}

impl Field {
    /// A field of log densities, up to a constant; a cell of −∞, NaN or next to no mass becomes low but finite, so that
    /// lines can be interpolated next to it. `None` without any mass.
    pub(super) fn new(columns: usize, rows: usize, log_density: &[f64]) -> Option<Field> {
        let mut sorted: Vec<f64> =
            log_density.iter().copied().filter(|value| *value > f64::NEG_INFINITY && *value < f64::INFINITY).collect();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let highest = *sorted.first()?;
        let mut mass = 0.0;
        let mut sorted: Vec<(f64, f64)> = sorted
            .into_iter()
            .map(|value| {
                mass += (value - highest).exp();
                (value, mass)
            })
            .collect();
        sorted.iter_mut().for_each(|entry| entry.1 /= mass);
        let mut field = Field { columns, rows, values: Vec::new(), sorted };
        let floor = field.level(0.999) - 2.0;
        // A singularity on the grid counts as the highest value beside it.
        field.values = log_density.iter().map(|&value| if value.is_nan() { floor } else { value.clamp(floor, highest) }).collect();
        Some(field)
    }

    /// The level above which mass `q` lies.
    pub(super) fn level(&self, q: f64) -> f64 {
        let at = self.sorted.partition_point(|entry| entry.1 < q);
        self.sorted[at.min(self.sorted.len() - 1)].0
    }

    /// The value at a place in cells (the centre of the first cell is 0.5, 0.5), bilinear between centres.
    pub(super) fn at(&self, x: f64, y: f64) -> f64 {
        let split = |x: f64, count: usize| {
            let x = (x - 0.5).clamp(0.0, (count - 1) as f64);
            let below = (x as usize).min(count.saturating_sub(2));
            (below, x - below as f64)
        };
        let ((column, right), (row, up)) = (split(x, self.columns), split(y, self.rows));
        let value = |dc: usize, dr: usize| self.values[(row + dr).min(self.rows - 1) * self.columns + (column + dc).min(self.columns - 1)];
        let low = value(0, 0) * (1.0 - right) + value(1, 0) * right;
        let high = value(0, 1) * (1.0 - right) + value(1, 1) * right;
        low * (1.0 - up) + high * up
    }

    /// The lines along `level`, in cells.
    pub(super) fn lines(&self, level: f64) -> Vec<Vec<Point>> {
        let mut joints = vec![[usize::MAX; 2]; 2 * self.values.len()];
        let mut join = |a: usize, b: usize| {
            for (from, to) in [(a, b), (b, a)] {
                let free = usize::from(joints[from][0] != usize::MAX);
                joints[from][free] = to;
            }
        };
        for row in 0..self.rows.saturating_sub(1) {
            for column in 0..self.columns.saturating_sub(1) {
                let at = row * self.columns + column;
                let corners = [at, at + 1, at + self.columns + 1, at + self.columns].map(|i| self.values[i] >= level);
                // The sides of the square: below, right, above, left; each is the edge of a lattice.
                let sides = [2 * at, 2 * (at + 1) + 1, 2 * (at + self.columns), 2 * at + 1];
                let cut: Vec<usize> = (0..4).filter(|&side| corners[side] != corners[(side + 1) % 4]).collect();
                match cut[..] {
                    [a, b] => join(sides[a], sides[b]),
                    [_, _, _, _] => {
                        // A saddle: the mean of the corners tells which pair is connected.
                        let mean =
                            [at, at + 1, at + self.columns + 1, at + self.columns].iter().map(|&i| self.values[i]).sum::<f64>() / 4.0;
                        let turned = usize::from(corners[0] == (mean >= level));
                        for pair in [0, 2] {
                            join(sides[pair + turned], sides[(pair + 1 + turned) % 4]);
                        }
                    }
                    _ => {}
                }
            }
        }
        self.follow(joints, level)
    }

    /// Joins the pieces of squares to lines: first those that end at the border, then the closed ones.
    fn follow(&self, mut joints: Vec<[usize; 2]>, level: f64) -> Vec<Vec<Point>> {
        let mut lines = Vec::new();
        let ends: Vec<usize> = (0..joints.len()).filter(|&edge| joints[edge][0] != usize::MAX && joints[edge][1] == usize::MAX).collect();
        let all = 0..joints.len();
        for start in ends.into_iter().chain(all) {
            let mut line = Vec::new();
            let mut edge = start;
            while let Some(slot) = joints[edge].iter().position(|&next| next != usize::MAX) {
                if line.is_empty() {
                    line.push(self.crossing(edge, level));
                }
                let next = std::mem::replace(&mut joints[edge][slot], usize::MAX);
                if let Some(back) = joints[next].iter().position(|&other| other == edge) {
                    joints[next][back] = usize::MAX;
                }
                line.push(self.crossing(next, level));
                edge = next;
            }
            if !line.is_empty() {
                lines.push(line);
            }
        }
        lines
    }

    /// Where the level crosses an edge: even edges lead to the right of their cell, odd ones up.
    fn crossing(&self, edge: usize, level: f64) -> Point {
        let at = edge / 2;
        let other = if edge.is_multiple_of(2) { at + 1 } else { at + self.columns };
        let part = ((level - self.values[at]) / (self.values[other] - self.values[at])).clamp(0.0, 1.0);
        let (x, y) = ((at % self.columns) as f64 + 0.5, (at / self.columns) as f64 + 0.5);
        if edge.is_multiple_of(2) { (x + part, y) } else { (x, y + part) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn gaussian(cells: usize) -> Field {
        let place = |i: usize| (i as f64 + 0.5) / cells as f64 * 10.0 - 5.0;
        let values: Vec<f64> = (0..cells * cells).map(|i| -0.5 * (place(i % cells).powi(2) + place(i / cells).powi(2))).collect();
        Field::new(cells, cells, &values).unwrap()
    }

    #[test]
    fn regions_of_a_normal_density_are_discs_of_known_radius() {
        let field = gaussian(200);
        for q in [0.5, 0.8, 0.95] {
            // P(r² < R²) = 1 - exp(-R²/2) for two independent standard normals.
            let radius = (-2.0 * f64::ln(1.0 - q)).sqrt();
            let lines = field.lines(field.level(q));
            assert_eq!(lines.len(), 1, "one closed line");
            assert_eq!(lines[0].first(), lines[0].last());
            for point in &lines[0] {
                let found = ((point.0 / 20.0 - 5.0).powi(2) + (point.1 / 20.0 - 5.0).powi(2)).sqrt();
                // Half a cell of 0.05.
                assert!((found - radius).abs() < 0.025, "{found} {radius}");
            }
        }
    }

    #[test]
    fn holes_nans_and_plateaus_are_drawn_without_harm() {
        assert!(Field::new(2, 2, &[f64::NEG_INFINITY, f64::NAN, f64::NEG_INFINITY, f64::NAN]).is_none());
        let ring: Vec<f64> =
            (0..400).map(|i| if (6..14).contains(&(i % 20)) && (6..14).contains(&(i / 20)) { 0.0 } else { f64::NEG_INFINITY }).collect();
        let field = Field::new(20, 20, &ring).unwrap();
        assert_eq!(field.lines(field.level(0.5)).len(), 1);
        let lone = Field::new(2, 2, &[f64::INFINITY, 0.0, f64::NAN, -1e308]).unwrap();
        assert!(lone.lines(lone.level(0.8)).iter().flatten().all(|p| p.0.is_finite() && p.1.is_finite()));
    }
}
