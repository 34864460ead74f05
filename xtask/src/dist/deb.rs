use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use normwatch::config::Board;

use super::binary::Needs;
use super::stage::{self, Stage};
use normwatch_host::cross::{self, Target};
use normwatch_host::shell;

/// The bundle in the package: made on synthetic footage, under our own licence.
const BUNDLE: &str = "walkway-edge";
const SITE: &str = "etc/normwatch/site.toml";
/// Parts of glibc, all in one package.
const LIBC: [&str; 5] = ["libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1"];

/// What a Debian package is made of.
pub struct Package<'a> {
    pub target: &'a Target,
    pub board: &'a Board,
    pub version: &'a str,
    pub epoch: u64,
    pub needs: &'a Needs,
    /// The stripped binary.
    pub binary: &'a Path,
    /// The bill of materials as CycloneDX JSON.
    pub sbom: &'a str,
}

impl Package<'_> {
    /// Builds the package into a folder. The same input gives the same bytes.
    ///
    /// # Errors
    /// A file is missing, or Debian's tools fail.
    pub fn build(&self, out: &Path) -> Result<PathBuf> {
        let stage = Stage::new(&out.join("stage"))?;
        self.lay_out(&stage)?;
        self.write_control(&stage)?;
        let deb = out.join(format!("normwatch_{}_{}.deb", self.version, self.target.debian_arch));
        let paths = [stage.path(), &deb].map(|path| path.to_string_lossy().into_owned());
        let options = ["--root-owner-group", "-Zxz", "--threads-max=1", "--build"];
        let epoch = self.epoch.to_string();
        let env = [("SOURCE_DATE_EPOCH", epoch.as_str())];
        shell::run("dpkg-deb", &[&options[..], &[&paths[0], &paths[1]]].concat(), &env)?;
        Ok(deb)
    }

    fn lay_out(&self, stage: &Stage) -> Result<()> {
        let root = cross::root();
        let packaging = root.join("packaging");
        let share = "usr/share/normwatch";
        stage.copy(self.binary, "usr/bin/normwatch", 0o755)?;
        for board in files(&root.join("boards"))? {
            stage.copy(&board, &format!("{share}/boards/{}", name(&board)), 0o644)?;
        }
        for file in files(&root.join("models").join(BUNDLE))? {
            stage.copy(&file, &format!("{share}/models/{BUNDLE}/{}", name(&file)), 0o644)?;
        }
        stage.write(SITE, site(self.board)?, 0o644)?;
        let units = "lib/systemd/system";
        let systemd = packaging.join("systemd");
        stage.copy(
            &systemd.join("normwatch.service"),
            &format!("{units}/normwatch.service"),
            0o644,
        )?;
        if let Some(drop_in) = drop_in(&self.board.name) {
            let file = format!("{units}/normwatch.service.d/{drop_in}");
            stage.copy(&systemd.join(drop_in), &file, 0o644)?;
        }
        stage.copy(&systemd.join("sysusers.conf"), "usr/lib/sysusers.d/normwatch.conf", 0o644)?;
        let rules = "60-normwatch.rules";
        stage.copy(
            &packaging.join("udev").join(rules),
            &format!("lib/udev/rules.d/{rules}"),
            0o644,
        )?;
        self.lay_out_documents(stage)
    }

    fn lay_out_documents(&self, stage: &Stage) -> Result<()> {
        let root = cross::root();
        let doc = "usr/share/doc/normwatch";
        let day = stage::date(self.epoch, "%Y-%m-%d")?;
        let manual =
            template("normwatch.1")?.replace("@DATE@", &day).replace("@VERSION@", self.version);
        stage.write_gzipped("usr/share/man/man1/normwatch.1", &manual)?;
        let rfc_2822 = stage::date(self.epoch, "%a, %d %b %Y %H:%M:%S +0000")?;
        let control = template("control")?;
        let maintainer = control.lines().find_map(|line| line.strip_prefix("Maintainer: "));
        let changelog = format!(
            "normwatch ({}) unstable; urgency=medium\n\n  * The changes are in CHANGELOG.md of the \
             sources.\n\n -- {}  {rfc_2822}\n",
            self.version,
            maintainer.context("packaging/deb/control names no maintainer")?
        );
        stage.write_gzipped(&format!("{doc}/changelog"), &changelog)?;
        let mit = fs::read_to_string(root.join("LICENSE-MIT"))?;
        let paragraph = |line: &str| match line {
            "" => " .".to_string(),
            line => format!(" {line}"),
        };
        let mit: Vec<_> = mit.lines().map(paragraph).collect();
        let copyright = template("copyright")?.replace("@MIT@", &mit.join("\n"));
        stage.write(&format!("{doc}/copyright"), copyright, 0o644)?;
        stage.copy(&root.join("docs/ref/config.md"), &format!("{doc}/config.md"), 0o644)?;
        stage.write(&format!("{doc}/sbom.cdx.json"), self.sbom, 0o644)
    }

    fn write_control(&self, stage: &Stage) -> Result<()> {
        let files = stage.files("")?;
        let kib: u64 = files.iter().map(|(_, bytes)| bytes.div_ceil(1024)).sum();
        let control = template("control")?
            .replace("@VERSION@", self.version)
            .replace("@ARCHITECTURE@", self.target.debian_arch)
            .replace("@INSTALLED_KIB@", &kib.to_string())
            .replace("@DEPENDS@", &depends(self.needs)?)
            .replace("@BOARD@", &self.board.name)
            .replace("@TRIPLE@", self.target.triple);
        let mut sums = String::new();
        for (file, _) in files.iter().filter(|(file, _)| file != SITE) {
            let path = stage.path().join(file);
            let line = shell::output("md5sum", &[&path.to_string_lossy()])
                .with_context(|| format!("`md5sum {file}` fails"))?;
            let sum = line.split_whitespace().next().unwrap_or_default();
            sums += &format!("{sum}  {file}\n");
        }
        stage.write("DEBIAN/control", control, 0o644)?;
        stage.write("DEBIAN/md5sums", sums, 0o644)?;
        stage.write("DEBIAN/conffiles", format!("/{SITE}\n"), 0o644)?;
        for script in ["postinst", "prerm", "postrm"] {
            stage.write(&format!("DEBIAN/{script}"), template(script)?, 0o755)?;
        }
        Ok(())
    }
}

