//! A long run with faults at random.

use anyhow::Result;
use normwatch_host::shell;

/// Plays frames through whole stations in one process while cameras, files and logs go
/// wrong at random, and prints by how much memory, descriptors, threads and processes
/// grow. Fails when one of them does. A short one is among the tests.
#[derive(clap::Args)]
pub struct SoakArgs {
    /// How many frames.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    frames: u64,
    /// Another run, which can be repeated by this number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// # Errors
/// Something grows, or the test cannot be run.
pub fn run(args: &SoakArgs) -> Result<()> {
    let (frames, seed) = (args.frames.to_string(), args.seed.to_string());
    let env = [
        ("NORMWATCH_SOAK_FRAMES", frames.as_str()),
        ("NORMWATCH_SOAK_SEED", seed.as_str()),
        ("CARGO_NET_OFFLINE", "true"),
    ];
    // Of the whole workspace, or tract is compiled again with other features.
    let test = ["test", "--workspace", "--locked", "--test", "soak", "--", "--nocapture"];
    shell::run("cargo", &test, &env)
}
