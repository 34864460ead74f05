//! Learns the motion memory: to tell footage from the same footage played faster.

use normwatch::model::{InputSection, MOTION_FEATURES, MOTION_ITEMS, MotionMemory};
use rand::{Rng, RngExt};

use super::motion_head::{Example, Head};
use super::moving_cells::{Cells, Features};
use super::random::{Purpose, stream};

/// How many times as fast the footage is played.
const SPEEDS: [usize; 2] = [2, 3];
/// A cell moves if it changes more than this share of all cells does.
const STILL: f64 = 0.8;
const STEPS: usize = 1000;
/// Examples of each side in a step.
const BATCH: usize = 128;
/// It falls to 0 in a straight line.
const LEARNING_RATE: f64 = 3e-3;
/// With fewer examples of a speed there is nothing to learn, nor to judge by.
const FEWEST: usize = 50;
/// With a smaller share of held-out cells that are told right, the memory says nothing here:
/// fire has no tempo of its own. Of ten scenes that it was chosen on, two have 51 and 54 %, and
/// the others 61 and more.
pub const LEAST_TOLD: f64 = 0.58;
/// A feature that never varies counts as if it did so much.
const LEAST_SPREAD: f32 = 1e-3;

/// What became of the motion memory.
pub struct Learnt {
    pub memory: MotionMemory,
    /// Share of held-out moving cells that it tells right, the mean over speeds.
    pub told: f64,
}

impl Learnt {
    /// The memory, if it says anything.
    pub fn useful(&self) -> Option<&MotionMemory> {
        (self.told >= LEAST_TOLD).then_some(&self.memory)
    }
}

/// Learns from segments of consecutive frames, and tries it on held-out ones. `None` where
/// too little moves, or the network sees too few frames.
pub fn learn_motion(
    [training, held_out]: [&[Vec<u8>]; 2],
    input: &InputSection,
    seed: u64,
) -> Option<Learnt> {
    let mut cells = Cells::new(training, input)?;
    let limit = cells.usual_change(STILL)?;
    let usual = cells.moving(limit, 1);
    let hurried = SPEEDS.map(|speed| cells.moving(limit, speed));
    let mut tried = Cells::new(held_out, input)?;
    let (mean, spread) = scale(&usual);
    let mut memory = MotionMemory { limit, mean, spread, ..MotionMemory::default() };
    let normalised = |cells: &[Features]| -> Vec<Example> {
        cells.iter().map(|features| memory.normalised(features)).collect()
    };
    let examples = (normalised(&usual), hurried.map(|cells| normalised(&cells)));
    let tests = [1].into_iter().chain(SPEEDS).map(|speed| normalised(&tried.moving(limit, speed)));
    let tests: Vec<Vec<Example>> = tests.collect();
    let all = [&examples.0].into_iter().chain(&examples.1).chain(&tests);
    if all.map(Vec::len).min()? < FEWEST {
        return None;
    }
    let head = train(&examples.0, &examples.1, seed);
    head.store(&mut memory);
    memory.speeds = speeds(&head, &examples.1);
    Some(Learnt { told: told(&head, &tests), memory })
}

fn scale(cells: &[Features]) -> ([f32; MOTION_FEATURES], [f32; MOTION_FEATURES]) {
    let count = cells.len().max(1) as f64;
    let mean: [f64; MOTION_FEATURES] = std::array::from_fn(|i| {
        cells.iter().map(|features| f64::from(features[i])).sum::<f64>() / count
    });
    let spread = std::array::from_fn(|i| {
        let square = |features: &Features| (f64::from(features[i]) - mean[i]).powi(2);
        ((cells.iter().map(square).sum::<f64>() / count).sqrt() as f32).max(LEAST_SPREAD)
    });
    (mean.map(|mean| mean as f32), spread)
}

