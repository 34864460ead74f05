//! Zones that weigh, and when they do.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, Datelike, Local, Timelike};

use crate::clock::{Clock, EARLIEST_UNIX_S};
use crate::config::Zone;
use crate::event::{ClockQuality, clock_quality};
use crate::score::{InForce, WeightedZone, Weighting};

const LOOK: Duration = Duration::from_secs(1);

/// The weights of these zones. Those with hours or days weigh once somebody who knows
/// the time says so: never in a replay.
pub(super) fn weighting(zones: &[Zone]) -> Weighting {
    let weighted = weighted(zones);
    let zone = |zone: &&Zone| WeightedZone { area: zone.area.clone(), weight: zone.weight };
    Weighting::new(weighted.iter().map(zone).collect(), in_force(&weighted, None))
}

/// A check of the site file sees to it that there are not too many.
fn weighted(zones: &[Zone]) -> Vec<&Zone> {
    zones.iter().filter(|zone| zone.weight != 1.0).take(Weighting::MOST_ZONES).collect()
}

/// What is known of the time, where the system's time zone is.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Now {
    /// From Monday.
    day: usize,
    /// Of the day.
    minute: u16,
    /// A time service vouches for it.
    is_vouched_for: bool,
}

/// A bit for each that weighs now; without a time, for each that always does. A clock that
/// nobody vouches for may be a day behind after a power cut: it makes no place count less.
fn in_force(weighted: &[&Zone], now: Option<Now>) -> u64 {
    let holds = |zone: &Zone| match (zone.schedule, now) {
        (None, _) => true,
        (Some(schedule), Some(now)) => {
            (now.is_vouched_for || zone.weight > 1.0) && schedule.holds(now.day, now.minute)
        }
        (Some(_), None) => false,
    };
    let bit = |(at, zone): (usize, &&Zone)| u64::from(holds(zone)) << at;
    weighted.iter().enumerate().map(bit).fold(0, |bits, bit| bits | bit)
}

/// A thread that puts zones into and out of force by local time, until it is dropped.
#[derive(Debug)]
pub(super) struct ZoneHours(Arc<AtomicBool>);

impl ZoneHours {
    /// `None` where no zone has hours or days.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(
        zones: &[Zone],
        weighting: &Weighting,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Option<Self>> {
        let zones: Vec<Zone> = weighted(zones).into_iter().cloned().collect();
        if zones.iter().all(|zone| zone.schedule.is_none()) {
            return Ok(None);
        }
        let (ends, told) = (Arc::new(AtomicBool::new(false)), weighting.in_force().clone());
        let over = ends.clone();
        let body = move || {
            while !over.load(Ordering::Acquire) {
                keep(&zones, &told, local(&*clock));
                thread::sleep(LOOK);
            }
        };
        thread::Builder::new().name("zone-hours".into()).spawn(body)?;
        Ok(Some(Self(ends)))
    }
}

impl Drop for ZoneHours {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Says what is in force now, and tells each change.
fn keep(zones: &[Zone], told: &InForce, now: Option<Now>) {
    let zones: Vec<&Zone> = zones.iter().collect();
    let (before, bits) = (told.bits(), in_force(&zones, now));
    told.set(bits);
    for (at, zone) in zones.iter().enumerate().filter(|(at, _)| (before ^ bits) >> at & 1 != 0) {
        let weight = if bits >> at & 1 == 1 { zone.weight } else { 1.0 };
        log::info!("zone {}: what is seen there counts {weight} times from now on", zone.name);
    }
}

/// `None` while the clock was not set.
fn local(clock: &dyn Clock) -> Option<Now> {
    let unix_s = clock.wall_ns() / 1_000_000_000;
    if unix_s < EARLIEST_UNIX_S {
        return None;
    }
    let now = DateTime::from_timestamp(i64::try_from(unix_s).ok()?, 0)?.with_timezone(&Local);
    let quality = clock_quality(Path::new("/"), unix_s * 1000);
    Some(Now {
        day: now.weekday().num_days_from_monday() as usize,
        minute: u16::try_from(now.hour() * 60 + now.minute()).ok()?,
        is_vouched_for: quality == ClockQuality::Synchronised,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SimulatedClock;
    use crate::config::load_site;

    fn zones(text: &str) -> Vec<Zone> {
        let folder = tempfile::tempdir().unwrap();
        let corners = "points = [[0, 0], [1, 0], [1, 1]]";
        let site = format!(
            "board = \"simulated\"\nbundle = \"b\"\n[camera]\nsource = \"folder\"\npath = \"f\"\n\
             [output.alarm]\nline = \"ALARM\"\n{}",
            text.replace("POINTS", corners)
        );
        let file = folder.path().join("site.toml");
        std::fs::write(&file, site).unwrap();
        let boards = concat!(env!("CARGO_MANIFEST_DIR"), "/boards");
        load_site(&file, &[boards.into()]).unwrap_or_else(|e| panic!("{e}")).zones
    }

    #[test]
    fn a_zone_with_hours_weighs_in_them_and_never_without_a_time() {
        let zones = zones(
            "[[zone]]\nname = \"door\"\nPOINTS\n[[zone]]\nname = \"road\"\nPOINTS\nweight = 0\n\
             hours = \"07:00-19:00\"\ndays = [\"mon\"]\n[[zone]]\nname = \"gate\"\nPOINTS\n\
             weight = 2.5\n",
        );
        let weighting = weighting(&zones);
        assert_eq!(weighting.in_force().bits(), 0b10, "the door weighs once, the road has hours");
        let told = weighting.in_force();
        let weighted: Vec<Zone> = weighted(&zones).into_iter().cloned().collect();
        let at = |day, minute, is_vouched_for| Some(Now { day, minute, is_vouched_for });
        for (now, bits) in [
            (at(0, 7 * 60, true), 0b11),
            (at(0, 7 * 60, false), 0b10),
            (at(0, 19 * 60, true), 0b10),
            (at(1, 7 * 60, true), 0b10),
            (None, 0b10),
        ] {
            keep(&weighted, told, now);
            assert_eq!(told.bits(), bits, "{now:?}");
        }
    }

    #[test]
    fn a_clock_that_is_not_set_tells_no_hour() {
        assert_eq!(local(&SimulatedClock::new(1_000_000_000)), None);
        let now = local(&SimulatedClock::new(EARLIEST_UNIX_S * 1_000_000_000)).unwrap();
        assert!(now.day < 7 && now.minute < 1440);
    }
}
