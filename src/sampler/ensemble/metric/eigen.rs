//! Eigenvalues and eigenvectors of a symmetric matrix.

/// Sweeps at most; matrices of some hundreds of rows take eight.
const SWEEPS: usize = 30;

/// The eigenvalues of a symmetric matrix and its eigenvectors, one a row, in no order; by Jacobi's cyclic rotations (Golub & Van Loan
/// 2013, section 8.5). Our own, as libraries multiply matrices by whatever instructions a machine has, and the same seed would give
/// other draws there.
pub(super) fn eigen(mut matrix: Vec<Vec<f64>>) -> (Vec<f64>, Vec<Vec<f64>>) {
    let n = matrix.len();
    let mut vectors: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for _ in 0..SWEEPS {
        let off: f64 = (0..n).map(|i| matrix[i][i + 1..].iter().map(|x| x * x).sum::<f64>()).sum();
        let on: f64 = (0..n).map(|i| matrix[i][i] * matrix[i][i]).sum();
        if off.is_nan() || off <= 1e-28 * on {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut matrix, &mut vectors, p, q);
            }
        }
    }
    ((0..n).map(|i| matrix[i][i]).collect(), vectors)
}

/// The rotation of rows and columns p < q that makes the entry pq vanish.
fn rotate(matrix: &mut [Vec<f64>], vectors: &mut [Vec<f64>], p: usize, q: usize) {
    let entry = matrix[p][q];
    if entry == 0.0 {
        return;
    }
    let ratio = (matrix[q][q] - matrix[p][p]) / (2.0 * entry);
    let tangent = ratio.signum() / (ratio.abs() + (1.0 + ratio * ratio).sqrt());
    let cosine = (1.0 + tangent * tangent).sqrt().recip();
    let sine = tangent * cosine;
    let turn = |a: &mut f64, b: &mut f64| (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    for row in matrix.iter_mut() {
        let (left, right) = row.split_at_mut(q);
        turn(&mut left[p], &mut right[0]);
    }
    for rows in [matrix, vectors] {
        let (above, below) = rows.split_at_mut(q);
        above[p].iter_mut().zip(&mut below[0]).for_each(|(a, b)| turn(a, b));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
