//! `[[zone]]` as its users meet it: names, weights and hours.

use crate::{assert_problems, edited, load_text};

const POINTS: &str = "points = [[0, 0], [1, 0], [1, 1]]";

fn with(keys: &str) -> String {
    edited(8, &format!("[[zone]]\nname = 'gate'\n{POINTS}\n{keys}"))
}

#[test]
fn a_zone_weighs_once_unless_it_says_otherwise() {
    let zone = load_text(&with("")).unwrap().zones.remove(0);
    assert_eq!((zone.weight, zone.schedule), (1.0, None));
    let keys = "weight = 0\nhours = '22:00-06:30'\ndays = ['sat', 'sun']";
    let zone = load_text(&with(keys)).unwrap_or_else(|e| panic!("{e}")).zones.remove(0);
    let schedule = zone.schedule.unwrap();
    assert_eq!(zone.weight, 0.0);
    assert!(schedule.holds(5, 22 * 60) && schedule.holds(0, 6 * 60) && !schedule.holds(4, 0));
    assert_eq!(load_text(&with("weight = 4")).unwrap().zones[0].weight, 4.0);
}

#[test]
fn what_is_no_weight_or_no_time_is_told_with_its_place() {
    for (keys, expected) in [
        ("weight = 4.1", "11:10 `zone[0].weight` is 4.1, out of range"),
        ("weight = -1", "11:10 `zone[0].weight` is -1, out of range"),
        ("weight = 0\nhours = '8-18'", "12:9 `zone[0].hours` = \"8-18\" is not a span of hours"),
        (
            "weight = 0\nhours = '08:00-08:00'",
            "12:9 `zone[0].hours` = \"08:00-08:00\" is not a span of hours",
        ),
        (
            "weight = 0\nhours = '08:00-25:00'",
            "12:9 `zone[0].hours` = \"08:00-25:00\" is not a span of hours",
        ),
        ("weight = 0\ndays = []", "12:8 `zone[0].days` is empty"),
        ("hours = '08:00-18:00'", "11:1 `zone[0].hours` has no meaning without a weight"),
        ("days = ['mon']", "11:1 `zone[0].days` has no meaning without a weight"),
    ] {
        assert_problems(&with(keys), &[expected]);
    }
    let zone = |n: usize| format!("[[zone]]\nname = 'z{n}'\n{POINTS}\nweight = 0.5\n");
    let many: String = (0..65).map(zone).collect();
    let expected = format!("{}:10 `zone[64].weight` is one more than 64 weights", 8 + 64 * 4 + 3);
    assert_problems(&edited(8, &many), &[&expected]);
}

#[test]
fn a_weight_is_written_as_it_was_read() {
    for keys in
        ["", "weight = 0.5", "weight = 2\nhours = \"22:00-06:30\"\ndays = [\"sat\", \"mon\"]"]
    {
        let zone = load_text(&with(keys)).unwrap().zones.remove(0);
        let again = load_text(&with(&zone.keys_of_weight())).unwrap().zones.remove(0);
        assert_eq!((again.weight, again.schedule), (zone.weight, zone.schedule), "{keys}");
    }
}
