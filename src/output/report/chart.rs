//! The score over time as inline SVG, with its levels, alarms and truth.

use maud::{Markup, html};

use super::bands::{self, ROWS_HEIGHT};
use super::columns::{Column, Point, columns};
use super::content::ClipReport;
use super::legend::{entry, thin_line};
use super::numbers::{coordinate, score};
use super::plot::{BOTTOM, LEFT, Plot, RIGHT, TOP, WIDTH};
use super::scale::{tick_label, ticks, time_label, time_step_s, time_unit};
use super::still::letter;

const AXIS: f64 = BOTTOM + ROWS_HEIGHT;
const HEIGHT: f64 = AXIS + 44.0;

/// One column per unit of width, which is a pixel at the page's full width.
const COLUMNS: usize = (RIGHT - LEFT) as usize;

/// Draws one clip; `index` tells the drawings of a page apart.
pub(super) fn draw(clip: &ClipReport, index: usize) -> Markup {
    let plot = Plot::new(clip);
    let thinned = columns(&clip.scores, COLUMNS);
    html! {
        div.chart {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) }
                role="img"
                aria-label={ "Score of " (clip.name) " over time" }
                data-left=(LEFT)
                data-right=(RIGHT)
                data-seconds=(clip.duration_s())
                data-peaks=(hover_values(&thinned)) {
                (bands::tint(&plot))
                (value_axis(&plot))
                (time_axis(&plot))
                @for (i, (_, values)) in clip.terms.iter().enumerate() {
                    path.curve.(thin_line(i)) d=(path(&plot, &columns(values, COLUMNS))) {}
                }
                path.curve.score d=(path(&plot, &thinned)) {}
                (levels(&plot))
                (still_marks(&plot))
                (bands::rows(&plot, index))
                g.hover {
                    path d={ "M0 " (TOP) "V" (coordinate(AXIS)) } {}
                    text y=(coordinate(TOP + 12.0)) {}
                }
            }
        }
        (legend(clip))
    }
}

fn value_axis(plot: &Plot) -> Markup {
    let middle = coordinate((TOP + BOTTOM) / 2.0);
    html! {
        g.axis {
            @for tick in ticks(plot.value.from.0, plot.value.from.1, plot.value_step) {
                @let y = plot.value.at(tick);
                path.grid d={ "M" (LEFT) " " (coordinate(y)) "H" (RIGHT) } {}
                text.end x=(LEFT - 10.0) y=(coordinate(y + 4.0)) {
                    (tick_label(tick, plot.value_step))
                }
            }
            text.name.middle transform={ "translate(16 " (middle) ") rotate(-90)" } {
                "surprise, −log"
                tspan.sub dy="3" { "10" }
                tspan dy="-3" { " p" }
            }
        }
    }
}

fn time_axis(plot: &Plot) -> Markup {
    let span_s = plot.clip.duration_s();
    let step_s = time_step_s(span_s, 10);
    html! {
        g.axis {
            path.base d={ "M" (LEFT) " " (AXIS) "H" (RIGHT) } {}
            @for tick_s in ticks(0.0, span_s, step_s) {
                @let x = coordinate(plot.time.at(tick_s));
                path.base d={ "M" (x) " " (AXIS) "v5" } {}
                text.middle x=(x) y=(AXIS + 19.0) { (time_label(tick_s, span_s, step_s)) }
            }
            text.name.middle x=(coordinate((LEFT + RIGHT) / 2.0)) y=(AXIS + 39.0) {
                (time_unit(span_s))
            }
        }
    }
}

/// The dashed levels; their labels keep a line's distance from each other.
fn levels(plot: &Plot) -> Markup {
    let ClipReport { enter_level, exit_level, .. } = *plot.clip;
    let (enter_y, exit_y) = (plot.y(enter_level), plot.y(exit_level));
    let exit_label_y =
        if exit_y >= enter_y { exit_y.max(enter_y + 15.0) } else { exit_y.min(enter_y - 15.0) };
    let levels =
        [("enter", enter_level, enter_y, enter_y), ("exit", exit_level, exit_y, exit_label_y)];
    html! {
        @for (name, value, y, label_y) in levels.into_iter().filter(|level| level.1.is_finite()) {
            path.level.(name) d={ "M" (LEFT) " " (coordinate(y)) "H" (RIGHT) } {}
            text.level.(name) x=(RIGHT + 8.0) y=(coordinate(label_y + 4.0)) {
                (name) " " (score(value))
            }
        }
    }
}

/// The stills' letters along the top, each with a line down to the curve.
fn still_marks(plot: &Plot) -> Markup {
    let mut order: Vec<usize> = (0..plot.clip.stills.len()).collect();
    order.sort_by_key(|i| plot.clip.stills[*i].frame);
    let mut free_x = LEFT;
    let marks = order.into_iter().map(|i| {
        let x = plot.x(plot.clip.stills[i].frame);
        let label_x = x.max(free_x).min(RIGHT);
        free_x = label_x + 17.0;
        still_mark(plot, i, x, label_x)
    });
    html! { @for mark in marks { (mark) } }
}

fn still_mark(plot: &Plot, index: usize, x: f64, label_x: f64) -> Markup {
    let frame = plot.clip.stills[index].frame;
    let value = plot.clip.scores.get(frame).copied().flatten().filter(|v| !v.is_nan());
    let y = coordinate(value.map_or(BOTTOM, |v| plot.y(v)));
    let (x, label_x) = (coordinate(x), coordinate(label_x));
    html! {
        g.mark {
            path d={ "M" (label_x) " " (TOP - 6.0) "L" (x) " " (TOP) "V" (y) } {}
            circle.spot cx=(x) cy=(y) r="3" {}
            circle.tag cx=(label_x) cy="11" r="8.5" {}
            text.middle x=(label_x) y="15" { (letter(index)) }
        }
    }
}

/// The curve as path data; a column without a value breaks the line.
fn path(plot: &Plot, columns: &[Option<Column>]) -> String {
    let mut out = String::new();
    let mut drawing = false;
    for (i, column) in columns.iter().enumerate() {
        let Some(column) = column else {
            drawing = false;
            continue;
        };
        for Point { frame, value } in [Some(column.first), column.second].into_iter().flatten() {
            out.push_str(if drawing { "L" } else { "M" });
            out.push_str(&format!("{} {}", coordinate(plot.x(frame)), coordinate(plot.y(value))));
            drawing = true;
        }
        let alone = column.second.is_none()
            && (i == 0 || columns[i - 1].is_none())
            && columns.get(i + 1).is_none_or(Option::is_none);
        if alone {
            out.push_str("h0");
        }
    }
    out
}

fn hover_values(columns: &[Option<Column>]) -> String {
    let text = |column: &Option<Column>| column.map_or(String::new(), |c| score(c.peak().value));
    columns.iter().map(text).collect::<Vec<_>>().join(",")
}

fn legend(clip: &ClipReport) -> Markup {
    html! {
        div.legend {
            (entry("score", "score"))
            @for (i, (name, _)) in clip.terms.iter().enumerate() {
                (entry(&thin_line(i), name))
            }
            @if clip.scores.len() > COLUMNS {
                span.quiet { "each column shows its frames’ lowest and highest value" }
            }
        }
    }
}
