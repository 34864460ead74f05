//! Makes the pictures of the documents from the demonstration's clip and model:
//! a film of an alarm, and a still of it.

mod canvas;
mod demonstration;
mod file;
mod palette;
mod sheet;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use normwatch_host::{cross, shell};

use demonstration::Demonstration;

/// Name of the film and of the still.
const FILM: &str = "demo.png";
const STILL: &str = "event.png";
/// How long the film stands before it starts again.
const PAUSE_MS: u16 = 1500;

/// Makes the pictures of the documents from the demonstration: demo.png, an
/// animated PNG, and event.png.
#[derive(Parser)]
#[command(name = "normwatch-pictures", version)]
struct PicturesArgs {
    /// Where the pictures go.
    #[arg(long, value_name = "DIR", default_value = "docs/pictures")]
    out: PathBuf,
}

fn main() -> ExitCode {
    shell::exit_code(run(&PicturesArgs::parse()))
}

/// # Errors
/// The demonstration cannot be played, or a picture cannot be written.
fn run(args: &PicturesArgs) -> Result<()> {
    let demonstration = Demonstration::play(&cross::root())?;
    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let delay_ms = (sheet::FILM_STEP as f64 * 1000.0 / demonstration.fps).round() as u16;
    let from = source(&demonstration.model);
    for (name, frames) in
        [(FILM, sheet::film(&demonstration)?), (STILL, vec![sheet::still(&demonstration)?])]
    {
        let path = args.out.join(name);
        file::write(&path, &frames, delay_ms, PAUSE_MS, &from)?;
        let bytes = std::fs::metadata(&path).with_context(|| path.display().to_string())?.len();
        println!("{}: {} frames, {bytes} bytes", path.display(), frames.len());
    }
    Ok(())
}

/// What a picture says of itself.
fn source(model: &str) -> String {
    format!("cargo xtask pictures, model {model}")
}
