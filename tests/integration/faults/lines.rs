//! Lines that refuse to be driven.

use std::sync::atomic::Ordering;
use std::time::Instant;

use normwatch::alarm::Pattern;
use normwatch::output::Event;
use normwatch::runtime::Shutdown;
use normwatch_faults::took_and_again;

use crate::live::scene::{Run, Then, camera};

/// The alarm line swings, so that the next refusal is never far.
#[test]
fn an_alarm_line_that_refuses_drops_the_fault_line() {
    let mut run = Run::alarmed(Pattern::Heartbeat { period_ms: 400 });
    let (fault, refuses) = (run.fault.clone(), run.alarm_refuses.clone());
    let (shutdown, mut struck, mut cured) = (Shutdown::new(), None, None);
    let stop = shutdown.clone();
    let open = || camera(u64::MAX, Then::End);
    let each = |judged: u64| match (judged, struck, cured) {
        (50, ..) => {
            assert_eq!(fault.is_high(), Some(true));
            refuses.store(true, Ordering::Release);
            struck = Some(Instant::now());
        }
        (_, Some(since), None) if fault.is_high() == Some(false) => {
            refuses.store(false, Ordering::Release);
            cured = Some((since.elapsed(), Instant::now()));
        }
        (_, _, Some((reacted, since))) if fault.is_high() == Some(true) => {
            took_and_again("alarm-line-refuses", reacted, since.elapsed());
            stop.request();
        }
        _ => assert!(judged < 1000, "the fault line does not follow"),
    };
    run.go(false, open, &shutdown, each).unwrap();
    let failed = |e: &Event| matches!(e, Event::LineFailed { line: "alarm", .. });
    assert!(run.count(failed) >= 1);
}
