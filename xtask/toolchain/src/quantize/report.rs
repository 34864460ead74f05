//! What a quantisation did, as text, as JSON and for the model card.

use anyhow::Result;
use serde::Serialize;

use super::sensitivity::{Drift, LayerDrift};
use super::{Made, QuantizeArgs, Weights};
use crate::bundle::BundleFiles;
use crate::verify::Verification;

/// What was done to a bundle and what it did to the score.
#[derive(Debug, Serialize)]
pub struct Report {
    name: String,
    from: String,
    precision: String,
    how: String,
    /// Shares of the f32 network's multiply-accumulates.
    integer_mac_share: f64,
    in_float: Vec<String>,
    drift: Option<Drift>,
    /// Every layer alone in integers, the worst first.
    layers: Vec<LayerDrift>,
}

impl Report {
    pub fn new(args: &QuantizeArgs, source: &BundleFiles, made: &Made, name: &str) -> Self {
        let how = if made.plan.layers.is_empty() {
            "weights and activations rounded to f16".into()
        } else {
            let mut how = format!(
                "i8 activations, {} weights, ranges by {}",
                if args.weights == Weights::PerChannel { "per-channel" } else { "per-tensor" },
                match args.ranges {
                    super::RangeMethod::MinMax => "extremes".to_owned(),
                    super::RangeMethod::Percentile =>
                        format!("{} % of the values", args.percentile),
                    super::RangeMethod::Mse => "least squares".to_owned(),
                }
            );
            how += if args.no_equalisation { "" } else { ", equalised across layers" };
            how += if args.no_bias_correction { "" } else { ", biases corrected" };
            how
        };
        let macs = made.network.macs();
        let integer: u64 = made.plan.layers.keys().map(|key| macs[key]).sum();
        Self {
            name: name.into(),
            from: source.manifest.name.clone(),
            precision: made.precision.to_string(),
            how,
            integer_mac_share: integer as f64 / macs.values().sum::<u64>() as f64,
            in_float: made.in_float.clone(),
            drift: made.drift,
            layers: made.layers.clone(),
        }
    }

    /// The original's model card with what was done to it at the end.
    pub fn card(&self, original: Option<&str>) -> String {
        let mut card = original.unwrap_or_default().trim_end().to_owned();
        card += &format!("\n\n## {}\n\nMade of {}: {}.", self.precision, self.from, self.how);
        if let Some(drift) = self.drift {
            card += &format!(
                " {:.1} % of the multiplications are in integers. {}. On held-out samples of the \
                 calibration footage the prediction changed by {:.2} % of its squared error, the \
                 memory distance by {:.2} %.",
                100.0 * self.integer_mac_share,
                self.float_sentence(),
                100.0 * drift.prediction,
                100.0 * drift.distance
            );
        }
        card + "\n"
    }

    fn float_sentence(&self) -> String {
        if self.in_float.is_empty() {
            "No layer was left in f32".into()
        } else {
            format!("Left in f32: {}", self.in_float.join(", "))
        }
    }

    /// # Errors
    /// JSON that cannot be written.
    pub fn print(&self, json: bool, verification: &Verification) -> Result<()> {
        if json {
            let both = serde_json::json!({ "quantization": self, "verification": verification });
            println!("{}", serde_json::to_string_pretty(&both)?);
            return Ok(());
        }
        println!("{}: {}", self.name, self.how);
        if !self.layers.is_empty() {
            println!(
                "\n{:<20} {:>8} {:>12} {:>12}",
                "layer alone in int8", "MACs", "prediction", "distance"
            );
            for layer in &self.layers {
                println!(
                    "{:<20} {:>6.1} % {:>10.3} % {:>10.3} %{}",
                    layer.layer,
                    100.0 * layer.mac_share,
                    100.0 * layer.drift.prediction,
                    100.0 * layer.drift.distance,
                    if self.in_float.contains(&layer.layer) { "  left in f32" } else { "" }
                );
            }
        }
        if let Some(drift) = self.drift {
            println!(
                "\n{}; {:.1} % of the multiplications in integers; together they change the \
                 prediction by {:.3} % of its squared error and the distance by {:.3} %\n",
                self.float_sentence(),
                100.0 * self.integer_mac_share,
                100.0 * drift.prediction,
                100.0 * drift.distance
            );
        }
        verification.print();
        Ok(())
    }
}
