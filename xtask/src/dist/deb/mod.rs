//! Debian packages: what all have in common.

mod runtime;
#[cfg(test)]
mod tests;
mod toolchain;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use normwatch::config::Board;
use normwatch_host::cross::{self, Target};
use normwatch_host::shell;

use super::binary::Needs;
use super::stage::{self, Stage};

/// Parts of glibc, all in one package.
const LIBC: [&str; 5] = ["libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1"];

/// What is in a package.
#[derive(Clone, Copy)]
pub enum Content<'a> {
    /// The program that watches, with what a board needs beside it.
    Runtime(&'a Board),
    /// The program that makes bundles.
    Toolchain,
}

/// What a Debian package is made of.
pub struct Package<'a> {
    pub content: Content<'a>,
    pub target: &'a Target,
    pub version: &'a str,
    pub epoch: u64,
    pub needs: &'a Needs,
    /// The stripped binary.
    pub binary: &'a Path,
    /// The bill of materials as CycloneDX JSON.
    pub sbom: &'a str,
}

impl Content<'_> {
    /// Of the package, of its program, and of the folder of its templates.
    pub fn name(self) -> &'static str {
        match self {
            Self::Runtime(_) => "normwatch",
            Self::Toolchain => "normwatch-toolchain",
        }
    }
}

impl Package<'_> {
    /// Builds the package into a folder. The same input gives the same bytes.
    ///
    /// # Errors
    /// A file is missing, or Debian's tools fail.
    pub fn build(&self, out: &Path) -> Result<PathBuf> {
        let name = self.content.name();
        let stage = Stage::new(&out.join("stage"))?;
        stage.copy(self.binary, &format!("usr/bin/{name}"), 0o755)?;
        match self.content {
            Content::Runtime(board) => runtime::lay_out(&stage, board)?,
            Content::Toolchain => toolchain::lay_out(&stage)?,
        }
        self.lay_out_documents(&stage)?;
        self.write_control(&stage)?;
        let deb = out.join(format!("{name}_{}_{}.deb", self.version, self.target.debian_arch));
        let paths = [stage.path(), &deb].map(|path| path.to_string_lossy().into_owned());
        let options = ["--root-owner-group", "-Zxz", "--threads-max=1", "--build"];
        let epoch = self.epoch.to_string();
        let env = [("SOURCE_DATE_EPOCH", epoch.as_str())];
        shell::run_aside("dpkg-deb", &[&options[..], &[&paths[0], &paths[1]]].concat(), &env)?;
        Ok(deb)
    }

    fn lay_out_documents(&self, stage: &Stage) -> Result<()> {
        let name = self.content.name();
        let doc = format!("usr/share/doc/{name}");
        let rfc_2822 = stage::date(self.epoch, "%a, %d %b %Y %H:%M:%S +0000")?;
        let control = self.template("control")?;
        let maintainer = control.lines().find_map(|line| line.strip_prefix("Maintainer: "));
        let changelog = format!(
            "{name} ({}) unstable; urgency=medium\n\n  * The changes are in CHANGELOG.md of the \
             sources.\n\n -- {}  {rfc_2822}\n",
            self.version,
            maintainer.with_context(|| format!("the control file of {name} has no maintainer"))?
        );
        stage.write_gzipped(&format!("{doc}/changelog"), &changelog)?;
        let mit = fs::read_to_string(cross::root().join("LICENSE-MIT"))?;
        let paragraph = |line: &str| match line {
            "" => " .".to_string(),
            line => format!(" {line}"),
        };
        let mit: Vec<_> = mit.lines().map(paragraph).collect();
        let copyright = self.template("copyright")?.replace("@MIT@", &mit.join("\n"));
        stage.write(&format!("{doc}/copyright"), copyright, 0o644)?;
        stage.write(&format!("{doc}/sbom.cdx.json"), self.sbom, 0o644)?;
        lay_out_manual(stage, name, &stage::date(self.epoch, "%Y-%m-%d")?)
    }

    fn write_control(&self, stage: &Stage) -> Result<()> {
        let files = stage.files("")?;
        let kib: u64 = files.iter().map(|(_, bytes)| bytes.div_ceil(1024)).sum();
        let (more, conffiles, scripts): (&[&str], &[&str], &[&str]) = match self.content {
            Content::Runtime(_) => (&runtime::DEPENDS, &[runtime::SITE], &runtime::SCRIPTS),
            Content::Toolchain => (&[], &[], &[]),
        };
        let board = match self.content {
            Content::Runtime(board) => board.name.as_str(),
            Content::Toolchain => "",
        };
        let control = self
            .template("control")?
            .replace("@VERSION@", self.version)
            .replace("@ARCHITECTURE@", self.target.debian_arch)
            .replace("@INSTALLED_KIB@", &kib.to_string())
            .replace("@DEPENDS@", &depends(self.needs, more)?)
            .replace("@BOARD@", board)
            .replace("@TRIPLE@", self.target.triple);
        let mut sums = String::new();
        for (file, _) in files.iter().filter(|(file, _)| !conffiles.contains(&file.as_str())) {
            let path = stage.path().join(file);
            let line = shell::output("md5sum", &[&path.to_string_lossy()])
                .with_context(|| format!("`md5sum {file}` fails"))?;
            let sum = line.split_whitespace().next().unwrap_or_default();
            sums += &format!("{sum}  {file}\n");
        }
        stage.write("DEBIAN/control", control, 0o644)?;
        stage.write("DEBIAN/md5sums", sums, 0o644)?;
        if !conffiles.is_empty() {
            let list: String = conffiles.iter().map(|file| format!("/{file}\n")).collect();
            stage.write("DEBIAN/conffiles", list, 0o644)?;
        }
        for script in scripts {
            stage.write(&format!("DEBIAN/{script}"), self.template(script)?, 0o755)?;
        }
        Ok(())
    }

    fn template(&self, file: &str) -> Result<String> {
        template(self.content.name(), file)
    }
}

