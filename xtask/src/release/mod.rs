//! A release: the packages of all boards, in a package source that is signed.

mod proof;
mod source;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use normwatch::config::{list_boards, load_board};
use normwatch_host::cross;
use serde::Serialize;

use crate::dist::{self, DistArgs};
use source::{Key, Source};

/// Families of boards and boards of tests: nobody installs on them.
const NOT_INSTALLED_ON: [&str; 2] = ["raspberry-pi", "virtual"];

/// Builds the packages of all boards, their bills of materials and checksums, and a
/// package source of them for apt, in which each board is a component.
///
/// Publish the folder on any web server. A board then has
///
///     deb [signed-by=/etc/apt/keyrings/normwatch.asc] https://YOURS/normwatch stable BOARD
#[derive(clap::Args)]
pub struct ReleaseArgs {
    /// Only this board; may be given again.
    #[arg(long = "board", value_name = "NAME")]
    boards: Vec<String>,
    /// The key of GnuPG that signs; as `gpg --local-user` has it. Without it a key is
    /// made and thrown away, and the source is good for a trial alone.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A trial: then let apt read the source and fetch every package, and refuse an index
    /// and a package that were changed. The changelog may still lack the version.
    #[arg(long)]
    check: bool,
    /// Where the release goes.
    #[arg(long, value_name = "DIR", default_value = "out/release")]
    out: PathBuf,
    /// Print what was made as JSON.
    #[arg(long)]
    json: bool,
}

/// What a release came to.
#[derive(Debug, Serialize)]
struct Made {
    version: &'static str,
    /// With what there is of each board.
    boards: Vec<(String, Vec<PathBuf>)>,
    source: PathBuf,
    /// Packages that apt took from the source; `None` where nobody asked.
    fetched: Option<usize>,
    in_changelog: bool,
}

/// # Errors
/// The changelog has no section for this version, and this is no trial; a build fails, or apt does not take
/// what was made.
pub fn run(args: &ReleaseArgs) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let changelog = fs::read_to_string(cross::root().join("CHANGELOG.md"))?;
    let listed = is_in_changelog(&changelog, version);
    ensure!(listed || args.check, "{}", unlisted(version));
    let source = args.out.join("apt");
    let mut apt = Source::begin(&source)?;
    let mut boards = Vec::new();
    for board in chosen(&args.boards)? {
        let files = dist::make(&DistArgs::of_board(&board, &args.out))?;
        for package in files.iter().filter(|file| file.extension().is_some_and(|e| e == "deb")) {
            apt.add(&board, package)?;
        }
        boards.push((board, files));
    }
    let key = match &args.key {
        Some(name) => Key::named(name),
        None => Key::thrown_away()?,
    };
    apt.sign(&key)?;
    let fetched = if args.check { Some(proof::prove(&source)?) } else { None };
    let made = Made { version, boards, source, fetched, in_changelog: listed };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&made)?);
    } else {
        made.print(args.key.is_none());
    }
    Ok(())
}

impl Made {
    fn print(&self, thrown_away: bool) {
        for (board, files) in &self.boards {
            println!("{board}: {} files in {}", files.len(), folder(files));
        }
        println!("package source: {}", self.source.display());
        if let Some(count) = self.fetched {
            println!("apt fetched {count} packages from it, and refused what was changed");
        }
        if !self.in_changelog {
            println!("not ready to be published: {}", unlisted(self.version));
        }
        if thrown_away {
            println!("signed with a key that is thrown away: name yours by `--key`");
        }
    }
}

fn folder(files: &[PathBuf]) -> String {
    files.first().and_then(|file| file.parent()).unwrap_or(Path::new("")).display().to_string()
}

fn unlisted(version: &str) -> String {
    format!("CHANGELOG.md has no section `## {version} - DATE`: see changelog/README.md")
}

fn is_in_changelog(changelog: &str, version: &str) -> bool {
    let head = format!("## {version} - ");
    changelog.lines().any(|line| line.starts_with(&head))
}

/// The boards that have packages, or those that were named.
fn chosen(named: &[String]) -> Result<Vec<String>> {
    if !named.is_empty() {
        return Ok(named.to_vec());
    }
    let folder = cross::root().join("boards");
    let mut boards = list_boards(std::slice::from_ref(&folder));
    boards.retain(|name| !NOT_INSTALLED_ON.contains(&name.as_str()));
    let has_target = |name: &String| {
        let file = folder.join(format!("{name}.toml"));
        load_board(&file, std::slice::from_ref(&folder)).is_ok_and(|board| board.target.is_some())
    };
    boards.retain(has_target);
    ensure!(!boards.is_empty(), "no board in {} names a target", folder.display());
    Ok(boards)
}

/// Makes an empty folder, in the place of one that may be there.
fn empty_folder(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}
