//! Writes and reads the constants of ONNX graphs.

use anyhow::{Result, bail, ensure};
use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::prelude::f16;

fn tensor(name: &str, data_type: DataType, dims: &[usize], raw_data: Vec<u8>) -> TensorProto {
    TensorProto {
        name: name.into(),
        data_type: data_type as i32,
        dims: dims.iter().map(|&d| d as i64).collect(),
        raw_data,
        ..TensorProto::default()
    }
}

/// A constant; no `dims` make a scalar.
pub fn f32_tensor(name: &str, dims: &[usize], data: &[f32]) -> TensorProto {
    tensor(name, DataType::Float, dims, data.iter().flat_map(|v| v.to_le_bytes()).collect())
}

/// The values rounded to f16, ties to even.
pub fn f16_tensor(name: &str, dims: &[usize], data: &[f32]) -> TensorProto {
    let bytes = data.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect();
    tensor(name, DataType::Float16, dims, bytes)
}

pub fn i8_tensor(name: &str, dims: &[usize], data: &[i8]) -> TensorProto {
    tensor(name, DataType::Int8, dims, data.iter().map(|&v| v as u8).collect())
}

pub fn u8_tensor(name: &str, dims: &[usize], data: &[u8]) -> TensorProto {
    tensor(name, DataType::Uint8, dims, data.to_vec())
}

pub fn i32_tensor(name: &str, dims: &[usize], data: &[i32]) -> TensorProto {
    tensor(name, DataType::Int32, dims, data.iter().flat_map(|v| v.to_le_bytes()).collect())
}

/// The shape and the values of an f32 constant.
///
/// # Errors
/// Another type, or fewer values than the shape says.
pub fn read_f32(tensor: &TensorProto) -> Result<(Vec<usize>, Vec<f32>)> {
    let name = &tensor.name;
    if tensor.data_type != DataType::Float as i32 {
        bail!("constant `{name}` is not f32 (type {}): give a f32 bundle", tensor.data_type);
    }
    let values: Vec<f32> = if tensor.raw_data.is_empty() {
        tensor.float_data.clone()
    } else {
        let words = tensor.raw_data.as_chunks::<4>().0;
        words.iter().map(|b| f32::from_le_bytes(*b)).collect()
    };
    let dims = dims(tensor)?;
    let expected: usize = dims.iter().product();
    ensure!(
        values.len() == expected,
        "constant `{name}` holds {} values, not {expected}",
        values.len()
    );
    ensure!(
        values.iter().all(|v| v.is_finite()),
        "constant `{name}` holds a value that is no number"
    );
    Ok((dims, values))
}

/// The values of an i64 constant.
///
/// # Errors
/// Another type.
pub fn read_i64(tensor: &TensorProto) -> Result<Vec<i64>> {
    if tensor.data_type != DataType::Int64 as i32 {
        bail!("constant `{}` is not i64 (type {})", tensor.name, tensor.data_type);
    }
    if tensor.raw_data.is_empty() {
        return Ok(tensor.int64_data.clone());
    }
    Ok(tensor.raw_data.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b)).collect())
}

fn dims(tensor: &TensorProto) -> Result<Vec<usize>> {
    let size = |&d: &i64| {
        usize::try_from(d)
            .map_err(|_| anyhow::anyhow!("constant `{}` has a side of {d}", tensor.name))
    };
    tensor.dims.iter().map(size).collect()
}
