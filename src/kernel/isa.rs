//! The instruction sets that kernels exist for, which of them this machine
//! has, and the way from an instruction set to its vector units.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use super::integer::{self, Dot};
use super::simd::{self, Simd};

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

    /// Does work with this instruction set's vector units. Here alone is it
    /// written which units belong to which instruction set.
    #[inline]
    pub(super) fn with_units<W: UnitWork>(self, work: W) -> Result<W::Output, MissingIsa> {
        #[inline]
        fn on<W: UnitWork, S: Simd, D: Dot>(
            work: W,
            simd: Option<S>,
            dot: Option<D>,
        ) -> Option<W::Output> {
            Some(work.run(simd?, dot?))
        }
        let done = match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => on(work, simd::Avx512::detect(), integer::Avx512Vnni::detect()),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => on(work, simd::Avx512::detect(), integer::Avx2Words::detect()),
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni => on(work, simd::Avx2::detect(), integer::AvxVnni::detect()),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => on(work, simd::Avx2::detect(), integer::Avx2Words::detect()),
            #[cfg(target_arch = "aarch64")]
            Self::NeonMatrix => on(work, simd::Neon::detect(), integer::Smmla::detect()),
            #[cfg(target_arch = "aarch64")]
            Self::NeonDot => on(work, simd::Neon::detect(), integer::Sdot::detect()),
            #[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
            Self::Neon => on(work, simd::Neon::detect(), integer::NeonWords::detect()),
            Self::Scalar => on(work, Some(simd::Scalar::detect()), Some(integer::ScalarWords)),
            _ => None,
        };
        done.ok_or(MissingIsa(self))
    }

    /// Whether this machine has it.
    pub fn is_here(self) -> bool {
        self.with_units(Nothing).is_ok()
    }

    /// Those that this machine has, widest first.
    pub fn here() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|isa| isa.is_here())
    }

    /// The widest that this machine has, or the one that [`ISA_VARIABLE`] names.
    ///
    /// # Errors
    /// The variable names none, or one that this machine lacks.
    pub fn choose() -> Result<Self, IsaError> {
        let Ok(name) = std::env::var(ISA_VARIABLE) else {
            return Ok(Self::here().next().unwrap_or(Self::Scalar));
        };
        let isa: Self = name.parse().map_err(IsaError::Unknown)?;
        if isa.is_here() { Ok(isa) } else { Err(IsaError::Missing(MissingIsa(isa))) }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Isa {
    type Err = UnknownIsa;

    fn from_str(name: &str) -> Result<Self, UnknownIsa> {
        Self::ALL.into_iter().find(|isa| isa.name() == name).ok_or_else(|| UnknownIsa(name.into()))
    }
}

/// What [`Isa::with_units`] does with a vector unit for floats and one for
/// integers.
pub(super) trait UnitWork {
    type Output;

    fn run<S: Simd, D: Dot>(self, simd: S, dot: D) -> Self::Output;
}

struct Nothing;

impl UnitWork for Nothing {
    type Output = ();

    fn run<S: Simd, D: Dot>(self, _simd: S, _dot: D) {}
}

/// This machine lacks the instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingIsa(pub Isa);

/// No instruction set has this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownIsa(pub String);

/// What [`ISA_VARIABLE`] says cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IsaError {
    Unknown(UnknownIsa),
    Missing(MissingIsa),
}

impl fmt::Display for MissingIsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this machine has no {}", self.0)
    }
}

impl fmt::Display for UnknownIsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Isa::ALL.map(Isa::name).join(", ");
        write!(f, "`{}` is not an instruction set: choose among {names}", self.0)
    }
}

impl fmt::Display for IsaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(error) => write!(f, "{ISA_VARIABLE}: {error}"),
            Self::Missing(error) => write!(f, "{ISA_VARIABLE}: {error}"),
        }
    }
}

impl Error for MissingIsa {}
impl Error for UnknownIsa {}
impl Error for IsaError {}
