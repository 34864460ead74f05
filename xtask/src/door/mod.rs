//! The way from an empty system to a running service, by the printed words alone.

mod root;
#[cfg(test)]
mod tests;
mod words;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use normwatch_host::cross;

use root::Root;
use words::{Deed, deeds};

/// Pages that an installer follows, from these headings on, to the next of their rank.
const PAGES: [(&str, &str); 4] = [
    ("docs/guide/install.md", "2. Install them"),
    ("docs/guide/install.md", "3. See that the program works"),
    ("docs/guide/install.md", "5. Write the site file"),
    ("docs/guide/install.md", "6. Go on"),
];

const UPGRADE: &str = "docs/guide/upgrade.md";

/// Makes a clean Debian root, installs the packages in it, and types each command of
/// the install page into it, in their order: the demonstration has to pass, the site
/// file to be right, and the service's program to watch and to end in order.
///
/// Needs root, mmdebstrap and a mirror of Debian; for another architecture also
/// qemu-user-static. Nothing runs systemd in such a root: what `systemctl` would do, a
/// small script does with the installed unit.
#[derive(clap::Args)]
pub struct DoorArgs {
    /// A folder with both packages, as `dist` makes it.
    #[arg(long, value_name = "DIR")]
    packages: PathBuf,
    /// Debian's release.
    #[arg(long, value_name = "NAME", default_value = "bookworm")]
    suite: String,
    /// Debian's name of the architecture.
    #[arg(long, value_name = "NAME", default_value = "amd64")]
    architecture: String,
    /// Then follow the page on upgrades, with packages of a next version whose example
    /// changed as well, and back: site file, bundles and event log have to stay.
    #[arg(long)]
    upgrade: bool,
    /// A root that was made before, and is used again as it is.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

/// # Errors
/// A command of the pages fails, or the root cannot be made.
pub fn run(args: &DoorArgs) -> Result<()> {
    let root = match &args.root {
        Some(folder) => Root::of(folder),
        None => Root::make(&args.suite, &args.architecture)?,
    };
    root.bring(&args.packages, &args.architecture)?;
    let mut typist = Typist { root: &root, architecture: &args.architecture, typed: 0 };
    for (page, heading) in PAGES {
        typist.follows(page, heading, |command| command)?;
    }
    root.watches()?;
    if args.upgrade {
        upgrade(&mut typist)?;
    }
    let (suite, architecture) = (&args.suite, &args.architecture);
    println!("{} commands of the pages typed, in {suite} for {architecture}", typist.typed);
    Ok(())
}

/// To a next version, and back.
fn upgrade(typist: &mut Typist<'_>) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let next = format!("{version}.next");
    let root = typist.root;
    root.has_things_of_its_own()?;
    let before = root.things()?;
    typist.follows(UPGRADE, "Before", |command| command)?;
    root.makes_next_packages(version, &next, typist.architecture)?;
    let renamed = |command: String| match command.starts_with("sudo apt install ") {
        true => command.replace(version, &next).replace("--reinstall ", ""),
        false => command,
    };
    typist.follows(UPGRADE, "Upgrade", renamed)?;
    root.has_version(&next)?;
    ensure!(root.things()? == before, "the upgrade changed what is not its own");
    root.types("systemctl restart normwatch")?;
    root.watches()?;
    typist.follows(UPGRADE, "Go back", |command| command.replace("--reinstall ", ""))?;
    root.has_version(version)?;
    ensure!(root.things()? == before, "going back changed what is not its own");
    root.watches()?;
    println!("site file, bundles and events were kept on the way to {next} and back");
    Ok(())
}

/// Who types what the pages say.
struct Typist<'a> {
    root: &'a Root,
    architecture: &'a str,
    typed: usize,
}

impl Typist<'_> {
    fn follows(
        &mut self,
        page: &str,
        heading: &str,
        change: impl Fn(String) -> String,
    ) -> Result<()> {
        let text = fs::read_to_string(cross::root().join(page)).with_context(|| page.to_owned())?;
        let deeds = deeds(&text, heading, self.architecture);
        ensure!(!deeds.is_empty(), "{page} has no command below `{heading}`");
        for deed in deeds {
            match deed {
                Deed::Type(command) => {
                    let command = change(command);
                    println!("$ {command}");
                    self.root.types(&command).with_context(|| format!("{page}: `{command}`"))?;
                    self.typed += 1;
                }
                Deed::Edit => self.root.edits()?,
                Deed::LeaveOut(command, why) => println!("# left out, {why}: {command}"),
            }
        }
        Ok(())
    }
}
