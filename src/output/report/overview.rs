//! The tables around the clips: the run's facts, the clips, the stages.

use super::alarms::{events, judge, missed, peak};
use super::html::{count, duration, escape, milliseconds, score};
use super::{ClipReport, Interval, StageRow, Verdict};

pub(super) fn verdict(verdict: &Verdict) -> String {
    let (class, word) =
        if verdict.passed { ("passed", "✓ Passed") } else { ("failed", "✕ Not passed") };
    format!("<p class=\"verdict {class}\"><b>{word}</b> {}</p>\n", escape(&verdict.sentence))
}

pub(super) fn summary(rows: &[(String, String)]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let entry = |(label, value): &(String, String)| {
        format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(label), escape(value))
    };
    format!("<dl class=\"facts\">\n{}</dl>\n", rows.iter().map(entry).collect::<String>())
}

/// One row per clip, with links; of use from two clips on.
pub(super) fn clips(clips: &[ClipReport]) -> String {
    if clips.len() < 2 {
        return String::new();
    }
    let rows: String = clips.iter().enumerate().map(|(i, clip)| clip_row(i, clip)).collect();
    format!(
        "<section>\n<h2>{}</h2>\n<table>\n<thead><tr><th>clip</th><th class=\"n\">length</th>\
         <th class=\"n\">alarms</th><th class=\"n\">outside truth</th><th class=\"n\">events found</th>\
         <th class=\"n\">peak score</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</section>\n",
        count(clips.len(), "clip")
    )
}

fn clip_row(index: usize, clip: &ClipReport) -> String {
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
    format!(
        "<tr><td><a href=\"#clip{index}\">{}</a></td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
         <td class=\"n\">{outside}</td><td class=\"n\">{found}</td><td class=\"n\">{}</td></tr>\n",
        escape(&clip.name),
        duration(clip.duration_s()),
        clip.alarms.len(),
        peak(clip, whole).map_or("–".to_owned(), score),
    )
}

pub(super) fn stages(stages: &[StageRow]) -> String {
    if stages.is_empty() {
        return String::new();
    }
    let rows: String = stages.iter().map(stage_row).collect();
    format!(
        "<section>\n<h2>Time per frame</h2>\n<table class=\"stages\">\n<thead><tr><th>stage</th>\
         <th class=\"n\">median, ms</th><th class=\"n\">99th percentile, ms</th>\
         <th class=\"n\">share</th><th class=\"bar\"></th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</section>\n"
    )
}

fn stage_row(stage: &StageRow) -> String {
    let share = if stage.share.is_finite() { stage.share.clamp(0.0, 1.0) } else { 0.0 };
    let percent = share * 100.0;
    format!(
        "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{percent:.1} %</td>\
         <td class=\"bar\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <rect width=\"{percent:.1}\" height=\"10\"/></svg></td></tr>\n",
        escape(&stage.name),
        milliseconds(stage.median_us),
        milliseconds(stage.p99_us),
    )
}
