//! The date of an event, and whether it can be believed.

use std::path::Path;

use super::situation::ClockQuality;
use crate::clock::EARLIEST_UNIX_S;

/// What systemd-timesyncd leaves once the clock is right, and what shows that chrony or
/// ntpd runs.
const TIME_SERVICES: [&str; 3] =
    ["run/systemd/timesync/synchronized", "run/chrony", "run/ntpd.pid"];

/// Year to second, and milliseconds, UTC.
pub struct Utc {
    pub year: u64,
    pub month: u64,
    pub day: u64,
    pub hour: u64,
    pub minute: u64,
    pub second: u64,
    pub milli: u64,
}

impl Utc {
    /// Of milliseconds since 1970-01-01. The days are counted as in Howard Hinnant's
    /// `civil_from_days`: years begin in March, so that a leap day is the last one.
    pub fn of(unix_ms: u64) -> Self {
        let (seconds, milli) = (unix_ms / 1000, unix_ms % 1000);
        let days = seconds / 86_400 + 719_468;
        let era = days / 146_097;
        let day_of_era = days % 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Self {
            year: era * 400 + year_of_era + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * from_march + 2) / 5 + 1,
            hour: seconds / 3600 % 24,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            milli,
        }
    }

    /// As in the name of an event: `20261130T113800123`.
    pub fn compact(&self) -> String {
        let Self { year, month, day, hour, minute, second, milli } = self;
        format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}{milli:03}")
    }

    /// As ISO 8601 and RFC 3339 have it: `2026-11-30T07:12:05.120Z`.
    pub fn iso(&self) -> String {
        let Self { year, month, day, hour, minute, second, milli } = self;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }

    /// The time of day: `07:12:05`.
    pub fn time_of_day(&self) -> String {
        let Self { hour, minute, second, .. } = self;
        format!("{hour:02}:{minute:02}:{second:02}")
    }

    /// For people: `2026-11-30 11:38:00 UTC`.
    pub fn plain(&self) -> String {
        let Self { year, month, day, hour, minute, second, .. } = self;
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
    }
}

/// How far a date of now can be believed; `root` is `/` but in tests.
pub fn clock_quality(root: &Path, unix_ms: u64) -> ClockQuality {
    if unix_ms / 1000 < EARLIEST_UNIX_S {
        ClockQuality::NotSet
    } else if TIME_SERVICES.iter().any(|sign| root.join(sign).exists()) {
        ClockQuality::Synchronised
    } else {
        ClockQuality::Unsynchronised
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_date_1() {
        for (unix_s, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_868_799, "2000-02-29 23:59:59 UTC"),
            (1_796_038_680, "2026-11-30 11:38:00 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(Utc::of(unix_s * 1000).plain(), text);
        }
        let moment = Utc::of(1_796_038_680_123);
        assert_eq!(moment.compact(), "20261130T113800123");
        assert_eq!(moment.iso(), "2026-11-30T11:38:00.123Z");
        assert_eq!(moment.time_of_day(), "11:38:00");
    }

    #[test]
    fn only_a_time_service_vouches_for_a_date() {
        let root = tempfile::tempdir().unwrap();
        let quality = |unix_ms| clock_quality(root.path(), unix_ms);
        assert_eq!(quality(12_000), ClockQuality::NotSet);
        assert_eq!(quality(1_796_038_680_000), ClockQuality::Unsynchronised);
        std::fs::create_dir_all(root.path().join("run/systemd/timesync")).unwrap();
        std::fs::write(root.path().join("run/systemd/timesync/synchronized"), "").unwrap();
        assert_eq!(quality(1_796_038_680_000), ClockQuality::Synchronised);
        assert_eq!(quality(12_000), ClockQuality::NotSet, "whatever the file says");
    }
}
