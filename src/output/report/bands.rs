//! Intervals under the score: alarms solid, truth hatched, one row each.

use super::alarms::events;
use super::chart::Plot;
use super::html::coordinate;
use super::{ClipReport, Interval};

const ROW: f64 = 16.0;
const GAP: f64 = 6.0;

/// Height that the rows take below the curve.
pub(super) const ROWS_HEIGHT: f64 = 2.0 * (ROW + GAP) + 2.0 * GAP;

/// Narrower intervals are widened to this, so that none vanishes.
const LEAST_WIDTH: f64 = 2.0;

/// The truth as a faint ground behind the curve.
pub(super) fn tint(plot: &Plot, top: f64, bottom: f64) -> String {
    let boxes = true_events(plot.clip).unwrap_or_default();
    boxes.into_iter().map(|event| rect(plot, event, top, bottom - top, "class=\"tint\"")).collect()
}

/// The two rows with their names; a clip without truth says so.
pub(super) fn rows(plot: &Plot, top: f64, left: f64, right: f64, index: usize) -> String {
    let alarm_y = top + GAP + GAP / 2.0;
    let truth_y = alarm_y + ROW + GAP;
    let mut out = format!(
        "<defs><pattern id=\"hatch{index}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><path class=\"hatch\" d=\"M1.5 0V6\"/></pattern></defs>\n"
    );
    out.push_str(&track("alarm", alarm_y, left, right));
    for (i, alarm) in plot.clip.alarms.iter().enumerate() {
        out.push_str(&rect(plot, *alarm, alarm_y, ROW, "class=\"alarm\""));
        out.push_str(&number(plot, *alarm, alarm_y, i + 1));
    }
    out.push_str(&track("truth", truth_y, left, right));
    match true_events(plot.clip) {
        Some(events) => {
            let look = format!("class=\"truth\" fill=\"url(#hatch{index})\"");
            out.extend(events.into_iter().map(|event| rect(plot, event, truth_y, ROW, &look)));
        }
        None => out.push_str(&format!(
            "<text class=\"unknown\" x=\"{}\" y=\"{}\">not labelled</text>\n",
            left + 8.0,
            coordinate(truth_y + 12.0)
        )),
    }
    out
}

fn track(name: &str, y: f64, left: f64, right: f64) -> String {
    format!(
        "<rect class=\"track\" x=\"{left}\" y=\"{}\" width=\"{}\" height=\"{ROW}\"/>\
         <text class=\"row end\" x=\"{}\" y=\"{}\">{name}</text>\n",
        coordinate(y),
        right - left,
        left - 10.0,
        coordinate(y + 12.0)
    )
}

fn rect(plot: &Plot, interval: Interval, y: f64, height: f64, look: &str) -> String {
    let (start, end) = span(plot, interval);
    format!(
        "<rect {look} x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n",
        coordinate(start),
        coordinate(y),
        coordinate(end - start),
        coordinate(height)
    )
}

/// The alarm's number inside its bar, where there is room for it.
fn number(plot: &Plot, alarm: Interval, y: f64, number: usize) -> String {
    let (start, end) = span(plot, alarm);
    if end - start < 16.0 {
        return String::new();
    }
    let middle = coordinate((start + end) / 2.0);
    format!(
        "<text class=\"number middle\" x=\"{middle}\" y=\"{}\">{number}</text>\n",
        coordinate(y + 12.0)
    )
}

fn span(plot: &Plot, interval: Interval) -> (f64, f64) {
    let start = plot.x(interval.first_frame);
    let end = plot.x(interval.last_frame.saturating_add(1)).max(start + LEAST_WIDTH);
    (start, end)
}

fn true_events(clip: &ClipReport) -> Option<Vec<Interval>> {
    clip.truth.as_deref().map(|truth| events(&truth[..truth.len().min(clip.scores.len())]))
}
