//! The score over time as inline SVG, with its levels, alarms and truth.

use super::ClipReport;
use super::bands::{self, ROWS_HEIGHT};
use super::columns::{Column, Point, columns};
use super::html::{coordinate, escape, score};
use super::scale::{Scale, decimal_step, tick_label, ticks, time_label, time_step_s, time_unit};
use super::still::letter;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = WIDTH - 84.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = TOP + 230.0;
const AXIS: f64 = BOTTOM + ROWS_HEIGHT;
const HEIGHT: f64 = AXIS + 44.0;

/// One column per unit of width, which is a pixel at the page's full width.
const COLUMNS: usize = (RIGHT - LEFT) as usize;

/// Where things stand in the drawing.
pub(super) struct Plot<'a> {
    pub(super) clip: &'a ClipReport,
    pub(super) time: Scale,
    value: Scale,
    value_step: f64,
}

impl<'a> Plot<'a> {
    fn new(clip: &'a ClipReport) -> Self {
        let known = || {
            let curves = clip.terms.iter().map(|(_, values)| values).chain([&clip.scores]);
            curves
                .flatten()
                .flatten()
                .copied()
                .chain([clip.enter_level, clip.exit_level])
                .filter(|v| v.is_finite())
        };
        let high = f64::from(known().fold(1.0, f32::max)) * 1.04;
        let low = f64::from(known().fold(0.0, f32::min));
        let step = decimal_step(high - low, 6);
        let from = ((low / step).floor() * step, (high / step).ceil() * step);
        Self {
            clip,
            time: Scale { from: (0.0, clip.duration_s()), to: (LEFT, RIGHT) },
            value: Scale { from, to: (BOTTOM, TOP) },
            value_step: step,
        }
    }

    /// The abscissa of a frame's start.
    pub(super) fn x(&self, frame: usize) -> f64 {
        self.time.at(self.clip.seconds(frame))
    }

    fn y(&self, value: f32) -> f64 {
        self.value.at(f64::from(value))
    }
}

/// Draws one clip; `index` tells the drawings of a page apart.
pub(super) fn draw(clip: &ClipReport, index: usize) -> String {
    let plot = Plot::new(clip);
    let thinned = columns(&clip.scores, COLUMNS);
    let mut out = format!(
        "<div class=\"chart\"><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"Score of {} over time\" data-left=\"{LEFT}\" data-right=\"{RIGHT}\" data-seconds=\"{}\" \
         data-peaks=\"{}\">\n",
        escape(&clip.name),
        clip.duration_s(),
        hover_values(&thinned),
    );
    out.push_str(&bands::tint(&plot, TOP, BOTTOM));
    out.push_str(&value_axis(&plot));
    out.push_str(&time_axis(&plot));
    for (i, (_, values)) in clip.terms.iter().enumerate() {
        let path = path(&plot, &columns(values, COLUMNS));
        out.push_str(&format!("<path class=\"curve term t{}\" d=\"{path}\"/>\n", i % TERM_STYLES));
    }
    out.push_str(&format!("<path class=\"curve score\" d=\"{}\"/>\n", path(&plot, &thinned)));
    out.push_str(&levels(&plot));
    out.push_str(&still_marks(&plot));
    out.push_str(&bands::rows(&plot, BOTTOM, LEFT, RIGHT, index));
    out.push_str(&format!(
        "<g class=\"hover\"><path d=\"M0 {TOP}V{}\"/><text y=\"{}\"></text></g>\n</svg></div>\n",
        coordinate(AXIS),
        coordinate(TOP + 12.0)
    ));
    out.push_str(&legend(clip));
    out
}

/// How many looks the style sheet has for the thin lines.
const TERM_STYLES: usize = 4;

fn value_axis(plot: &Plot) -> String {
    let mut out = String::from("<g class=\"axis\">\n");
    for tick in ticks(plot.value.from.0, plot.value.from.1, plot.value_step) {
        let y = coordinate(plot.value.at(tick));
        let text_y = coordinate(plot.value.at(tick) + 4.0);
        let label = tick_label(tick, plot.value_step);
        out.push_str(&format!(
            "<path class=\"grid\" d=\"M{LEFT} {y}H{RIGHT}\"/>\
             <text class=\"end\" x=\"{}\" y=\"{text_y}\">{label}</text>\n",
            LEFT - 10.0
        ));
    }
    let middle = coordinate((TOP + BOTTOM) / 2.0);
    out.push_str(&format!(
        "<text class=\"name middle\" transform=\"translate(16 {middle}) rotate(-90)\">\
             surprise, −log<tspan class=\"sub\" dy=\"3\">10</tspan>\
             <tspan dy=\"-3\"> p</tspan></text>\n</g>\n"
    ));
    out
}

