use anyhow::{Result, bail};

use crate::{python, shell};

/// The target that proves that the alarm room fits a microcontroller.
pub const MICROCONTROLLER: &str = "thumbv7em-none-eabihf";

/// A program that the tests call, and the Debian package it comes with.
const PROGRAMS: [(&str, &[&str], &str); 4] = [
    ("cc", &["--version"], "gcc"),
    ("ffmpeg", &["-version"], "ffmpeg"),
    ("python3", &["--version"], "python3"),
    ("python3", &["-c", "import ensurepip"], "python3-venv"),
];

const COMPONENTS: [(&str, &str); 2] = [("fmt", "rustfmt"), ("clippy", "clippy")];

/// Makes sure that all is there; installs what it may.
///
/// # Errors
/// Names the first thing that is missing and the command that brings it.
pub fn run() -> Result<()> {
    for (command, component) in COMPONENTS {
        if shell::output("cargo", &[command, "--version"]).is_none() {
            install("rustup", &["component", "add", component])?;
        }
    }
    let installed = shell::output("rustup", &["target", "list", "--installed"]);
    if !installed.is_some_and(|list| list.lines().any(|line| line == MICROCONTROLLER)) {
        install("rustup", &["target", "add", MICROCONTROLLER])?;
    }
    let mut missing = PROGRAMS.to_vec();
    missing.retain(|(program, args, _)| shell::output(program, args).is_none());
    let packages: Vec<&str> = missing.iter().map(|(_, _, package)| *package).collect();
    if packages.is_empty() {
        return python::interpreter().map(|_| ());
    }
    let root = shell::output("id", &["-u"]).is_some_and(|id| id.trim() == "0");
    if !root || shell::output("apt-get", &["--version"]).is_none() {
        bail!(
            "missing: {0}; run `apt-get install {0}` as root, then this again",
            packages.join(" ")
        );
    }
    let quiet = [("DEBIAN_FRONTEND", "noninteractive")];
    shell::run("apt-get", &["-q", "update"], &quiet)?;
    let mut args = vec!["-qy", "--no-install-recommends", "install"];
    args.extend(packages);
    shell::run("apt-get", &args, &quiet)?;
    python::interpreter().map(|_| ())
}

fn install(program: &str, args: &[&str]) -> Result<()> {
    if let Err(error) = shell::run(program, args, &[]) {
        bail!("{error:#}; run `{program} {}` yourself, then this again", args.join(" "));
    }
    Ok(())
}
