//! The figures as a page of their own, with curves and pictures.

use super::bundle::Played;
use super::dataset::{Dataset, TestClip};
use super::metrics::roc;
use super::results::{BundleResult, Results};
use super::table::{self, FLOOR_COLUMNS, PERTURBED_COLUMNS, Row};
use super::watch::Inspector;
use anyhow::Result;
use normwatch::calibrate::BudgetReport;
use normwatch::model::Bundle;
use normwatch::output::report::{ClipReport, Curve, Report, Section, Still, render as page};
use normwatch::replay::{ClipTrace, Moment, score_columns};
use normwatch::runtime::FrameScore;
use normwatch::score::Surprise;

/// Points of a drawn curve.
const CURVE_POINTS: usize = 400;

/// Renders the page. Clips and pictures are those of the first bundle.
///
/// # Errors
/// A frame or a mask that can no longer be read.
pub fn render(
    results: &Results,
    dataset: &Dataset,
    bundle: &Bundle,
    played: &Played<'_>,
) -> Result<String> {
    let name = &bundle.manifest().name;
    let mut summary_rows = vec![
        ("data set".to_owned(), dataset.path.display().to_string()),
        ("memory".to_owned(), results.memory_update.to_owned()),
        ("calibration".to_owned(), results.calibration.clone()),
        ("machine".to_owned(), results.machine.clone()),
        ("clips shown".to_owned(), format!("of {name}")),
    ];
    if let Some(budget) = &played.budget {
        let text = budget.to_string().replace('\n', "; ");
        summary_rows.push(("levels".to_owned(), text));
    }
    let mut sections = figures(results);
    sections.extend(roc_section(dataset, bundle, played)?);
    sections.extend(results.bundles.first().and_then(events_section));
    let mut clips = Vec::new();
    for ((test, trace), inspector) in
        dataset.testing.iter().zip(&played.traces).zip(&played.inspectors)
    {
        clips.push(clip(test, trace, inspector, played.budget.as_ref())?);
    }
    let title = format!("Evaluation of {}", table::bundle_heads(results).join(", "));
    Ok(page(&Report { title, summary_rows, sections, clips, ..Report::default() }))
}

fn figures(results: &Results) -> Vec<Section> {
    let heads = table::bundle_heads(results);
    let floor_heads = FLOOR_COLUMNS.map(str::to_owned).to_vec();
    let mut sections = vec![
        section(
            "Frame AUC, paper’s protocol",
            "Each clip is min-max normalised by its own future: for comparison with the \
             literature only.",
            &heads,
            table::paper_rows(results),
        ),
        section(
            "Frame AUC and average precision, causal",
            "All clips on one scale, nothing known of the future.",
            &heads,
            table::frame_rows(results),
        ),
        section(
            "Floors",
            "Predictors that learn nothing, on the same frames.",
            &floor_heads,
            table::floor_rows(&results.floors),
        ),
        section("Alarms at the budget", "", &heads, table::alarm_rows(results)),
        section("Localisation", "", &heads, table::place_rows(results)),
    ];
    for (bundle, head) in results.bundles.iter().zip(&heads) {
        let heads = PERTURBED_COLUMNS.map(str::to_owned).to_vec();
        let title = format!("{head} with changed test frames");
        let note = "AUC in percent, and in brackets what it lost.";
        sections.push(section(&title, note, &heads, table::perturbed_rows(bundle)));
    }
    sections.retain(|section| !section.rows.is_empty());
    sections
}

/// A table as the page has it.
pub fn section(title: &str, note: &str, heads: &[String], rows: Vec<Row>) -> Section {
    let columns = [String::new()].into_iter().chain(heads.iter().cloned()).collect();
    let rows = rows.into_iter().map(|(name, cells)| [vec![name], cells].concat()).collect();
    Section { title: title.into(), note: note.into(), columns, rows, ..Section::default() }
}

