//! ONNX files: written node by node, read back, and run in plain tract.

mod graph;
mod read;
mod session;
mod tensor;

pub use graph::{Attribute, ElementType, GraphBuilder, encode};
pub use read::{decode, graph_of, value_infos};
pub use session::{Fidelity, Session, as_f32, f32_tensor as session_input};
pub use tensor::{f16_tensor, f32_tensor, i8_tensor, i32_tensor, i64_tensor, u8_tensor};
