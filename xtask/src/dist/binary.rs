//! Strips a release binary, and reads what it needs from the system that runs it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use normwatch_host::cross::{self, Target};
use normwatch_host::shell;

/// What a binary wants from the system that runs it.
#[derive(Debug, PartialEq, Eq)]
pub struct Needs {
    /// Shared libraries by their soname, without the dynamic loader.
    pub libraries: BTreeSet<String>,
    /// Oldest glibc with all versions of symbols that are asked for, for
    /// instance `(2, 34)`; `None` for a static binary.
    pub glibc: Option<(u32, u32)>,
}

/// Strips `binary` into `stripped` and checks that no path of this machine is
/// left in it.
///
/// # Errors
/// A tool of the target fails, or a path is found.
pub fn strip(target: &Target, binary: &Path, stripped: &Path) -> Result<()> {
    let paths = [binary, stripped].map(|path| path.to_string_lossy().into_owned());
    let notes = ["--strip-all", "--remove-section=.comment", "-o", &paths[1], &paths[0]];
    shell::run(&target.tool("strip"), &notes, &[])?;
    let bytes = fs::read(stripped).with_context(|| format!("cannot read {}", paths[1]))?;
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    for folder in [cross::root(), home].iter().filter(|folder| folder.parent().is_some()) {
        let path = format!("{}/", folder.display());
        ensure!(
            !bytes.windows(path.len()).any(|window| window == path.as_bytes()),
            "{} contains this machine's path {path}: two machines would not build the same bytes",
            paths[1]
        );
    }
    Ok(())
}

/// # Errors
/// The target's `readelf` fails or prints what it never printed before.
pub fn needs(target: &Target, binary: &Path) -> Result<Needs> {
    let readelf = target.tool("readelf");
    let file = binary.to_string_lossy();
    let Some(text) = shell::output(&readelf, &["-dVW", &file]) else {
        bail!("`{readelf} -dVW {file}` fails");
    };
    let needs = parse(&text);
    ensure!(
        needs.glibc.is_some() != target.is_static(),
        "{file} is not linked as binaries for {} are",
        target.triple
    );
    Ok(needs)
}

fn parse(text: &str) -> Needs {
    let bracketed = |line: &str| Some(line.split_once('[')?.1.split_once(']')?.0.to_string());
    let libraries = text.lines().filter(|line| line.contains("(NEEDED)")).filter_map(bracketed);
    let libraries = libraries.filter(|library| !library.starts_with("ld-")).collect();
    let versions = text.lines().filter_map(|line| {
        let version = line.split_once("Name: GLIBC_")?.1.split_whitespace().next()?;
        let mut parts = version.split('.').map(str::parse);
        Some((parts.next()?.ok()?, parts.next()?.ok()?))
    });
    Needs { libraries, glibc: versions.max() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_come_from_what_readelf_prints() {
        let text = " 0x0000000000000001 (NEEDED)  Shared library: [libgcc_s.so.1]\n \
            0x0000000000000001 (NEEDED)  Shared library: [libc.so.6]\n \
            0x0000000000000001 (NEEDED)  Shared library: [ld-linux-aarch64.so.1]\n  \
            0x0060:   Name: GLIBC_2.9  Flags: none  Version: 5\n  \
            0x0070:   Name: GLIBC_2.34  Flags: none  Version: 6\n";
        let needs = parse(text);
        assert_eq!(needs.glibc, Some((2, 34)));
        let libraries: Vec<_> = needs.libraries.iter().map(String::as_str).collect();
        assert_eq!(libraries, ["libc.so.6", "libgcc_s.so.1"]);
        assert_eq!(parse("").glibc, None);
    }
}
