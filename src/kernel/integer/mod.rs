//! Convolutions in 8-bit integers, with the arithmetic of
//! `docs/design/quantisation.md`, to the same bits on every vector unit.

mod cell;
mod conv;
mod convert;
mod dot;
mod export;
mod filter;
mod head;
mod layer;
mod tile;
mod winograd;
mod words;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx2_words;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "arm")]
mod neon32;
#[cfg(target_arch = "arm")]
mod neon32_tile;
#[cfg(target_arch = "aarch64")]
mod neon_tile;
mod scalar;
#[cfg(target_arch = "aarch64")]
mod sdot;
#[cfg(target_arch = "aarch64")]
mod smmla;

#[cfg(target_arch = "x86_64")]
pub(super) use avx2::AvxVnni;
#[cfg(target_arch = "x86_64")]
pub(super) use avx2_words::Avx2Words;
#[cfg(target_arch = "x86_64")]
pub(super) use avx512::Avx512Vnni;
pub(super) use cell::{Cell, CellKind, Unsigned};
pub(super) use conv::IntegerConv;
pub(super) use convert::{ToFloats, ToIntegers};
pub(super) use dot::Dot;
#[cfg(test)]
pub(super) use dot::{DotKernel, Requantise};
pub(super) use export::IntegerExport;
pub use filter::{IntegerFilter, Quantisation};
pub(super) use layer::IntegerLayer;
#[cfg(target_arch = "aarch64")]
pub(super) use neon::NeonWords;
#[cfg(target_arch = "arm")]
pub(super) use neon32::NeonWords;
pub(super) use scalar::ScalarWords;
#[cfg(target_arch = "aarch64")]
pub(super) use sdot::Sdot;
#[cfg(target_arch = "aarch64")]
pub(super) use smmla::Smmla;
#[cfg(all(test, any(target_arch = "aarch64", target_arch = "arm")))]
pub(super) use words::Words;
