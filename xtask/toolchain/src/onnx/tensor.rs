//! Writes the constants of ONNX graphs.

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

/// One axis of numbers.
pub fn i64_tensor(name: &str, data: &[i64]) -> TensorProto {
    let bytes = data.iter().flat_map(|v| v.to_le_bytes()).collect();
    tensor(name, DataType::Int64, &[data.len()], bytes)
}

pub fn i32_tensor(name: &str, dims: &[usize], data: &[i32]) -> TensorProto {
    tensor(name, DataType::Int32, dims, data.iter().flat_map(|v| v.to_le_bytes()).collect())
}
