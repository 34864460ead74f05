//! Compares the tensors of two bundles, or of two readings of one, layer by layer.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use normwatch::model::Precision;
use tract_onnx::pb::{ModelProto, NodeProto};
use tract_onnx::prelude::{DatumType, Tensor};

use super::report::{BundleReport, Check, LayerDifference};
use crate::bundle::{BundleFiles, Outcome, Pipeline};
use crate::onnx::{Fidelity, as_f32, graph_of};
use crate::quantize::EQUALISED;

/// Integers may be off by over one step on so many elements at most. A float
/// layer's last digit moves a few of them, and every layer behind adds its own.
const STEP_SHARE: f64 = 1e-2;
/// What only moves values tells nothing that its inputs do not.
const MOVERS: [&str; 4] = ["MaxPool", "Resize", "Concat", "DepthToSpace"];

/// Runs both readings of the same graphs and compares every tensor.
pub fn plain_against_optimised(
    own: &BundleFiles,
    inputs: &[&[u8]],
    report: &mut BundleReport,
) -> Result<()> {
    let names = [tensors(&own.encoder)?, tensors(&own.decoder)?];
    let graphs = (&own.encoder, &own.decoder);
    let run = |fidelity| Pipeline::new(graphs, &own.memory, [&names[0], &names[1]], fidelity);
    let (plain, optimised) = (run(Fidelity::Plain)?, run(Fidelity::Optimised)?);
    let mut differences = Differences::default();
    let (mut steps_off, mut integers) = (0usize, 0usize);
    for input in inputs {
        let (wanted, got) = (plain.run(input)?, optimised.run(input)?);
        for (name, wanted, got) in pairs(&wanted, &got, &names) {
            let (a, b) = (as_f32(wanted)?, as_f32(got)?);
            if wanted.datum_type() == DatumType::I8 {
                integers += a.len();
                steps_off += a.iter().zip(&b).filter(|(a, b)| (*a - *b).abs() > 1.0).count();
            }
            differences.add(&name, &a, &b)?;
        }
    }
    report.optimised = differences.sorted();
    let worst = report.optimised.first().map_or(0.0, |l| l.relative);
    let limit = match own.manifest.precision {
        Precision::F32 => 1e-4,
        Precision::F16 => 1e-2,
        Precision::Int8 => 5e-2,
    };
    report.checks.push(Check::new("ONNX ↔ optimised, worst tensor", worst, limit));
    if integers > 0 {
        let share = steps_off as f64 / integers as f64;
        report.checks.push(Check::new("… integers off by over one step", share, STEP_SHARE));
    }
    Ok(())
}

/// Compares every tensor that both bundles have, in real numbers.
pub fn against_reference(
    reference: &BundleFiles,
    own: &BundleFiles,
    inputs: &[&[u8]],
    report: &mut BundleReport,
) -> Result<()> {
    let expected = &reference.manifest.input;
    ensure!(*expected == own.manifest.input, "takes other frames than the first bundle");
    let both = |a: &ModelProto, b: &ModelProto| -> Result<Vec<String>> {
        let theirs = tensors(a)?;
        let computed = graph_of(b)?.node.iter().filter(|n| !MOVERS.contains(&n.op_type.as_str()));
        let names = computed.flat_map(|n| n.output.iter().cloned());
        Ok(names.filter(|name| theirs.contains(name)).collect())
    };
    let names = [both(&reference.encoder, &own.encoder)?, both(&reference.decoder, &own.decoder)?];
    let run = |files: &BundleFiles| {
        let graphs = (&files.encoder, &files.decoder);
        Pipeline::new(graphs, &files.memory, [&names[0], &names[1]], Fidelity::Optimised)
    };
    let (first, second) = (run(reference)?, run(own)?);
    let (own_units, first_units) = (units(own)?, units(reference)?);
    let mut differences = Differences::default();
    for input in inputs {
        let (wanted, got) = (first.run(input)?, second.run(input)?);
        for (name, wanted, got) in pairs(&wanted, &got, &names) {
            let a = real(&name, wanted, &first_units)?;
            let b = real(&name, got, &own_units)?;
            differences.add(&name, &a, &b)?;
        }
    }
    report.against_first = differences.sorted();
    Ok(())
}

fn tensors(model: &ModelProto) -> Result<Vec<String>> {
    Ok(graph_of(model)?.node.iter().flat_map(|n| n.output.iter().cloned()).collect())
}

