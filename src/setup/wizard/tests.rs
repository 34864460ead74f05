//! What is asked and answered, on machines of a test.

mod desk;

use std::fs;
use std::path::Path;

use self::desk::{Desk, Person};
use super::*;
use crate::alarm::Polarity;
use crate::config::{CameraSource, load_site};

#[test]
fn what_can_be_known_is_not_asked() {
    let desk = Desk::pi();
    let mut person = Person::who_says(&[("heard", &["yes"])]);
    let made = desk.ask(&mut person).unwrap();
    assert_eq!(
        person.asked,
        [
            "camera",
            "picture",
            "alarm_line",
            "alarm_active",
            "click",
            "heard",
            "fault_line",
            "fault_active",
            "fault_pattern",
            "alarms_per_day",
            "learn",
            "folder",
            "events"
        ]
    );
    let site = made.site;
    assert_eq!((&*site.board.name, site.budget.alarms_per_day), ("raspberry-pi-5", 1.0));
    let CameraSource::V4l2(camera) = &site.camera.source else { panic!("{:?}", site.camera) };
    assert_eq!(camera.device.as_deref(), Some("/dev/v4l/by-id/usb-A"));
    assert_eq!(site.bundle, Path::new("/var/lib/normwatch/learnt/current"));
    assert_eq!(site.learn.unwrap().folder, Path::new("/var/lib/normwatch/learnt"));
    assert_eq!(site.output.fault.unwrap().line, "FAULT");
    assert_eq!(*desk.machine.clicks.borrow(), [("ALARM".to_owned(), Polarity::ActiveHigh)]);
    assert!(desk.folder.path().join("still.jpg").exists());
    assert!(person.said.contains("sharpness"), "{}", person.said);
    assert!(!desk.file().exists(), "nothing is written before all is answered");
}

#[test]
fn a_simulated_board_is_asked_for_and_cannot_be_heard() {
    let desk = Desk::new();
    let answers: [(_, &[_]); 4] =
        [("board", &["simulated"]), ("camera", &["folder"]), ("path", &["p"]), ("click", &["yes"])];
    let mut person = Person::who_says(&answers);
    let made = desk.ask(&mut person).unwrap();
    assert!(made.text.contains("source = \"folder\"\nloop = true\npath = \"p\""), "{}", made.text);
    assert!(!person.asked.contains(&"heard") && person.said.contains("simulated"));
    assert_eq!(desk.machine.clicks.borrow().len(), 1);
}

#[test]
fn wrong_answers_are_asked_for_again() {
    let desk = Desk::new();
    let mut person = Person::who_says(&[
        ("board", &["simulatd", "simulated"]),
        ("camera", &["7", "/tmp", "rtsp"]),
        ("url", &["http://a", "rtsp://user:secret@a", "rtsp://a/b"]),
        ("alarm_line", &["ALRAM", "ALARM"]),
        ("alarm_active", &["up", "low"]),
        ("fault_line", &["ALARM", "FAULT"]),
        ("alarms_per_day", &["few", "0", "0,5"]),
        ("learn", &["perhaps", "no"]),
        ("folder", &["bad", "good"]),
    ]);
    let made = desk.ask(&mut person).unwrap();
    for why in [
        "did you mean `simulated`?",
        "no such camera",
        "is not the address of a stream",
        "holds a name or a password",
        "did you mean `ALARM`?",
        "answer one of: high, low",
        "is the alarm's line too",
        "answer with a number",
        "from 0.001 to 1000",
        "answer yes or no",
        "it is damaged",
    ] {
        assert!(person.said.contains(why), "{why} is not in\n{}", person.said);
    }
    let site = made.site;
    assert_eq!(site.budget.alarms_per_day, 0.5);
    assert_eq!(site.output.alarm.polarity, Polarity::ActiveLow);
    assert_eq!(site.output.fault.unwrap().polarity, Polarity::ActiveLow, "as the alarm's relay");
    assert!(site.learn.is_none() && site.bundle.ends_with("good"));
}

#[test]
fn no_camera_is_said_with_what_to_do() {
    let desk = Desk::new();
    let mut person = Person::who_says(&[("board", &["simulated"]), ("camera", &["again"])]);
    let error = desk.ask(&mut person).unwrap_err();
    assert!(matches!(error, SetupError::Ended { key: "camera" }), "{error}");
    assert!(person.said.contains("No camera was found: plug one in"), "{}", person.said);
    assert_eq!(person.asked, ["board", "camera", "camera"], "looked again");
}

#[test]
fn a_camera_that_does_not_deliver_is_asked_for_again() {
    let desk = Desk::pi();
    desk.machine.failures.set(2);
    let mut person = Person::who_says(&[("heard", &["yes"]), ("picture", &["again", "yes"])]);
    desk.ask(&mut person).unwrap();
    assert!(person.said.contains("it is unplugged"), "{}", person.said);
    assert_eq!(person.asked.iter().filter(|key| **key == "camera").count(), 3);
    assert_eq!(person.asked.iter().filter(|key| **key == "picture").count(), 2);
}

