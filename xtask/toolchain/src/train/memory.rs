//! The memory in training: reading, the two losses, and the update rule. The
//! items live on the host; no gradient ever reaches them.

use anyhow::Result;
use burn::tensor::activation::{relu, softmax};
use burn::tensor::{Tensor, TensorData};
use normwatch::model::Normaliser;

use super::model::numbers;
use super::outliers::Cell;
use crate::net;

/// What PyTorch's pairwise distance adds to every channel.
const PAIRWISE_EPSILON: f32 = 1e-6;
/// Keeps the slope of a root finite.
const LEAST_SQUARE: f32 = 1e-6;

/// The queries of one batch, compared with the items.
pub struct Match {
    /// N×C, no gradients.
    rows: Tensor<2>,
    /// Cosine similarities N×M, row by row.
    similarity: Vec<f32>,
    /// Most and second most similar item of each query; ties go to the lower
    /// index.
    pub nearest: Vec<usize>,
    second: Vec<usize>,
    items: net::Tensor,
}

/// B×C×h×w to N×C: batch, then grid row by row.
pub fn to_rows(grid: Tensor<4>) -> Tensor<2> {
    let [batch, channels, height, width] = grid.dims();
    grid.permute([0, 2, 3, 1]).reshape([batch * height * width, channels])
}

fn on_device(tensor: &net::Tensor, like: &Tensor<2>) -> Tensor<2> {
    Tensor::from_data(TensorData::new(tensor.data.clone(), tensor.shape.clone()), &like.device())
}

impl Match {
    /// # Errors
    /// The device's.
    pub fn new(query: &Tensor<4>, items: &net::Tensor) -> Result<Self> {
        let rows = to_rows(query.clone().detach().without_autodiff());
        let count = items.shape[0];
        let similarity = rows.clone().matmul(on_device(items, &rows).transpose());
        let similarity = numbers(similarity.into_data())?;
        let (nearest, second) = similarity.chunks_exact(count).map(two_largest).unzip();
        Ok(Self { rows, similarity, nearest, second, items: items.clone() })
    }

    /// The first queries alone, as if there had been no others.
    pub fn first(&self, count: usize) -> Self {
        let (channels, items) = (self.items.shape[1], self.items.shape[0]);
        Self {
            rows: self.rows.clone().slice([0..count, 0..channels]),
            similarity: self.similarity[..count * items].to_vec(),
            nearest: self.nearest[..count].to_vec(),
            second: self.second[..count].to_vec(),
            items: self.items.clone(),
        }
    }

    /// `[query; read]`, where read = Σ w p and w = softmax over the items of
    /// similarity / temperature. No gradient flows through the read.
    pub fn read(&self, query: Tensor<4>, temperature: f32) -> Tensor<4> {
        let [batch, channels, height, width] = query.dims();
        let shape = [self.nearest.len(), self.items.shape[0]];
        let data = TensorData::new(self.similarity.clone(), shape);
        let similarity = Tensor::<2>::from_data(data, &self.rows.device());
        let weights = softmax(similarity.div_scalar(temperature), 1);
        let read = weights.matmul(on_device(&self.items, &self.rows));
        let read = read.reshape([batch, height, width, channels]).permute([0, 3, 1, 2]);
        let read = if query.is_autodiff() { Tensor::from_inner(read) } else { read };
        Tensor::cat(vec![query, read], 1)
    }

    /// Mean over all elements of (q − p₁)².
    pub fn compactness(&self, rows: Tensor<2>) -> Tensor<1> {
        let nearest = self.chosen(&self.nearest, &rows);
        (rows - nearest).square().mean()
    }

    /// Mean squared distance of the queries that move to their nearest item,
    /// plus the mean of what the abnormal ones lack of `margin`:
    /// max(0, margin − d). That is d and not d², whose slope would vanish where
    /// compactness has brought all queries onto the items. Still queries take
    /// no part: compactness has them, and they would outnumber all others.
    pub fn contrast(&self, rows: Tensor<2>, cells: &[Cell], margin: f64) -> Tensor<1> {
        let nearest = self.chosen(&self.nearest, &rows);
        let distance = (rows - nearest).square().sum_dim(1);
        let share = |of: Cell| {
            let count = cells.iter().filter(|&&cell| cell == of).count().max(1);
            let weight = |&cell: &Cell| if cell == of { 1.0 / count as f32 } else { 0.0 };
            let data: Vec<f32> = cells.iter().map(weight).collect();
            Tensor::<2>::from_data(TensorData::new(data, [cells.len(), 1]), &distance.device())
        };
        let lack = relu(distance.clone().add_scalar(LEAST_SQUARE).sqrt().neg().add_scalar(margin));
        (distance.clone() * share(Cell::Moving)).sum() + (lack * share(Cell::Abnormal)).sum()
    }

    /// Triplet loss with margin 1: mean of max(0, ‖q − p₁‖ − ‖q − p₂‖ + 1).
    pub fn separateness(&self, rows: Tensor<2>) -> Tensor<1> {
        let distance = |chosen: &[usize]| {
            let difference = rows.clone() - self.chosen(chosen, &rows);
            difference.add_scalar(PAIRWISE_EPSILON).square().sum_dim(1).sqrt()
        };
        relu(distance(&self.nearest) - distance(&self.second) + 1.0).mean()
    }

