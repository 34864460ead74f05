//! Everything that the program reads, changed at random.

use anyhow::Result;
use normwatch_host::shell;

/// Reads files, pictures and streams that were changed at random; fails when one is
/// answered with a panic, more than 1 GB of memory, or silence. A few are among the
/// tests.
#[derive(clap::Args)]
pub struct MutateArgs {
    /// How many, over all kinds.
    #[arg(long, value_name = "N", default_value_t = 3000)]
    cases: u64,
    /// Others, which can be repeated by this number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// # Errors
/// A case fails, or the test cannot be run.
pub fn run(args: &MutateArgs) -> Result<()> {
    let (cases, seed) = (args.cases.to_string(), args.seed.to_string());
    let env = [
        ("NORMWATCH_MUTATIONS", cases.as_str()),
        ("NORMWATCH_MUTATIONS_SEED", seed.as_str()),
        ("CARGO_NET_OFFLINE", "true"),
    ];
    // Of the whole workspace, or tract is compiled again with other features.
    let test = ["test", "--workspace", "--locked", "--test", "mutations", "--", "--nocapture"];
    shell::run("cargo", &test, &env)
}
