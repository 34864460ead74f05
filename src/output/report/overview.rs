//! The tables around the clips: the run's facts, the clips, the stages.

use maud::{Markup, html};

use super::alarms::{events, judge, missed, peak};
use super::content::{ClipReport, Interval, StageRow, Verdict};
use super::numbers::{count, duration, milliseconds, score};

pub(super) fn verdict(verdict: &Verdict) -> Markup {
    let (class, word) =
        if verdict.passed { ("passed", "✓ Passed") } else { ("failed", "✕ Not passed") };
    html! {
        p.verdict.(class) { b { (word) } " " (verdict.sentence) }
    }
}

pub(super) fn summary(rows: &[(String, String)]) -> Markup {
    html! {
        @if !rows.is_empty() {
            dl.facts {
                @for (label, value) in rows {
                    div { dt { (label) } dd { (value) } }
                }
            }
        }
    }
}

const CLIP_FIGURES: [&str; 5] = ["length", "alarms", "outside truth", "events found", "peak score"];

const STAGE_FIGURES: [&str; 3] = ["median, ms", "99th percentile, ms", "share"];

/// One row per clip, with links; of use from two clips on.
pub(super) fn clips(clips: &[ClipReport]) -> Markup {
    html! {
        @if clips.len() > 1 {
            section {
                h2 { (count(clips.len(), "clip")) }
                table {
                    thead {
                        tr {
                            th { "clip" }
                            @for head in CLIP_FIGURES { th.n { (head) } }
                        }
                    }
                    tbody {
                        @for (i, clip) in clips.iter().enumerate() {
                            (clip_row(i, clip))
                        }
                    }
                }
            }
        }
    }
}

fn clip_row(index: usize, clip: &ClipReport) -> Markup {
    let (outside, found) = match &clip.truth {
        Some(truth) => {
            let events = events(truth);
            let outside =
                clip.alarms.iter().filter(|alarm| !judge(**alarm, &events).inside()).count();
            let found = events.len() - missed(clip, &events).len();
            (outside.to_string(), format!("{found} of {}", events.len()))
        }
        None => ("–".to_owned(), "–".to_owned()),
    };
    let whole = Interval { first_frame: 0, last_frame: clip.scores.len() };
    html! {
        tr {
            td { a href={ "#clip" (index) } { (clip.name) } }
            td.n { (duration(clip.duration_s())) }
            td.n { (clip.alarms.len()) }
            td.n { (outside) }
            td.n { (found) }
            td.n { (peak(clip, whole).map_or("–".into(), score)) }
        }
    }
}

pub(super) fn stages(stages: &[StageRow]) -> Markup {
    html! {
        @if !stages.is_empty() {
            section {
                h2 { "Time per frame" }
                table.stages {
                    thead {
                        tr {
                            th { "stage" }
                            @for head in STAGE_FIGURES { th.n { (head) } }
                            th.bar {}
                        }
                    }
                    tbody { @for stage in stages { (stage_row(stage)) } }
                }
            }
        }
    }
}

fn stage_row(stage: &StageRow) -> Markup {
    let share = if stage.share.is_finite() { stage.share.clamp(0.0, 1.0) } else { 0.0 };
    let percent = format!("{:.1}", share * 100.0);
    html! {
        tr {
            td { (stage.name) }
            td.n { (milliseconds(stage.median_us)) }
            td.n { (milliseconds(stage.p99_us)) }
            td.n { (percent) " %" }
            td.bar {
                svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
                    rect width=(percent) height="10" {}
                }
            }
        }
    }
}
