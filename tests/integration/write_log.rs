//! The power is cut at each byte that a run writes: what was whole stays, and the next
//! run's lines are whole.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use normwatch::clock::SimulatedClock;
use normwatch::output::{CappedFile, Event, EventSink, EventWriter};

fn line(time_ms: u64, line: &'static str, active: bool) -> Event {
    Event::Line { time_ms, line, active }
}

/// What a run with an alarm, a lost camera and an end writes.
fn a_run() -> Vec<Event> {
    let state = |time_ms, from, to| Event::State {
        time_ms,
        frame: Some(time_ms / 100),
        from,
        to,
        score: Some(7.5),
    };
    vec![
        Event::Start {
            bundle: "a \"name\"".into(),
            model_sha256: "0f".repeat(32),
            enter_level: 6.6,
            exit_level: 1.9,
        },
        line(500, "fault", true),
        state(2000, "warm-up", "idle"),
        state(5000, "idle", "suspect"),
        state(5500, "suspect", "alarm"),
        line(5500, "alarm", true),
        Event::Blind { time_ms: 6000, reason: "`sh`: no frame for 3000 ms\n".into() },
        line(6000, "fault", false),
        Event::Sighted { time_ms: 9000 },
        Event::Gap { time_ms: 9000, frame: 90, untold: None },
        line(9000, "fault", true),
        Event::Stop { time_ms: 12_000, reason: "end of the run".into() },
    ]
}

fn write(path: &Path, events: &[Event]) {
    let clock = Arc::new(SimulatedClock::new(0));
    let mut writer = EventWriter::start(path, 1 << 20, clock).unwrap();
    events.iter().for_each(|event| writer.record(event).unwrap());
    writer.flush().unwrap();
    assert_eq!(writer.lost(), 0);
}

fn is_whole(line: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(line).is_ok()
}

#[test]
fn an_event_log_that_was_cut_at_any_byte_goes_on_with_whole_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    write(&path, &a_run());
    let whole = fs::read_to_string(&path).unwrap();
    assert!(whole.len() > 1000 && whole.lines().all(is_whole));
    for cut in 0..=whole.len() {
        // A name of its own: the thread that wrote the one before may still have it.
        let path = folder.path().join(cut.to_string());
        fs::write(&path, &whole[..cut]).unwrap();
        write(&path, &a_run()[..2]);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(&whole[..cut]), "cut at {cut}: what was there is gone");
        let before = whole[..cut].matches('\n').count();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[..before].iter().all(|line| is_whole(line)), "cut at {cut}");
        assert!(lines[lines.len() - 2..].iter().all(|line| is_whole(line)), "cut at {cut}");
        let torn = usize::from(!whole[..cut].is_empty() && !whole[..cut].ends_with('\n'));
        assert_eq!(lines.len(), before + torn + 2, "cut at {cut}");
        fs::remove_file(path).unwrap();
    }
}

/// Each prefix of the appends and renames of a log that is at its cap.
#[test]
fn a_log_at_its_cap_keeps_its_newest_lines_wherever_it_was_cut() {
    const MOST_BYTES: u64 = 100;
    let text = |number: usize| format!("{{\"n\":{}}}\n", 1000 + number);
    for appended in 0..40 {
        for cut in 0..text(0).len() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log");
            let mut log = CappedFile::new(&path, MOST_BYTES);
            (0..appended).for_each(|number| log.append(text(number).as_bytes()).unwrap());
            drop(log);
            // The next append came so far.
            let begun = fs::read_to_string(&path).unwrap_or_default();
            fs::write(&path, begun + &text(appended)[..cut]).unwrap();
            let mut log = CappedFile::new(&path, MOST_BYTES);
            log.append(text(appended + 1).as_bytes()).unwrap();
            drop(log);
            let aside = fs::read_to_string(folder.path().join("log.1")).unwrap_or_default();
            let all = aside + &fs::read_to_string(&path).unwrap();
            let lines: Vec<&str> = all.lines().collect();
            let whole: Vec<&str> = lines.iter().copied().filter(|line| is_whole(line)).collect();
            assert!(lines.len() - whole.len() <= 1, "{appended} {cut}: {all}");
            assert_eq!(whole.last().copied(), Some(text(appended + 1).trim()), "{all}");
            // The newest that fit, without a hole but for the one that was cut, unless
            // all but its end was there.
            let mut kept = whole.len() - 1;
            kept -= usize::from(whole[..kept].last().copied() == Some(text(appended).trim()));
            assert!(kept >= appended.min(4), "{appended} {cut}: {kept} lines of {all}");
            for (back, line) in whole[..kept].iter().rev().enumerate() {
                assert_eq!(*line, text(appended - 1 - back).trim(), "{appended} {cut}: {all}");
            }
        }
    }
}
