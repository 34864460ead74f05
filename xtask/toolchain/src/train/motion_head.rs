//! The motion memory's head and items, and a step of their training: gradients by hand.

use normwatch::model::{
    MOTION_FEATURES, MOTION_HIDDEN, MOTION_ITEMS, MOTION_WIDTH, MotionLayer, MotionMemory,
};
use rand::{Rng, RngExt};

use super::adam::{BETA_1, BETA_2, EPSILON, Rates};

/// A normalised example.
pub type Example = [f32; MOTION_FEATURES];

/// Offsets of the arrays in one line of numbers.
const FIRST: usize = 0;
const FIRST_BIASES: usize = FIRST + MOTION_FEATURES * MOTION_HIDDEN;
const SECOND: usize = FIRST_BIASES + MOTION_HIDDEN;
const SECOND_BIASES: usize = SECOND + MOTION_HIDDEN * MOTION_WIDTH;
const USUAL: usize = SECOND_BIASES + MOTION_WIDTH;
const HURRIED: usize = USUAL + MOTION_ITEMS * MOTION_WIDTH;
const ALL: usize = HURRIED + MOTION_ITEMS * MOTION_WIDTH;

/// How much of a layer's weights goes at each step, of the step's size.
const DECAY: f64 = 1e-4;
/// Items begin where random examples lie, up to this far off.
const SPREAD: f64 = 0.1;

/// A head under training.
#[derive(Clone, Debug)]
pub struct Head {
    numbers: Vec<f64>,
    moments: [Vec<f64>; 2],
    steps: u64,
}

/// What the head makes of an example.
struct Seen {
    hidden: [f64; MOTION_HIDDEN],
    place: [f64; MOTION_WIDTH],
    /// Shares of attention among the items of each side, and the logarithm of its sum.
    sides: [([f64; MOTION_ITEMS], f64); 2],
}

impl Head {
    /// Layers at random, and items where examples of each side lie in their space.
    pub fn new(examples: [&[Example]; 2], rng: &mut impl Rng) -> Self {
        let mut numbers = vec![0.0; ALL];
        for (range, inputs) in
            [(FIRST..FIRST_BIASES, MOTION_FEATURES), (SECOND..SECOND_BIASES, MOTION_HIDDEN)]
        {
            let reach = (6.0 / inputs as f64).sqrt();
            numbers[range].iter_mut().for_each(|weight| *weight = rng.random_range(-reach..reach));
        }
        let mut head = Self { moments: [vec![0.0; ALL], vec![0.0; ALL]], numbers, steps: 0 };
        for (start, examples) in [USUAL, HURRIED].into_iter().zip(examples) {
            for item in 0..MOTION_ITEMS {
                let example = &examples[rng.random_range(0..examples.len())];
                let place = head.see(example).place;
                let item = &mut head.numbers[start + item * MOTION_WIDTH..][..MOTION_WIDTH];
                for (number, place) in item.iter_mut().zip(place) {
                    *number = place + rng.random_range(-SPREAD..SPREAD);
                }
            }
        }
        head
    }

    fn see(&self, example: &Example) -> Seen {
        let mut hidden: [f64; MOTION_HIDDEN] =
            std::array::from_fn(|unit| self.numbers[FIRST_BIASES + unit]);
        for (input, value) in example.iter().enumerate() {
            let weights = &self.numbers[FIRST + input * MOTION_HIDDEN..][..MOTION_HIDDEN];
            let value = f64::from(*value);
            hidden.iter_mut().zip(weights).for_each(|(unit, weight)| *unit += value * weight);
        }
        let hidden = hidden.map(|unit| unit.max(0.0));
        let mut place: [f64; MOTION_WIDTH] =
            std::array::from_fn(|unit| self.numbers[SECOND_BIASES + unit]);
        for (input, value) in hidden.iter().enumerate() {
            let weights = &self.numbers[SECOND + input * MOTION_WIDTH..][..MOTION_WIDTH];
            place.iter_mut().zip(weights).for_each(|(unit, weight)| *unit += value * weight);
        }
        let place = place.map(|unit| unit.max(0.0));
        let sides = [USUAL, HURRIED].map(|start| self.attend(start, &place));
        Seen { hidden, place, sides }
    }

