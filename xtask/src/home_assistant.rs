//! Home Assistant's own word on the discovery.

use std::path::PathBuf;

use anyhow::{Context, Result};
use normwatch_host::{cross, shell};

const SCRIPT: &str = "tests/fixtures/home_assistant_schemas.py";

/// Puts the discovery that the program publishes through the schemas of a real Home
/// Assistant. The tests do without: they have a table of its keys.
#[derive(clap::Args)]
pub struct HomeAssistantArgs {
    /// Which release.
    #[arg(long, default_value = "2026.11.0")]
    release: String,
    /// Where it is unpacked, with what it needs: 600 MB, fetched once.
    #[arg(long, value_name = "DIR", default_value = "target/home-assistant")]
    folder: PathBuf,
    /// Python 3.13 or newer.
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    python: String,
}

/// # Errors
/// Home Assistant refuses or drops something, or cannot be asked.
pub fn run(args: &HomeAssistantArgs) -> Result<()> {
    let folder = std::path::absolute(&args.folder).context("--folder")?.join(&args.release);
    let place = folder.to_str().context("--folder must be UTF-8")?;
    if !folder.join("source").is_dir() {
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {place}"))?;
        let script = cross::root().join(SCRIPT);
        let script = script.to_str().context("the repository's path must be UTF-8")?;
        shell::run(&args.python, &[script, "prepare", place, &args.release], &[])?;
    }
    // Of the whole workspace, or tract is compiled again with other features.
    let test = ["test", "--workspace", "--locked", "--test", "integration", "--"];
    let which = ["mqtt::discovery::", "--nocapture"];
    let env = [("NORMWATCH_HOME_ASSISTANT", place), ("CARGO_NET_OFFLINE", "true")];
    shell::run("cargo", &[&test[..], &which].concat(), &env)
}
