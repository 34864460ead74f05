//! Zones that weigh, and when they do.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, Datelike, Local, Timelike};

use crate::clock::{Clock, EARLIEST_UNIX_S};
use crate::config::Zone;
use crate::event::{ClockQuality, clock_quality};
use crate::score::{InForce, WeightedZone, Weighting};

const LOOK: Duration = Duration::from_secs(1);

/// A time that nobody has looked at for so long is unknown.
const LOST_MS: u64 = 30_000;

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

/// Which zones the time puts in force, by a thread that looks at it: the system's time zone
/// lies on a disk, and whoever judges waits for none. The thread ends with this.
#[derive(Debug)]
pub(super) struct ZoneHours {
    zones: Vec<Zone>,
    /// Those that hold without a time.
    always: u64,
    in_force: InForce,
    seen: Arc<Seen>,
    is_lost: bool,
}

/// What the thread has seen last.
#[derive(Debug, Default)]
struct Seen {
    bits: AtomicU64,
    at_ms: AtomicU64,
    ends: AtomicBool,
}

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
        Self::start_with(zones, weighting, clock, local)
    }

    fn start_with(
        zones: &[Zone],
        weighting: &Weighting,
        clock: Arc<dyn Clock>,
        mut time: impl FnMut(&dyn Clock) -> Option<Now> + Send + 'static,
    ) -> io::Result<Option<Self>> {
        let zones: Vec<Zone> = weighted(zones).into_iter().cloned().collect();
        if zones.iter().all(|zone| zone.schedule.is_none()) {
            return Ok(None);
        }
        let always = in_force(&zones.iter().collect::<Vec<_>>(), None);
        let seen = Arc::new(Seen::default());
        seen.note(always, clock.monotonic_ms());
        let (own, told) = (zones.clone(), seen.clone());
        let body = move || {
            let zones: Vec<&Zone> = own.iter().collect();
            while !told.ends.load(Ordering::Acquire) {
                let now = time(&*clock);
                told.note(in_force(&zones, now), clock.monotonic_ms());
                thread::sleep(LOOK);
            }
        };
        thread::Builder::new().name("zone-hours".into()).spawn(body)?;
        Ok(Some(Self {
            zones,
            always,
            in_force: weighting.in_force().clone(),
            seen,
            is_lost: false,
        }))
    }

    /// Puts in force what the thread has seen, and tells each change. Where the thread has
    /// seen nothing for half a minute, the time is unknown: no weight with hours holds. To be
    /// called by whoever judges, often; it never waits.
    pub fn look(&mut self, now_ms: u64) {
        let silent_ms = now_ms.saturating_sub(self.seen.at_ms.load(Ordering::Acquire));
        let is_lost = silent_ms > LOST_MS;
        if is_lost && !self.is_lost {
            log::error!(
                "the time of day cannot be read for {} s, as on a card that hangs: no weight of a \
                 zone with hours or days holds",
                silent_ms / 1000
            );
        }
        self.is_lost = is_lost;
        let bits = if is_lost { self.always } else { self.seen.bits.load(Ordering::Acquire) };
        let before = self.in_force.bits();
        self.in_force.set(bits);
        let zones = self.zones.iter().enumerate();
        for (at, zone) in zones.filter(|(at, _)| (before ^ bits) >> at & 1 != 0) {
            let weight = if bits >> at & 1 == 1 { zone.weight } else { 1.0 };
            log::info!("zone {}: what is seen there counts {weight} times from now on", zone.name);
        }
    }
}

impl Drop for ZoneHours {
    fn drop(&mut self) {
        self.seen.ends.store(true, Ordering::Release);
    }
}

impl Seen {
    fn note(&self, bits: u64, now_ms: u64) {
        self.bits.store(bits, Ordering::Release);
        self.at_ms.store(now_ms, Ordering::Release);
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
        let weighted = weighted(&zones);
        let at = |day, minute, is_vouched_for| Some(Now { day, minute, is_vouched_for });
        for (now, bits) in [
            (at(0, 7 * 60, true), 0b11),
            (at(0, 7 * 60, false), 0b10),
            (at(0, 19 * 60, true), 0b10),
            (at(1, 7 * 60, true), 0b10),
            (None, 0b10),
        ] {
            assert_eq!(in_force(&weighted, now), bits, "{now:?}");
        }
    }

    /// The thread hangs in its third look, as on a card that does.
    #[test]
    fn an_hour_that_nobody_looks_at_any_more_is_over() {
        let zones = zones(
            "[[zone]]\nname = \"road\"\nPOINTS\nweight = 0\nhours = \"07:00-19:00\"\n[[zone]]\n\
             name = \"gate\"\nPOINTS\nweight = 2.5\n",
        );
        let weighting = weighting(&zones);
        let clock = Arc::new(SimulatedClock::new(0));
        let (looked, looks) = std::sync::mpsc::channel();
        let (go_on, waits) = std::sync::mpsc::channel::<()>();
        let mut count = 0;
        let time = move |_: &dyn Clock| {
            let _ = looked.send(());
            count += 1;
            if count == 3 {
                let _ = waits.recv();
            }
            Some(Now { day: 0, minute: 8 * 60, is_vouched_for: true })
        };
        let hours = ZoneHours::start_with(&zones, &weighting, clock.clone(), time).unwrap();
        let mut hours = hours.unwrap();
        let next_look = || looks.recv_timeout(Duration::from_secs(60)).expect("the thread looks");
        (0..3).for_each(|_| next_look());
        hours.look(clock.monotonic_ms());
        assert_eq!(weighting.in_force().bits(), 0b11, "it is eight o'clock");
        clock.advance_ms(LOST_MS);
        hours.look(clock.monotonic_ms());
        assert_eq!(weighting.in_force().bits(), 0b11);
        clock.advance_ms(1);
        hours.look(clock.monotonic_ms());
        assert_eq!(weighting.in_force().bits(), 0b10, "nobody knows the time any more");
        drop(go_on);
        (0..2).for_each(|_| next_look());
        hours.look(clock.monotonic_ms());
        assert_eq!(weighting.in_force().bits(), 0b11, "it is known again");
    }

    #[test]
    fn a_clock_that_is_not_set_tells_no_hour() {
        assert_eq!(local(&SimulatedClock::new(1_000_000_000)), None);
        let now = local(&SimulatedClock::new(EARLIEST_UNIX_S * 1_000_000_000)).unwrap();
        assert!(now.day < 7 && now.minute < 1440);
    }
}
