use std::fmt;
use std::str::FromStr;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use super::integer;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "arm"))]
use super::simd;

/// Environment variable that names the instruction set to use instead of the
/// widest; for tests and comparisons.
pub const ISA_VARIABLE: &str = "NORMWATCH_ISA";

/// The instruction sets that kernels exist for, widest first. Floats and
/// integers have a vector unit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// AVX-512 with byte products (VNNI).
    Avx512Vnni,
    /// AVX-512 for floats, AVX2 for integers.
    Avx512,
    /// AVX2 with byte products (AVX-VNNI).
    AvxVnni,
    Avx2,
    /// Advanced SIMD with products of matrices of bytes (SMMLA).
    NeonMatrix,
    /// Advanced SIMD with byte products (SDOT).
    NeonDot,
    Neon,
    Scalar,
}

impl Isa {
    pub const ALL: [Self; 8] = [
        Self::Avx512Vnni,
        Self::Avx512,
        Self::AvxVnni,
        Self::Avx2,
        Self::NeonMatrix,
        Self::NeonDot,
        Self::Neon,
        Self::Scalar,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512Vnni => "avx512vnni",
            Self::Avx512 => "avx512",
            Self::AvxVnni => "avxvnni",
            Self::Avx2 => "avx2",
            Self::NeonMatrix => "neonmatrix",
            Self::NeonDot => "neondot",
            Self::Neon => "neon",
            Self::Scalar => "scalar",
        }
    }

    /// Whether this machine has it.
    pub fn is_here(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => Self::Avx512.is_here() && integer::Avx512Vnni::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                simd::Avx512::detect().is_some() && integer::Avx2Words::detect().is_some()
            }
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni => Self::Avx2.is_here() && integer::AvxVnni::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => simd::Avx2::detect().is_some(),
            #[cfg(target_arch = "aarch64")]
            Self::NeonMatrix => Self::NeonDot.is_here() && integer::Smmla::detect().is_some(),
            #[cfg(target_arch = "aarch64")]
            Self::NeonDot => Self::Neon.is_here() && integer::Sdot::detect().is_some(),
            #[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
            Self::Neon => simd::Neon::detect().is_some(),
            Self::Scalar => true,
            _ => false,
        }
    }

    /// Those that this machine has, widest first.
    pub fn here() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|isa| isa.is_here())
    }

    /// The widest that this machine has, or the one that [`ISA_VARIABLE`] names.
    ///
    /// # Errors
    /// The variable names none, or one that this machine lacks.
    pub fn choose() -> Result<Self, String> {
        let Ok(name) = std::env::var(ISA_VARIABLE) else {
            return Ok(Self::here().next().unwrap_or(Self::Scalar));
        };
        let isa: Self = name.parse().map_err(|e| format!("{ISA_VARIABLE}: {e}"))?;
        if isa.is_here() {
            return Ok(isa);
        }
        Err(format!("{ISA_VARIABLE}: this machine has no {isa}"))
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Isa {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|isa| isa.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("`{name}` is no instruction set: choose among {names}")
        })
    }
}