/// The example site file for a board.
fn site(board: &Board) -> Result<String> {
    let site = template("site.toml")?.replace("@BOARD@", &board.name);
    Ok(if board.camera.is_some() { site } else { site + &template("camera.toml")? })
}

/// More devices for the camera program of a family of boards.
fn drop_in(board: &str) -> Option<&'static str> {
    let families = [("raspberry-pi", "raspberry-pi.conf"), ("jetson", "jetson.conf")];
    families.iter().find(|(family, _)| board.starts_with(family)).map(|(_, file)| *file)
}

fn depends(needs: &Needs) -> Result<String> {
    let mut packages = vec!["systemd".to_string(), "udev".into()];
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

fn template(file: &str) -> Result<String> {
    let path = cross::root().join("packaging/deb").join(file);
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use normwatch::config::{list_boards, load_board, load_site};

    use super::*;

    fn board(name: &str) -> Board {
        let folder = cross::root().join("boards");
        load_board(&folder.join(format!("{name}.toml")), &[folder]).unwrap()
    }

    fn build(folder: &Path, binary: &Path) -> PathBuf {
        let libraries = ["libc.so.6", "libm.so.6", "libgcc_s.so.1"].map(String::from);
        let needs = Needs { libraries: BTreeSet::from(libraries), glibc: Some((2, 34)) };
        let package = Package {
            target: cross::target("aarch64-unknown-linux-gnu").unwrap(),
            board: &board("raspberry-pi-5"),
            version: "0.1.0",
            epoch: 1_600_000_000,
            needs: &needs,
            binary,
            sbom: "{}",
        };
        fs::create_dir_all(folder).unwrap();
        package.build(folder).unwrap()
    }

    #[test]
    fn the_same_input_gives_the_same_package() {
        let dir = tempfile::tempdir().unwrap();
        let binary = dir.path().join("binary");
        fs::write(&binary, "a binary").unwrap();
        let first = build(&dir.path().join("a"), &binary);
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let second = build(&dir.path().join("b"), &binary);
        assert!(fs::read(&first).unwrap() == fs::read(&second).unwrap());
        let list = shell::output("dpkg-deb", &["-c", &first.to_string_lossy()]).unwrap();
        assert!(list.lines().all(|line| line.contains(" root/root ")), "{list}");
        for file in [
            "./usr/bin/normwatch",
            "./usr/share/normwatch/boards/raspberry-pi.toml",
            "./usr/share/normwatch/models/walkway-edge/manifest.toml",
            "./etc/normwatch/site.toml",
            "./lib/systemd/system/normwatch.service",
            "./lib/systemd/system/normwatch.service.d/raspberry-pi.conf",
            "./usr/lib/sysusers.d/normwatch.conf",
            "./lib/udev/rules.d/60-normwatch.rules",
        ] {
            assert!(list.lines().any(|line| line.ends_with(file)), "{file} is not in\n{list}");
        }
        assert!(!list.contains("ped2"), "a bundle for evaluation only was packed");
        let field = |name| shell::output("dpkg-deb", &["-f", &first.to_string_lossy(), name]);
        let depends = field("Depends").unwrap();
        assert!(depends.contains("libc6 (>= 2.34), libgcc-s1"), "{depends}");
        assert_eq!(field("Architecture").unwrap().trim(), "arm64");
    }

    #[test]
    fn a_library_without_a_package_is_refused() {
        let libraries = BTreeSet::from(["libfoo.so.1".to_string()]);
        let error = depends(&Needs { libraries, glibc: Some((2, 34)) }).unwrap_err();
        assert!(error.to_string().contains("libfoo.so.1"), "{error}");
    }

    #[test]
    fn the_example_site_fits_every_board() {
        let folders = [cross::root().join("boards")];
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("site.toml");
        let mut seen = 0;
        for name in list_boards(&folders) {
            let board = board(&name);
            if board.target.is_none() {
                continue;
            }
            fs::write(&file, site(&board).unwrap()).unwrap();
            load_site(&file, &folders).unwrap_or_else(|e| panic!("{name}: {e}"));
            seen += 1;
        }
        assert!(seen >= 9, "{seen}");
    }
}
