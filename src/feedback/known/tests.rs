use super::*;
use crate::event::{ClockQuality, InForce, Moment, Peak, SCHEMA};

/// An anomaly that is over, of peak 5, odd in these cells.
pub(in crate::feedback) fn anomaly(id: &str, places: &[(usize, usize)]) -> Situation {
    let mut cells = Cells::default();
    places.iter().for_each(|(column, row)| cells.insert(row * 16 + column));
    let moment = |time_ms| {
        let clock = ClockQuality::Synchronised;
        Moment { time_ms, unix_ms: Some(time_ms), clock, frame: None }
    };
    let (place, cause, speed) = (None, Some(Cause::Prediction), None);
    let causes = vec![Cause::Prediction];
    Situation {
        schema: SCHEMA.into(),
        id: id.into(),
        site: "yard".into(),
        kind: Kind::Anomaly,
        reason: "Somewhere something moves.".into(),
        zones: Vec::new(),
        begin: moment(0),
        peak: Some(Peak { time_ms: 1, frame: Some(1), score: 5.0, place, cause, speed }),
        end: Some(moment(1000)),
        duration_ms: Some(1000),
        in_force: InForce { alarms_per_day: None, enter_level: 4.0, exit_level: 3.0 },
        model_sha256: "model".into(),
        calibration_sha256: Some("calibration".into()),
        trace: Vec::new(),
        heat: None,
        pictures: Vec::new(),
        traits: Some(Traits { cells, causes, motion: Vec::new() }),
        quieted: None,
        windows: None,
    }
}

#[test]
fn entries_outlast_the_program_until_they_are_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut known = KnownNormal::read(folder).unwrap();
    assert!(known.entries().is_empty());
    for id in ["a", "b", "a"] {
        known.add(&anomaly(id, &[(1, 1)]), 7).unwrap();
    }
    known.write(folder, None).unwrap();
    let mut again = KnownNormal::read(folder).unwrap();
    assert_eq!(again, known);
    let numbers: Vec<_> = again.entries().iter().map(|k| (k.number, k.event.as_str())).collect();
    assert_eq!(numbers, [(2, "b"), (3, "a")], "what was said twice is known once");
    assert_eq!(again.revoke(2).unwrap().event, "b");
    assert!(matches!(again.revoke(2), Err(KnownError::Unknown(2))));
    assert_eq!(again.revoke_all().len(), 1);
    again.write(folder, None).unwrap();
    let mut empty = KnownNormal::read(folder).unwrap();
    assert!(empty.entries().is_empty());
    assert_eq!(empty.add(&anomaly("c", &[(1, 1)]), 7).unwrap().number, 4, "numbers stay theirs");
}

#[test]
fn a_full_list_drops_its_oldest_entry_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut known = KnownNormal::default();
    for n in 0..MOST_ENTRIES {
        let added = known.add(&anomaly(&format!("e{n}"), &[(1, 1)]), 7).unwrap();
        assert_eq!(added.dropped, None);
    }
    let added = known.add(&anomaly("more", &[(1, 1)]), 7).unwrap();
    assert_eq!(added.dropped.map(|known| known.event).as_deref(), Some("e0"));
    assert_eq!(known.entries().len(), MOST_ENTRIES);
    known.write(folder.path(), None).unwrap();
    assert_eq!(KnownNormal::read(folder.path()).unwrap(), known);
}

#[test]
fn what_cannot_be_known_again_is_refused_with_its_reason() {
    let whole: Vec<(usize, usize)> = (0..65).map(|n| (n % 16, n / 16)).collect();
    let mut events = vec![(anomaly("a", &whole), "25 % of the picture, and at most 25 %")];
    for kind in [Kind::Tampered, Kind::Blind, Kind::Fault] {
        events.push((Situation { kind, ..anomaly("a", &[(1, 1)]) }, "is always told"));
    }
    let plain = || anomaly("a", &[(1, 1)]);
    events.push((Situation { kind: Kind::Changed, ..plain() }, "acknowledged"));
    events.push((Situation { end: None, ..plain() }, "it goes on"));
    events.push((Situation { traits: None, ..plain() }, "older version"));
    events.push((Situation { quieted: Some(3), ..plain() }, "entry 3"));
    events.push((anomaly("a", &[]), "does not say where"));
    let mut known = KnownNormal::default();
    for (event, what) in events {
        let refused = known.add(&event, 7).unwrap_err().to_string();
        assert!(refused.contains(what), "{refused}");
    }
    assert_eq!(known, KnownNormal::default());
}

#[test]
fn what_is_called_like_a_way_to_elsewhere_is_refused() {
    for id in ["", "..", "../observed", "/etc", "a/b", "a\0", "a b", "ä"] {
        let mut known = KnownNormal::default();
        let refused = known.add(&anomaly(id, &[(1, 1)]), 7);
        assert!(matches!(refused, Err(KnownError::Event(_))), "{id:?}");
        known.add(&anomaly("a", &[(1, 1)]), 7).unwrap();
        known.entries[0].event = id.into();
        let folder = tempfile::tempdir().unwrap();
        known.write(folder.path(), None).unwrap();
        let read = KnownNormal::read(folder.path());
        assert!(matches!(read, Err(KnownError::Damaged { .. })), "{id:?}");
    }
}

#[test]
fn a_damaged_file_is_told_and_holds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    let mut known = KnownNormal::default();
    known.add(&anomaly("a", &[(1, 1)]), 7).unwrap();
    known.write(folder.path(), None).unwrap();
    let whole = fs::read_to_string(&file).unwrap();
    let changes = [("5.0", "5000.0"), ("5.0", "null"), ("\"number\":1", "\"number\":9")];
    let wrong = changes.map(|(from, to)| {
        assert!(whole.contains(from), "{whole}");
        whole.replacen(from, to, 1)
    });
    let cut = whole[..whole.len() / 2].to_owned();
    for text in wrong.into_iter().chain([cut, String::new(), "{}".into(), "[]".into()]) {
        fs::write(&file, &text).unwrap();
        let error = KnownNormal::read(folder.path()).unwrap_err();
        assert!(matches!(error, KnownError::Damaged { .. }), "{text}: {error}");
        assert!(error.to_string().contains("nothing is quieted"), "{error}");
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(matches!(KnownNormal::read(folder.path()), Err(KnownError::Damaged { .. })));
}