fn train(usual: &[Example], hurried: &[Vec<Example>; SPEEDS.len()], seed: u64) -> Head {
    let mut rng = stream(seed, Purpose::Motion, 0);
    let hurried = [&hurried[0][..], &hurried[1][..]];
    let some = pick(&hurried, 10 * MOTION_ITEMS, &mut rng);
    let mut head = Head::new([usual, &some], &mut rng);
    for step in 0..STEPS {
        let sides = [(&[usual][..], false), (&hurried[..], true)];
        let mut batch: Vec<(Example, bool)> = Vec::with_capacity(2 * BATCH);
        for (examples, is_hurried) in sides {
            let examples = pick(examples, BATCH, &mut rng).into_iter();
            batch.extend(examples.map(|example| (example, is_hurried)));
        }
        head.step(&batch, LEARNING_RATE * (1.0 - step as f64 / STEPS as f64));
    }
    head
}

/// Examples at random, equally many of each kind.
fn pick(kinds: &[&[Example]], count: usize, rng: &mut impl Rng) -> Vec<Example> {
    let one = |index: usize| {
        let examples = kinds[index % kinds.len()];
        examples[rng.random_range(0..examples.len())]
    };
    (0..count).map(one).collect()
}

/// The mean speed of the examples that attend to each hurried item most.
fn speeds(head: &Head, hurried: &[Vec<Example>; SPEEDS.len()]) -> [f32; MOTION_ITEMS] {
    const EXAMPLES: usize = 2000;
    let mut sums = [[0.0_f32; 2]; MOTION_ITEMS];
    for (speed, examples) in SPEEDS.into_iter().zip(hurried) {
        for example in examples.iter().step_by(examples.len().div_ceil(EXAMPLES)) {
            let [sum, count] = &mut sums[head.nearest(example)];
            (*sum, *count) = (*sum + speed as f32, *count + 1.0);
        }
    }
    let usual = SPEEDS.iter().sum::<usize>() as f32 / SPEEDS.len() as f32;
    sums.map(|[sum, count]| if count > 0.0 { sum / count } else { usual })
}

/// `tests` begins with usual examples, and goes on with those of each speed.
fn told(head: &Head, tests: &[Vec<Example>]) -> f64 {
    let share = |examples: &Vec<Example>, hurried: bool| {
        let right = examples.iter().filter(|example| (head.hurried(example) > 0.5) == hurried);
        right.count() as f64 / examples.len() as f64
    };
    let others = tests[1..].iter().map(|examples| share(examples, true)).sum::<f64>();
    (share(&tests[0], false) + others / (tests.len() - 1) as f64) / 2.0
}

#[cfg(test)]
mod tests {
    use normwatch::preprocess::Edges;
    use normwatch::score::{Mask, MotionFeatures, MotionTerm};

    use super::*;
    use crate::net::Preset;

    const SIDE: usize = 64;

    fn input() -> InputSection {
        let mut input = Preset::Nano.values().input;
        (input.width_px, input.height_px) = (SIDE, SIDE);
        input
    }

    /// Textured discs that cross a textured ground, each at a pace of its own, played so many
    /// times as fast.
    fn street(seed: usize, frames: usize, speed: f32) -> Vec<u8> {
        let ground = |x: usize, y: usize| (70 + (x / 3 * 31 + y / 5 * 17) % 40) as f32;
        let frame = |n: usize| {
            let at = n as f32 * speed;
            (0..SIDE * SIDE).map(move |i| {
                let (x, y) = (i % SIDE, i / SIDE);
                let mut level = ground(x, y) + ((n * 7 + i * 13) % 3) as f32;
                for walker in 0..4 {
                    let pace = 0.55 + 0.12 * ((walker * 5 + seed) % 4) as f32;
                    let cx = (walker as f32 * 37.0 + seed as f32 * 11.0 + at * pace) % 90.0 - 13.0;
                    let (dx, dy) = (x as f32 - cx, y as f32 - (10.0 + 14.0 * walker as f32));
                    if dx * dx + dy * dy < 40.0 {
                        level = 150.0 + 60.0 * (0.8 * dx).sin() * (0.7 * dy).cos();
                    }
                }
                level as u8
            })
        };
        (0..frames).flat_map(frame).collect()
    }

