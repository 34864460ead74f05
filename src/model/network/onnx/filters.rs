use tract_onnx::pb::NodeProto;

use super::Reader;
use super::attributes::{attribute, expect, expect_one, padded_by_hand};
use super::tensors::floats;
use crate::kernel::Filter;

impl Reader<'_, '_> {
    pub(super) fn conv(&self, node: &NodeProto) -> Result<Filter, String> {
        expect(node, "strides", &[1, 1], Some(&[1, 1]))?;
        self.filter(node, |channels, weights| (channels[0], weights))
    }

    pub(super) fn transposed(&self, node: &NodeProto) -> Result<Filter, String> {
        expect(node, "strides", &[2, 2], None)?;
        expect(node, "output_padding", &[1, 1], None)?;
        if attribute(node, "output_shape").is_some() {
            return Err("has an output shape".into());
        }
        self.filter(node, |[inputs, outputs], weights| {
            let tap = |o: usize, i: usize| &weights[(i * outputs + o) * 9..][..9];
            let swapped = (0..outputs).flat_map(|o| (0..inputs).flat_map(move |i| tap(o, i)));
            (outputs, swapped.copied().collect())
        })
    }

    /// Weights and bias; `order` turns the weights to out × in and says how
    /// many outputs there are.
    fn filter(
        &self,
        node: &NodeProto,
        order: impl FnOnce([usize; 2], Vec<f32>) -> (usize, Vec<f32>),
    ) -> Result<Filter, String> {
        expect(node, "kernel_shape", &[3, 3], Some(&[3, 3]))?;
        expect(node, "pads", &[1, 1, 1, 1], None)?;
        expect(node, "dilations", &[1, 1], Some(&[1, 1]))?;
        expect_one(node, "group", 1, 1)?;
        padded_by_hand(node)?;
        let weights = self.constant(node, 1)?;
        let &[first, second, 3, 3] = &weights.dims[..] else {
            return Err(format!("has weights of shape {:?}", weights.dims));
        };
        let count = |dim: i64| usize::try_from(dim).map_err(|_| "has weights of negative size");
        let (outputs, weights) = order([count(first)?, count(second)?], floats(weights)?);
        let bias = match node.input.get(2).filter(|name| !name.is_empty()) {
            Some(_) => floats(self.constant(node, 2)?)?,
            None => vec![0.0; outputs],
        };
        if bias.len() != outputs {
            return Err(format!("has {} biases for {outputs} outputs", bias.len()));
        }
        Ok(Filter { weights, bias })
    }
}
