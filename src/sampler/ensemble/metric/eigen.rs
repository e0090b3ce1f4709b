//! Eigenvalues and eigenvectors of a symmetric matrix.

/// Steps at most, an eigenvalue; most take two.
const STEPS: usize = 40;

/// The eigenvalues of a symmetric matrix and its eigenvectors, one a row, in no order: Householder's reduction to a tridiagonal matrix, then
/// implicit QR steps with Wilkinson's shift (Golub & Van Loan 2013, algorithms 8.3.1 to 8.3.3). Our own, as libraries multiply matrices by
/// whatever instructions a machine has, and the same seed would give other draws there.
pub(super) fn eigen(matrix: Vec<Vec<f64>>) -> (Vec<f64>, Vec<Vec<f64>>) {
    let Tridiagonal { mut diagonal, mut beside, mut rows } = tridiagonal(matrix);
    let mut high = diagonal.len().saturating_sub(1);
    let mut left = STEPS * diagonal.len();
    while high > 0 {
        let is_split = |k: usize, diagonal: &[f64]| beside[k].abs() <= f64::EPSILON * (diagonal[k].abs() + diagonal[k + 1].abs());
        if is_split(high - 1, &diagonal) {
            high -= 1;
            continue;
        }
        if left == 0 || beside[high - 1].is_nan() {
            break;
        }
        left -= 1;
        let low = (0..high - 1).rev().find(|&k| is_split(k, &diagonal)).map_or(0, |k| k + 1);
        step(&mut diagonal[low..=high], &mut beside[low..high], &mut rows[low..=high]);
    }
    (diagonal, rows)
}

/// T with rows·matrix·rowsᵀ = T, `rows` orthogonal.
struct Tridiagonal {
    diagonal: Vec<f64>,
    beside: Vec<f64>,
    rows: Vec<Vec<f64>>,
}

fn tridiagonal(mut matrix: Vec<Vec<f64>>) -> Tridiagonal {
    let n = matrix.len();
    let mut beside = vec![0.0; n.saturating_sub(1)];
    // Reflections I − weight·vvᵀ, each of the rows from k + 1 on.
    let mut reflections: Vec<(f64, Vec<f64>)> = Vec::with_capacity(n);
    for k in 0..n.saturating_sub(1) {
        let mut v: Vec<f64> = matrix[k + 1..].iter().map(|row| row[k]).collect();
        let size = dot(&v, &v).sqrt();
        let first = v[0];
        let turned = if first > 0.0 { -size } else { size };
        v[0] -= turned;
        // vᵀv/2 = size·(size + |first|).
        let weight = if size > 0.0 { 1.0 / (size * (size + first.abs())) } else { 0.0 };
        beside[k] = if size > 0.0 { turned } else { first };
        let rest = &mut matrix[k + 1..];
        let mut w: Vec<f64> = rest.iter().map(|row| weight * dot(&row[k + 1..], &v)).collect();
        let half = 0.5 * weight * dot(&w, &v);
        add(&mut w, -half, &v);
        for (i, row) in rest.iter_mut().enumerate() {
            add(&mut row[k + 1..], -v[i], &w);
            add(&mut row[k + 1..], -w[i], &v);
        }
        reflections.push((weight, v));
    }
    // The reflections' product, the last one first, so that each touches only what is not yet of the identity; then transposed.
    let mut product: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for (k, (weight, v)) in reflections.iter().enumerate().rev() {
        let mut along = vec![0.0; n];
        v.iter().zip(&product[k + 1..]).for_each(|(v, row)| add(&mut along, *v, row));
        v.iter().zip(&mut product[k + 1..]).for_each(|(v, row)| add(row, -weight * v, &along));
    }
    let rows = (0..n).map(|i| product.iter().map(|row| row[i]).collect()).collect();
    Tridiagonal { diagonal: (0..n).map(|i| matrix[i][i]).collect(), beside, rows }
}