    fn item(&self, start: usize, item: usize) -> &[f64] {
        &self.numbers[start + item * MOTION_WIDTH..][..MOTION_WIDTH]
    }

    fn attend(&self, start: usize, place: &[f64]) -> ([f64; MOTION_ITEMS], f64) {
        let distances: [f64; MOTION_ITEMS] = std::array::from_fn(|item| {
            self.item(start, item).iter().zip(place).map(|(c, e)| (e - c) * (e - c)).sum()
        });
        let least = distances.iter().fold(f64::INFINITY, |least, &d| least.min(d));
        let shares = distances.map(|d| (least - d).exp());
        let sum: f64 = shares.iter().sum();
        (shares.map(|share| share / sum), sum.ln() - least)
    }

    /// The share of an example's attention that falls upon hurried items.
    pub fn hurried(&self, example: &Example) -> f64 {
        let [usual, hurried] = self.see(example).sides;
        sigmoid(hurried.1 - usual.1)
    }

    /// The hurried item that an example attends to most.
    pub fn nearest(&self, example: &Example) -> usize {
        let [_, (shares, _)] = self.see(example).sides;
        (0..MOTION_ITEMS).max_by(|&a, &b| shares[a].total_cmp(&shares[b])).unwrap_or_default()
    }

    /// Adds one example's slope of the cross-entropy, divided by `count`; gives its loss.
    #[allow(clippy::needless_range_loop, reason = "a unit is one in several arrays")]
    fn add_slope(&self, example: &Example, is_hurried: bool, count: f64, out: &mut [f64]) -> f64 {
        let Seen { hidden, place, sides } = self.see(example);
        let odds = sides[1].1 - sides[0].1;
        let slope = (sigmoid(odds) - f64::from(u8::from(is_hurried))) / count;
        // d log-odds / d place: the mean hurried item less the mean usual one, twice.
        let mut to_place = [0.0; MOTION_WIDTH];
        for ((start, sign), (shares, _)) in [(USUAL, -1.0), (HURRIED, 1.0)].into_iter().zip(&sides)
        {
            for (item, share) in shares.iter().enumerate() {
                let factor = 2.0 * sign * slope * share;
                let own = self.item(start, item);
                let out = &mut out[start + item * MOTION_WIDTH..][..MOTION_WIDTH];
                for unit in 0..MOTION_WIDTH {
                    to_place[unit] += factor * own[unit];
                    out[unit] += factor * (place[unit] - own[unit]);
                }
            }
        }
        for unit in 0..MOTION_WIDTH {
            if place[unit] <= 0.0 {
                to_place[unit] = 0.0;
            }
            out[SECOND_BIASES + unit] += to_place[unit];
        }
        for (input, &value) in hidden.iter().enumerate() {
            if value <= 0.0 {
                continue;
            }
            let weights = &self.numbers[SECOND + input * MOTION_WIDTH..][..MOTION_WIDTH];
            let to_hidden: f64 = weights.iter().zip(&to_place).map(|(w, slope)| w * slope).sum();
            let out_second = &mut out[SECOND + input * MOTION_WIDTH..][..MOTION_WIDTH];
            out_second.iter_mut().zip(&to_place).for_each(|(out, slope)| *out += value * slope);
            out[FIRST_BIASES + input] += to_hidden;
            for (feature, &x) in example.iter().enumerate() {
                out[FIRST + feature * MOTION_HIDDEN + input] += f64::from(x) * to_hidden;
            }
        }
        let right = if is_hurried { odds } else { -odds };
        (-right).max(0.0) + (-right.abs()).exp().ln_1p()
    }

