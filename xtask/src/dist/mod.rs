//! Release packages for boards, and the source package for integrators.

pub mod binary;
mod deb;
mod report;
mod source;
pub mod stage;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use normwatch::config::{Board, load_board};
use normwatch_host::cross::{self, Target};
use normwatch_host::shell;

use self::deb::Content;
use self::report::{Check, MadeFile, MadePackage, Release};
use crate::sbom;

/// Builds the release for a board: the Debian packages `normwatch` (stripped
/// binary, board files, an example bundle, a hardened service) and
/// `normwatch-toolchain` (what trains), their bills of materials and checksums.
/// The same commit gives the same bytes.
#[derive(clap::Args)]
pub struct DistArgs {
    /// A board of the folder `boards`.
    #[arg(long, value_name = "NAME", required_unless_present = "source")]
    board: Option<String>,
    /// Only one of the two packages.
    #[arg(long, value_name = "PACKAGE", value_parser = PROGRAMS, conflicts_with = "source")]
    only: Option<String>,
    /// The source package for integrators instead: the runtime without the host
    /// toolchain, locked to its own crates.
    #[arg(long, conflicts_with = "board")]
    source: bool,
    /// Where the release goes, in a folder of its own.
    #[arg(long, value_name = "DIR", default_value = "out/dist")]
    out: PathBuf,
    /// Build each package a second time and compare the bytes; show what lintian
    /// says.
    #[arg(long)]
    check: bool,
    /// Print what was made as JSON.
    #[arg(long)]
    json: bool,
}

/// Programs, packages and crates of one name each.
const PROGRAMS: [&str; 2] = ["normwatch", "normwatch-toolchain"];

/// # Errors
/// The board is unknown, tools are missing, or a build fails.
pub fn run(args: &DistArgs) -> Result<()> {
    let release = release(args)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&release)?);
    } else {
        release.print();
    }
    Ok(())
}

impl DistArgs {
    /// Both packages of a board, without checks.
    pub fn of_board(board: &str, out: &Path) -> Self {
        Self {
            board: Some(board.into()),
            only: None,
            source: false,
            out: out.to_path_buf(),
            check: false,
            json: false,
        }
    }
}

/// What [`run`] makes, without a word.
///
/// # Errors
/// As for [`run`].
pub fn make(args: &DistArgs) -> Result<Vec<PathBuf>> {
    Ok(release(args)?.files.into_iter().map(|made| made.file).collect())
}

fn release(args: &DistArgs) -> Result<Release> {
    let version = env!("CARGO_PKG_VERSION");
    let epoch = stage::source_date_epoch()?;
    let Some(name) = &args.board else {
        let out = make_folder(&args.out.join("source"))?;
        let files = source::build(version, epoch, &out)?;
        return Ok(Release { version, packages: Vec::new(), files: checksums(&out, &files)? });
    };
    let board = board(name)?;
    let out = make_folder(&args.out.join(&board.name))?;
    let (mut packages, mut files) = (Vec::new(), Vec::new());
    for content in [Content::Runtime(&board), Content::Toolchain] {
        if args.only.as_ref().is_none_or(|only| only == content.name()) {
            let (made, paths) = package(content, &board, (version, epoch), &out, args.check)?;
            packages.push(made);
            files.extend(paths);
        }
    }
    Ok(Release { version, packages, files: checksums(&out, &files)? })
}

/// One package of a board's release, its binary and its bill of materials.
fn package(
    content: Content<'_>,
    board: &Board,
    (version, epoch): (&str, u64),
    out: &Path,
    check_it: bool,
) -> Result<(MadePackage, [PathBuf; 3])> {
    let triple = board.target.as_deref().with_context(|| {
        format!("the board {} names no `target`: name one that does", board.name)
    })?;
    let (name, target) = (content.name(), cross::target(triple)?);
    let built = target.build_program(name)?;
    let stripped = out.join(name);
    binary::strip(target, &built, &stripped)?;
    let needs = &binary::needs(target, &stripped)?;
    let sbom = &sbom::document(name, triple, epoch)?;
    let sbom_file = out.join(format!("{name}-{version}-{triple}.cdx.json"));
    fs::write(&sbom_file, sbom).with_context(|| format!("cannot write {}", sbom_file.display()))?;
    let package = deb::Package { content, target, version, epoch, needs, binary: &stripped, sbom };
    let deb = package.build(out)?;
    let check = if check_it { Some(check(&package, &deb)?) } else { None };
    let glibc = needs.glibc.map(|(major, minor)| format!("{major}.{minor}"));
    let made = MadePackage { name, target: target.triple, glibc, check };
    Ok((made, [stripped.clone(), deb, sbom_file]))
}

/// Builds the package again and compares it; lintian has its say.
fn check(package: &deb::Package<'_>, deb: &Path) -> Result<Check> {
    let first = fs::read(deb)?;
    package.build(deb.parent().unwrap_or(Path::new(".")))?;
    ensure!(first == fs::read(deb)?, "{} differs from one build to the next", deb.display());
    let file = deb.to_string_lossy();
    let options = ["--allow-root", "--tag-display-limit", "0", "--fail-on", "none"];
    let said = shell::output("lintian", &[&options[..], &[&file]].concat());
    Ok(Check { same_bytes_twice: true, lintian: said.map(|said| said.trim().to_string()) })
}

/// Writes the checksums of what was made.
fn checksums(out: &Path, files: &[PathBuf]) -> Result<Vec<MadeFile>> {
    let (mut made, mut sums) = (Vec::new(), String::new());
    for file in files {
        let line = shell::output("sha256sum", &[&file.to_string_lossy()])
            .with_context(|| format!("`sha256sum {}` fails", file.display()))?;
        let sha256 = line.split_whitespace().next().unwrap_or_default().to_string();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        sums += &format!("{sha256}  {name}\n");
        made.push(MadeFile { file: file.clone(), bytes: fs::metadata(file)?.len(), sha256 });
    }
    let path = out.join("SHA256SUMS");
    fs::write(&path, sums).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(made)
}

/// The binary of a target, stripped into a file.
///
/// # Errors
/// There is none yet, or `strip` fails.
pub fn stripped(target: &Target, file: &Path) -> Result<()> {
    let built = target.binary();
    ensure!(
        built.is_file(),
        "{} is not there: run `cargo xtask dist --board NAME` first",
        built.display()
    );
    binary::strip(target, &built, file)
}

fn make_folder(folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    Ok(folder.to_path_buf())
}

fn board(name: &str) -> Result<Board> {
    let folder = cross::root().join("boards");
    let file = folder.join(format!("{name}.toml"));
    ensure!(
        file.is_file(),
        "no board `{name}`: there are {}",
        normwatch::config::list_boards(&[folder]).join(", ")
    );
    load_board(&file, &[folder]).map_err(|error| anyhow!("{error}"))
}
