use anyhow::{Result, bail};
use burn::tensor::Device;
use clap::ValueEnum;

/// Where the arithmetic is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Backend {
    /// Any CPU, by this program's own kernels; needs nothing installed.
    Cpu,
    /// Any CPU, by burn: much slower; what `cpu` is tested against.
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

    /// The default device, for training.
    ///
    /// # Errors
    /// A backend that this program was built without.
    pub fn place(self) -> Result<Place> {
        let missing = |feature: &str| {
            format!(
                "this program was built without {feature}: in its sources, cargo run -p normwatch-toolchain \
                 --features {feature} -- train …"
            )
        };
        let device = match self {
            Self::Cpu => return Ok(Place::Cpu { training: true }),
            Self::Flex => Device::flex(),
            #[cfg(feature = "cuda")]
            Self::Cuda => Device::cuda(0),
            #[cfg(not(feature = "cuda"))]
            Self::Cuda => bail!(missing("cuda")),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
            #[cfg(not(feature = "wgpu"))]
            Self::Wgpu => bail!(missing("wgpu")),
        };
        Ok(Place::Device(device.autodiff()))
    }
}

/// Where a network lies.
#[derive(Clone, Debug)]
pub enum Place {
    /// One of burn's devices; with autodiff for training.
    Device(Device),
    /// The kernels of the runtime.
    Cpu { training: bool },
}

impl Place {
    /// Where batches lie, and everything beside the network.
    pub fn device(&self) -> Device {
        match self {
            Self::Device(device) => device.clone(),
            Self::Cpu { training: true } => Device::flex().autodiff(),
            Self::Cpu { training: false } => Device::flex(),
        }
    }

    /// The same place without training.
    pub fn inner(&self) -> Self {
        match self {
            Self::Device(device) => Self::Device(device.clone().inner()),
            Self::Cpu { .. } => Self::Cpu { training: false },
        }
    }
}
