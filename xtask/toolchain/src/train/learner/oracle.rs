//! A step's losses and gradients against those that burn differentiates, on
//! random answers: outliers and teacher included.

use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor as Burned, TensorData};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::net::{NetworkSpec, Preset, Weights};
use crate::train::outliers::Cell;

const WINDOWS: usize = 5;
/// Of them, at the end.
const HURRIED: usize = 2;
/// Share of the largest slope that the two may differ by.
const TOLERANCE: f32 = 2e-5;

/// Gives what it is told to, and keeps the gradients that it is given.
struct Fixed {
    network: Network,
    rows: Vec<f32>,
    prediction: Vec<f32>,
    gradients: std::rc::Rc<std::cell::RefCell<[Vec<f32>; 2]>>,
}

impl Engine for Fixed {
    fn network(&self) -> &Network {
        &self.network
    }

    fn encode(&mut self, _: &[f32]) -> Result<Vec<f32>> {
        Ok(self.rows.clone())
    }

    fn decode(&mut self, _: &[f32]) -> Result<Vec<f32>> {
        Ok(self.prediction.clone())
    }

    fn backward(&mut self, by_prediction: Vec<f32>, by_query: Vec<f32>) -> Result<()> {
        *self.gradients.borrow_mut() = [by_prediction, by_query];
        Ok(())
    }

    fn descend(&mut self, _: f64) -> Result<()> {
        unimplemented!()
    }

    fn weights(&self) -> Result<Weights> {
        unimplemented!()
    }

    fn moments(&self) -> Result<Weights> {
        unimplemented!()
    }

    fn restore(&mut self, _: u64, _: Weights) -> Result<()> {
        unimplemented!()
    }

    fn inference(&self) -> Result<Box<dyn Engine>> {
        unimplemented!()
    }

    fn gradient(&mut self, _: &str) -> Result<Vec<f32>> {
        unimplemented!()
    }
}

/// A step's inputs.
struct Case {
    rows: Vec<f32>,
    items: Tensor,
    prediction: Vec<f32>,
    target: Vec<f32>,
    taught: Vec<f32>,
    cells: Vec<Cell>,
}

/// Weights of compactness, separateness, contrast and the teacher.
#[derive(Clone, Copy, Debug)]
struct Weighting([f64; 4]);

fn network() -> Network {
    let values = Preset::Nano.values();
    let mut input = values.input;
    (input.width_px, input.height_px) = (16, 16);
    Network::build(NetworkSpec { base_width: 4, items: 6, ..values.network }, input).unwrap()
}

