//! What a release consists of, as text and as JSON.

use std::path::PathBuf;

use serde::Serialize;

/// Everything that `dist` made.
#[derive(Debug, Serialize)]
pub struct Release {
    pub version: &'static str,
    /// None for the source package.
    pub packages: Vec<MadePackage>,
    pub files: Vec<MadeFile>,
}

/// A Debian package.
#[derive(Debug, Serialize)]
pub struct MadePackage {
    pub name: &'static str,
    pub target: &'static str,
    /// The oldest C library that it runs on; `None` for a static binary.
    pub glibc: Option<String>,
    /// Only where a check was asked for.
    pub check: Option<Check>,
}

/// What a second build and lintian say.
#[derive(Debug, Serialize)]
pub struct Check {
    pub same_bytes_twice: bool,
    /// Empty where it finds nothing; `None` where it is not installed.
    pub lintian: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct MadeFile {
    pub file: PathBuf,
    pub bytes: u64,
    pub sha256: String,
}

/// Systems that people install on, with their C libraries, oldest first.
const SYSTEMS: [(&str, (u32, u32)); 4] = [
    ("JetPack 6", (2, 35)),
    ("Raspberry Pi OS bookworm and Debian 12", (2, 36)),
    ("JetPack 7", (2, 39)),
    ("Raspberry Pi OS trixie and Debian 13", (2, 41)),
];

/// The systems whose C library is too old for a program that needs this one.
fn too_old(glibc: &str) -> Vec<&'static str> {
    let mut parts = glibc.split('.').map(str::parse);
    let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) else {
        return Vec::new();
    };
    let old = SYSTEMS.iter().filter(|(_, has)| *has < (major, minor));
    old.map(|(name, _)| *name).collect()
}

impl Release {
    pub fn print(&self) {
        for package in &self.packages {
            package.print();
        }
        for MadeFile { file, bytes, .. } in &self.files {
            println!("{bytes:>11} bytes  {}", file.display());
        }
    }
}

impl MadePackage {
    fn print(&self) {
        let needs = match &self.glibc {
            Some(version) => match too_old(version).as_slice() {
                [] => format!("needs glibc {version} or later"),
                old => format!("needs glibc {version} or later: not for {}", old.join(", ")),
            },
            None => "static, needs the kernel alone".into(),
        };
        println!("{} for {}: {needs}", self.name, self.target);
        let Some(check) = &self.check else { return };
        println!("built twice: the same bytes");
        match check.lintian.as_deref() {
            Some("") => println!("lintian: clean"),
            Some(said) => println!("lintian:\n{said}"),
            None => println!("lintian is not installed: run `cargo xtask setup --cross`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_with_an_older_c_library_are_named() {
        assert_eq!(too_old("2.34"), Vec::<&str>::new());
        assert_eq!(too_old("2.36"), ["JetPack 6"]);
        assert_eq!(too_old("2.41").len(), 3);
    }
}
