//! Runs inside the emulator for `cargo xtask bench --arm`: predicts the same
//! frame some times, each time between two marks that the plugin sees.

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::os::unix::process::parent_id;
use std::process::ExitCode;

use normwatch::model::{Backend, Bundle, NetworkOptions};

const USAGE: &str = "\
bench-hand BUNDLE FRAMES PREDICTION COUNT normwatch|tract
    predicts COUNT times from FRAMES, raw and planar, on our kernels or in tract,
    writes PREDICTION, raw f32, and says on what it ran";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args[..] {
        [bundle, frames, prediction, count, "normwatch"] => {
            predict(bundle, frames, prediction, count, Backend::Kernels)
        }
        [bundle, frames, prediction, count, "tract"] => {
            predict(bundle, frames, prediction, count, Backend::Tract)
        }
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(unit) => {
            println!("{unit}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench-hand: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The first prediction stands before all marks, as whatever is done once is
/// done then.
fn predict(
    bundle: &str,
    frames: &str,
    prediction: &str,
    count: &str,
    backend: Backend,
) -> Result<String, Box<dyn Error>> {
    let options = NetworkOptions { backend, threads: 1 };
    let bundle = Bundle::load_with(bundle.as_ref(), options)?;
    let mut predictor = bundle.predictor();
    let unit = match predictor.engine() {
        Ok(engine) => engine.plan().options().isa.to_string(),
        Err(why) if backend == Backend::Kernels => return Err(why.into()),
        Err(_) => String::new(),
    };
    let frame_len = bundle.manifest().input.spec().frame_len();
    let frames = fs::read(frames)?;
    predictor.predict(frames.chunks_exact(frame_len))?;
    let bytes: Vec<u8> = predictor.prediction().iter().flat_map(|v| v.to_le_bytes()).collect();
    fs::write(prediction, bytes)?;
    for _ in 0..count.parse::<usize>()? {
        mark();
        black_box(predictor.predict(frames.chunks_exact(frame_len))?);
        mark();
    }
    Ok(unit)
}

/// A system call that the plugin takes for a mark.
fn mark() {
    black_box(parent_id());
}
