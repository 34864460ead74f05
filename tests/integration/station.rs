//! A site put together and run through the library, as a program of one's own
//! would do it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::common::{Bench, json};
use normwatch::alarm::Input;
use normwatch::clock::SystemClock;
use normwatch::config::{Site, load_site};
use normwatch::runtime::{RunError, Shutdown, UpdatePolicy};
use normwatch::station::{LevelsError, Plan, Station, StationError};

const FOLDER: &str = "source = \"folder\"\npath = \"normal/00\"";

/// A site with both lines and an event log; `more` is put before `[camera]`.
fn site_with(bench: &Bench, more: &str, camera: &str) -> Site {
    let text = format!(
        "board = \"./board.toml\"\nbundle = \"bundle\"\n{more}\n[camera]\n{camera}\n\
         [output.alarm]\nline = \"ALARM\"\n[output.fault]\nline = \"FAULT\"\n[output.events]\n\
         path = \"events.jsonl\"\n"
    );
    fs::write(bench.path("site.toml"), text).unwrap();
    let board = format!(
        "description = \"test\"\ninherits = \"simulated\"\n[watchdog]\ndevice = \"{}\"\n",
        bench.path("wd").display()
    );
    fs::write(bench.path("board.toml"), board).unwrap();
    fs::write(bench.path("wd"), "").unwrap();
    let boards: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("boards");
    load_site(&bench.path("site.toml"), &[boards]).unwrap_or_else(|e| panic!("{e}"))
}

fn station<'a>(site: &'a Site) -> Station<'a> {
    Station::open(site, Plan::load(site).unwrap(), Arc::new(SystemClock), None).unwrap()
}

fn events(bench: &Bench) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(bench.path("events.jsonl")).unwrap();
    text.lines().map(|line| json(line.as_bytes())).collect()
}

#[test]
fn a_site_runs_from_its_first_event_to_its_last_and_disarms_its_watchdog() {
    let bench = Bench::calibrated();
    let site = site_with(&bench, "", &format!("{FOLDER}\nloop = true"));
    let shutdown = Shutdown::new();
    let mut seen = 0;
    let each = |_: &_| {
        seen += 1;
        if seen == 12 {
            shutdown.request();
        }
    };
    let report = station(&site).run(&shutdown, || None, each).unwrap();
    assert_eq!((report.live.judged, seen), (12, 12));
    assert_eq!((report.not_finite, report.line_failures), (0, 0));
    assert!(report.stages.iter().any(|row| row.stage == "encoder"), "{:?}", report.stages);
    let events = events(&bench);
    assert_eq!(
        (&events[0]["event"], &events.last().unwrap()["event"]),
        (&"start".into(), &"stop".into())
    );
    let fault: Vec<bool> = events
        .iter()
        .filter(|e| e["event"] == "line" && e["line"] == "fault")
        .map(|e| e["active"].as_bool().unwrap())
        .collect();
    assert_eq!(fault, [true, false], "energised while it watched, safe at the end");
    assert!(fs::read(bench.path("wd")).unwrap().ends_with(b"V"));
}

#[test]
fn inputs_from_the_program_reach_the_state_machine() {
    let bench = Bench::calibrated();
    let site = site_with(&bench, "", &format!("{FOLDER}\nloop = true"));
    let shutdown = Shutdown::new();
    let mut inputs = vec![Input::Disarm].into_iter();
    let each = |step: &normwatch::runtime::Step| {
        if step.state == normwatch::alarm::State::Disarmed {
            shutdown.request();
        }
    };
    station(&site).run(&shutdown, || inputs.next(), each).unwrap();
    let disarmed = |e: &serde_json::Value| e["event"] == "state" && e["to"] == "disarmed";
    assert_eq!(events(&bench).iter().filter(|e| disarmed(e)).count(), 1);
}

#[test]
fn footage_that_is_not_there_ends_the_run_in_order() {
    let bench = Bench::calibrated();
    let site = site_with(&bench, "", "source = \"folder\"\npath = \"nowhere\"");
    let error = station(&site).run(&Shutdown::new(), || None, |_| ()).unwrap_err();
    assert!(matches!(error, StationError::Run(RunError::Source(_))), "{error:?}");
    assert!(fs::read(bench.path("wd")).unwrap().ends_with(b"V"), "the program itself is sound");
    assert_eq!(events(&bench).last().unwrap()["event"], "stop");
}

