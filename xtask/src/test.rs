//! The proof that the repository is sound, and a short form of it.

use anyhow::Result;
use clap::Args;
use normwatch_host::shell;

use crate::tidy::{self, TidyArgs};
use crate::{kernels, setup};

/// Once everything is fetched, nothing in the tests asks for a network.
const OFFLINE: (&str, &str) = ("CARGO_NET_OFFLINE", "true");

const LINTS: [&str; 7] =
    ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];

/// The whole proof that the repository is sound; `.ci/run` calls it.
#[derive(Args)]
pub struct TestArgs {
    /// Run the tests alone: no format, lints or docs.
    #[arg(long)]
    only_tests: bool,
    /// Only what answers within minutes after a change: format, lints, order of
    /// the house, the libraries' tests and the docs that are tests. No emulator,
    /// and nothing is installed.
    #[arg(long, conflicts_with = "only_tests")]
    quick: bool,
}

/// # Errors
/// The first step that fails.
pub fn run(args: &TestArgs) -> Result<()> {
    if args.quick {
        quick()?;
    } else {
        whole(args.only_tests)?;
    }
    eprintln!("\nall is well");
    Ok(())
}

fn quick() -> Result<()> {
    cargo(&["fmt", "--all", "--check"])?;
    tidy::run(&TidyArgs::default())?;
    cargo(&LINTS)?;
    // Of the whole workspace, or tract is compiled again with other features.
    cargo(&["test", "--workspace", "--locked", "--lib", "--test", "config"])
}

fn whole(only_tests: bool) -> Result<()> {
    setup::run(&setup::SetupArgs { cross: true })?;
    if !only_tests {
        cargo(&["fmt", "--all", "--check"])?;
        cargo(&LINTS)?;
    }
    cargo(&["test", "--workspace", "--locked"])?;
    let alone = ["--lib", "--no-default-features", "--target", setup::MICROCONTROLLER];
    cargo(&[&["build", "--package", "normwatch", "--locked"], &alone[..]].concat())?;
    kernels::test()?;
    cargo(&["run", "--locked", "--package", "normwatch-board-test", "--", "parity"])?;
    if !only_tests {
        let docs = ["doc", "--workspace", "--no-deps", "--locked", "--document-private-items"];
        shell::run("cargo", &docs, &[("RUSTDOCFLAGS", "-D warnings"), OFFLINE])?;
    }
    Ok(())
}

fn cargo(args: &[&str]) -> Result<()> {
    shell::run("cargo", args, &[OFFLINE])
}
