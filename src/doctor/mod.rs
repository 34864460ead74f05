//! What a machine has for normwatch, and what is in the way.
//!
//! One file a subject; each looks, below a root folder that is `/` but in
//! tests, and adds findings to the report. Nothing is changed, no line is
//! requested, and no watchdog is opened, because that would start it.

mod board;
mod cameras;
mod cpu;
mod files;
mod lines;
mod machine;
mod report;
mod scope;
mod storage;
mod thermal;
mod time;
mod watchdogs;

pub use machine::{Machine, matching_board, this_machine};
pub use report::{Finding, Report, Severity, WatchdogReport};
pub use scope::Scope;

/// Looks at everything but the bundle.
pub fn examine(scope: Scope<'_>, machine: &Machine) -> Report {
    let mut report = Report::default();
    board::examine(scope, machine, &mut report);
    cpu::examine(scope, &mut report);
    cameras::examine(scope, &mut report);
    lines::examine(scope, &mut report);
    watchdogs::examine(scope, &mut report);
    time::examine(scope, &mut report);
    thermal::examine(scope, &mut report);
    storage::examine(scope, &mut report);
    report
}
