//! The page, as a browser and axe-core see it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use normwatch_host::{cross, shell};

/// Asks axe-core whether the page is accessible: in headless Chromium, in both themes, on
/// a desktop and a phone.
#[derive(clap::Args)]
pub struct PageArgs {
    /// Which release of axe-core.
    #[arg(long, default_value = "4.14.1")]
    axe: String,
    /// Where it is unpacked: 4 MB, fetched once by npm.
    #[arg(long, value_name = "DIR", default_value = "target/axe-core")]
    folder: PathBuf,
    /// Make the pictures of the page for the documents instead.
    #[arg(long)]
    pictures: bool,
}

/// # Errors
/// A rule is broken, a picture cannot be made, or axe-core cannot be fetched.
pub fn run(args: &PageArgs) -> Result<()> {
    if args.pictures {
        let folder = cross::root().join("docs/pictures");
        let folder = folder.to_str().context("the repository's path must be UTF-8")?;
        return test("the_pictures_of_the_page_are_made", ("NORMWATCH_PICTURES", folder));
    }
    let folder = std::path::absolute(&args.folder).context("--folder")?.join(&args.axe);
    let place = folder.to_str().context("--folder must be UTF-8")?;
    let script = folder.join("node_modules/axe-core/axe.min.js");
    if !script.is_file() {
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {place}"))?;
        let package = format!("axe-core@{}", args.axe);
        let quiet = ["--no-audit", "--no-fund", "--no-save", "--ignore-scripts"];
        shell::run(
            "npm",
            &[&["install", "--prefix", place], &quiet[..], &[&package]].concat(),
            &[],
        )?;
    }
    let script = script.to_str().context("--folder must be UTF-8")?;
    test("axe_finds_nothing_serious_in_both_themes_on_both_screens", ("NORMWATCH_AXE", script))
}

fn test(name: &str, env: (&str, &str)) -> Result<()> {
    // Of the whole workspace, or tract is compiled again with other features.
    let test = ["test", "--workspace", "--locked", "--test", "integration", "--"];
    let name = format!("page::seen::{name}");
    let which = [name.as_str(), "--exact", "--ignored", "--nocapture"];
    shell::run("cargo", &[&test[..], &which].concat(), &[env, ("CARGO_NET_OFFLINE", "true")])
}