fn pairs<'a>(
    wanted: &'a Outcome,
    got: &'a Outcome,
    names: &'a [Vec<String>; 2],
) -> impl Iterator<Item = (String, &'a Tensor, &'a Tensor)> {
    let encoder =
        names[0].iter().map(|n| (format!("encoder/{n}"), &wanted.encoder[n], &got.encoder[n]));
    let decoder =
        names[1].iter().map(|n| (format!("decoder/{n}"), &wanted.decoder[n], &got.decoder[n]));
    encoder.chain(decoder)
}

/// What a stored value stands for: scale, zero point, and the factors that an
/// equalised tensor's channels were divided by.
#[derive(Clone, Debug, Default)]
struct Unit {
    step: Option<(f32, f32)>,
    factors: Option<Vec<f32>>,
}

fn units(files: &BundleFiles) -> Result<BTreeMap<String, Unit>> {
    let mut all = BTreeMap::new();
    for (side, model) in [("encoder", &files.encoder), ("decoder", &files.decoder)] {
        let graph = graph_of(model)?;
        let number = |name: &str| -> Option<f32> {
            let tensor = graph.initializer.iter().find(|t| t.name == name)?;
            match tensor.raw_data[..] {
                [a, b, c, d] => Some(f32::from_le_bytes([a, b, c, d])),
                [byte] => Some(f32::from(byte as i8)),
                _ => None,
            }
        };
        for node in &graph.node {
            if let Some(step) = step_of(node, number) {
                let name = format!("{side}/{}", node.output[0]);
                all.entry(name).or_insert_with(Unit::default).step = Some(step);
            }
        }
        for property in &model.metadata_props {
            if let Some(name) = property.key.strip_prefix(EQUALISED) {
                let factors =
                    property.value.split(' ').map(str::parse).collect::<Result<_, _>>()?;
                all.entry(format!("{side}/{name}")).or_insert_with(Unit::default).factors =
                    Some(factors);
            }
        }
    }
    Ok(all)
}

fn step_of(node: &NodeProto, number: impl Fn(&str) -> Option<f32>) -> Option<(f32, f32)> {
    let (scale, zero_point) = match node.op_type.as_str() {
        "QLinearConv" => (6, 7),
        "QuantizeLinear" => (1, 2),
        _ => return None,
    };
    Some((number(node.input.get(scale)?)?, number(node.input.get(zero_point)?)?))
}

fn real(name: &str, tensor: &Tensor, units: &BTreeMap<String, Unit>) -> Result<Vec<f32>> {
    let mut values = as_f32(tensor)?;
    let Some(unit) = units.get(name) else { return Ok(values) };
    if let (DatumType::I8, Some((scale, zero_point))) = (tensor.datum_type(), unit.step) {
        values.iter_mut().for_each(|v| *v = (*v - zero_point) * scale);
    }
    if let Some(factors) = &unit.factors {
        let plane = values.len() / factors.len();
        for (values, factor) in values.chunks_exact_mut(plane).zip(factors) {
            values.iter_mut().for_each(|v| *v *= factor);
        }
    }
    Ok(values)
}

#[derive(Default)]
struct Differences(BTreeMap<String, Sums>);

#[derive(Default)]
struct Sums {
    difference: f64,
    value: f64,
    largest: f64,
}

impl Differences {
    fn add(&mut self, name: &str, wanted: &[f32], got: &[f32]) -> Result<()> {
        ensure!(
            wanted.len() == got.len(),
            "`{name}` has {} values, not {}",
            got.len(),
            wanted.len()
        );
        let sums = self.0.entry(name.into()).or_default();
        for (&a, &b) in wanted.iter().zip(got) {
            let difference = f64::from(a) - f64::from(b);
            sums.difference += difference * difference;
            sums.value += f64::from(a) * f64::from(a);
            sums.largest = if difference.is_nan() {
                f64::INFINITY
            } else {
                sums.largest.max(difference.abs())
            };
        }
        Ok(())
    }

    fn sorted(self) -> Vec<LayerDifference> {
        let layer = |(tensor, sums): (String, Sums)| {
            let relative = (sums.difference / sums.value.max(1e-12)).sqrt();
            let relative = if sums.largest.is_finite() { relative } else { f64::INFINITY };
            LayerDifference { tensor, relative, largest: sums.largest }
        };
        let mut layers: Vec<LayerDifference> = self.0.into_iter().map(layer).collect();
        layers.sort_by(|a, b| b.relative.total_cmp(&a.relative));
        layers
    }
}
