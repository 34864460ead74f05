use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::source::{KEY_FILE, Key, Source};
use super::*;

/// A package that holds a word.
fn package(folder: &Path, name: &str) -> PathBuf {
    let tree = folder.join(name);
    fs::create_dir_all(tree.join("DEBIAN")).unwrap();
    let control = format!(
        "Package: {name}\nVersion: 1.0\nArchitecture: arm64\nSection: misc\n\
         Maintainer: nobody <nobody@localhost>\nDescription: a trial\n"
    );
    fs::write(tree.join("DEBIAN/control"), control).unwrap();
    fs::write(tree.join("word"), name).unwrap();
    let file = folder.join(format!("{name}_1.0_arm64.deb"));
    let made = Command::new("dpkg-deb").arg("--build").args([&tree, &file]).output().unwrap();
    assert!(made.status.success());
    file
}

#[test]
fn apt_takes_a_source_and_refuses_what_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("apt");
    let mut source = Source::begin(&out).unwrap();
    for (component, name) in
        [("pi", "normwatch"), ("pi", "normwatch-toolchain"), ("jetson", "normwatch")]
    {
        source.add(component, &package(folder.path(), name)).unwrap();
    }
    source.sign(&Key::thrown_away().unwrap()).unwrap();
    assert_eq!(proof::prove(&out).unwrap(), 3);
    // Another key has signed it.
    let other = Key::thrown_away().unwrap();
    let mut foreign = Source::begin(&folder.path().join("foreign")).unwrap();
    foreign.add("pi", &package(folder.path(), "normwatch")).unwrap();
    foreign.sign(&other).unwrap();
    fs::copy(folder.path().join("foreign").join(KEY_FILE), out.join(KEY_FILE)).unwrap();
    assert!(proof::prove(&out).is_err());
}

#[test]
fn a_source_without_packages_is_not_one() {
    let folder = tempfile::tempdir().unwrap();
    let source = Source::begin(&folder.path().join("apt")).unwrap();
    let error = source.sign(&Key::named("nobody")).unwrap_err();
    assert!(error.to_string().contains("no package"), "{error}");
}

#[test]
fn a_version_needs_its_section_in_the_changelog() {
    assert!(is_in_changelog("# Changelog\n\n## 0.1.0 - 2026-11-30\n", "0.1.0"));
    for text in ["## Unreleased\n\n0.1.0 - soon", "## 0.1.0", "## 0.1.01 - 2026-11-30"] {
        assert!(!is_in_changelog(text, "0.1.0"), "{text}");
    }
}

#[test]
fn every_board_that_is_sold_has_packages() {
    let boards = chosen(&[]).unwrap();
    for board in ["raspberry-pi-5", "jetson-orin-nano", "generic-armv7", "generic-x86-64"] {
        assert!(boards.iter().any(|name| name == board), "{board} is not in {boards:?}");
    }
    assert!(!boards.iter().any(|name| name == "simulated" || name == "virtual"), "{boards:?}");
}