    fn chosen(&self, indices: &[usize], like: &Tensor<2>) -> Tensor<2> {
        let channels = self.items.shape[1];
        let row = |&item: &usize| &self.items.data[item * channels..(item + 1) * channels];
        let data: Vec<f32> = indices.iter().flat_map(row).copied().collect();
        on_device(&net::Tensor::new(&[indices.len(), channels], data), like)
    }

    /// Moves all items at once: p ← normalise(p + Σ v′ q) over the queries
    /// whose nearest item is p, v′ the softmax over the queries divided by its
    /// maximum. An item that is nobody's nearest stays as it is. With
    /// `keep`, the moved item is blended with that share of the old one.
    ///
    /// # Errors
    /// The device's.
    pub fn update(
        &self,
        normaliser: Normaliser,
        temperature: f32,
        keep: Option<f64>,
    ) -> Result<net::Tensor> {
        let count = self.items.shape[0];
        let weights = self.update_weights(normaliser, temperature);
        let shape = [self.nearest.len(), count];
        let weights = Tensor::<2>::from_data(TensorData::new(weights, shape), &self.rows.device());
        let sums = numbers(weights.transpose().matmul(self.rows.clone()).into_data())?;
        let mut items = self.items.clone();
        let channels = items.shape[1];
        for item in 0..count {
            if !self.nearest.contains(&item) {
                continue;
            }
            let row = &mut items.data[item * channels..(item + 1) * channels];
            let old = row.to_vec();
            row.iter_mut().zip(&sums[item * channels..]).for_each(|(p, sum)| *p += sum);
            normalise(row);
            if let Some(keep) = keep {
                let blend = |(p, old): (&mut f32, f32)| {
                    *p = (keep * f64::from(old) + (1.0 - keep) * f64::from(*p)) as f32;
                };
                row.iter_mut().zip(old).for_each(blend);
                normalise(row);
            }
        }
        Ok(items)
    }

    /// v′ of each query for its nearest item, 0 for the others, N×M. The
    /// softmax's own denominator cancels.
    fn update_weights(&self, normaliser: Normaliser, temperature: f32) -> Vec<f32> {
        let count = self.items.shape[0];
        let mut peaks = vec![f32::NEG_INFINITY; count];
        for (similarity, &nearest) in self.similarity.chunks_exact(count).zip(&self.nearest) {
            for (item, peak) in peaks.iter_mut().enumerate() {
                if normaliser == Normaliser::Released || item == nearest {
                    *peak = peak.max(similarity[item]);
                }
            }
        }
        let mut weights = vec![0.0; self.similarity.len()];
        for (n, &item) in self.nearest.iter().enumerate() {
            let at = n * count + item;
            weights[at] = ((self.similarity[at] - peaks[item]) / temperature).exp();
        }
        weights
    }
}

fn normalise(row: &mut [f32]) {
    let length = row.iter().map(|v| v * v).sum::<f32>().sqrt().max(net::L2_EPSILON);
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
    use burn::tensor::Device;

    #[test]
    fn a_share_of_the_old_item_is_kept() {
        let items = net::Tensor::new(&[3, 2], vec![1.0, 0.0, 0.0, 1.0, -1.0, 0.0]);
        let query = TensorData::new(vec![0.8f32, 0.6], [1, 2, 1, 1]);
        let query = Tensor::<4>::from_data(query, &Device::flex());
        let matched = Match::new(&query, &items).unwrap();
        let update = |keep| matched.update(Normaliser::Released, 1.0, keep).unwrap().data;
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
    fn abnormal_queries_are_driven_away_and_move_no_item() {
        let items = net::Tensor::new(&[2, 2], vec![1.0, 0.0, 0.0, 1.0]);
        // Three queries: one that moves, an abnormal one, one aside.
        let query = TensorData::new(vec![0.8f32, 0.8, 0.0, 0.6, -0.6, 1.0], [1, 2, 3, 1]);
        let query = Tensor::<4>::from_data(query, &Device::flex().autodiff()).require_grad();
        let matched = Match::new(&query, &items).unwrap();
        let cells = [Cell::Moving, Cell::Abnormal, Cell::Aside];
        let loss = matched.contrast(to_rows(query.clone()), &cells, 1.0);
        let gradient = query.grad(&loss.backward()).unwrap();
        let distance = 0.4f32.sqrt();
        assert!((loss.into_scalar::<f32>() - (0.4 + 1.0 - distance)).abs() < 1e-5);
        let gradient = numbers(gradient.into_data()).unwrap();
        let expected = [-0.4, 0.2 / distance, 0.0, 1.2, 0.6 / distance, 0.0];
        for (ours, expected) in gradient.iter().zip(expected) {
            assert!((ours - expected).abs() < 1e-5, "{gradient:?}");
        }
        let updated = |matched: &Match| matched.update(Normaliser::Released, 1.0, None).unwrap();
        let alone = Tensor::<4>::from_data(
            TensorData::new(vec![0.8f32, 0.6], [1, 2, 1, 1]),
            &Device::flex(),
        );
        let alone = Match::new(&alone, &items).unwrap();
        assert_eq!(updated(&matched.first(1)), updated(&alone));
    }

    #[test]
    fn ties_go_to_the_lower_index() {
        assert_eq!(two_largest(&[0.5, 0.5, 0.5]), (0, 1));
        assert_eq!(two_largest(&[0.1, 0.5, 0.5]), (1, 2));
        assert_eq!(two_largest(&[0.5, 0.1, 0.5, 0.1]), (0, 2));
        assert_eq!(two_largest(&[0.1, 0.2]), (1, 0));
    }
}