impl Case {
    fn random(network: &Network, rng: &mut impl Rng) -> Self {
        let [channels, height, width] = network.query_shape();
        let (items, queries) = (network.spec.items, WINDOWS * height * width);
        let mut numbers = |count: usize| -> Vec<f32> {
            (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
        };
        let unit = |mut values: Vec<f32>| {
            for row in values.chunks_exact_mut(channels) {
                let length = row.iter().map(|v| v * v).sum::<f32>().sqrt();
                row.iter_mut().for_each(|v| *v /= length);
            }
            values
        };
        let items = unit(numbers(items * channels));
        // From all but on an item to anywhere.
        let noise = numbers(queries * channels).into_iter().enumerate().map(|(at, noise)| {
            let (query, channel) = (at / channels, at % channels);
            let item = items[query % 6 * channels + channel];
            item + noise * query as f32 / queries as f32
        });
        let rows = unit(noise.collect());
        let pixels = WINDOWS * network.input.spec().frame_len();
        let [prediction, target, taught] = [(); 3].map(|()| numbers(pixels));
        let usual = queries / WINDOWS * (WINDOWS - HURRIED);
        let cell = |query: usize| match query % 3 {
            0 => Cell::Aside,
            1 if query >= usual => Cell::Abnormal,
            _ => Cell::Moving,
        };
        let cells = (0..queries).map(cell).collect();
        let items = Tensor::new(&[network.spec.items, channels], items);
        Self { rows, items, prediction, target, taught, cells }
    }

    fn ours(&self, network: &Network, weighting: Weighting) -> (Losses, [Vec<f32>; 2]) {
        let Weighting([compact, separate, contrast, teacher]) = weighting;
        let gradients = std::rc::Rc::default();
        let engine = |prediction: &[f32]| {
            let (rows, prediction) = (self.rows.clone(), prediction.to_vec());
            let (network, gradients) = (network.clone(), std::rc::Rc::clone(&gradients));
            Box::new(Fixed { network, rows, prediction, gradients })
        };
        let objective = Objective {
            compact,
            separate,
            motion: 0.0,
            normaliser: Normaliser::Released,
            keep: None,
        };
        let (items, weight) = (self.items.clone(), teacher);
        let mut learner = Learner {
            engine: engine(&self.prediction),
            items: items.clone(),
            objective,
            teacher: (weight > 0.0).then(|| Teacher {
                engine: engine(&self.taught),
                items,
                weight,
            }),
        };
        let batch = Batch { windows: WINDOWS, input: Vec::new(), target: self.target.clone() };
        let outliers = Outliers { windows: HURRIED, cells: self.cells.clone() };
        let outliers = (contrast > 0.0).then_some((&outliers, contrast));
        let (losses, _) = learner.backward(&batch, outliers).unwrap();
        (losses, gradients.take())
    }

    fn burns(&self, weighting: Weighting) -> (Losses, [Vec<f32>; 2]) {
        let Weighting([compact_weight, separate_weight, contrast_weight, teacher]) = weighting;
        let channels = self.items.shape[1];
        let queries = self.rows.len() / channels;
        let usual = |count: usize| match contrast_weight > 0.0 {
            true => count / WINDOWS * (WINDOWS - HURRIED),
            false => count,
        };
        let prediction = flat(&self.prediction).require_grad();
        let leaf = flat(&self.rows).require_grad();
        let query = leaf.clone().reshape([queries, channels]);
        let [nearest, second] = [0, 1].map(|rank| self.chosen(rank));

        let pixels = usual(self.target.len());
        let first = |values: &[f32]| flat(&values[..pixels]);
        let predicted = prediction.clone().narrow(0, 0, pixels);
        let pixel = (predicted.clone() - first(&self.target)).square().mean();
        let mut total = pixel.clone();
        if teacher > 0.0 {
            let difference = predicted - first(&self.taught);
            total = total + difference.square().mean().mul_scalar(teacher);
        }
        let count = usual(queries);
        let rows = |of: &Burned<2>| of.clone().narrow(0, 0, count);
        let compact = (rows(&query) - rows(&nearest)).square().mean();
        let distance = |item: &Burned<2>| {
            (rows(&query) - rows(item)).add_scalar(1e-6).square().sum_dim(1).sqrt()
        };
        let separate = relu(distance(&nearest) - distance(&second) + 1.0).mean();
        total = total
            + compact.clone().mul_scalar(compact_weight)
            + separate.clone().mul_scalar(separate_weight);
        let squares = (query - nearest).square().sum_dim(1);
        let lack = relu(squares.clone().add_scalar(1e-6).sqrt().neg().add_scalar(1.0));
        let contrast =
            (squares * self.share(Cell::Moving)).sum() + (lack * self.share(Cell::Abnormal)).sum();
        total = total + contrast.clone().mul_scalar(contrast_weight);

        let gradients = total.backward();
        let of = |leaf: &Burned<1>| leaf.grad(&gradients).unwrap().into_data().try_into_vec();
        let scalar = |loss: Burned<1>| f64::from(loss.into_scalar::<f32>());
        let losses = Losses {
            pixel: scalar(pixel),
            compact: scalar(compact),
            separate: scalar(separate),
            contrast: if contrast_weight > 0.0 { scalar(contrast) } else { 0.0 },
        };
        (losses, [of(&prediction).unwrap(), of(&leaf).unwrap()])
    }

    /// Each query's item of a rank in similarity.
    fn chosen(&self, rank: usize) -> Burned<2> {
        let channels = self.items.shape[1];
        let mut data = Vec::new();
        for row in self.rows.chunks_exact(channels) {
            let similarity = |item: &&[f32]| -> f64 {
                row.iter().zip(*item).map(|(q, p)| f64::from(*q) * f64::from(*p)).sum()
            };
            let mut items: Vec<&[f32]> = self.items.data.chunks_exact(channels).collect();
            items.sort_by(|a, b| similarity(b).total_cmp(&similarity(a)));
            data.extend(items[rank]);
        }
        let rows = data.len() / channels;
        flat(&data).reshape([rows, channels])
    }

    fn share(&self, of: Cell) -> Burned<2> {
        let count = self.cells.iter().filter(|&&cell| cell == of).count().max(1);
        let weight = |&cell: &Cell| if cell == of { 1.0 / count as f32 } else { 0.0 };
        let weights: Vec<f32> = self.cells.iter().map(weight).collect();
        flat(&weights).reshape([self.cells.len(), 1])
    }
}

fn flat(values: &[f32]) -> Burned<1> {
    let data = TensorData::new(values.to_vec(), [values.len()]);
    Burned::from_data(data, &Device::flex().autodiff())
}

#[test]
fn losses_and_gradients_are_those_that_burn_finds() {
    let network = network();
    let rng = &mut ChaCha8Rng::seed_from_u64(3);
    let weightings = [
        [0.0, 0.0, 0.0, 0.0],
        [1.0, 0.0, 0.0, 0.0],
        [0.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 1.0],
        [0.1, 0.2, 0.05, 0.7],
    ];
    for round in 0..20 {
        let case = Case::random(&network, rng);
        for weighting in weightings.map(Weighting) {
            let (losses, gradients) = case.ours(&network, weighting);
            let (expected_losses, expected) = case.burns(weighting);
            let values = |l: Losses| [l.pixel, l.compact, l.separate, l.contrast];
            for (ours, burns) in values(losses).into_iter().zip(values(expected_losses)) {
                assert!((ours - burns).abs() < 1e-5, "{losses:?}, burn has {expected_losses:?}");
            }
            for (ours, burns) in gradients.iter().zip(&expected) {
                assert_eq!(ours.len(), burns.len());
                let largest = burns.iter().fold(0f32, |largest, v| largest.max(v.abs()));
                for (at, (a, b)) in ours.iter().zip(burns).enumerate() {
                    let near = (a - b).abs() <= TOLERANCE * largest;
                    assert!(near, "round {round}, {weighting:?}, {at}: {a}, burn has {b}");
                }
            }
        }
    }
}
