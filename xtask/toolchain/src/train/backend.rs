//! Where a training's arithmetic is done, by the name that a user gives it.

use anyhow::Result;
#[cfg(feature = "burn")]
use burn::tensor::Device;
use clap::ValueEnum;

use super::cpu::CpuEngine;
#[cfg(feature = "burn")]
use super::device::DeviceEngine;
use super::engine::{Engine, Mode};
use crate::net::{Network, Weights};

/// Where the arithmetic is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Backend {
    /// Any CPU, by this program's own kernels; needs nothing installed.
    Cpu,
    /// Any CPU, by burn: much slower; what `cpu` is tested against. Build with
    /// `--features burn`.
    Flex,
    /// NVIDIA GPUs; build with `--features cuda`.
    Cuda,
    /// Any GPU with Vulkan, Metal or DirectX; build with `--features wgpu`.
    Wgpu,
}

impl Backend {
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Flex => "flex",
            Self::Cuda => "cuda",
            Self::Wgpu => "wgpu",
        }
    }

    /// Its default device.
    ///
    /// # Errors
    /// A backend that this program was built without.
    pub fn place(self) -> Result<Place> {
        match self {
            Self::Cpu => Ok(Place::Cpu),
            #[cfg(feature = "burn")]
            Self::Flex => Ok(Place::Device(Device::flex())),
            #[cfg(not(feature = "burn"))]
            Self::Flex => missing("burn"),
            #[cfg(feature = "cuda")]
            Self::Cuda => Ok(Place::Device(Device::cuda(0))),
            #[cfg(not(feature = "cuda"))]
            Self::Cuda => missing("cuda"),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Ok(Place::Device(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice))),
            #[cfg(not(feature = "wgpu"))]
            Self::Wgpu => missing("wgpu"),
        }
    }
}

#[cfg(not(all(feature = "burn", feature = "cuda", feature = "wgpu")))]
fn missing(feature: &str) -> Result<Place> {
    anyhow::bail!(
        "this program was built without {feature}: in its sources, cargo run -p normwatch-toolchain \
         --features {feature} -- train …"
    )
}

/// Where a network lies.
#[derive(Clone, Debug)]
pub enum Place {
    /// The kernels of the runtime.
    Cpu,
    /// One of burn's devices, without autodiff.
    #[cfg(feature = "burn")]
    Device(Device),
}

impl Place {
    /// Puts a network there, with Adam's moments at 0 if it is to be trained.
    ///
    /// # Errors
    /// Weights that do not fit the network, or a machine without the
    /// instruction set that was asked for.
    pub fn engine(
        &self,
        network: Network,
        weights: &Weights,
        mode: Mode,
    ) -> Result<Box<dyn Engine>> {
        Ok(match self {
            Self::Cpu => Box::new(CpuEngine::new(network, weights, mode)?),
            #[cfg(feature = "burn")]
            Self::Device(device) => Box::new(DeviceEngine::new(network, weights, device, mode)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(not(feature = "burn"))]
    fn a_backend_that_was_left_out_says_how_to_build_it() {
        for (backend, feature) in
            [(Backend::Flex, "burn"), (Backend::Cuda, "cuda"), (Backend::Wgpu, "wgpu")]
        {
            let error = backend.place().unwrap_err().to_string();
            let command =
                format!("cargo run -p normwatch-toolchain --features {feature} -- train …");
            assert!(error.contains(&command), "{error}");
        }
    }

    #[test]
    fn names_are_those_of_the_flag() {
        for backend in Backend::value_variants() {
            assert_eq!(backend.to_possible_value().unwrap().get_name(), backend.name());
        }
    }
}
