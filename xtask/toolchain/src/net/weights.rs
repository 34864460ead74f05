//! A network's arrays by name, and the check that they fit it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use super::build::Network;

/// A dense f32 array, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

impl Tensor {
    /// # Panics
    /// When the numbers do not fill the shape.
    pub fn new(shape: &[usize], data: Vec<f32>) -> Self {
        assert_eq!(shape.iter().product::<usize>(), data.len(), "numbers for shape {shape:?}");
        Self { shape: shape.to_vec(), data }
    }

    pub fn filled(shape: &[usize], value: f32) -> Self {
        Self::new(shape, vec![value; shape.iter().product()])
    }
}

/// Arrays by name, ordered by name: `enc1.conv1.weight` and so on, see
/// [`Network::parameters`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights(pub BTreeMap<String, Tensor>);

impl Weights {
    /// # Errors
    /// No array of that name.
    pub fn get(&self, name: &str) -> Result<&Tensor> {
        self.0.get(name).with_context(|| format!("there is no array `{name}`"))
    }

    pub fn insert(&mut self, name: impl Into<String>, tensor: Tensor) {
        self.0.insert(name.into(), tensor);
    }

    /// Checks that every array of the network is there, in its shape, finite,
    /// and nothing else.
    ///
    /// # Errors
    /// The first array that is missing, left over, misshapen or not finite.
    pub fn check(&self, network: &Network) -> Result<()> {
        let parameters = network.parameters();
        for parameter in &parameters {
            let tensor = self.get(&parameter.name)?;
            let (name, expected, found) = (&parameter.name, &parameter.shape, &tensor.shape);
            ensure!(expected == found, "`{name}` is {found:?}, but the network has {expected:?}");
            ensure!(tensor.data.iter().all(|v| v.is_finite()), "`{name}` is not finite");
        }
        let known = |name: &String| parameters.iter().any(|p| p.name == *name);
        let left_over: Vec<&String> = self.0.keys().filter(|name| !known(name)).collect();
        ensure!(left_over.is_empty(), "the network has no array {left_over:?}");
        Ok(())
    }
}
