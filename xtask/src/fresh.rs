//! Proves that the README's two commands need nothing that only a machine has
//! on which somebody has worked.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use normwatch_host::{cross, shell};

use crate::setup;
use crate::tidy::Document;

/// A crate that is costly to compile, and should be compiled once.
const COSTLY: &str = "Compiling tract-core ";

/// Runs the README's commands on a clone of the last commit, with an empty
/// cargo home, an empty target folder and an empty cache.
///
/// Before that it lists what else it finds on this machine: what is listed
/// there, this run cannot prove to be installed by the commands.
#[derive(clap::Args)]
pub struct FreshArgs {
    /// Where the clone goes, and everything that the commands fetch and build;
    /// must not exist.
    #[arg(long, value_name = "DIR", default_value = "target/fresh")]
    out: PathBuf,
    /// Run only the README's command with this number, from 1.
    #[arg(long, value_name = "N")]
    only: Option<usize>,
    /// Print what each command took as JSON.
    #[arg(long)]
    json: bool,
}

/// What a command came to.
#[derive(Debug, serde::Serialize)]
struct Outcome {
    command: String,
    seconds: f64,
    /// How many times it compiled tract's core.
    tract_builds: usize,
    success: bool,
}

/// # Errors
/// A command of the README fails.
pub fn run(args: &FreshArgs) -> Result<()> {
    let root = cross::root();
    let commands = readme_commands(&root)?;
    ensure!(!args.out.exists(), "{} exists: remove it first", args.out.display());
    fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let out = args.out.canonicalize()?;
    eprintln!("Found on this machine, so that this run proves nothing about it:");
    setup::found().iter().for_each(|line| eprintln!("  {line}"));
    let clone = out.join("normwatch");
    let paths = [&root, &clone].map(|path| path.to_string_lossy().into_owned());
    shell::run("git", &["clone", "--quiet", "--no-hardlinks", &paths[0], &paths[1]], &[])?;
    let home = out.join("cargo-home");
    take_configuration(&home)?;
    let mut outcomes = Vec::new();
    for (at, command) in commands.iter().enumerate() {
        if args.only.is_none_or(|only| only == at + 1) {
            let outcome = play(command, &clone, &home, &out.join("cache"))?;
            eprintln!(
                "\n`{}`: {:.0} s, tract compiled {} times, {}",
                outcome.command,
                outcome.seconds,
                outcome.tract_builds,
                if outcome.success { "succeeded" } else { "FAILED" }
            );
            outcomes.push(outcome);
        }
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&outcomes)?);
    }
    match outcomes.iter().find(|outcome| !outcome.success) {
        Some(failed) => bail!("`{}` fails on a fresh machine", failed.command),
        None => Ok(()),
    }
}

/// The lines of the README's code that build and test: the demonstration's and
/// the tests'.
fn readme_commands(root: &Path) -> Result<Vec<String>> {
    let path = root.join("README.md");
    let readme = Document::parse(&path, &fs::read_to_string(&path)?);
    let find = |start: &str| {
        let lines = readme.commands.iter().map(|(line, _)| line.trim());
        lines.into_iter().find(|line| line.starts_with(start)).map(String::from)
    };
    let found = [find("cargo run"), find("cargo xtask test")];
    found.into_iter().map(|one| one.context("README.md does not name its two commands")).collect()
}

/// Which registry is used is the machine's affair, and no package.
fn take_configuration(home: &Path) -> Result<()> {
    fs::create_dir_all(home)?;
    let usual = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let usual = usual.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    for name in ["config.toml", "config"] {
        if let Some(file) = usual.as_ref().map(|usual| usual.join(name)).filter(|f| f.is_file()) {
            fs::copy(&file, home.join(name)).with_context(|| file.display().to_string())?;
        }
    }
    Ok(())
}

fn play(command: &str, clone: &Path, home: &Path, cache: &Path) -> Result<Outcome> {
    eprintln!("\n$ {command}");
    let begun = Instant::now();
    let mut child = Command::new("sh")
        .args(["-c", command])
        .current_dir(clone)
        .env("CARGO_HOME", home)
        .env("XDG_CACHE_HOME", cache)
        .env_remove("NORMWATCH_BOARD_CACHE")
        .env_remove("CARGO_TARGET_DIR")
        .stdin(Stdio::null())
        .stdout(Stdio::from(std::io::stderr()))
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start `sh`")?;
    let mut tract_builds = 0;
    let errors = child.stderr.take().context("no standard error")?;
    for line in BufReader::new(errors).lines() {
        let line = line?;
        tract_builds += usize::from(line.contains(COSTLY));
        eprintln!("{line}");
    }
    let success = child.wait()?.success();
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Outcome { command: command.into(), seconds, tract_builds, success })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_names_its_two_commands() {
        let commands = readme_commands(&cross::root()).unwrap();
        assert!(commands[0].starts_with("cargo run") && commands[0].ends_with("demo"));
        assert_eq!(commands[1], "cargo xtask test");
    }
}
