//! Release packages for boards.

mod binary;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use normwatch::config::{Board, load_board};

use crate::cross;

/// Builds the release for a board: the stripped binary.
#[derive(clap::Args)]
pub struct DistArgs {
    /// A board of the folder `boards`.
    #[arg(long, value_name = "NAME")]
    board: String,
    /// Where the release goes.
    #[arg(long, value_name = "DIR", default_value = "out/dist")]
    out: PathBuf,
}

/// # Errors
/// The board is unknown, tools are missing, or the build fails.
pub fn run(args: &DistArgs) -> Result<()> {
    let board = board(&args.board)?;
    let triple = board.target.as_deref().with_context(|| {
        format!("the board {} names no `target`: there is nothing to build", board.name)
    })?;
    let target = cross::target(triple)?;
    let built = target.build()?;
    fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make the folder {}", args.out.display()))?;
    let name = format!("normwatch-{}-{}", target.debian_arch, target.triple);
    let stripped = args.out.join(name);
    binary::strip(target, &built, &stripped)?;
    let needs = binary::needs(target, &stripped)?;
    println!("{}: {} bytes", stripped.display(), fs::metadata(&stripped)?.len());
    match needs.glibc {
        Some((major, minor)) => println!("needs glibc {major}.{minor} or later"),
        None => println!("static: needs nothing but the kernel"),
    }
    Ok(())
}

fn board(name: &str) -> Result<Board> {
    let folder = cross::root().join("boards");
    load_board(&folder.join(format!("{name}.toml")), &[folder])
        .map_err(|error| anyhow::anyhow!("{error}"))
}
