//! The page as a whole.

use super::html::escape;
use super::{ClipReport, Report, alarms, chart, overview, section, still};

const STYLE: &str = include_str!("page.css");
const HOVER: &str = include_str!("hover.js");

/// Renders the report as a complete HTML document.
///
/// The text holds everything it needs; it reads the same without the script,
/// which only adds a reading under the pointer.
pub fn render(report: &Report) -> String {
    let title = escape(&report.title);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <header>\n<p class=\"maker\">normwatch</p>\n<h1>{title}</h1>\n"
    );
    out.extend(report.verdict.as_ref().map(overview::verdict));
    out.push_str(&overview::summary(&report.summary_rows));
    out.push_str("</header>\n");
    out.extend(report.sections.iter().map(section::draw));
    out.push_str(&overview::clips(&report.clips));
    out.extend(report.clips.iter().enumerate().map(|(i, one)| clip(i, one)));
    out.push_str(&overview::stages(&report.stage_times));
    out.push_str(NOTES);
    out.push_str("</main>\n<script>\n");
    out.push_str(HOVER);
    out.push_str("</script>\n</body>\n</html>\n");
    out
}

const NOTES: &str = "<footer>\n<p>A surprise of 3 means that normal footage is \
    expected to reach such a value in one frame of a thousand; the score combines the surprises \
    of its smoothed terms. An alarm is raised once the score has stayed high for the minimum \
    duration after reaching the enter level, and ends below the exit level. It counts as inside \
    the truth if it was raised within a true event.</p>\n</footer>\n";

fn clip(index: usize, clip: &ClipReport) -> String {
    let drawing = if clip.scores.is_empty() {
        "<p class=\"quiet\">This clip has no frames.</p>\n".to_owned()
    } else {
        chart::draw(clip, index) + &alarms::table(clip)
    };
    format!(
        "<section class=\"clip\" id=\"clip{index}\">\n<h2>{}</h2>\n<p class=\"sub\">{}</p>\n{drawing}{}</section>\n",
        escape(&clip.name),
        alarms::clip_sentence(clip),
        still::figures(clip, index),
    )
}
