//! Spans of time in words, in a unit in which they are not nothing.

const MINUTE_S: f64 = 60.0;
const HOUR_S: f64 = 3600.0;

/// Two units' worth is told in the larger one.
fn unit(seconds: f64) -> (&'static str, f64, usize) {
    match seconds {
        s if s < 2.0 * MINUTE_S => ("s", 1.0, 0),
        s if s < 2.0 * HOUR_S => ("minutes", MINUTE_S, 0),
        _ => ("hours", HOUR_S, 1),
    }
}

/// As `90 s`, `20 minutes` or `2.5 hours`.
pub(super) fn span(seconds: f64) -> String {
    let (name, length_s, digits) = unit(seconds);
    format!("{:.digits$} {name}", seconds / length_s)
}

/// As `3 of 20 minutes`: both in the unit of the whole.
pub(super) fn so_far(done_s: f64, whole_s: f64) -> String {
    let (name, length_s, digits) = unit(whole_s);
    format!("{:.digits$} of {:.digits$} {name}", done_s / length_s, whole_s / length_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_span_is_told_as_nothing() {
        let told = [(3.0, 20.0), (180.0, 1200.0), (3600.0, 7000.0), (5400.0, 172_800.0)];
        let told = told.map(|(done_s, whole_s)| so_far(done_s, whole_s));
        assert_eq!(
            told,
            ["3 of 20 s", "3 of 20 minutes", "60 of 117 minutes", "1.5 of 48.0 hours"]
        );
        assert_eq!([90.0, 1200.0, 9000.0].map(span), ["90 s", "20 minutes", "2.5 hours"]);
    }
}
