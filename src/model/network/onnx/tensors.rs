//! The numbers of constants, whichever of ONNX's ways they are stored in.

use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::prelude::f16;

use crate::model::graph::OnnxFault;

/// Numbers of 32 bits, or of 16, which are widened.
pub(super) fn floats(tensor: &TensorProto) -> Result<Vec<f32>, OnnxFault> {
    if tensor.data_type == DataType::Float16 as i32 {
        let of_bytes = |bytes| f16::from_le_bytes(bytes).to_f32();
        let of_field = |bits: i32| f16::from_bits(bits as u16).to_f32();
        return numbers(tensor, DataType::Float16, of_bytes, &tensor.int32_data, of_field);
    }
    numbers(tensor, DataType::Float, f32::from_le_bytes, &tensor.float_data, |v| v)
}

/// Checks a tensor's type and takes its values, `N` bytes each or from the
/// field for them.
fn numbers<const N: usize, F: Copy, T>(
    tensor: &TensorProto,
    wanted: DataType,
    of_bytes: impl Fn([u8; N]) -> T,
    field: &[F],
    of_field: impl Fn(F) -> T,
) -> Result<Vec<T>, OnnxFault> {
    stored_here(tensor, wanted)?;
    let values: Vec<T> = if tensor.raw_data.is_empty() {
        field.iter().copied().map(of_field).collect()
    } else {
        let (values, _) = tensor.raw_data.as_chunks();
        values.iter().copied().map(of_bytes).collect()
    };
    let expected = tensor.dims.iter().try_fold(1i64, |product, &dim| product.checked_mul(dim));
    if expected == Some(values.len() as i64) {
        return Ok(values);
    }
    Err(OnnxFault::TensorLength {
        tensor: tensor.name.clone(),
        values: values.len(),
        shape: tensor.dims.clone(),
    })
}

pub(super) fn bytes(tensor: &TensorProto) -> Result<Vec<i8>, OnnxFault> {
    numbers(tensor, DataType::Int8, i8::from_le_bytes, &tensor.int32_data, |v| v as i8)
}

pub(super) fn words(tensor: &TensorProto) -> Result<Vec<i32>, OnnxFault> {
    numbers(tensor, DataType::Int32, i32::from_le_bytes, &tensor.int32_data, |v| v)
}

pub(super) fn integers(tensor: &TensorProto) -> Result<Vec<i64>, OnnxFault> {
    numbers(tensor, DataType::Int64, i64::from_le_bytes, &tensor.int64_data, |v| v)
}

fn stored_here(tensor: &TensorProto, wanted: DataType) -> Result<(), OnnxFault> {
    let name = || tensor.name.clone();
    if tensor.data_location == Some(DataLocation::External as i32) {
        return Err(OnnxFault::External { tensor: name() });
    }
    if tensor.data_type != wanted as i32 {
        return Err(OnnxFault::TensorType { tensor: name(), wanted: wanted.as_str_name() });
    }
    Ok(())
}
