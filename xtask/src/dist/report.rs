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
            Some(version) => format!("needs glibc {version} or later"),
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
