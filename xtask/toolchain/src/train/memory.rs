//! The memory in training: matching, reading and the update rule, on the host.
//! No gradient ever reaches the items.

use normwatch::model::Normaliser;

use crate::net::{L2_EPSILON, Tensor};

/// Sums that a product keeps at a time, so that it fills vector registers.
const LANES: usize = 16;

/// The queries of one batch, compared with the items.
pub struct Match {
    /// N×C.
    rows: Vec<f32>,
    /// Cosine similarities N×M, row by row.
    similarity: Vec<f32>,
    /// Most and second most similar item of each query; ties go to the lower
    /// index.
    nearest: Vec<usize>,
    second: Vec<usize>,
    /// M×C.
    items: Tensor,
}

impl Match {
    /// `rows`: N×C, `items`: M×C with M ≥ 2, both of unit length.
    pub fn new(rows: Vec<f32>, items: &Tensor) -> Self {
        let (count, channels) = (items.shape[0], items.shape[1]);
        let mut similarity = Vec::with_capacity(rows.len() / channels * count);
        for row in rows.chunks_exact(channels) {
            similarity.extend(items.data.chunks_exact(channels).map(|item| dot(row, item)));
        }
        let (nearest, second) = similarity.chunks_exact(count).map(two_largest).unzip();
        Self { rows, similarity, nearest, second, items: items.clone() }
    }

    /// N.
    pub fn len(&self) -> usize {
        self.nearest.len()
    }

    /// The most similar item of each query.
    pub fn nearest(&self) -> &[usize] {
        &self.nearest
    }

    /// C.
    pub fn channels(&self) -> usize {
        self.items.shape[1]
    }

    /// Each query with its nearest and its second nearest item.
    pub fn triples(&self) -> impl Iterator<Item = [&[f32]; 3]> {
        let channels = self.channels();
        let item = move |index: usize| &self.items.data[index * channels..(index + 1) * channels];
        let chosen = self.nearest.iter().zip(&self.second);
        self.rows
            .chunks_exact(channels)
            .zip(chosen)
            .map(move |(row, (&nearest, &second))| [row, item(nearest), item(second)])
    }

    /// Keeps the first queries alone, as if there had been no others.
    pub fn truncate(&mut self, count: usize) {
        self.rows.truncate(count * self.channels());
        self.similarity.truncate(count * self.items.shape[0]);
        self.nearest.truncate(count);
        self.second.truncate(count);
    }

    /// Σ w p for each query, N×C, where w = softmax over the items of
    /// similarity / temperature.
    pub fn read(&self, temperature: f32) -> Vec<f32> {
        let (count, channels) = (self.items.shape[0], self.channels());
        let mut read = vec![0.0; self.rows.len()];
        let mut weights = vec![0.0; count];
        let rows = read.chunks_exact_mut(channels).zip(&self.nearest);
        for (similarity, (row, &nearest)) in self.similarity.chunks_exact(count).zip(rows) {
            let peak = similarity[nearest];
            for (weight, similarity) in weights.iter_mut().zip(similarity) {
                *weight = ((similarity - peak) / temperature).exp();
            }
            let total: f32 = weights.iter().sum();
            for (weight, item) in weights.iter().zip(self.items.data.chunks_exact(channels)) {
                let share = weight / total;
                row.iter_mut().zip(item).for_each(|(sum, p)| *sum += share * p);
            }
        }
        read
    }

    /// Mean over all elements of (q − p₁)².
    pub fn compactness(&self) -> f64 {
        let squares = self.triples().map(|[q, p, _]| f64::from(squared_distance(q, p, 0.0)));
        squares.sum::<f64>() / self.rows.len() as f64
    }

    /// Moves all items at once: p ← normalise(p + Σ v′ q) over the queries
    /// whose nearest item is p, v′ the softmax over the queries divided by its
    /// maximum. An item that is nobody's nearest stays as it is. With
    /// `keep`, the moved item is blended with that share of the old one.
    pub fn update(&self, normaliser: Normaliser, temperature: f32, keep: Option<f64>) -> Tensor {
        let channels = self.channels();
        let peaks = self.peaks(normaliser);
        let mut sums: Vec<Option<Vec<f64>>> = vec![None; self.items.shape[0]];
        for (n, (row, &item)) in self.rows.chunks_exact(channels).zip(&self.nearest).enumerate() {
            let similarity = self.similarity[n * peaks.len() + item];
            let weight = ((similarity - peaks[item]) / temperature).exp();
            let sums = sums[item].get_or_insert_with(|| vec![0.0; channels]);
            sums.iter_mut().zip(row).for_each(|(sum, q)| *sum += f64::from(weight * q));
        }
        let mut items = self.items.clone();
        for (row, sums) in items.data.chunks_exact_mut(channels).zip(sums) {
            let Some(sums) = sums else { continue };
            let old = row.to_vec();
            row.iter_mut().zip(sums).for_each(|(p, sum)| *p += sum as f32);
            normalise(row);
            if let Some(keep) = keep {
                let blend = |(p, old): (&mut f32, f32)| {
                    *p = (keep * f64::from(old) + (1.0 - keep) * f64::from(*p)) as f32;
                };
                row.iter_mut().zip(old).for_each(blend);
                normalise(row);
            }
        }
        items
    }

