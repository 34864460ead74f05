use std::collections::BTreeSet;

use normwatch::config::{list_boards, load_board, load_site};

use super::runtime::site;
use super::*;

fn board(name: &str) -> Board {
    let folder = cross::root().join("boards");
    load_board(&folder.join(format!("{name}.toml")), &[folder]).unwrap()
}

fn build(content: Content<'_>, folder: &Path, binary: &Path) -> PathBuf {
    let libraries = ["libc.so.6", "libm.so.6", "libgcc_s.so.1"].map(String::from);
    let needs = Needs { libraries: BTreeSet::from(libraries), glibc: Some((2, 34)) };
    let package = Package {
        content,
        target: cross::target("aarch64-unknown-linux-gnu").unwrap(),
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
    let pi = board("raspberry-pi-5");
    let first = build(Content::Runtime(&pi), &dir.path().join("a"), &binary);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let second = build(Content::Runtime(&pi), &dir.path().join("b"), &binary);
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
        "./lib/systemd/system/normwatch@.service",
        "./lib/systemd/system/normwatch@.service.d/raspberry-pi.conf",
        "./lib/systemd/system/normwatch-learn.service",
        "./lib/systemd/system/normwatch-learn.service.d/raspberry-pi.conf",
        "./lib/systemd/system/normwatch-learn@.service",
        "./lib/systemd/system/normwatch-learn@.service.d/raspberry-pi.conf",
        "./usr/share/doc/normwatch/network-outputs.conf",
        "./usr/lib/sysusers.d/normwatch.conf",
        "./lib/udev/rules.d/60-normwatch.rules",
        "./usr/share/man/man1/normwatch.1.gz",
        "./usr/share/man/man1/normwatch-run.1.gz",
        "./usr/share/bash-completion/completions/normwatch",
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
fn the_toolchain_is_a_package_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let binary = dir.path().join("binary");
    fs::write(&binary, "a binary").unwrap();
    let deb = build(Content::Toolchain, &dir.path().join("a"), &binary);
    assert_eq!(name(&deb), "normwatch-toolchain_0.1.0_arm64.deb");
    let list = shell::output("dpkg-deb", &["-c", &deb.to_string_lossy()]).unwrap();
    for file in [
        "./usr/bin/normwatch-toolchain",
        "./usr/share/normwatch/models/walkway-clip/labels.json",
        "./usr/share/normwatch/models/walkway-clip/frames/204/000749.jpg",
        "./usr/share/man/man1/normwatch-toolchain.1.gz",
        "./usr/share/man/man1/normwatch-toolchain-train.1.gz",
        "./usr/share/doc/normwatch-toolchain/training.md",
    ] {
        assert!(list.lines().any(|line| line.ends_with(file)), "{file} is not in\n{list}");
    }
    let whole = board("raspberry-pi-5");
    let runtime = build(Content::Runtime(&whole), &dir.path().join("b"), &binary);
    let other = shell::output("dpkg-deb", &["-c", &runtime.to_string_lossy()]).unwrap();
    let names = |list: &str| -> BTreeSet<String> {
        let paths = list.lines().filter_map(|line| line.split_whitespace().nth(5));
        paths.filter(|path| !path.ends_with('/')).map(String::from).collect()
    };
    assert!(names(&list).is_disjoint(&names(&other)), "both packages bring the same file");
    let field = |name| shell::output("dpkg-deb", &["-f", &deb.to_string_lossy(), name]);
    assert_eq!(field("Depends").unwrap().trim(), "libc6 (>= 2.34), libgcc-s1");
}

#[test]
fn a_library_without_a_package_is_refused() {
    let libraries = BTreeSet::from(["libfoo.so.1".to_string()]);
    let error = depends(&Needs { libraries, glibc: Some((2, 34)) }, &[]).unwrap_err();
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