fn roc_section(dataset: &Dataset, bundle: &Bundle, played: &Played<'_>) -> Result<Option<Section>> {
    let lambda = bundle.manifest().score.lambda;
    let columns = score_columns(&played.traces, &dataset.labels, lambda)?;
    let curve = |name: &str, scores: &[f64]| Curve {
        name: name.into(),
        points: roc(scores, &columns.truth, CURVE_POINTS),
    };
    let mut curves = vec![
        curve("PSNR", &columns.psnr),
        curve("worst block", &columns.block),
        curve("memory distance", &columns.distance),
    ];
    curves.extend(columns.deployed.as_ref().map(|scores| curve("deployed score", scores)));
    if curves.iter().any(|curve| curve.points.is_empty()) {
        return Ok(None);
    }
    Ok(Some(Section {
        title: "ROC, causal".into(),
        note: format!("Of {}, over all scored frames of all clips.", bundle.manifest().name),
        axes: ("false positive rate".into(), "true positive rate".into()),
        curves,
        ..Section::default()
    }))
}

fn events_section(bundle: &BundleResult) -> Option<Section> {
    let events = &bundle.deployed.as_ref()?.alarms.events;
    let rows = events.iter().map(|event| {
        let delay = event.delay_frames.map_or("missed".into(), |frames| {
            format!("{frames} frames, {}", table::seconds(event.delay_s))
        });
        let frames = format!("{} to {}", event.first_frame, event.last_frame);
        (format!("clip {}", event.clip), vec![frames, delay])
    });
    let heads = ["frames".to_owned(), "delay".to_owned()];
    let section = section("True events", "", &heads, rows.collect());
    (!section.rows.is_empty()).then_some(section)
}

fn clip(
    test: &TestClip,
    trace: &ClipTrace,
    inspector: &Inspector<'_>,
    budget: Option<&BudgetReport>,
) -> Result<ClipReport> {
    let surprise = |s: &Option<FrameScore>| s.and_then(|s| s.surprise);
    let column = |pick: fn(&Surprise) -> f32| -> Vec<Option<f32>> {
        trace.scores.iter().map(|s| surprise(s).as_ref().map(pick)).collect()
    };
    let level = |pick: fn(&BudgetReport) -> f32| budget.map_or(f32::INFINITY, pick);
    let mut stills = Vec::new();
    for (moment, what) in [
        (&inspector.worst_normal, "highest score of a normal frame"),
        (&inspector.worst_abnormal, "lowest score of an abnormal frame"),
    ] {
        if let Some(moment) = moment {
            stills.push(still(test, trace, moment, what)?);
        }
    }
    Ok(ClipReport {
        name: trace.name.clone(),
        fps: trace.fps,
        scores: column(|s| s.score),
        enter_level: level(|b| b.enter_level),
        exit_level: level(|b| b.exit_level),
        truth: Some(test.truth.clone()),
        alarms: trace.alarms.clone(),
        terms: vec![
            ("worst block".into(), column(|s| s.block)),
            ("memory distance".into(), column(|s| s.memory)),
        ],
        stills,
    })
}

fn still(test: &TestClip, trace: &ClipTrace, moment: &Moment, what: &str) -> Result<Still> {
    let (grey, width_px, height_px) = test.clip.luma(moment.frame, trace.fps)?;
    let mask = test.masks()?.map(|mut masks| masks.read(moment.frame)).transpose()?;
    let truth_box = mask.filter(|m| (m.width_px, m.height_px) == (width_px, height_px));
    let alarmed = trace.states[moment.frame as usize].alarm_active();
    let alarm = if alarmed { "alarm on" } else { "no alarm" };
    let block = moment.worst_block;
    Ok(Still {
        frame: moment.frame as usize,
        caption: format!("{what}: {:.2}, {alarm}", moment.score),
        grey,
        width_px,
        height_px,
        heat: moment.error_map.clone(),
        heat_width_px: moment.map_width_px,
        heat_height_px: moment.map_height_px,
        worst_block: Some([block.x_px, block.y_px, block.size_px, block.size_px]),
        truth_box: truth_box.and_then(|mask| mask.bounds()),
    })
}