fn time_axis(plot: &Plot) -> String {
    let span_s = plot.clip.duration_s();
    let step_s = time_step_s(span_s, 10);
    let mut out =
        format!("<g class=\"axis\">\n<path class=\"base\" d=\"M{LEFT} {AXIS}H{RIGHT}\"/>\n");
    for tick_s in ticks(0.0, span_s, step_s) {
        let x = coordinate(plot.time.at(tick_s));
        let label = time_label(tick_s, span_s, step_s);
        out.push_str(&format!(
            "<path class=\"base\" d=\"M{x} {AXIS}v5\"/>\
             <text class=\"middle\" x=\"{x}\" y=\"{}\">{label}</text>\n",
            AXIS + 19.0
        ));
    }
    out.push_str(&format!(
        "<text class=\"name middle\" x=\"{}\" y=\"{}\">{}</text>\n</g>\n",
        coordinate((LEFT + RIGHT) / 2.0),
        AXIS + 39.0,
        time_unit(span_s)
    ));
    out
}

/// The dashed levels; their labels keep a line's distance from each other.
fn levels(plot: &Plot) -> String {
    let ClipReport { enter_level, exit_level, .. } = *plot.clip;
    let (enter_y, exit_y) = (plot.y(enter_level), plot.y(exit_level));
    let exit_label_y =
        if exit_y >= enter_y { exit_y.max(enter_y + 15.0) } else { exit_y.min(enter_y - 15.0) };
    let level = |class: &str, value: f32, y: f64, label_y: f64| {
        format!(
            "<path class=\"level {class}\" d=\"M{LEFT} {y}H{RIGHT}\"/>\
             <text class=\"level {class}\" x=\"{}\" y=\"{}\">{class} {}</text>\n",
            RIGHT + 8.0,
            coordinate(label_y + 4.0),
            score(value),
            y = coordinate(y),
        )
    };
    let mut out = String::new();
    if enter_level.is_finite() {
        out.push_str(&level("enter", enter_level, enter_y, enter_y));
    }
    if exit_level.is_finite() {
        out.push_str(&level("exit", exit_level, exit_y, exit_label_y));
    }
    out
}

/// The stills' letters along the top, each with a line down to the curve.
fn still_marks(plot: &Plot) -> String {
    let mut order: Vec<usize> = (0..plot.clip.stills.len()).collect();
    order.sort_by_key(|i| plot.clip.stills[*i].frame);
    let mut out = String::new();
    let mut free_x = LEFT;
    for i in order {
        let frame = plot.clip.stills[i].frame;
        let x = plot.x(frame);
        let label_x = x.max(free_x).min(RIGHT);
        free_x = label_x + 17.0;
        let value = plot.clip.scores.get(frame).copied().flatten().filter(|v| !v.is_nan());
        let y = coordinate(value.map_or(BOTTOM, |v| plot.y(v)));
        let (x, label_x) = (coordinate(x), coordinate(label_x));
        out.push_str(&format!(
            "<g class=\"mark\"><path d=\"M{label_x} {}L{x} {TOP}V{y}\"/>\
             <circle class=\"spot\" cx=\"{x}\" cy=\"{y}\" r=\"3\"/>\
             <circle class=\"tag\" cx=\"{label_x}\" cy=\"11\" r=\"8.5\"/>\
             <text class=\"middle\" x=\"{label_x}\" y=\"15\">{}</text></g>\n",
            TOP - 6.0,
            letter(i)
        ));
    }
    out
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

fn legend(clip: &ClipReport) -> String {
    let swatch = |class: &str, name: &str| {
        format!(
            "<span><svg class=\"swatch\" viewBox=\"0 0 30 10\">\
             <path class=\"curve {class}\" d=\"M2 5H28\"/></svg>{}</span>\n",
            escape(name)
        )
    };
    let mut out = format!("<div class=\"legend\">\n{}", swatch("score", "score"));
    for (i, (name, _)) in clip.terms.iter().enumerate() {
        out.push_str(&swatch(&format!("term t{}", i % TERM_STYLES), name));
    }
    if clip.scores.len() > COLUMNS {
        out.push_str(
            "<span class=\"quiet\">each column shows its frames’ lowest and highest value</span>\n",
        );
    }
    out.push_str("</div>\n");
    out
}
