//! Hours and days at which something holds, by local time.

use super::reader::{Item, Section};

const DAYS: [(&str, usize); 7] =
    [("mon", 0), ("tue", 1), ("wed", 2), ("thu", 3), ("fri", 4), ("sat", 5), ("sun", 6)];
const DAY_MIN: u16 = 24 * 60;
const HOURS: &str = "write it as \"22:00-06:30\"; 24:00 is midnight at the end of a day";

/// When something holds. A span over midnight belongs to the day on which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// From Monday on.
    days: [bool; 7],
    /// Minutes of the day, 0 to 1440; the second is not part of it and may be the smaller.
    from_min: u16,
    to_min: u16,
}

impl Schedule {
    /// The keys `hours` and `days`; `None` where there is neither.
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let (hours, days) = (section.optional("hours"), section.optional("days"));
        if hours.is_none() && days.is_none() {
            return None;
        }
        let (from_min, to_min) = hours.and_then(read_hours).unwrap_or((0, DAY_MIN));
        let days = days.and_then(read_days).unwrap_or([true; 7]);
        Some(Self { days, from_min, to_min })
    }

    /// As a site file says it, in two lines.
    pub fn keys(&self) -> String {
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let days = DAYS.iter().filter(|(_, day)| self.days[*day]);
        let days: Vec<String> = days.map(|(name, _)| format!("\"{name}\"")).collect();
        let (from, to) = (time(self.from_min), time(self.to_min));
        format!("hours = \"{from}-{to}\"\ndays = [{}]\n", days.join(", "))
    }

    /// Whether it holds at this minute of a day; days count from Monday, 0.
    pub fn holds(&self, day: usize, minute: u16) -> bool {
        let (today, yesterday) = (self.days[day % 7], self.days[(day + 6) % 7]);
        if self.from_min < self.to_min {
            return today && (self.from_min..self.to_min).contains(&minute);
        }
        today && minute >= self.from_min || yesterday && minute < self.to_min
    }
}

fn read_hours(item: Item<'_>) -> Option<(u16, u16)> {
    let text = item.clone().text()?;
    let span = text.split_once('-').map(|(from, to)| (minutes(from), minutes(to)));
    match span {
        Some((Some(from), Some(to))) if from != to && from < DAY_MIN => Some((from, to)),
        _ => {
            item.invalid(&format!("= \"{text}\" is not a span of hours"), HOURS);
            None
        }
    }
}

/// Of `06:30`, the minutes since midnight.
fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |text: &str| {
        let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|_| is_plain)
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= DAY_MIN).then_some(total)
}

fn read_days(item: Item<'_>) -> Option<[bool; 7]> {
    let items = item.clone().items()?;
    if items.is_empty() {
        item.invalid("is empty", "name days, for instance [\"sat\", \"sun\"], or leave it out");
        return None;
    }
    let mut days = [false; 7];
    for item in items {
        days[item.choice(&DAYS)?] = true;
    }
    Some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let mut days = [false; 7];
        days[4] = true;
        let friday_night = Schedule { days, from_min: 22 * 60, to_min: 6 * 60 };
        for (day, minute, holds) in [
            (4, 22 * 60 - 1, false),
            (4, 22 * 60, true),
            (5, 0, true),
            (5, 6 * 60 - 1, true),
            (5, 6 * 60, false),
            (5, 23 * 60, false),
            (4, 60, false),
        ] {
            assert_eq!(friday_night.holds(day, minute), holds, "day {day}, minute {minute}");
        }
        let sunday_night =
            Schedule { days: [false, false, false, false, false, false, true], ..friday_night };
        assert!(sunday_night.holds(0, 60), "Monday, one o'clock");
        let noon = Schedule { days: [true; 7], from_min: 720, to_min: 780 };
        assert!(noon.holds(3, 720) && !noon.holds(3, 780));
    }

    #[test]
    fn hours_are_written_in_one_way() {
        for (text, expected) in [
            ("00:00", Some(0)),
            ("06:30", Some(390)),
            ("24:00", Some(1440)),
            ("24:01", None),
            ("6:30", None),
            ("06:60", None),
            ("+6:30", None),
            ("0630", None),
        ] {
            assert_eq!(minutes(text), expected, "{text}");
        }
    }
}