/// Manual pages and completions, which tests keep equal to what the program
/// says of itself.
fn lay_out_manual(stage: &Stage, program: &str, day: &str) -> Result<()> {
    let packaging = cross::root().join("packaging");
    for page in files(&packaging.join("man").join(program))? {
        let text = fs::read_to_string(&page)?.replace("@DATE@", day);
        stage.write_gzipped(&format!("usr/share/man/man1/{}", name(&page)), &text)?;
    }
    let completions = packaging.join("completions");
    for (shell, file) in [
        (format!("{program}.bash"), format!("bash-completion/completions/{program}")),
        (format!("_{program}"), format!("zsh/vendor-completions/_{program}")),
        (format!("{program}.fish"), format!("fish/vendor_completions.d/{program}.fish")),
    ] {
        stage.copy(&completions.join(shell), &format!("usr/share/{file}"), 0o644)?;
    }
    Ok(())
}

/// What a package depends on: what its binary is linked with, and `more`.
fn depends(needs: &Needs, more: &[&str]) -> Result<String> {
    let mut packages: Vec<String> = more.iter().map(|name| (*name).into()).collect();
    for library in &needs.libraries {
        match (library.as_str(), needs.glibc) {
            (name, Some((major, minor))) if LIBC.contains(&name) => {
                packages.push(format!("libc6 (>= {major}.{minor})"));
            }
            ("libgcc_s.so.1", _) => packages.push("libgcc-s1".into()),
            (name, _) => bail!("the binary needs {name}, which no package is known for"),
        }
    }
    packages.sort();
    packages.dedup();
    Ok(packages.join(", "))
}

fn template(package: &str, file: &str) -> Result<String> {
    let path = cross::root().join("packaging/deb").join(package).join(file);
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// The files of a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<PathBuf> =
        entries.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    files.sort();
    ensure!(!files.is_empty(), "{} is empty", folder.display());
    Ok(files)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