    /// Largest similarity of each item, over the queries that `normaliser`
    /// counts. The softmax's own denominator cancels against it in v′.
    fn peaks(&self, normaliser: Normaliser) -> Vec<f32> {
        let count = self.items.shape[0];
        let mut peaks = vec![f32::NEG_INFINITY; count];
        for (similarity, &nearest) in self.similarity.chunks_exact(count).zip(&self.nearest) {
            for (item, peak) in peaks.iter_mut().enumerate() {
                if normaliser == Normaliser::Released || item == nearest {
                    *peak = peak.max(similarity[item]);
                }
            }
        }
        peaks
    }
}

/// Σ (a − b + `shift`)².
pub fn squared_distance(a: &[f32], b: &[f32], shift: f32) -> f32 {
    sum_of(a, b, |a, b| (a - b + shift) * (a - b + shift))
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    sum_of(a, b, |a, b| a * b)
}

/// A sum in an order that depends on the length alone.
#[inline(always)]
fn sum_of(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
            *sum += term(a, b);
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(&a, &b)| term(a, b)).sum();
    sums.iter().sum::<f32>() + rest
}

fn normalise(row: &mut [f32]) {
    let length = row.iter().map(|v| v * v).sum::<f32>().sqrt().max(L2_EPSILON);
    row.iter_mut().for_each(|v| *v /= length);
}

fn two_largest(values: &[f32]) -> (usize, usize) {
    let (mut first, mut second) = (0, 1);
    if values[1] > values[0] {
        (first, second) = (1, 0);
    }
    for (index, &value) in values.iter().enumerate().skip(2) {
        if value > values[first] {
            (first, second) = (index, first);
        } else if value > values[second] {
            second = index;
        }
    }
    (first, second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_old_item_is_kept() {
        let items = Tensor::new(&[3, 2], vec![1.0, 0.0, 0.0, 1.0, -1.0, 0.0]);
        let matched = Match::new(vec![0.8, 0.6], &items);
        let update = |keep| matched.update(Normaliser::Released, 1.0, keep).data;
        let replaced = update(None);
        // The first item is nearest: (1, 0) + (0.8, 0.6), to unit length.
        let length = (1.8f32 * 1.8 + 0.6 * 0.6).sqrt();
        assert!((replaced[0] - 1.8 / length).abs() < 1e-6 && replaced[2..] == items.data[2..]);
        assert_eq!(update(Some(0.0)), replaced);
        let kept = update(Some(0.5));
        assert!(kept[1] > 0.0 && kept[1] < replaced[1], "{kept:?}");
        assert!((kept[0].hypot(kept[1]) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_read_is_the_items_mean_by_similarity() {
        let items = Tensor::new(&[2, 2], vec![1.0, 0.0, 0.0, 1.0]);
        let matched = Match::new(vec![1.0, 0.0], &items);
        let share = 1.0 / (1.0 + (-1.0f32 / 0.5).exp());
        let read = matched.read(0.5);
        assert!((read[0] - share).abs() < 1e-6 && (read[1] - (1.0 - share)).abs() < 1e-6);
    }

    #[test]
    fn queries_that_are_left_out_move_no_item() {
        let items = Tensor::new(&[2, 2], vec![1.0, 0.0, 0.0, 1.0]);
        let updated = |matched: &Match| matched.update(Normaliser::Released, 1.0, None);
        let mut matched = Match::new(vec![0.8, 0.6, 0.8, -0.6, 0.0, 1.0], &items);
        matched.truncate(1);
        assert_eq!(updated(&matched), updated(&Match::new(vec![0.8, 0.6], &items)));
    }

    #[test]
    fn sums_take_every_element() {
        for length in [1, 15, 16, 17, 64, 67] {
            let a: Vec<f32> = (0..length).map(|i| (i % 7) as f32).collect();
            let expected: f32 = a.iter().map(|v| v * v).sum();
            assert_eq!(dot(&a, &a), expected);
            assert_eq!(squared_distance(&a, &vec![0.0; length], 0.0), expected);
        }
    }

    #[test]
    fn ties_go_to_the_lower_index() {
        assert_eq!(two_largest(&[0.5, 0.5, 0.5]), (0, 1));
        assert_eq!(two_largest(&[0.1, 0.5, 0.5]), (1, 2));
        assert_eq!(two_largest(&[0.5, 0.1, 0.5, 0.1]), (0, 2));
        assert_eq!(two_largest(&[0.1, 0.2]), (1, 0));
    }
}
