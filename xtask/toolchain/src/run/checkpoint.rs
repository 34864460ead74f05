//! A trained network on disk: its arrays, its memory and what validation said.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::arrays::ArrayFile;
use super::file::RunFile;
use crate::net::{Network, Tensor, Weights};

/// The checkpoint that validation chose.
pub const BEST: &str = "best.safetensors";
/// The newest state of the training, with everything that resuming needs.
pub const LAST: &str = "last.safetensors";
/// The memory items' name among the arrays, M×C.
pub const ITEMS: &str = "memory.items";

const VALIDATION: &str = "validation";

/// What the held-out footage said about a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Epochs done, from 1.
    pub epoch: usize,
    /// Mean squared error of the prediction, in [−1, 1] units.
    pub pixel: f64,
    /// The same of "next frame = last frame"; `None` for reconstruction.
    pub last_frame_pixel: Option<f64>,
    /// Mean over all elements of the squared distance to the nearest item.
    pub compact: f64,
    /// How often the worst block's error ranks a frame with a pasted anomaly
    /// above a normal one.
    pub pasted_auc: f64,
}

/// A trained network, read without any framework.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    pub run: RunFile,
    pub network: Network,
    /// All of [`Network::parameters`], BatchNorm's running statistics included.
    pub weights: Weights,
    /// M×C, unit rows.
    pub items: Tensor,
    /// Absent in an imported RUN.
    pub validation: Option<Validation>,
}

impl Checkpoint {
    /// Reads the best checkpoint of a RUN.
    ///
    /// # Errors
    /// The first file that is missing, damaged, of another version, or does
    /// not fit the others.
    pub fn load(run: &Path) -> Result<Self> {
        let file = RunFile::read(run)?;
        let network = file.network()?;
        let path = run.join(BEST);
        let ArrayFile { mut arrays, metadata } = ArrayFile::read(&path)?;
        let fits = || -> Result<Tensor> {
            let items = arrays.0.remove(ITEMS).context("there are no memory items")?;
            arrays.check(&network)?;
            let expected = [network.spec.items, network.spec.query_channels()];
            ensure!(items.shape == expected, "`{ITEMS}` is {:?}, not {expected:?}", items.shape);
            Ok(items)
        };
        let mut fits = fits;
        let items = fits().with_context(|| path.display().to_string())?;
        let validation = match metadata.get(VALIDATION) {
            Some(text) => Some(serde_json::from_str(text).context(path.display().to_string())?),
            None => None,
        };
        Ok(Self { run: file, network, weights: arrays, items, validation })
    }

    /// Writes `run.toml` and the checkpoint, the latter at once or not at all.
    ///
    /// # Errors
    /// The file system's.
    pub fn store(&self, run: &Path) -> Result<()> {
        self.run.write(run)?;
        self.store_arrays(run)
    }

    /// Replaces the checkpoint only.
    ///
    /// # Errors
    /// The file system's.
    pub fn store_arrays(&self, run: &Path) -> Result<()> {
        let mut file = ArrayFile { arrays: self.weights.clone(), ..ArrayFile::default() };
        file.arrays.insert(ITEMS, self.items.clone());
        if let Some(validation) = &self.validation {
            file.metadata.insert(VALIDATION.into(), serde_json::to_string(validation)?);
        }
        file.write(&run.join(BEST))
    }
}