    /// A step of Adam on some examples; gives their mean loss.
    pub fn step(&mut self, examples: &[(Example, bool)], learning_rate: f64) -> f64 {
        let mut slopes = vec![0.0; ALL];
        let count = examples.len() as f64;
        let mut loss = 0.0;
        for (example, is_hurried) in examples {
            loss += self.add_slope(example, *is_hurried, count, &mut slopes) / count;
        }
        self.steps += 1;
        let Rates { step_size, root_correction } = Rates::new(self.steps, learning_rate);
        let [first, second] = &mut self.moments;
        for (index, slope) in slopes.into_iter().enumerate() {
            first[index] = BETA_1 * first[index] + (1.0 - BETA_1) * slope;
            second[index] = BETA_2 * second[index] + (1.0 - BETA_2) * slope * slope;
            let root = second[index].sqrt() / root_correction + EPSILON;
            let is_weight = index < FIRST_BIASES || (SECOND..SECOND_BIASES).contains(&index);
            let decay = if is_weight { DECAY * learning_rate * self.numbers[index] } else { 0.0 };
            self.numbers[index] -= step_size * first[index] / root + decay;
        }
        loss
    }

    /// Puts layers and items into a memory.
    pub fn store(&self, memory: &mut MotionMemory) {
        let table = |start: usize, row: usize, columns: usize, column: usize| {
            self.numbers[start + row * columns + column] as f32
        };
        memory.first = MotionLayer {
            weights: std::array::from_fn(|row| {
                std::array::from_fn(|column| table(FIRST, row, MOTION_HIDDEN, column))
            }),
            biases: std::array::from_fn(|unit| self.numbers[FIRST_BIASES + unit] as f32),
        };
        memory.second = MotionLayer {
            weights: std::array::from_fn(|row| {
                std::array::from_fn(|column| table(SECOND, row, MOTION_WIDTH, column))
            }),
            biases: std::array::from_fn(|unit| self.numbers[SECOND_BIASES + unit] as f32),
        };
        let items = |start| {
            std::array::from_fn(|row| {
                std::array::from_fn(|column| table(start, row, MOTION_WIDTH, column))
            })
        };
        (memory.usual, memory.hurried) = (items(USUAL), items(HURRIED));
    }
}

fn sigmoid(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}

#[cfg(test)]
mod tests {
    use super::super::random::{Purpose, stream};
    use super::*;

    fn examples(count: usize) -> Vec<(Example, bool)> {
        let mut rng = stream(7, Purpose::Motion, 1);
        let one = |n: usize| {
            let example: Example = std::array::from_fn(|_| rng.random_range(-2.0..2.0));
            (example, n.is_multiple_of(2))
        };
        (0..count).map(one).collect()
    }

    fn head(examples: &[(Example, bool)]) -> Head {
        let all: Vec<Example> = examples.iter().map(|(example, _)| *example).collect();
        Head::new([&all, &all], &mut stream(7, Purpose::Motion, 0))
    }

    #[test]
    fn slopes_are_those_of_the_loss() {
        let examples = examples(6);
        let mut head = head(&examples);
        let loss = |head: &Head, out: &mut [f64]| -> f64 {
            examples.iter().map(|(e, hurried)| head.add_slope(e, *hurried, 1.0, out)).sum()
        };
        let mut slopes = vec![0.0; ALL];
        loss(&head, &mut slopes);
        let mut unused = vec![0.0; ALL];
        for index in (0..ALL).step_by(7) {
            let number = head.numbers[index];
            let mut at = |offset: f64| {
                head.numbers[index] = number + offset;
                loss(&head, &mut unused)
            };
            let measured = (at(1e-6) - at(-1e-6)) / 2e-6;
            head.numbers[index] = number;
            let off = (measured - slopes[index]).abs();
            assert!(off < 1e-4 * (1.0 + measured.abs()), "{index}: {measured} {}", slopes[index]);
        }
    }

    #[test]
    fn steps_lower_the_loss() {
        let mut examples = examples(64);
        for (example, is_hurried) in &mut examples {
            example[3] = if *is_hurried { 1.5 } else { -1.5 };
        }
        let mut head = head(&examples);
        let first = head.step(&examples, 0.01);
        let last = (0..300).map(|_| head.step(&examples, 0.01)).last().unwrap();
        assert!(last < 0.2 * first, "{first} {last}");
        let shares = examples.iter().map(|(example, is)| (head.hurried(example) > 0.5) == *is);
        assert!(shares.filter(|right| *right).count() > 60);
    }
}
