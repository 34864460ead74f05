use std::fs;
use std::path::Path;

use super::*;
use crate::alarm::{AlarmMachine, Levels, State};
use crate::clock::SimulatedClock;

/// In 2027.
const TODAY_MS: u64 = 1_800_000_000_000;

const SCALE: Scale = Scale { id: 5, floor: 1.0, hold_ms: 1000 };

fn alarm(enter: f32) -> AlarmConfig {
    AlarmConfig {
        levels: Levels { enter, exit: (0.8 * enter).max(1.0) },
        min_duration_ms: 300,
        hold_ms: 1000,
        cooldown_ms: 2000,
        warm_up_ms: 500,
        latch: false,
        armed_at_start: true,
        motion_within_ms: None,
    }
}

/// Ten scores a second that come as cameras let them, of which one in twenty is odd and
/// odd ones come in bursts, with all else that happens to a machine.
fn inputs(seed: u64, count: usize) -> Vec<(u64, Input)> {
    let mut state = seed;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (state >> 33) % below
    };
    let (mut now_ms, mut odd) = (10_000, 0);
    let mut told = Vec::new();
    for _ in 0..count {
        now_ms += 80 + random(40);
        odd = if random(80) == 0 { random(30) } else { u64::saturating_sub(odd, 1) };
        let input = match random(400) {
            0 => Input::Gap,
            1 => Input::Blind,
            2 => Input::Disarm,
            3 | 4 => Input::Arm,
            5 => Input::Acknowledge,
            6 => Input::Score(f32::NAN),
            _ if odd > 0 => Input::Score(random(900) as f32 / 100.0),
            _ => Input::Score(random(110) as f32 / 100.0),
        };
        told.push((now_ms, input));
        if matches!(input, Input::Blind) {
            now_ms += random(100_000);
        }
    }
    told
}

/// When a machine that is told all of it raises alarms, and when they end.
fn raised(inputs: &[(u64, Input)], alarm: AlarmConfig) -> Vec<(u64, Option<u64>)> {
    let mut machine = AlarmMachine::new(alarm, 10_000);
    let mut raised = Vec::new();
    for (now_ms, input) in inputs {
        for transition in machine.step(*now_ms, *input) {
            if transition.to == State::Alarm {
                raised.push((transition.at_ms, None));
            } else if transition.from == State::Alarm {
                raised.last_mut().unwrap().1 = Some(transition.at_ms);
            }
        }
    }
    raised
}

fn recounted(trace: &Trace, alarm: AlarmConfig) -> Vec<(u64, Option<u64>)> {
    let counted = trace.recount(&alarm).raised.into_iter();
    counted.map(|one| (one.time_ms, one.duration_ms.map(|ms| one.time_ms + ms))).collect()
}

#[test]
fn any_budget_raises_again_what_its_machine_raises() {
    let mut alarms = 0;
    for seed in 0..20 {
        let inputs = inputs(seed, 8000);
        let trace = Trace::of_footage(SCALE);
        trace.begin(10_000, true);
        inputs.iter().for_each(|(now_ms, input)| trace.tell(*now_ms, *input));
        for enter in [1.25, 2.0, 3.5, 5.0, 8.0] {
            let (machine, again) = (raised(&inputs, alarm(enter)), recounted(&trace, alarm(enter)));
            assert_eq!(again, machine, "seed {seed}, level {enter}");
            alarms += machine.len();
        }
    }
    assert!(alarms > 500, "{alarms}: nothing was compared");
}

fn start(folder: &Path, clock: &Arc<SimulatedClock>) -> Trace {
    let options = TraceOptions { folder: Some(folder.into()), days: 1, scale: SCALE };
    Trace::start(options, clock.clone()).unwrap()
}

