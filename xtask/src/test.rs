use anyhow::Result;

use normwatch_host::shell;

use crate::{kernels, setup};

/// The whole proof that the repository is sound; `.ci/run` calls it.
#[derive(clap::Args)]
pub struct TestArgs {
    /// Run the tests alone: no format, lints or docs.
    #[arg(long)]
    only_tests: bool,
}

/// # Errors
/// The first step that fails.
pub fn run(args: &TestArgs) -> Result<()> {
    setup::run(&setup::SetupArgs { cross: true })?;
    if !args.only_tests {
        shell::run("cargo", &["fmt", "--all", "--check"], &[])?;
        let lints = ["--", "-D", "warnings"];
        let clippy = ["clippy", "--workspace", "--all-targets", "--locked"];
        shell::run("cargo", &[&clippy[..], &lints[..]].concat(), &[])?;
    }
    shell::run("cargo", &["test", "--workspace", "--locked"], &[])?;
    let alone = ["--lib", "--no-default-features", "--target", setup::MICROCONTROLLER];
    shell::run(
        "cargo",
        &[&["build", "--package", "normwatch", "--locked"], &alone[..]].concat(),
        &[],
    )?;
    kernels::test()?;
    shell::run(
        "cargo",
        &["run", "--locked", "--package", "normwatch-board-test", "--", "parity"],
        &[],
    )?;
    if !args.only_tests {
        let docs = ["doc", "--workspace", "--no-deps", "--locked", "--document-private-items"];
        shell::run("cargo", &docs, &[("RUSTDOCFLAGS", "-D warnings")])?;
    }
    eprintln!("\nall is well");
    Ok(())
}
