//! The figures as text, one column a bundle.

use super::results::{BundleResult, DeployedResult, Floor, PaperResult, Ranking, Results};

/// A name, and a figure for each column.
pub type Row = (String, Vec<String>);

/// All tables.
pub fn render(results: &Results) -> String {
    let mut out = format!("data set     {}\n", results.dataset.display());
    out.push_str(&format!("memory       {}\n", results.memory_update));
    out.push_str(&format!("calibration  {}\n", results.calibration));
    out.push_str(&format!("machine      {}\n", results.machine));
    for bundle in &results.bundles {
        out.push_str(&format!(
            "bundle       {} ({}), {}×{}: {} frames scored, {} abnormal\n",
            bundle.bundle.display(),
            bundle.precision,
            bundle.width_px,
            bundle.height_px,
            bundle.frames,
            bundle.abnormal
        ));
        if bundle.rested > 0 {
            let share = 100.0 * bundle.rested as f64 / bundle.frames as f64;
            out.push_str(&format!(
                "             the network rested in {} of them ({share:.1} %)\n",
                bundle.rested
            ));
        }
    }
    let heads = bundle_heads(results);
    for (title, rows) in [
        ("frame AUC, paper's protocol (each clip min-max normalised)", paper_rows(results)),
        ("frame AUC / average precision, causal, not normalised", frame_rows(results)),
        ("alarms at the budget", alarm_rows(results)),
        ("localisation", place_rows(results)),
    ] {
        out.push_str(&block(title, &heads, &rows));
    }
    let floor_heads = FLOOR_COLUMNS.map(str::to_owned).to_vec();
    out.push_str(&block("floors: no learning at all", &floor_heads, &floor_rows(&results.floors)));
    for bundle in results.bundles.iter().filter(|bundle| !bundle.perturbed.is_empty()) {
        let heads = PERTURBED_COLUMNS.map(str::to_owned).to_vec();
        let title = format!("{} with changed test frames: AUC (loss)", name(bundle));
        out.push_str(&block(&title, &heads, &perturbed_rows(bundle)));
    }
    out
}

/// Names that tell the bundles apart.
pub fn bundle_heads(results: &Results) -> Vec<String> {
    results.bundles.iter().map(name).collect()
}

fn name(bundle: &BundleResult) -> String {
    let folder = bundle.bundle.file_name().unwrap_or_default().to_string_lossy();
    if folder.contains(&bundle.precision) {
        folder.into_owned()
    } else {
        format!("{folder} {}", bundle.precision)
    }
}

pub fn paper_rows(results: &Results) -> Vec<Row> {
    let row = |name: &str, pick: fn(&PaperResult) -> String| {
        let cells = results.bundles.iter().map(|b| b.paper.as_ref().map_or_else(dash, pick));
        (name.to_owned(), cells.collect())
    };
    if results.bundles.iter().all(|b| b.paper.is_none()) {
        return Vec::new();
    }
    vec![
        row("PSNR and distance, λ", |p| format!("{:.2}", p.lambda)),
        row("  AUC", |p| percent(p.combined.auc)),
        row("PSNR alone, AUC", |p| percent(p.psnr_only.auc)),
    ]
}

pub fn frame_rows(results: &Results) -> Vec<Row> {
    let row = |name: &str, pick: fn(&DeployedResult) -> Ranking| {
        deployed_row(results, name, |d| both(pick(d)))
    };
    only_with_deployed(
        results,
        vec![
            row("PSNR", |d| d.psnr),
            row("memory distance", |d| d.distance),
            row("worst block, relative, smoothed", |d| d.block),
            row("deployed score", |d| d.score),
            row("  each clip min-max normalised", |d| d.score_per_clip),
        ],
    )
}

pub fn alarm_rows(results: &Results) -> Vec<Row> {
    let row = |name: &str, pick: fn(&DeployedResult) -> String| deployed_row(results, name, pick);
    only_with_deployed(
        results,
        vec![
            row("budget, false alarms a day", |d| format!("{}", d.alarms.budget.alarms_per_day)),
            row("enter / exit level", |d| {
                let budget = &d.alarms.budget;
                format!("{:.2} / {:.2}", budget.enter_level, budget.exit_level)
            }),
            row("calibration long enough", |d| {
                let enough = d.alarms.budget.is_supported();
                if enough { "yes".into() } else { "no: extrapolated".into() }
            }),
            row("events caught", |d| format!("{} of {}", d.alarms.caught, d.alarms.events.len())),
            row("  share", |d| percent(d.alarms.caught_share)),
            row("  within 1.5 s", |d| d.alarms.caught_promptly.to_string()),
            row("delay, median", |d| seconds(d.alarms.median_delay_s)),
            row("delay, longest", |d| seconds(d.alarms.max_delay_s)),
            row("false alarms", |d| d.alarms.false_alarms.to_string()),
            row("  in normal time of", |d| format!("{:.1} s", d.alarms.normal_h * 3600.0)),
            row("  per hour", |d| number(d.alarms.false_alarms_per_hour, 1)),
            row("normal stretches > 2 s alarmed", |d| {
                let quiet = d.alarms.quiet;
                format!("{} of {}", quiet.with_alarm, quiet.stretches)
            }),
        ],
    )
}