/// An alarm every ten minutes, for so many hours.
fn watch(trace: &Trace, clock: &SimulatedClock, hours: u64) {
    let mut now_ms = clock.monotonic_ms();
    trace.begin(now_ms, true);
    for second in 1..=hours * 3600 {
        clock.advance_ms(1000);
        now_ms += 1000;
        let score = if second % 600 < 3 { 9.0 } else { 0.1 };
        trace.tell(now_ms, Input::Score(score));
        if second % 500 == 0 {
            assert!(trace.writer.as_ref().unwrap().flush(Duration::from_secs(60)));
        }
    }
    trace.end();
    assert!(trace.writer.as_ref().unwrap().flush(Duration::from_secs(60)));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn a_trace_that_was_cut_loses_its_end_alone_and_is_added_to() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("trace");
    let clock = Arc::new(SimulatedClock::new(TODAY_MS * 1_000_000));
    watch(&start(&folder, &clock), &clock, 3);
    let whole = start(&folder, &clock).recount(&alarm(3.0));
    assert_eq!(whole.raised.len(), 18, "{whole:?}");
    assert_eq!(whole.watched_ms / 60_000, 179);
    assert_eq!(whole.raised[0].unix_ms, Some(TODAY_MS + 2000));
    let file = &files(&folder)[0];
    let bytes = fs::read(file).unwrap();
    fs::write(file, &bytes[..bytes.len() - 5]).unwrap();
    let cut = start(&folder, &clock);
    assert_eq!(cut.recount(&alarm(3.0)).raised.len(), 17, "the last quarter of an hour is lost");
    watch(&cut, &clock, 1);
    let both = start(&folder, &clock).recount(&alarm(3.0));
    assert_eq!((both.raised.len(), files(&folder).len()), (17 + 6, 2));
    fs::write(&files(&folder)[1], "rubbish").unwrap();
    assert_eq!(start(&folder, &clock).recount(&alarm(3.0)).raised.len(), 17);
}

#[test]
fn what_is_older_than_wanted_goes_from_memory_and_disk() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(SimulatedClock::new(TODAY_MS * 1_000_000));
    for _ in 0..5 {
        watch(&start(folder.path(), &clock), &clock, 6);
    }
    let kept = start(folder.path(), &clock).recount(&alarm(3.0));
    assert!((140..=144).contains(&kept.raised.len()), "{}", kept.raised.len());
    assert_eq!(files(folder.path()).len(), 4);
}

/// A board without a clock believes what a time service says, and some say nonsense.
#[test]
fn a_clock_that_jumps_by_a_year_and_back_loses_nothing_that_may_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let dated = |unix_ms: u64| Arc::new(SimulatedClock::new(unix_ms * 1_000_000));
    let year_ms = 365 * DAY_MS;
    let mut hours = 0;
    for unix_ms in [TODAY_MS, TODAY_MS + year_ms, TODAY_MS, TODAY_MS - year_ms, 0, TODAY_MS] {
        // No two runs begin at the same moment.
        let clock = dated(unix_ms + hours as u64);
        watch(&start(folder.path(), &clock), &clock, 3);
        hours += 3;
        let kept = start(folder.path(), &clock).recount(&alarm(3.0));
        assert_eq!(kept.raised.len(), hours * 6, "{unix_ms}");
    }
    for run in 0..4 {
        let clock = dated(TODAY_MS + 100 + run);
        watch(&start(folder.path(), &clock), &clock, 3);
    }
    let kept = start(folder.path(), &dated(TODAY_MS)).recount(&alarm(3.0)).raised.len();
    assert!((138..=144).contains(&kept), "{kept}: a day of recording is kept");
}

#[test]
fn a_board_that_learns_the_date_dates_what_it_saw_before() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(SimulatedClock::new(0));
    let trace = start(folder.path(), &clock);
    watch(&trace, &clock, 1);
    assert_eq!(trace.recount(&alarm(3.0)).raised[0].unix_ms, None);
    let kept = trace.lock();
    let (first, last) = (kept.shelf.chunks()[0].clone(), kept.roll.clone().unwrap());
    drop(kept);
    let dated = Arc::new(last.so_far(Some(TODAY_MS)));
    let again = recount(&[first, dated], &alarm(3.0), SCALE.id);
    assert_eq!(again.raised[0].unix_ms, Some(TODAY_MS + again.raised[0].time_ms));
}

#[test]
fn a_week_fits_and_another_calibration_says_nothing() {
    let trace = Trace::of_footage(SCALE);
    trace.begin(0, true);
    for frame in 0..7 * 864_000_u64 {
        let score = if frame % 1000 < 20 { 4.0 } else { 0.5 };
        trace.tell(frame * 100, Input::Score(score));
    }
    let bytes: usize = trace.lock().shelf.chunks().iter().map(|chunk| chunk.bytes()).sum();
    assert!(bytes < 2_000_000, "{bytes}");
    let counted = trace.recount(&alarm(3.0));
    assert_eq!((counted.raised.len(), counted.other_scales), (6048, 0));
    let chunks = trace.lock().shelf.chunks();
    let other = recount(&chunks, &alarm(3.0), 6);
    assert_eq!((other.raised.len(), other.other_scales), (0, chunks.len()));
}