    fn learnt(seed: u64) -> Learnt {
        let training = [street(0, 150, 1.0), street(1, 150, 1.0)];
        learn_motion([&training, &[street(2, 100, 1.0)]], &input(), seed).unwrap()
    }

    /// Mean of the motion term over a clip.
    fn term(memory: &MotionMemory, clip: &[u8]) -> f32 {
        let mask = Mask::everything(SIDE, SIDE);
        let mut term = MotionTerm::new(memory, &mask, 1, 300).unwrap();
        let frame = |at: usize| &clip[at * SIDE * SIDE..][..SIDE * SIDE];
        let count = clip.len() / (SIDE * SIDE);
        let values = (4..count).map(|at| {
            let frames = [frame(at), frame(at - 1), frame(at - 2), frame(at - 4)];
            term.worst(frames, Edges::default(), at as u64 * 100_000_000).hurried
        });
        values.sum::<f32>() / (count - 4) as f32
    }

    #[test]
    fn a_scene_that_hurries_has_a_higher_term_and_one_seed_gives_the_same_bytes() {
        let one = learnt(1);
        assert!(one.told > LEAST_TOLD, "{}", one.told);
        let memory = one.useful().unwrap();
        let [usual, twice, thrice] = [1.0, 2.0, 3.0].map(|s| term(memory, &street(5, 60, s)));
        assert!(twice.min(thrice) > usual + 0.1, "{usual} {twice} {thrice}");
        assert!(memory.speeds.iter().all(|speed| (2.0..=3.0).contains(speed)));
        assert_eq!(learnt(1).memory.to_npz(), memory.to_npz());
    }

    #[test]
    fn the_runtime_reads_what_the_training_made() {
        let clip = [street(0, 60, 1.0)];
        let mut cells = Cells::new(&clip, &input()).unwrap();
        let usual = cells.moving(0.01, 1);
        let (mean, spread) = scale(&usual);
        let mut memory = MotionMemory { limit: 0.01, mean, spread, ..MotionMemory::default() };
        let examples: Vec<Example> = usual.iter().map(|f| memory.normalised(f)).collect();
        let mut head = Head::new([&examples, &examples], &mut stream(3, Purpose::Motion, 0));
        let labelled = |(n, example): (usize, &Example)| (*example, n.is_multiple_of(3));
        let batch: Vec<(Example, bool)> = examples.iter().enumerate().map(labelled).collect();
        for _ in 0..20 {
            head.step(&batch, 0.01);
        }
        head.store(&mut memory);
        memory.speeds = [2.0; MOTION_ITEMS];
        let memory = MotionMemory::from_npz(&memory.to_npz()).unwrap();
        let mut same = 0;
        for (features, example) in usual.iter().zip(&examples) {
            let read = memory.read(features);
            assert!((f64::from(read.hurried) - head.hurried(example)).abs() < 1e-3, "{read:?}");
            same += usize::from(read.item == head.nearest(example));
        }
        // Some lie as near to two items as floats can tell.
        assert!(usual.len() > 200 && 100 * same > 98 * usual.len(), "{same} {}", usual.len());
    }

    #[test]
    fn where_nothing_moves_or_the_network_sees_little_there_is_nothing_to_learn() {
        let still = [vec![90; 60 * SIDE * SIDE]];
        assert!(learn_motion([&still, &still], &input(), 1).is_none());
        let clip = [street(0, 60, 1.0)];
        let few = InputSection { frames: 2, ..input() };
        assert!(learn_motion([&clip, &clip], &few, 1).is_none());
        assert!(MotionFeatures::new(16, 16, 1).is_none());
    }
}
