//! The page as a whole.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::content::{ClipReport, Report};
use super::{alarms, chart, overview, section, still};

const STYLE: &str = include_str!("page.css");
const HOVER: &str = include_str!("hover.js");

/// Renders the report as a complete HTML document.
///
/// The text holds everything it needs; it reads the same without the script,
/// which only adds a reading under the pointer. Control characters, which HTML
/// forbids, become U+FFFD.
pub fn render(report: &Report) -> String {
    let forbidden = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    page(report).into_string().replace(forbidden, "\u{fffd}")
}

fn page(report: &Report) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (report.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header {
                        p.maker { "normwatch" }
                        h1 { (report.title) }
                        @if let Some(verdict) = &report.verdict {
                            (overview::verdict(verdict))
                        }
                        (overview::summary(&report.summary_rows))
                    }
                    @for one in &report.sections {
                        (section::draw(one))
                    }
                    (overview::clips(&report.clips))
                    @for (i, one) in report.clips.iter().enumerate() {
                        (clip(i, one))
                    }
                    (overview::stages(&report.stage_times))
                    footer { p { (NOTES) } }
                }
                script { (PreEscaped(HOVER)) }
            }
        }
    }
}

const NOTES: &str = "A surprise of 3 means that normal footage is expected to reach such a value \
    in one frame of a thousand; the score combines the surprises of its smoothed terms. An alarm \
    is raised once the score has stayed high for the minimum duration after reaching the enter \
    level, and ends below the exit level. It counts as inside the truth if it was raised within a \
    true event.";

fn clip(index: usize, clip: &ClipReport) -> Markup {
    html! {
        section.clip #{ "clip" (index) } {
            h2 { (clip.name) }
            p.sub { (alarms::clip_sentence(clip)) }
            @if clip.scores.is_empty() {
                p.quiet { "This clip has no frames." }
            } @else {
                (chart::draw(clip, index))
                (alarms::table(clip))
            }
            (still::figures(clip, index))
        }
    }
}