#[test]
fn a_relay_that_nobody_hears_is_tried_again() {
    let desk = Desk::pi();
    let answers: [(_, &[_]); 2] = [("heard", &["no", "yes"]), ("alarm_active", &["high", "low"])];
    let mut person = Person::who_says(&answers);
    desk.ask(&mut person).unwrap();
    let clicks = desk.machine.clicks.borrow().iter().map(|(_, level)| *level).collect::<Vec<_>>();
    assert_eq!(clicks, [Polarity::ActiveHigh, Polarity::ActiveLow]);
    assert!(person.said.contains("many switch on at \"low\""), "{}", person.said);
}

/// Masks, zones and outputs that nobody asks about outlive another setup.
#[test]
fn what_is_not_asked_for_stays_and_again_is_the_same() {
    let desk = Desk::pi();
    let answers: [(_, &[_]); 1] = [("heard", &["yes"])];
    let first = desk.writes(&answers);
    let more = "\n[input.acknowledge]\nline = \"ACK\"\nactive = \"low\"\n\n# The gate.\n[[zone]]\n\
        name = \"gate\"\npoints = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]\n";
    let old = first
        .replace("[camera]\n", "[camera]\nread_timeout_ms = 5000\n")
        .replace("line = \"ALARM\"\n", "line = \"ALARM\"\npattern = { pulse_ms = 700 }\n")
        .replace("board = ", "threads = 2\nboard = ")
        .replace("events.jsonl\"\n", "events.jsonl\"\nmax_bytes = 70000\n");
    fs::write(desk.file(), old + more).unwrap();
    let again: [(_, &[_]); 3] =
        [("heard", &["yes"]), ("replace", &["yes"]), ("alarms_per_day", &["0.2"])];
    let second = desk.writes(&again);
    for kept in [
        "read_timeout_ms = 5000",
        "pulse_ms = 700",
        "threads = 2",
        "max_bytes = 70000",
        "# The gate.",
        "name = \"gate\"",
        "line = \"ACK\"",
        "alarms_per_day = 0.2",
    ] {
        assert!(second.contains(kept), "{kept} is not in\n{second}");
    }
    let third = desk.writes(&[("heard", &["yes"]), ("replace", &["yes"])]);
    assert_eq!(third, second);
}

#[test]
fn a_file_that_is_there_stays_unless_somebody_says_so() {
    let desk = Desk::pi();
    fs::write(desk.file(), "not = TOML = at all").unwrap();
    let error = desk.ask(&mut Person::who_says(&[])).unwrap_err();
    assert!(matches!(error, SetupError::Exists { .. }), "{error}");
    let answers: [(_, &[_]); 2] = [("replace", &["yes"]), ("heard", &["yes"])];
    let mut person = Person::who_says(&answers);
    desk.ask(&mut person).unwrap();
    assert!(person.said.contains("cannot be used"), "{}", person.said);
}

#[test]
fn lines_and_watchdog_of_another_site_are_left_to_it() {
    let mut desk = Desk::pi();
    let answers: [(_, &[_]); 1] = [("heard", &["yes"])];
    desk.writes(&answers);
    let yard = desk.folder.path().join("yard.toml");
    fs::rename(desk.file(), &yard).unwrap();
    desk.machine.facts.neighbours = vec![load_site(&yard, &desk.dirs).unwrap()];
    desk.machine.facts.cameras[0].device = "/dev/v4l/by-id/usb-B".into();
    let mut person = Person::who_says(&[
        ("heard", &["yes"]),
        ("camera", &["/dev/v4l/by-id/usb-A", "/dev/v4l/by-id/usb-B"]),
        ("alarm_line", &["ALARM", "CHANGED"]),
        ("events", &["/var/lib/normwatch/events.jsonl", "/var/lib/normwatch/b.jsonl"]),
        ("folder", &["/var/lib/normwatch/learnt", "/srv/normwatch/b"]),
    ]);
    let made = desk.ask(&mut person).unwrap();
    let refused = person.said.matches("is claimed by").count();
    assert_eq!(refused, 4, "{}", person.said);
    assert_eq!(made.site.output.fault, None, "FAULT is the other one's");
    assert!(made.text.contains("# Another site of this machine has the hardware watchdog."));
    assert_eq!(made.site.watchdog.hardware, HardwareWatchdogUse::Off);
}

#[test]
fn systemd_keeps_the_watchdog_that_it_feeds() {
    let mut desk = Desk::pi();
    desk.machine.facts.systemd_feeds = true;
    let text = desk.writes(&[("heard", &["yes"])]);
    assert!(text.ends_with("machine.\n[watchdog]\nhardware = \"off\"\n"), "{text}");
}
