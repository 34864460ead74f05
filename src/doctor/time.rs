//! Whether the clock is set, and whether something keeps it right.

use super::files::read;
use super::report::Report;
use super::scope::Scope;
use crate::clock::{Clock, EARLIEST_UNIX_S, SystemClock};

const SUBJECT: &str = "time";

const NOT_SET: &str = "events will carry wrong times of day; alarms are not affected";

pub(super) fn examine(scope: Scope<'_>, report: &mut Report) {
    let source =
        read(scope.root, "sys/devices/system/clocksource/clocksource0/current_clocksource");
    let source = source.unwrap_or_else(|| "unknown".into());
    report.ok(SUBJECT, format!("clock source {source}"));
    let now_s = SystemClock.wall_ns() / 1_000_000_000;
    if now_s < EARLIEST_UNIX_S {
        report.warn(SUBJECT, "the clock has not been set since the start", NOT_SET);
        return;
    }
    if scope.root.join("run/systemd/timesync/synchronized").exists() {
        report.ok(SUBJECT, "the clock is synchronised (systemd-timesyncd)");
    } else if scope.root.join("run/chrony").exists() || scope.root.join("run/ntpd.pid").exists() {
        report.ok(SUBJECT, "a time service is running (chrony or ntpd)");
    } else {
        let remedy = format!("`systemctl enable --now systemd-timesyncd`; without it {NOT_SET}");
        report.warn(SUBJECT, "no service that synchronises the clock was found", remedy);
    }
}
