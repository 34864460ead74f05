//! Keeps tract off Intel's matrix unit (AMX) in 8-bit products.
//!
//! A tile load of its kernel `avx512amx_mmm_i32_8x8` (tract-linalg 0.23.9) ends
//! the process with SIGSEGV now and then. Integer products are exact, so the
//! kernels of the next tier give the same numbers.

use tract_onnx::prelude::DatumType;
use tract_onnx::tract_core::tract_linalg::isa::{Arch, Isa, IsaSet};
use tract_onnx::tract_core::tract_linalg::mmm::{Query, Suitable};
use tract_onnx::tract_core::tract_linalg::mmm_tiers::{MmmTier, declared};

/// The tier that tract would take on the same machine without AMX.
const INSTEAD: &str = "avx512vnni";

inventory::submit! {
    MmmTier {
        arch: Some(Arch::X86_64),
        precedence: u8::MAX,
        name: "normwatch-without-amx-int8",
        applies: |isa| isa.has(Isa::X86_64AmxInt8),
        preferred: without_amx,
    }
}

fn without_amx(
    isa: &IsaSet,
    accumulator: DatumType,
    query: &Query,
    suitable: &[Suitable],
) -> Option<&'static str> {
    let tier = declared().find(|tier| tier.name == INSTEAD && (tier.applies)(isa))?;
    (tier.preferred)(isa, accumulator, query, suitable)
}
