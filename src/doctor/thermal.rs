//! How hot the machine is, and whether it is throttled or short of power.

use std::path::Path;

use super::files::{names, read};
use super::report::Report;
use super::scope::Scope;
use crate::health::{ZONES, celsius};

const SUBJECT: &str = "thermal";

/// Closer than this to a trip point is too close.
const MARGIN_C: f32 = 5.0;

pub(super) fn examine(scope: Scope<'_>, report: &mut Report) {
    let root = scope.root;
    let mut types = Vec::new();
    for name in names(root, ZONES, "thermal_zone") {
        let zone = Path::new(ZONES).join(&name);
        let kind = read(root, zone.join("type")).unwrap_or(name);
        if let Some(now_c) = celsius(&root.join(&zone).join("temp")) {
            zone_found(root, &zone, &kind, now_c, report);
        }
        types.push(kind);
    }
    let wanted = scope.board.map(|board| board.thermal.zones.as_slice()).unwrap_or_default();
    for zone in wanted.iter().filter(|zone| !types.contains(zone)) {
        let text = format!("the board's thermal zone `{zone}` is not there");
        report.warn(SUBJECT, text, "is it the right board file?");
    }
    throttled(root, report);
    undervoltage(root, report);
}

fn zone_found(root: &Path, zone: &Path, kind: &str, now_c: f32, report: &mut Report) {
    let trips = names(root, &zone.to_string_lossy(), "trip_point_");
    let trips = trips.iter().filter_map(|name| name.strip_suffix("_type"));
    let limit_c = trips
        .filter(|trip| {
            let kind = read(root, zone.join(format!("{trip}_type")));
            matches!(kind.as_deref(), Some("passive" | "hot" | "critical"))
        })
        .filter_map(|trip| celsius(&root.join(zone).join(format!("{trip}_temp"))))
        .filter(|limit_c| *limit_c > 0.0)
        .min_by(f32::total_cmp);
    match limit_c {
        Some(limit_c) if now_c > limit_c - MARGIN_C => {
            let text = format!("{kind} is at {now_c:.0} °C; the kernel acts at {limit_c:.0} °C");
            report.warn(SUBJECT, text, "cool it: a throttled board judges fewer frames");
        }
        Some(limit_c) => {
            report.ok(
                SUBJECT,
                format!("{kind} at {now_c:.0} °C; the kernel acts at {limit_c:.0} °C"),
            );
        }
        None => report.ok(SUBJECT, format!("{kind} at {now_c:.0} °C")),
    }
}

fn throttled(root: &Path, report: &mut Report) {
    for name in names(root, ZONES, "cooling_device") {
        let device = Path::new(ZONES).join(name);
        let kind = read(root, device.join("type")).unwrap_or_default();
        let state = read(root, device.join("cur_state")).and_then(|text| text.parse().ok());
        let slows = kind.contains("cpufreq") || kind == "Processor";
        if slows && state.is_some_and(|state: u32| state > 0) {
            let text = format!("the processor is being throttled ({kind})");
            report.warn(SUBJECT, text, "cool it: a throttled board judges fewer frames");
        }
    }
}

/// The Raspberry Pi's firmware tells of a weak supply.
fn undervoltage(root: &Path, report: &mut Report) {
    for name in names(root, "sys/class/hwmon", "hwmon") {
        let monitor = Path::new("sys/class/hwmon").join(name);
        let is_supply = read(root, monitor.join("name")).as_deref() == Some("rpi_volt");
        if is_supply && read(root, monitor.join("in0_lcrit_alarm")).as_deref() == Some("1") {
            report.warn(
                SUBJECT,
                "the supply voltage is or was too low",
                "use a stronger power supply",
            );
        }
    }
}
