use std::fs;

use tempfile::TempDir;

use super::*;

#[test]
fn the_house_is_in_order() {
    let findings = check(&cross::root()).unwrap();
    let told: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// A workspace in which all is well.
fn house() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (file, text) in [
        ("Cargo.toml", "[package]\nname = \"normwatch\"\n"),
        ("ARCHITECTURE.md", "# Rooms\n\n```rooms\ncapture\nmodel\ncli\n```\n"),
        ("README.md", "# It\n\nSee [rooms](ARCHITECTURE.md#rooms).\n\n    cargo xtask test\n"),
        ("docs/guide/troubleshooting.md", "# Messages\n\n## `… is not there`\n"),
        ("src/lib.rs", "//! All.\npub mod capture;\npub mod model;\npub mod cli;\n"),
        ("src/capture/mod.rs", "//! Frames.\nmod a;\nmod b;\npub use a::A;\n"),
        (
            "src/capture/a.rs",
            "//! A.\npub struct A;\npub fn no() -> &'static str { \"x is not there\" }\n",
        ),
        ("src/capture/b.rs", "//! B.\nuse super::a::A;\npub fn b(_: A) {}\n"),
        (
            "src/model/mod.rs",
            "//! Network.\npub mod network;\nuse crate::capture::A;\npub fn m(_: A) {}\n",
        ),
        (
            "src/model/network/mod.rs",
            "//! Behind the wall.\nuse tract_onnx::X;\npub fn n(_: X) {}\n",
        ),
        ("src/cli/mod.rs", "//! Commands.\npub enum Command { Run }\n"),
        ("xtask/toolchain/Cargo.toml", "[package]\nname = \"normwatch-toolchain\"\n"),
        ("xtask/toolchain/src/lib.rs", "//! Tools.\nmod cli;\n"),
        ("xtask/toolchain/src/cli/mod.rs", "//! Commands.\nenum Command { Train }\n"),
    ] {
        write(&dir, file, text);
    }
    let git = ["-C", &dir.path().to_string_lossy(), "init", "--quiet"];
    assert!(normwatch_host::shell::output("git", &git).is_some());
    dir
}

fn write(dir: &TempDir, file: &str, text: &str) {
    let path = dir.path().join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What tidy says once `file` holds `text`.
fn told(file: &str, text: &str) -> Vec<String> {
    let dir = house();
    write(&dir, file, text);
    check(dir.path()).unwrap().iter().map(Finding::to_string).collect()
}

#[test]
fn a_house_in_order_is_passed() {
    assert_eq!(told("README.md", "# It\n"), Vec::<String>::new());
}

#[test]
fn an_import_against_the_order_is_found() {
    let text =
        "//! A.\n\nuse crate::model::m;\npub struct A;\npub fn no() { m(A) }\n// is not there\n";
    let told = told("src/capture/a.rs", text);
    assert!(told[0].starts_with("src/capture/a.rs:3: `capture` may not know `model`"), "{told:?}");
}

#[test]
fn a_path_within_code_counts_as_an_import() {
    let text =
        "//! A.\npub struct A;\npub fn no() { log!(\"is not there\", crate::model::m(A)) }\n";
    let told = told("src/capture/a.rs", text);
    assert!(told[0].starts_with("src/capture/a.rs:3: `capture` may not know `model`"), "{told:?}");
}

#[test]
fn a_circle_is_found_also_through_a_name_that_is_handed_on() {
    let text = "//! A.\nuse super::b::b;\npub struct A;\npub fn no() { b(A); \"is not there\"; }\n";
    let by_file = told("src/capture/a.rs", text);
    assert!(by_file[0].contains("these files use each other"), "{by_file:?}");
    assert!(by_file[0].contains("src/capture/a.rs, src/capture/b.rs"), "{by_file:?}");
    let dir = house();
    write(&dir, "src/capture/a.rs", text);
    write(&dir, "src/capture/b.rs", "//! B.\nuse crate::capture::A;\npub fn b(_: A) {}\n");
    let findings = check(dir.path()).unwrap();
    assert!(findings[0].what.contains("these files use each other"), "{findings:?}");
}

#[test]
fn what_only_tests_use_closes_no_circle() {
    let text = "//! A.\npub struct A;\npub fn no() { \"is not there\"; }\n\
        #[cfg(test)]\nmod tests { use crate::capture::b::b; }\n";
    assert_eq!(told("src/capture/a.rs", text), Vec::<String>::new());
}

#[test]
fn a_file_that_does_not_say_what_it_is_for_is_found() {
    let told = told("src/capture/b.rs", "use super::a::A;\npub fn b(_: A) {}\n");
    assert!(told[0].starts_with("src/capture/b.rs:1: the file does not say"), "{told:?}");
}

#[test]
fn names_stay_behind_their_walls() {
    let tract = told("src/capture/b.rs", "//! B.\nuse tract_onnx::X;\npub fn b(_: X) {}\n");
    assert!(tract[0].starts_with("src/capture/b.rs:2: tract is named"), "{tract:?}");
    let text = "//! B.\npub fn b() {\n    unsafe { f() }\n}\n";
    assert!(told("src/capture/b.rs", text)[0].contains(":3: `unsafe` stays"));
    let text = "//! B.\n/// Speaks of tract and unsafe code.\npub fn b() {}\n";
    assert_eq!(told("src/capture/b.rs", text), Vec::<String>::new());
}

#[test]
fn links_lead_somewhere() {
    let dead = told("README.md", "# It\n\n[x](docs/no.md) [y](ARCHITECTURE.md#none)\n");
    assert_eq!(dead[0], "README.md:3: ARCHITECTURE.md has no heading for `#none`");
    assert_eq!(dead[1], "README.md:3: the link leads nowhere: there is no docs/no.md");
}

#[test]
fn commands_exist_and_quoted_messages_too() {
    let told_of = |text: &str| told("README.md", text);
    assert!(told_of("    cargo xtask fly\n")[0].contains("no command `cargo xtask fly`"));
    assert!(told_of("```sh\nsudo normwatch fly --x\n```\n")[0].contains("`normwatch fly`"));
    assert_eq!(told_of("    normwatch train\n    cargo run -- run\n"), Vec::<String>::new());
    let quoted = told("docs/guide/troubleshooting.md", "# M\n\n## `… was never there`\n");
    assert!(quoted[0].contains("no message in the sources says `was never there`"), "{quoted:?}");
}
