//! Tables and curves that concern all clips, not one.

use super::html::{coordinate, escape};
use super::scale::{Scale, tick_label, ticks};

/// A heading with a table, curves, or both under it.
#[derive(Clone, Debug, Default)]
pub struct Section {
    pub title: String,
    /// One or two sentences under the heading; may be empty.
    pub note: String,
    /// Heads of the table's columns; the first column holds names, the others
    /// figures. No table without heads.
    pub columns: Vec<String>,
    /// Rows, each as long as `columns`.
    pub rows: Vec<Vec<String>>,
    /// Names of the axes of `curves`.
    pub axes: (String, String),
    pub curves: Vec<Curve>,
}

/// A line on the unit square.
#[derive(Clone, Debug, Default)]
pub struct Curve {
    pub name: String,
    /// x and y, 0 to 1 each, in drawing order.
    pub points: Vec<(f64, f64)>,
}

const SIDE: f64 = 380.0;
const LEFT: f64 = 62.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 52.0;

/// How many looks the style sheet has for curves.
const STYLES: usize = 4;

pub(super) fn draw(section: &Section) -> String {
    let mut out = format!("<section>\n<h2>{}</h2>\n", escape(&section.title));
    if !section.note.is_empty() {
        out.push_str(&format!("<p class=\"sub\">{}</p>\n", escape(&section.note)));
    }
    if !section.columns.is_empty() {
        out.push_str(&table(section));
    }
    if !section.curves.is_empty() {
        out.push_str(&plot(section));
    }
    out.push_str("</section>\n");
    out
}

fn table(section: &Section) -> String {
    let class = |column: usize| if column == 0 { "" } else { " class=\"n\"" };
    let cells = |row: &[String], tag: &str| -> String {
        let cell =
            |(i, text): (usize, &String)| format!("<{tag}{}>{}</{tag}>", class(i), escape(text));
        row.iter().enumerate().map(cell).collect()
    };
    let rows: String =
        section.rows.iter().map(|row| format!("<tr>{}</tr>\n", cells(row, "td"))).collect();
    format!(
        "<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n",
        cells(&section.columns, "th")
    )
}

fn plot(section: &Section) -> String {
    let x = Scale { from: (0.0, 1.0), to: (LEFT, LEFT + SIDE) };
    let y = Scale { from: (0.0, 1.0), to: (TOP + SIDE, TOP) };
    let (width, height) = (LEFT + SIDE + 20.0, TOP + SIDE + BOTTOM);
    let mut out = format!(
        "<svg class=\"square\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">\n\
         <g class=\"axis\">\n",
        escape(&section.title)
    );
    for tick in ticks(0.0, 1.0, 0.2) {
        let (at_x, at_y) = (coordinate(x.at(tick)), coordinate(y.at(tick)));
        let label = tick_label(tick, 0.2);
        out.push_str(&format!(
            "<path class=\"grid\" d=\"M{LEFT} {at_y}H{}M{at_x} {TOP}V{}\"/>\
             <text class=\"end\" x=\"{}\" y=\"{at_y}\" dy=\"4\">{label}</text>\
             <text class=\"middle\" x=\"{at_x}\" y=\"{}\">{label}</text>\n",
            LEFT + SIDE,
            TOP + SIDE,
            LEFT - 8.0,
            TOP + SIDE + 18.0
        ));
    }
    let middle = coordinate(TOP + SIDE / 2.0);
    out.push_str(&format!(
        "<text class=\"name middle\" x=\"{}\" y=\"{}\">{}</text>\
         <text class=\"name middle\" transform=\"translate(16 {middle}) rotate(-90)\">{}</text>\n</g>\n",
        LEFT + SIDE / 2.0,
        TOP + SIDE + 40.0,
        escape(&section.axes.0),
        escape(&section.axes.1)
    ));
    for (i, curve) in section.curves.iter().enumerate() {
        let mut path = String::new();
        for (k, &(px, py)) in curve.points.iter().enumerate() {
            path.push_str(if k == 0 { "M" } else { "L" });
            path.push_str(&format!("{} {}", coordinate(x.at(px)), coordinate(y.at(py))));
        }
        out.push_str(&format!("<path class=\"curve term t{}\" d=\"{path}\"/>\n", i % STYLES));
    }
    out.push_str("</svg>\n<div class=\"legend\">\n");
    for (i, curve) in section.curves.iter().enumerate() {
        out.push_str(&format!(
            "<span><svg class=\"swatch\" viewBox=\"0 0 30 10\">\
             <path class=\"curve term t{}\" d=\"M2 5H28\"/></svg>{}</span>\n",
            i % STYLES,
            escape(&curve.name)
        ));
    }
    out.push_str("</div>\n");
    out
}
