//! A bundle's self-test: the network must still make of one stored input what
//! it made of it at export.

use ndarray::{Array3, ArrayView2};

use super::arrays::Arrays;
use super::manifest::Manifest;
use super::precision::Precision;
use super::predictor::Predictor;

/// `golden.npz`: one input and what the network made of it at export.
#[derive(Debug)]
pub(super) struct Golden {
    /// (t·c)×H×W, the frames before normalisation.
    frames: Array3<u8>,
    query: Array3<f32>,
    read: Array3<f32>,
    prediction: Array3<f32>,
}

impl Golden {
    pub(super) fn read(npz: &[u8]) -> Result<Self, String> {
        let mut arrays = Arrays::new(npz)?;
        Ok(Self {
            frames: arrays.array("frames")?,
            query: arrays.array("query")?,
            read: arrays.array("read")?,
            prediction: arrays.array("prediction")?,
        })
    }

    /// Runs the stored input and compares every tensor.
    pub(super) fn check(&self, manifest: &Manifest, model: &mut Predictor) -> Result<(), String> {
        let spec = manifest.input.spec();
        let planes = spec.frame_len() / (spec.width_px * spec.height_px);
        let expected = (manifest.input.frames * planes, spec.height_px, spec.width_px);
        if self.frames.dim() != expected {
            return Err(format!(
                "array `frames` is {:?}, but the manifest says {expected:?}",
                self.frames.dim()
            ));
        }
        let frames = self.frames.as_standard_layout();
        let bytes = frames.as_slice().expect("standard layout");
        model.predict(bytes.chunks_exact(spec.frame_len())).map_err(|e| e.to_string())?;
        let precision = manifest.precision;
        compare("query", &self.query, model.query(), precision)?;
        compare("read", &self.read, model.memory_read().read.view(), precision)?;
        let prediction = ArrayView2::from_shape((1, model.prediction().len()), model.prediction())
            .expect("one row");
        compare("prediction", &self.prediction, prediction, precision)
    }
}

fn compare(
    name: &str,
    stored: &Array3<f32>,
    got: ArrayView2<'_, f32>,
    precision: Precision,
) -> Result<(), String> {
    if stored.len() != got.len() {
        return Err(format!("array `{name}` holds {} values, not {}", stored.len(), got.len()));
    }
    let differences = || stored.iter().zip(got.iter()).map(|(a, b)| (a - b).abs());
    let worst = differences().fold(0.0, nan_max);
    let mean = differences().fold(0.0, |sum, d| sum + d) / stored.len() as f32;
    let (at_most, mean_at_most) =
        (precision.self_test_tolerance(), precision.self_test_mean_tolerance());
    if worst <= at_most && mean <= mean_at_most {
        return Ok(());
    }
    Err(format!(
        "the self-test's {name} is off by {worst:.2e}, by {mean:.2e} in the mean (at most \
         {at_most:.0e} and {mean_at_most:.0e} in {precision}): the graphs, the memory and the \
         golden vectors are not of one export"
    ))
}

fn nan_max(a: f32, b: f32) -> f32 {
    if b.is_nan() { f32::INFINITY } else { a.max(b) }
}
