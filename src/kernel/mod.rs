//! The convolutions of this network family, on this machine's vector unit.
//!
//! A [`Graph`] says what the network is, a [`Plan`] is how it is run here, and
//! an [`Engine`] runs it. The room needs the standard library and nothing
//! else: whoever reads a model file builds the graph. `docs/design/kernels.md`
//! tells how layout, fusion and algorithms were chosen.

#![allow(unsafe_code, reason = "vector units are reached by intrinsics; each block has its proof")]
#![allow(
    clippy::needless_range_loop,
    reason = "tiles are indexed by block and pixel in several arrays at once"
)]

mod arena;
mod attention;
mod direct;
#[cfg(target_arch = "arm")]
mod doubleword;
mod engine;
mod error;
mod finish;
mod graph;
mod head;
mod integer;
mod isa;
mod layout;
mod lower;
mod panel;
mod plan;
mod pool;
mod simd;
mod step;
mod sum;
mod team;
#[cfg(test)]
mod tests;
#[cfg(feature = "training")]
pub mod training;
mod wide;
mod winograd;

pub use attention::{Items, ReadScratch, Reading, read_memory};
pub use engine::{Engine, StepInfo};
pub use error::{NodeError, NodeFault};
pub use graph::{Filter, Graph, Op, Value};
pub use integer::{IntegerFilter, Quantisation};
pub use isa::{ISA_VARIABLE, Isa, IsaError, MissingIsa, UnknownIsa};
pub use layout::{Element, Shape};
pub use plan::{Algorithm, Plan, PlanError, PlanOptions};
pub use wide::{Work, wide};
