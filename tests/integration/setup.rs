//! `normwatch setup` as a person or a script runs it, on simulated lines.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Output, Stdio};

use crate::common::{Bench, stderr};

/// Answers for the simulated board, with the bench's footage as camera and its bundle.
const ANSWERS: &str = "board = \"simulated\"\ncamera = \"folder\"\npath = \"normal/00\"\n\
    learn = false\nfolder = \"bundle\"\nevents = \"events.jsonl\"\n";

const SETUP: [&str; 5] = ["setup", "--config", "site.toml", "--answers", "answers.toml"];

fn setup(bench: &Bench, answers: &str, more: &[&str]) -> Output {
    fs::write(bench.path("answers.toml"), answers).unwrap();
    bench.run(&[&SETUP[..], more].concat())
}

fn stdout(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned()
}

fn read(bench: &Bench, file: &str) -> String {
    fs::read_to_string(bench.path(file)).unwrap()
}

#[test]
fn answers_of_a_file_give_a_site_that_check_takes() {
    let bench = Bench::calibrated();
    let out = setup(&bench, &format!("{ANSWERS}alarms_per_day = 0.5\nclick = true\n"), &[]);
    assert!(out.status.success(), "{}", stderr(&out));
    let told = stdout(&out);
    for what in [
        "alarms_per_day = 0.5",
        "fault_line = FAULT, as usual",
        "ALARM is switched now",
        "ALARM is back",
        "its self-test passes: tiny-paper",
        "written: site.toml",
        "normwatch run --config site.toml",
    ] {
        assert!(told.contains(what), "{what} is not in\n{told}");
    }
    assert!(fs::read(bench.path("normwatch-still.jpg")).unwrap().starts_with(&[0xFF, 0xD8]));
    let out = bench.run(&["check", "--config", "site.toml"]);
    assert!(out.status.success(), "{}", stderr(&out));
    let site = read(&bench, "site.toml");
    assert!(
        site.contains("alarms_per_day = 0.5") && site.contains("bundle = \"bundle\""),
        "{site}"
    );
}

#[test]
fn a_board_that_will_learn_is_told_how() {
    let bench = Bench::calibrated();
    let answers = "board = \"simulated\"\ncamera = \"folder\"\npath = \"normal/00\"\n\
        folder = \"learnt\"\nevents = \"none\"\n";
    let out = setup(&bench, answers, &[]);
    assert!(out.status.success(), "{}", stderr(&out));
    let told = stdout(&out);
    assert!(told.contains("normwatch learn --config site.toml\n"), "{told}");
    let site = read(&bench, "site.toml");
    assert!(site.contains("bundle = \"learnt/current\""), "{site}");
    let out = bench.run(&["check", "--config-only", "--config", "site.toml"]);
    assert!(out.status.success(), "{}", stderr(&out));
}

#[test]
fn a_file_of_answers_is_told_what_is_missing_or_wrong() {
    let bench = Bench::calibrated();
    for (answers, wanted, code) in [
        (ANSWERS.replace("path = \"normal/00\"\n", ""), "`path` is not answered", 2),
        (ANSWERS.replace("camera = \"folder\"\n", "camera = \"none\"\n"), "`camera = none`", 2),
        (format!("{ANSWERS}alarm_lin = \"ALARM\"\n"), "did you mean `alarm_line`?", 2),
        (format!("{ANSWERS}alarm_line = \"SIREN\"\n"), "`alarm_line = SIREN`", 2),
        (format!("{ANSWERS}alarms_per_day = \"few\"\n"), "answer with a number", 2),
        (format!("{ANSWERS}picture = \"again\"\n"), "`picture = again`", 2),
        (ANSWERS.replace("\"bundle\"", "\"normal\""), "`folder = normal`", 2),
        (ANSWERS.replace("normal/00", "nowhere"), "nowhere", 4),
        ("board = ".into(), "is not TOML", 2),
        ("board = { a = 1 }".into(), "`board` has to be", 2),
    ] {
        let out = setup(&bench, &answers, &[]);
        let told = stderr(&out);
        assert_eq!(out.status.code(), Some(code), "{answers}: {told}");
        assert!(told.contains(wanted), "{wanted} is not in {told}");
    }
    assert!(!bench.path("site.toml").exists());
}

#[test]
fn a_site_file_that_is_there_is_kept() {
    let bench = Bench::calibrated();
    let old = "not yet a site file\n";
    fs::write(bench.path("site.toml"), old).unwrap();
    let out = setup(&bench, ANSWERS, &[]);
    assert_eq!(out.status.code(), Some(2));
    assert!(stderr(&out).contains("site.toml is there already"), "{}", stderr(&out));
    assert_eq!(read(&bench, "site.toml"), old);
    let out = setup(&bench, ANSWERS, &["--dry-run"]);
    assert!(out.status.success(), "{}", stderr(&out));
    assert_eq!(read(&bench, "site.toml"), old);
    let shown = stdout(&out);
    assert!(shown.starts_with("# Made by `normwatch setup`"), "{shown}");
    let out = setup(&bench, ANSWERS, &["--force"]);
    assert!(out.status.success(), "{}", stderr(&out));
    assert_eq!(read(&bench, "site.toml.old"), old);
    assert_eq!(read(&bench, "site.toml"), shown, "what was shown is what is written");
    let out = setup(&bench, "replace = true\nalarms_per_day = 2\n", &[]);
    assert!(out.status.success(), "its own answers are the usual ones: {}", stderr(&out));
    assert_eq!(read(&bench, "site.toml"), shown.replace("day = 1.0", "day = 2.0"));
    assert_eq!(read(&bench, "site.toml.old2"), shown);
}

#[test]
fn a_person_is_asked_again() {
    let bench = Bench::calibrated();
    let mut asked = bench.command(&["setup", "--config", "site.toml"]);
    asked.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut asked = asked.spawn().unwrap();
    // The board, then a camera that is none, one that is, and its still.
    let lines = "simulated\nmoon\nfolder\nnormal/00\n\n\
        SIREN\nALARM\n\nno\nALARM\nFAULT\n\n\nlots\n0.2\nno\nbundle\nevents.jsonl\n";
    asked.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let out = asked.wait_with_output().unwrap();
    let told = stdout(&out);
    assert!(out.status.success(), "{told}\n{}", stderr(&out));
    for what in ["no such camera", "SIREN", "is the alarm's line too", "answer with a number"] {
        assert!(told.contains(what), "{what} is not in\n{told}");
    }
    let out = bench.run(&["check", "--config", "site.toml"]);
    assert!(out.status.success(), "{}", stderr(&out));
}

#[test]
fn an_input_that_ends_writes_nothing() {
    let bench = Bench::calibrated();
    let mut asked = bench.command(&["setup", "--config", "site.toml"]);
    let out = asked.stdin(Stdio::null()).output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(stderr(&out).contains("--answers FILE"), "{}", stderr(&out));
    assert!(!bench.path("site.toml").exists());
}

/// Whoever is told to stop while the relay is on lets go of it first.
#[test]
fn a_signal_ends_the_relay_test_with_the_line_back() {
    let bench = Bench::calibrated();
    fs::write(bench.path("answers.toml"), format!("{ANSWERS}click = true\n")).unwrap();
    let mut child = bench.command(&SETUP).stdout(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("is switched now") {
        line.clear();
        assert!(told.read_line(&mut line).unwrap() > 0, "the line was never switched");
    }
    let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("ALARM is back\n"), "{rest}");
    assert!(!rest.contains("fault_line"), "it went on: {rest}");
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert!(!bench.path("site.toml").exists());
}