pub fn place_rows(results: &Results) -> Vec<Row> {
    let row = |name: &str, pick: fn(&DeployedResult) -> String| deployed_row(results, name, pick);
    let masked = |b: &BundleResult| b.deployed.as_ref().is_some_and(|d| d.pixel_auroc.is_some());
    if !results.bundles.iter().any(masked) {
        return Vec::new();
    }
    let share = |d: &DeployedResult, chance: bool| {
        percent(d.localisation.and_then(|l| if chance { l.chance } else { l.share }))
    };
    vec![
        row("pixel AUROC, error map", |d| percent(d.pixel_auroc)),
        row("pixel AUROC, box-filtered map", |d| percent(d.block_pixel_auroc)),
        row("alarmed abnormal frames", |d| {
            d.localisation.map_or_else(dash, |l| l.frames.to_string())
        }),
        deployed_row(results, "  worst block on the anomaly", |d| share(d, false)),
        deployed_row(results, "  a random block would be", |d| share(d, true)),
    ]
}

/// Heads of [`floor_rows`].
pub const FLOOR_COLUMNS: [&str; 4] = ["paper's", "PSNR", "block", "pixel"];

pub fn floor_rows(floors: &[Floor]) -> Vec<Row> {
    let row = |f: &Floor| {
        let name = format!("{} at {}×{}", f.predictor, f.width_px, f.height_px);
        let cells = [f.paper.auc, f.psnr.auc, f.block.auc, f.pixel_auroc].map(percent);
        (name, cells.to_vec())
    };
    floors.iter().map(row).collect()
}

/// Heads of [`perturbed_rows`].
pub const PERTURBED_COLUMNS: [&str; 6] =
    ["score", "block", "PSNR", "caught", "false", "last frame"];

pub fn perturbed_rows(bundle: &BundleResult) -> Vec<Row> {
    let cell = |auc: Option<f64>, loss: Option<f64>| match (auc, loss) {
        (Some(auc), Some(loss)) => format!("{:.2} ({:.2})", auc * 100.0, loss * 100.0),
        _ => dash(),
    };
    let row = |p: &super::results::PerturbedResult| {
        let d = &p.deployed;
        let cells = vec![
            cell(d.score.auc, p.auc_loss),
            cell(d.block.auc, p.block_auc_loss),
            cell(d.psnr.auc, p.psnr_auc_loss),
            format!("{} of {}", d.alarms.caught, d.alarms.events.len()),
            d.alarms.false_alarms.to_string(),
            percent(p.floor.as_ref().and_then(|f| f.psnr.auc)),
        ];
        (p.perturbation.clone(), cells)
    };
    bundle.perturbed.iter().map(row).collect()
}

fn deployed_row(results: &Results, name: &str, pick: impl Fn(&DeployedResult) -> String) -> Row {
    let cells = results.bundles.iter().map(|b| b.deployed.as_ref().map_or_else(dash, &pick));
    (name.to_owned(), cells.collect())
}

fn only_with_deployed(results: &Results, rows: Vec<Row>) -> Vec<Row> {
    if results.bundles.iter().any(|b| b.deployed.is_some()) { rows } else { Vec::new() }
}

/// A table under its title; nothing without rows.
pub fn block(title: &str, heads: &[String], rows: &[Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let chars = |text: &str| text.chars().count();
    let names = rows.iter().map(|(name, _)| chars(name)).max().unwrap_or(0).max(34);
    let mut out = format!("\n{title}\n{:names$}", "");
    let width = |column: usize| {
        let cells = rows.iter().map(|(_, cells)| chars(&cells[column]));
        cells.chain([chars(&heads[column])]).max().unwrap_or(0) + 3
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    for (head, width) in heads.iter().zip(&widths) {
        out.push_str(&format!("{head:>width$}"));
    }
    for (name, cells) in rows {
        out.push_str(&format!("\n{name:<names$}"));
        for (cell, width) in cells.iter().zip(&widths) {
            out.push_str(&format!("{cell:>width$}"));
        }
    }
    out.push('\n');
    out
}

pub fn dash() -> String {
    "–".into()
}

pub fn percent(share: Option<f64>) -> String {
    share.map_or_else(dash, |share| format!("{:.2} %", share * 100.0))
}

fn both(ranking: Ranking) -> String {
    format!("{} / {}", percent(ranking.auc), percent(ranking.average_precision))
}

pub fn seconds(value: Option<f64>) -> String {
    value.map_or_else(dash, |s| format!("{s:.1} s"))
}

pub fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(dash, |v| format!("{v:.decimals$}"))
}