/// One implicit QR step of a tridiagonal matrix none of whose entries `beside` the diagonal is 0; `rows` are turned with it.
fn step(diagonal: &mut [f64], beside: &mut [f64], rows: &mut [Vec<f64>]) {
    let last = beside.len();
    let square = beside[last - 1] * beside[last - 1];
    let half = 0.5 * (diagonal[last - 1] - diagonal[last]);
    let away = (half * half + square).sqrt();
    let shift = diagonal[last] - square / if half > 0.0 { half + away } else { half - away };
    let (mut x, mut z) = (diagonal[0] - shift, beside[0]);
    for k in 0..last {
        let r = (x * x + z * z).sqrt();
        let (cosine, sine) = if r > 0.0 { (x / r, z / r) } else { (1.0, 0.0) };
        if k > 0 {
            beside[k - 1] = r;
        }
        let (a, b, c) = (diagonal[k], beside[k], diagonal[k + 1]);
        let across = 2.0 * cosine * sine * b;
        diagonal[k] = cosine * cosine * a + across + sine * sine * c;
        diagonal[k + 1] = sine * sine * a - across + cosine * cosine * c;
        beside[k] = cosine * sine * (c - a) + (cosine * cosine - sine * sine) * b;
        if k + 1 < last {
            (x, z) = (beside[k], sine * beside[k + 1]);
            beside[k + 1] *= cosine;
        }
        let (above, below) = rows.split_at_mut(k + 1);
        let turn = |a: &mut f64, b: &mut f64| (*a, *b) = (cosine * *a + sine * *b, cosine * *b - sine * *a);
        above[k].iter_mut().zip(&mut below[0]).for_each(|(a, b)| turn(a, b));
    }
}

/// x ← x + s·y.
fn add(x: &mut [f64], s: f64, y: &[f64]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += s * y);
}

/// Eight sums side by side: one would wait for each addition.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        (0..8).for_each(|lane| sums[lane] += a[lane] * b[lane]);
    }
    sums.iter().sum::<f64>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_that_come_apart_and_those_without_scale_are_no_trouble() {
        for (matrix, known) in [
            (vec![], vec![]),
            (vec![vec![3.0]], vec![3.0]),
            (vec![vec![0.0; 3]; 3], vec![0.0; 3]),
            (vec![vec![2.0, 0.0, 0.0], vec![0.0, 0.0, 1.0], vec![0.0, 1.0, 0.0]], vec![-1.0, 1.0, 2.0]),
            (vec![vec![1e-9, 1e-9], vec![1e-9, 1e-9]], vec![0.0, 2e-9]),
        ] {
            let (mut values, _) = eigen(matrix);
            values.sort_by(f64::total_cmp);
            assert_eq!(values.len(), known.len());
            assert!(values.iter().zip(&known).all(|(found, known)| (found - known).abs() <= 1e-15), "{values:?}");
        }
        let (values, _) = eigen(vec![vec![1.0, f64::NAN], vec![f64::NAN, 1.0]]);
        assert!(values.iter().any(|value| value.is_nan()));
    }

    #[test]
    fn vectors_and_values_give_the_matrix_back() {
        let n = 12;
        let matrix: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| 1.0 / (1.0 + (i + j) as f64)).collect()).collect();
        let (values, vectors) = eigen(matrix.clone());
        for i in 0..n {
            for j in 0..n {
                let product: f64 = (0..n).map(|k| vectors[k][i] * values[k] * vectors[k][j]).sum();
                assert!((product - matrix[i][j]).abs() < 1e-14, "{i}, {j}: {product}");
                let inner: f64 = vectors[i].iter().zip(&vectors[j]).map(|(a, b)| a * b).sum();
                assert!((inner - f64::from(u8::from(i == j))).abs() < 1e-14);
            }
        }
        // The largest eigenvalue of the Hilbert matrix of order 12.
        assert!((values.iter().copied().fold(0.0, f64::max) - 1.795_372_059_561_997).abs() < 1e-12, "{values:?}");
    }
}
