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
        ("README.md", "# It\n\nSee [rooms](ARCHITECTURE.md#rooms), [all](docs/README.md).\n"),
        ("docs/README.md", "# All\n\n[g](guide/README.md) [m](guide/troubleshooting.md)\n"),
        ("docs/guide/troubleshooting.md", "# Messages\n\n## `… is not there`\n"),
        ("docs/guide/README.md", "# Guides\n\n[messages](troubleshooting.md)\n"),
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
    let index = if file == "README.md" { "\n[all](docs/README.md)\n" } else { "" };
    write(&dir, file, &format!("{text}{index}"));
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

#[test]
fn a_command_that_this_program_refuses_is_found() {
    let told_of = |text: &str| told("README.md", text).remove(0);
    let option = told_of("    cargo xtask dist --fast x   # typing error\n");
    assert!(option.starts_with("README.md:1: error: unexpected argument"), "{option}");
    let package = told_of("    sudo apt install ./normwatch_9.9.9_arm64.deb\n");
    assert!(package.starts_with("README.md:1: there is no package 9.9.9"), "{package}");
}

#[test]
fn hard_words_are_found_in_documents_messages_and_help() {
    let text =
        "# Page\n\nIt is no longer so. There is no gap.\nThe file is no board, start anew.\n";
    let page = told("docs/guide/troubleshooting.md", text);
    assert!(page[0].starts_with("docs/guide/troubleshooting.md:4: `anew` is hard"), "{page:?}");
    assert!(page[1].contains(":4: `is no …` is hard"), "{page:?}");
    assert_eq!(page.len(), 2, "{page:?}");
    let b = "//! B starts anew.\n/// Anew.\npub fn b() -> &'static str {\n    \"start anew\"\n}\n";
    let message = told("src/capture/b.rs", b);
    assert!(message[0].starts_with("src/capture/b.rs:4: `anew`"), "{message:?}");
    assert_eq!(message.len(), 1, "{message:?}");
    let help =
        told("src/cli/mod.rs", "//! C.\npub enum Command {\n    /// Runs anew.\n    Run,\n}\n");
    assert!(help[0].starts_with("src/cli/mod.rs:3: `anew`"), "{help:?}");
}

#[test]
fn a_guide_says_what_a_line_is() {
    let told_of = |text: &str| told("README.md", text);
    assert!(told_of("# It\n\nThe ALARM line is high.\n")[0].starts_with("README.md:3: say at"));
    assert_eq!(told_of("# It\n\nThe GPIO line ALARM. The ALARM line.\n"), Vec::<String>::new());
}

#[test]
fn pictures_are_made_and_shown() {
    let dir = house();
    write(&dir, "docs/pictures/a.png", "");
    write(&dir, "b.png", "");
    write(&dir, "README.md", "# It\n\n![b](b.png) [all](docs/README.md)\n");
    let told: Vec<String> = check(dir.path()).unwrap().iter().map(Finding::to_string).collect();
    assert!(told[0].starts_with("README.md:3: b.png is not in docs/pictures"), "{told:?}");
    assert!(told[1].starts_with("docs/pictures/a.png:1: no document shows"), "{told:?}");
}

#[test]
fn every_folder_has_an_index_of_its_pages() {
    let lone = told("docs/new/page.md", "# Page\n");
    assert_eq!(lone, ["docs/new/README.md:1: the folder has no index: list its pages here"]);
    let left_out = told("docs/guide/other.md", "# Other\n");
    assert!(left_out[0].contains("docs/guide/other.md is not in the index"), "{left_out:?}");
    assert!(left_out[1].starts_with("docs/guide/other.md:1: more than 2 clicks"), "{left_out:?}");
}

#[test]
fn an_event_without_a_description_is_found() {
    let dir = house();
    write(&dir, "src/output/events.rs", "//! E.\npub enum Event { LineFailed { time_ms: u64 } }\n");
    write(&dir, "docs/ref/README.md", "[events](events.md)\n");
    let all = ["guide/README.md", "guide/troubleshooting.md", "ref/README.md", "ref/events.md"];
    write(&dir, "docs/README.md", &all.map(|page| format!("[x]({page})\n")).concat());
    let told = |text: &str| {
        write(&dir, "docs/ref/events.md", text);
        let findings = check(dir.path()).unwrap();
        findings
            .iter()
            .map(Finding::to_string)
            .filter(|f| f.starts_with("docs"))
            .collect::<Vec<_>>()
    };
    assert!(told("# Events\n")[0].contains("the event `line_failed` has no heading"));
    assert!(told("# Events\n\n## `line_failed`\n")[0].contains("`time_ms` of the event"));
    let whole = "# Events\n\n## `line_failed`\n\n`time_ms`\n";
    assert_eq!(told(whole), Vec::<String>::new());
    assert!(told(&format!("{whole}\n## `flight`\n"))[0].contains("there is no event `flight`"));
}
