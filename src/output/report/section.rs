//! Tables and curves that concern all clips, not one.

use maud::{Markup, html};

use super::content::{Curve, Section};
use super::legend::{entry, thin_line};
use super::numbers::coordinate;
use super::scale::{Scale, tick_label, ticks};

const SIDE: f64 = 380.0;
const LEFT: f64 = 62.0;
const TOP: f64 = 10.0;
const BELOW: f64 = 52.0;

const X: Scale = Scale { from: (0.0, 1.0), to: (LEFT, LEFT + SIDE) };
const Y: Scale = Scale { from: (0.0, 1.0), to: (TOP + SIDE, TOP) };

pub(super) fn draw(section: &Section) -> Markup {
    html! {
        section {
            h2 { (section.title) }
            @if !section.note.is_empty() {
                p.sub { (section.note) }
            }
            @if !section.columns.is_empty() {
                (table(section))
            }
            @if !section.curves.is_empty() {
                (plot(section))
            }
        }
    }
}

fn table(section: &Section) -> Markup {
    let figures = |column: usize| (column > 0).then_some("n");
    html! {
        table {
            thead {
                tr {
                    @for (i, head) in section.columns.iter().enumerate() {
                        th class=[figures(i)] { (head) }
                    }
                }
            }
            tbody {
                @for row in &section.rows {
                    tr {
                        @for (i, cell) in row.iter().enumerate() {
                            td class=[figures(i)] { (cell) }
                        }
                    }
                }
            }
        }
    }
}

fn plot(section: &Section) -> Markup {
    let (width, height) = (LEFT + SIDE + 20.0, TOP + SIDE + BELOW);
    html! {
        svg.square viewBox={ "0 0 " (width) " " (height) } role="img" aria-label=(section.title) {
            (axes(&section.axes))
            @for (i, curve) in section.curves.iter().enumerate() {
                path.curve.(thin_line(i)) d=(path(curve)) {}
            }
        }
        div.legend {
            @for (i, curve) in section.curves.iter().enumerate() {
                (entry(&thin_line(i), &curve.name))
            }
        }
    }
}

fn axes((across, up): &(String, String)) -> Markup {
    let middle = coordinate(TOP + SIDE / 2.0);
    html! {
        g.axis {
            @for tick in ticks(0.0, 1.0, 0.2) {
                @let (x, y) = (coordinate(X.at(tick)), coordinate(Y.at(tick)));
                @let label = tick_label(tick, 0.2);
                @let cross = format!("M{LEFT} {y}H{}M{x} {TOP}V{}", LEFT + SIDE, TOP + SIDE);
                path.grid d=(cross) {}
                text.end x=(LEFT - 8.0) y=(y) dy="4" { (label) }
                text.middle x=(x) y=(TOP + SIDE + 18.0) { (label) }
            }
            text.name.middle x=(LEFT + SIDE / 2.0) y=(TOP + SIDE + 40.0) { (across) }
            text.name.middle transform={ "translate(16 " (middle) ") rotate(-90)" } { (up) }
        }
    }
}

fn path(curve: &Curve) -> String {
    let mut out = String::new();
    for (i, &(x, y)) in curve.points.iter().enumerate() {
        out.push_str(if i == 0 { "M" } else { "L" });
        out.push_str(&format!("{} {}", coordinate(X.at(x)), coordinate(Y.at(y))));
    }
    out
}
