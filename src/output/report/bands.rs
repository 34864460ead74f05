//! Intervals under the score: alarms solid, truth hatched, one row each.

use maud::{Markup, html};

use super::alarms::events;
use super::content::{ClipReport, Interval};
use super::numbers::coordinate;
use super::plot::{BOTTOM, LEFT, Plot, RIGHT, TOP};

const ROW: f64 = 16.0;
const GAP: f64 = 6.0;

/// Height that the rows take below the curve.
pub(super) const ROWS_HEIGHT: f64 = 2.0 * (ROW + GAP) + 2.0 * GAP;

/// From the top of a row to the foot of its text.
const TEXT: f64 = 12.0;

/// Narrower intervals are widened to this, so that none vanishes.
const LEAST_WIDTH: f64 = 2.0;

/// Narrower alarms have no room for their number.
const NUMBER_WIDTH: f64 = 16.0;

/// The truth as a faint ground behind the curve.
pub(super) fn tint(plot: &Plot) -> Markup {
    html! {
        @for event in true_events(plot.clip).into_iter().flatten() {
            (bar("tint", None, span(plot, event), (TOP, BOTTOM - TOP)))
        }
    }
}

/// The two rows with their names; a clip without truth says so. `index` tells
/// the drawings of a page apart.
pub(super) fn rows(plot: &Plot, index: usize) -> Markup {
    let alarm_y = BOTTOM + GAP + GAP / 2.0;
    let truth_y = alarm_y + ROW + GAP;
    let hatch = format!("hatch{index}");
    let hatched = format!("url(#{hatch})");
    html! {
        defs {
            pattern #(hatch) width="6" height="6" patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)" {
                path.hatch d="M1.5 0V6" {}
            }
        }
        (track("alarm", alarm_y))
        @for (i, alarm) in plot.clip.alarms.iter().enumerate() {
            (bar("alarm", None, span(plot, *alarm), (alarm_y, ROW)))
            (number(i + 1, span(plot, *alarm), alarm_y))
        }
        (track("truth", truth_y))
        @if let Some(events) = true_events(plot.clip) {
            @for event in events {
                (bar("truth", Some(&hatched), span(plot, event), (truth_y, ROW)))
            }
        } @else {
            text.unknown x=(LEFT + 8.0) y=(coordinate(truth_y + TEXT)) { "not labelled" }
        }
    }
}

fn track(name: &str, y: f64) -> Markup {
    html! {
        rect.track x=(LEFT) y=(coordinate(y)) width=(RIGHT - LEFT) height=(ROW) {}
        text.row.end x=(LEFT - 10.0) y=(coordinate(y + TEXT)) { (name) }
    }
}

fn bar(
    class: &str,
    fill: Option<&str>,
    (start, end): (f64, f64),
    (y, height): (f64, f64),
) -> Markup {
    html! {
        rect.(class) fill=[fill] x=(coordinate(start)) y=(coordinate(y))
            width=(coordinate(end - start)) height=(coordinate(height)) {}
    }
}

/// The alarm's number inside its bar, where there is room for it.
fn number(number: usize, (start, end): (f64, f64), y: f64) -> Markup {
    html! {
        @if end - start >= NUMBER_WIDTH {
            text.number.middle x=(coordinate((start + end) / 2.0)) y=(coordinate(y + TEXT)) {
                (number)
            }
        }
    }
}

fn span(plot: &Plot, interval: Interval) -> (f64, f64) {
    let start = plot.x(interval.first_frame);
    let end = plot.x(interval.last_frame.saturating_add(1)).max(start + LEAST_WIDTH);
    (start, end)
}

fn true_events(clip: &ClipReport) -> Option<Vec<Interval>> {
    clip.truth.as_deref().map(|truth| events(&truth[..truth.len().min(clip.scores.len())]))
}
