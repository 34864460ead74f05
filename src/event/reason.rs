//! An event in words.

use super::situation::{Cause, Peak, Place};

/// Why an anomaly was raised.
pub(super) fn of_anomaly(peak: &Peak, enter_level: f32, alarms_per_day: Option<f64>) -> String {
    let place = peak.place.map_or("Somewhere".to_owned(), |place| capital(&whereabouts(place)));
    let what = match peak.cause {
        Some(Cause::View) => "something looks unlike the usual view".into(),
        Some(Cause::Motion) => of_motion(peak.speed),
        _ => "something moves like nothing seen here before".into(),
    };
    let level = match alarms_per_day {
        Some(budget) => format!("the level of {} a day", alarms(budget)),
        None => "the alarm level".to_owned(),
    };
    let times = rarer(peak.score - enter_level);
    format!("{place} {what}: {times} {level}.")
}

/// Added where it is not raised, because somebody said that it is normal.
pub(super) fn of_quiet(known: u32) -> String {
    format!(" It is known as normal (entry {known}) and was not raised.")
}

/// Names what it moves most alike.
fn of_motion(speed: Option<f32>) -> String {
    let what = "something moves like nothing seen here";
    match speed {
        Some(speed) => format!("{what}, most like normal footage at {speed:.1} times its speed"),
        None => what.into(),
    }
}

/// A score above a level, as a person would say it; both are −log10 p.
fn rarer(above: f32) -> String {
    match 10_f32.powf(above.max(0.0)) {
        times if times < 1.05 => "at".into(),
        times if times < 9.95 => format!("{times:.1} times rarer than"),
        times if times < 1000.0 => format!("{times:.0} times rarer than"),
        _ => "more than 1000 times rarer than".into(),
    }
}

fn alarms(budget: f64) -> String {
    match budget == 1.0 {
        true => "one false alarm".into(),
        false => format!("{budget} false alarms"),
    }
}

/// What was added or taken away, and where.
pub(super) fn of_change(place: Place, stayed_ms: u64) -> String {
    format!(
        "{} something is there that was not, or is gone: it has stayed so for {}.",
        capital(&whereabouts(place)),
        duration(stayed_ms)
    )
}

pub(super) fn of_tampering(lost: f32) -> String {
    let percent = 100.0 * lost;
    format!("The camera was turned, covered or blurred: {percent:.0} % of its usual view is lost.")
}

/// Why the FAULT line is kept inactive.
pub(super) fn of_fault(cause: &str) -> String {
    match cause {
        "guard" => "No second process would make the lines safe if this one died.".into(),
        "arm" => "The arm contact cannot be read.".into(),
        "relay" => "The relay on the network does not obey.".into(),
        other => format!("Something is amiss: {other}."),
    }
}

/// Added once it is over.
pub(super) fn lasted(duration_ms: u64) -> String {
    format!(" It lasted {}.", duration(duration_ms))
}

fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..=9 => format!("{:.1} s", ms as f64 / 1000.0),
        10..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

/// "at the top left (0.12, 0.20)": the middle of the place, in shares of the picture.
fn whereabouts(place: Place) -> String {
    let (x, y) = place.middle();
    let third = |share: f32| (share * 3.0).clamp(0.0, 2.0) as usize;
    let name = match (third(x), third(y)) {
        (1, 1) => "in the middle",
        (0, 0) => "at the top left",
        (1, 0) => "at the top",
        (2, 0) => "at the top right",
        (0, 1) => "at the left",
        (2, 1) => "at the right",
        (0, _) => "at the bottom left",
        (1, _) => "at the bottom",
        _ => "at the bottom right",
    };
    format!("{name} ({x:.2}, {y:.2})")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anomaly_says_where_what_and_how_rare() {
        let place = Place { x: 0.57, y: 0.36, width: 0.1, height: 0.1 };
        let mut peak = Peak {
            time_ms: 0,
            frame: None,
            score: 5.5,
            place: Some(place),
            cause: Some(Cause::Prediction),
            speed: None,
        };
        assert_eq!(
            of_anomaly(&peak, 4.54, Some(1.0)) + &lasted(3200),
            "In the middle (0.62, 0.41) something moves like nothing seen here before: 9.1 times \
             rarer than the level of one false alarm a day. It lasted 3.2 s."
        );
        (peak.cause, peak.score) = (Some(Cause::View), 20.0);
        let text = of_anomaly(&peak, 4.54, None);
        assert!(text.ends_with("more than 1000 times rarer than the alarm level."), "{text}");
        (peak.cause, peak.speed) = (Some(Cause::Motion), Some(2.96));
        let text = of_anomaly(&peak, 4.54, None);
        let named =
            "moves like nothing seen here, most like normal footage at 3.0 times its speed: ";
        assert!(text.contains(named), "{text}");
        peak.score = 1.0;
        assert!(of_anomaly(&peak, 4.54, Some(0.5)).contains(": at the level of 0.5 false"));
    }

    #[test]
    fn every_corner_has_a_name() {
        let at = |x: f32, y: f32| whereabouts(Place { x, y, width: 0.0, height: 0.0 });
        let names: Vec<_> =
            [0.0, 0.5, 1.0].iter().flat_map(|&y| [0.0, 0.5, 1.0].map(|x| at(x, y))).collect();
        let mut different = names.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), 9, "{names:?}");
    }
}
