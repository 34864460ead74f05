//! The hardware watchdogs, and whether the board's own can be used.

use std::path::Path;

use rustix::fs::{Access, access};

use super::files::names;
use super::report::{Report, WatchdogReport};
use super::scope::Scope;
use crate::access as permissions;
use crate::config::{HardwareWatchdogUse, WatchdogSection};
use crate::health::WatchdogInfo;

const SUBJECT: &str = "watchdog";

pub(super) fn examine(scope: Scope<'_>, report: &mut Report) {
    for name in names(scope.root, "dev", "watchdog") {
        // The first device once more, under its old name.
        if name == "watchdog" && scope.root.join("dev/watchdog0").exists() {
            continue;
        }
        let device = Path::new("/dev").join(name);
        let info = WatchdogInfo::read(scope.root, &device);
        report.ok(SUBJECT, describe(&device, &info));
        if info.last_reset {
            let text = format!("{} caused the last restart of this machine", device.display());
            report.warn(SUBJECT, text, "look for the reason in the journal, before that restart");
        }
        report.watchdogs.push(WatchdogReport { device, info });
    }
    let policy = scope.site.map(|site| site.watchdog.hardware).unwrap_or_default();
    match scope.board.and_then(|board| board.watchdog.as_ref()) {
        Some(section) if policy != HardwareWatchdogUse::Off => {
            let needed = policy == HardwareWatchdogUse::Required;
            boards_own(scope.root, section, needed, report);
        }
        Some(_) => report.ok(SUBJECT, "the site does not use the board's watchdog"),
        None => report.ok(SUBJECT, "the board file names no watchdog: none is used"),
    }
}

fn boards_own(root: &Path, section: &WatchdogSection, needed: bool, report: &mut Report) {
    let device = &section.device;
    let shown = device.display();
    let there = root.join(device.strip_prefix("/").unwrap_or(device));
    if !there.exists() {
        let text = format!("the board's watchdog {shown} is not there");
        report.missing(needed, SUBJECT, text, "load its driver, or correct the board file");
        return;
    }
    if access(&there, Access::WRITE_OK).is_err() {
        let text = format!("there is no permission to open the board's watchdog {shown}");
        report.missing(needed, SUBJECT, text, permissions::remedy(root, device));
        return;
    }
    let info = WatchdogInfo::read(root, device);
    if info.active {
        let text =
            format!("the board's watchdog {shown} is in use, by a running normwatch or by systemd");
        report.ok(SUBJECT, text);
    }
    if let (Some(now_s), Some(max_s)) = (info.timeout_s, section.max_timeout_s)
        && now_s > max_s
    {
        let text =
            format!("{shown} is set to {now_s} s, but its hardware counts to {max_s} s at most");
        report.warn(SUBJECT, text, format!("set the driver's timeout to {max_s} s or less"));
    }
}

fn describe(device: &Path, info: &WatchdogInfo) -> String {
    let mut text = device.display().to_string();
    if let Some(identity) = &info.identity {
        text += &format!(" {identity}");
    }
    if let Some(timeout_s) = info.timeout_s {
        text += &format!(", resets {timeout_s} s after the last feeding");
    }
    if info.active {
        text += ", running";
    }
    if info.no_way_out {
        text += ", cannot be stopped once started";
    }
    text
}
