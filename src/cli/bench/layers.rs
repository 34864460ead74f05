//! The time of each of the network's layers, and which kernel runs it.

use serde::Serialize;

use crate::model::Predictor;

/// What the network runs on, and each of its layers where the kernels are ours.
#[derive(Serialize)]
pub(super) struct NetworkReport {
    /// `kernels` or `tract`.
    backend: &'static str,
    /// Why tract, or the instruction set.
    detail: String,
    threads: usize,
    layers: Vec<LayerRow>,
}

#[derive(Serialize)]
struct LayerRow {
    layer: String,
    kernel: &'static str,
    median_ms: f64,
    fastest_ms: f64,
    /// Billions of multiply-accumulates of the layer's definition in a second
    /// of the median.
    gmac_per_s: f64,
}

/// Runs the network `rounds` times on what the last prediction left.
pub(super) fn measure(predictor: &mut Predictor, rounds: usize) -> NetworkReport {
    let engine = match predictor.engine() {
        Ok(engine) => engine,
        Err(why) => {
            let (detail, layers) = (why.into(), Vec::new());
            return NetworkReport { backend: "tract", detail, threads: 1, layers };
        }
    };
    let options = engine.plan().options();
    let mut layers: Vec<LayerRow> = Vec::new();
    let mut times: Vec<Vec<u64>> = vec![Vec::with_capacity(rounds); engine.steps().count()];
    for _ in 0..rounds {
        for stage in 0..2 {
            engine.run_watched(stage, |step, time| times[step].push(time.as_nanos() as u64));
        }
    }
    for (info, times) in engine.steps().zip(&mut times) {
        times.sort_unstable();
        let at = |index: usize| times.get(index).map_or(0.0, |&ns| ns as f64 / 1e6);
        let median_ms = at(times.len() / 2);
        layers.push(LayerRow {
            layer: info.name.into(),
            kernel: info.kernel,
            median_ms,
            fastest_ms: at(0),
            gmac_per_s: info.macs as f64 / 1e6 / median_ms.max(1e-9),
        });
    }
    let detail = options.isa.to_string();
    NetworkReport { backend: "kernels", detail, threads: options.threads, layers }
}

pub(super) fn print(report: &NetworkReport) {
    if report.backend == "tract" {
        println!("\nall layers run in tract: {}", report.detail);
        return;
    }
    println!("\nall layers run on our kernels: {}, threads: {}", report.detail, report.threads);
    println!(
        "{:<20} {:<20} {:>10} {:>11} {:>9}",
        "layer", "kernel", "median ms", "fastest ms", "GMAC/s"
    );
    for row in &report.layers {
        println!(
            "{:<20} {:<20} {:>10.3} {:>11.3} {:>9.1}",
            row.layer, row.kernel, row.median_ms, row.fastest_ms, row.gmac_per_s
        );
    }
    let sum: f64 = report.layers.iter().map(|row| row.median_ms).sum();
    println!("{:<20} {:<20} {sum:>10.3}", "sum", "");
}
