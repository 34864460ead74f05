use anyhow::Result;
use burn::tensor::{Device, Tensor};

use super::backend::Place;
use super::cpu::CpuModel;
use super::model::{DeviceModel, Encoded};
use crate::net::{Network, Weights};

/// The network with its arrays, wherever its arithmetic is done.
pub enum Model {
    Device(Box<DeviceModel>),
    Cpu(Box<CpuModel>),
}

impl Model {
    /// In training the trained arrays collect gradients, and BatchNorm goes by
    /// its batch; otherwise by its running statistics.
    ///
    /// # Errors
    /// Weights that do not fit the network, or a machine without the
    /// instruction set that was asked for.
    pub fn new(network: Network, weights: &Weights, place: &Place) -> Result<Self> {
        Ok(match place {
            Place::Device(device) => {
                Self::Device(Box::new(DeviceModel::new(network, weights, device)?))
            }
            Place::Cpu { training } => {
                Self::Cpu(Box::new(CpuModel::new(network, weights, *training)?))
            }
        })
    }

    pub fn network(&self) -> &Network {
        match self {
            Self::Device(model) => &model.network,
            Self::Cpu(model) => &model.network,
        }
    }

    /// Where its batches lie.
    pub fn device(&self) -> Device {
        match self {
            Self::Device(model) => model.device().clone(),
            Self::Cpu(model) => Place::Cpu { training: model.training }.device(),
        }
    }

    /// The same weights for inference: no gradients, running statistics.
    ///
    /// # Errors
    /// The machine's.
    pub fn inference(&self) -> Result<Self> {
        Ok(match self {
            Self::Device(model) => Self::Device(Box::new(model.inference())),
            Self::Cpu(model) => {
                let network = model.network.clone();
                Self::Cpu(Box::new(CpuModel::new(network, &model.weights(), false)?))
            }
        })
    }

    /// The weights, read back.
    ///
    /// # Errors
    /// The device's.
    pub fn weights(&self) -> Result<Weights> {
        match self {
            Self::Device(model) => model.weights(),
            Self::Cpu(model) => Ok(model.weights()),
        }
    }

    /// `frames`: B×(t·c)×H×W within −1..=1, oldest frame first.
    ///
    /// # Errors
    /// Arrays that do not belong to the network.
    pub fn encode(&mut self, frames: Tensor<4>) -> Result<Encoded> {
        match self {
            Self::Device(model) => model.encode(frames),
            // The skips stay where they are until the decoder wants them.
            Self::Cpu(model) => {
                Ok(Encoded { query: model.encode(frames)?, skips: Default::default() })
            }
        }
    }

    /// `query_read`: B×2C×h×w, queries before what they read, and the skips
    /// of the same batch. Gives B×c×H×W.
    ///
    /// # Errors
    /// Arrays that do not belong to the network.
    pub fn decode(
        &mut self,
        query_read: Tensor<4>,
        skips: std::collections::BTreeMap<usize, Tensor<4>>,
    ) -> Result<Tensor<4>> {
        match self {
            Self::Device(model) => model.decode(query_read, skips),
            Self::Cpu(model) => model.decode(query_read),
        }
    }
}
