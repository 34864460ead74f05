//! Batches of windows as a training sees them: changed, with foreign objects and
//! with hurried motion where it asks for them.

use super::augment::Augmentation;
use super::outliers::{OutlierChoice, Outliers};
use super::random::{Purpose, stream};
use super::samples::Samples;
use super::window::Batch;

/// The windows at `indices`, changed as `augmentation` says. `step` counts
/// through the whole training. With outliers they come last.
pub fn augmented(
    samples: &Samples,
    indices: &[usize],
    augmentation: &Augmentation,
    (seed, step): (u64, u64),
) -> (Batch, Option<Outliers>) {
    let shape = samples.shape();
    let mut rng = stream(seed, Purpose::Augmentation, step);
    let mut choice = OutlierChoice::new(augmentation.skip_frames, indices.len(), (seed, step));
    let (mut inputs, mut targets) = (Vec::new(), Vec::new());
    for &index in indices {
        let mut window = samples.window(index).to_vec();
        let before = rng.clone();
        augmentation.change(&mut window, &shape, &mut rng);
        let from = inputs.len();
        shape.split(&window, &mut inputs, &mut targets);
        let surroundings = samples.surroundings(index);
        augmentation.intrude(&mut inputs[from..], surroundings, &shape, &mut rng);
        if let Some(choice) = &mut choice {
            let change = |fast: &mut [u8]| augmentation.change(fast, &shape, &mut before.clone());
            choice.consider(samples, index, &mut inputs[from..], change);
        }
    }
    let outliers = choice.map(|choice| choice.finish(&mut inputs, &mut targets));
    (shape.batch(&inputs, &targets), outliers)
}