#[test]
fn a_plan_is_what_the_site_file_says() {
    let bench = Bench::calibrated();
    let more = "[alarm]\nmin_duration_ms = 700\nlatch = true\n[load]\nmotion_gate_levels = 2.0\n\
                [memory]\nupdate = \"paper\"";
    let site = site_with(&bench, more, FOLDER);
    let plan = Plan::load(&site).unwrap();
    assert_eq!((plan.alarm.min_duration_ms, plan.alarm.latch), (700, true));
    assert_eq!(plan.alarm.levels, plan.budget.levels());
    assert_eq!(plan.view.motion_gate_levels, Some(2.0));
    assert!(matches!(plan.update, UpdatePolicy::Gated { .. }));
    assert_eq!(plan.stale_ms, 1000, "ten periods of a tenth of a second");
    assert!(plan.log_lines);
    let hot = site_with(&bench, "[load]\nback_off_at_c = 70.0", FOLDER);
    assert_eq!(Plan::load(&hot).unwrap().stale_ms, 1800, "eight more at the slowest pace");
}

#[test]
fn what_keeps_a_site_from_watching_is_told_before_a_line_is_taken() {
    let bench = Bench::calibrated();
    #[cfg(feature = "v4l2")]
    {
        let slow = site_with(&bench, "", "source = \"v4l2\"\nfps = 5.0");
        let error = Plan::load(&slow).unwrap_err();
        assert!(matches!(error, StationError::TooSlow { .. }), "{error:?}");
    }
    let site = site_with(&bench, "", FOLDER);
    let elsewhere = Site { bundle: bench.path("nowhere"), ..site.clone() };
    let error = Plan::load(&elsewhere).unwrap_err();
    assert!(matches!(error, StationError::Bundle(_)), "{error:?}");
    let other = Site { calibration: Some(bench.path("other.toml")), ..site };
    let error = Plan::load(&other).unwrap_err();
    assert!(matches!(error, StationError::Levels(LevelsError::File { .. })), "{error:?}");
    let all = "[[zone]]\nname = \"all\"\npoints = [[0, 0], [1, 0], [1, 1], [0, 1]]\nweight = 0";
    let error = Plan::load(&site_with(&bench, all, FOLDER)).unwrap_err();
    assert!(error.to_string().contains("leave no place that counts"), "{error}");
    let fresh = Bench::new();
    let error = Plan::load(&site_with(&fresh, "", FOLDER)).unwrap_err();
    assert!(matches!(error, StationError::Levels(LevelsError::Absent { .. })), "{error:?}");
}

/// A budget holds for the weights that the calibration was made with.
#[test]
fn a_zone_whose_weight_has_changed_since_the_calibration_is_told() {
    let bench = Bench::calibrated();
    let zone = |more: &str| {
        let points = "points = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]";
        format!("[[zone]]\nname = \"road\"\n{points}\n{more}")
    };
    let load = |calibration: &str, zones: &str| {
        let site = site_with(&bench, zones, FOLDER);
        let own = Some(bench.path(calibration)).filter(|file| file.is_file());
        Plan::load(&Site { calibration: own, ..site }).map(drop).map_err(|e| e.to_string())
    };
    let told = "with other weights of zones";
    let half = zone("weight = 0.5");
    assert!(load("", &half).unwrap_err().contains(told), "the bundle's was made without");
    for same in [zone("weight = 1"), zone("weight = 0.5\nhours = \"07:00-19:00\""), zone("")] {
        assert_eq!(load("", &same), Ok(()), "{same}");
    }
    site_with(&bench, &half, FOLDER);
    let args = ["calibrate", "--bundle", "bundle", "--frames", "normal", "--out", "own.toml"];
    let out = bench.run(&[&args[..], &["--config", "site.toml"]].concat());
    assert!(out.status.success(), "{}", crate::common::stderr(&out));
    assert_eq!(load("own.toml", &half), Ok(()));
    for changed in [zone("weight = 0.25"), zone(""), half.replace("[0.5, 0]", "[0.75, 0]")] {
        assert!(load("own.toml", &changed).unwrap_err().contains(told), "{changed}");
    }
    // An older one does not tell.
    let text = fs::read_to_string(bench.path("own.toml")).unwrap();
    let older = text.lines().filter(|line| !line.starts_with("zones_sha256"));
    let older: String = older.map(|line| format!("{line}\n")).collect();
    assert_ne!(older, text);
    fs::write(bench.path("own.toml"), older).unwrap();
    assert_eq!(load("own.toml", &zone("weight = 0.25")), Ok(()));
}
