use anyhow::{Result, bail};
use burn::tensor::Device;
use clap::ValueEnum;

/// Where the arithmetic is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Backend {
    /// Any CPU; needs nothing installed.
    Flex,
    /// NVIDIA GPUs; build with `--features cuda`.
    Cuda,
    /// Any GPU with Vulkan, Metal or DirectX; build with `--features wgpu`.
    Wgpu,
}

impl Backend {
    pub fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Cuda => "cuda",
            Self::Wgpu => "wgpu",
        }
    }

    /// The default device, with autodiff.
    ///
    /// # Errors
    /// A backend that this program was built without.
    pub fn device(self) -> Result<Device> {
        let missing = |feature: &str| {
            format!(
                "this xtask was built without {feature}: cargo run -p xtask --features {feature} -- train …"
            )
        };
        let device = match self {
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
        Ok(device.autodiff())
    }
}
