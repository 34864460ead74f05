//! The figures of all scenes as text.

use super::results::{BUDGETS, Pooled, Results, SceneResult};
use crate::eval::results::AlarmResult;
use crate::eval::table::{Row, block, dash, number, percent, seconds};

/// All tables.
pub fn render(results: &Results) -> String {
    let mut out = String::new();
    for (name, value) in head(results) {
        out.push_str(&format!("{name:<12} {value}\n"));
    }
    let heads = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>();
    out.push_str(&block(
        "frame AUC, and what learns nothing (worst block)",
        &heads(&AUC_COLUMNS),
        &auc_rows(results),
    ));
    for (index, budget) in BUDGETS.iter().enumerate() {
        let title = format!("alarms at {budget} a day");
        out.push_str(&block(&title, &heads(&ALARM_COLUMNS), &alarm_rows(results, index)));
    }
    out.push_str(&block(
        "all scenes pooled, by false alarms a day",
        &heads(&POOLED_COLUMNS),
        &pooled_rows(results),
    ));
    for (what, lines) in [("notes", notes(results)), ("NOT JUDGED", not_judged(results))] {
        if !lines.is_empty() {
            out.push_str(&format!("\n{what}\n"));
            lines.iter().for_each(|(scene, text)| out.push_str(&format!("{scene}: {text}\n")));
        }
    }
    out
}

/// Label and value of what all scenes have in common.
pub fn head(results: &Results) -> Vec<(String, String)> {
    let time = results.minutes.map_or(String::new(), |minutes| format!(", {minutes} minutes"));
    let flags = results.train_flags.iter().map(|flag| format!(" {flag}")).collect::<String>();
    let training = format!("{}{time}, seed {}{flags}", results.preset, results.seed);
    let judged = format!("the {} bundles", results.precision);
    [
        ("scenes", results.data.display().to_string()),
        ("training", training),
        ("judged", judged),
        ("machine", results.machine.clone()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// Heads of [`auc_rows`].
pub const AUC_COLUMNS: [&str; 9] = [
    "fps",
    "pictures",
    "frames (abnormal)",
    "score",
    "last frame",
    "mean backgr.",
    "above floors",
    "held-out loss",
    "of last frame's",
];

pub fn auc_rows(results: &Results) -> Vec<Row> {
    let row = |s: &SceneResult| {
        let floor = |name: &str| {
            let floor = s.floors.iter().find(|floor| floor.predictor == name);
            percent(floor.and_then(|floor| floor.block.auc))
        };
        let colour = if s.grey { "grey" } else { "colour" };
        let cells = vec![
            s.fps.to_string(),
            format!("{}×{} {colour}", s.width_px, s.height_px),
            format!("{} ({})", s.test_frames, s.abnormal_frames),
            percent(s.score.auc),
            floor("last frame"),
            floor("mean background"),
            s.above_floors.map_or_else(dash, |share| format!("{:+.2}", 100.0 * share)),
            format!("{:.5}", s.held_out.network),
            number(s.held_out.share, 2),
        ];
        (s.scene.clone(), cells)
    };
    results.scenes.iter().map(row).collect()
}

/// Heads of [`alarm_rows`].
pub const ALARM_COLUMNS: [&str; 6] =
    ["level", "events", "within 1.5 s", "delay, median", "false", "normal time"];

/// At the budget number `index`.
pub fn alarm_rows(results: &Results, index: usize) -> Vec<Row> {
    let row = |s: &SceneResult| Some((s.scene.clone(), alarm_cells(s.alarms.get(index)?)));
    results.scenes.iter().filter_map(row).collect()
}

fn alarm_cells(alarms: &AlarmResult) -> Vec<String> {
    let rough = if alarms.budget.is_supported() { "" } else { " (extrapolated)" };
    let events = alarms.events.len();
    let of_events =
        |count: usize| if events == 0 { dash() } else { format!("{count} of {events}") };
    vec![
        format!("{:.2}{rough}", alarms.budget.enter_level),
        of_events(alarms.caught),
        of_events(alarms.caught_promptly),
        seconds(alarms.median_delay_s),
        alarms.false_alarms.to_string(),
        format!("{:.1} s", alarms.normal_h * 3600.0),
    ]
}

/// Heads of [`pooled_rows`].
pub const POOLED_COLUMNS: [&str; 7] =
    ["events", "within 1.5 s", "delay, median", "false", "allowed", "false an hour", "normal time"];

pub fn pooled_rows(results: &Results) -> Vec<Row> {
    let row = |p: &Pooled| {
        let cells = vec![
            format!("{} of {}", p.caught, p.events),
            p.caught_promptly.to_string(),
            seconds(p.median_delay_s),
            p.false_alarms.to_string(),
            format!("{:.2}", p.expected),
            number(p.false_alarms_per_hour, 1),
            format!("{:.1} min", p.normal_h * 60.0),
        ];
        (p.alarms_per_day.to_string(), cells)
    };
    if results.scenes.is_empty() { Vec::new() } else { results.pooled.iter().map(row).collect() }
}

/// Scene and note.
pub fn notes(results: &Results) -> Vec<(String, String)> {
    let of = |s: &SceneResult| s.notes.iter().map(|n| (s.scene.clone(), n.clone())).collect();
    results.scenes.iter().flat_map::<Vec<_>, _>(of).collect()
}

/// Scene and reason.
pub fn not_judged(results: &Results) -> Vec<(String, String)> {
    results.not_judged.iter().map(|n| (n.scene.clone(), n.why.clone())).collect()
}

/// One scene in one line, for whoever waits for the others.
pub fn line(scene: &SceneResult) -> String {
    let floors = scene.floors.iter().map(|floor| percent(floor.block.auc));
    let auc = match scene.score.auc {
        Some(_) => format!(
            "frame AUC {} (floors {}), ",
            percent(scene.score.auc),
            floors.collect::<Vec<_>>().join(", ")
        ),
        None => String::new(),
    };
    let one = |a: &AlarmResult| match a.events.len() {
        0 => format!("{} false", a.false_alarms),
        events => format!("{} of {events} events and {} false", a.caught, a.false_alarms),
    };
    let alarms: Vec<String> = scene.alarms.iter().map(one).collect();
    format!("{auc}alarms at 240, 24 and 1 a day: {}", alarms.join("; "))
}
