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
    let mut count = 0;
    for (page, heading) in PAGES {
        let text = fs::read_to_string(cross::root().join(page)).with_context(|| page.to_owned())?;
        let deeds = deeds(&text, heading, &args.architecture);
        ensure!(!deeds.is_empty(), "{page} has no command below `{heading}`");
        for deed in deeds {
            match deed {
                Deed::Type(command) => {
                    println!("$ {command}");
                    root.types(&command).with_context(|| format!("{page}: `{command}`"))?;
                    count += 1;
                }
                Deed::Edit => root.edits()?,
                Deed::LeaveOut(command, why) => println!("# left out, {why}: {command}"),
            }
        }
    }
    root.watches()?;
    println!("{count} commands of the install page, in {} for {}", args.suite, args.architecture);
    Ok(())
}
