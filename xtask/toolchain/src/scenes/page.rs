//! The figures of all scenes as a page.

use normwatch::output::report::{Report, Section, Verdict, render as page};

use super::results::{BUDGETS, Results};
use super::table::{self, ALARM_COLUMNS, AUC_COLUMNS, POOLED_COLUMNS};
use crate::eval::report::section;

/// The page. Each scene has one of its own, with curves and pictures.
pub fn render(results: &Results) -> String {
    let heads = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>();
    let mut sections = vec![section(
        "Scenes",
        "Frame AUC of the deployed score, beside two predictors that learn nothing (worst block). \
         The held-out loss is that of the footage which only the calibration saw.",
        &heads(&AUC_COLUMNS),
        table::auc_rows(results),
    )];
    sections.push(section(
        "All scenes pooled",
        "By false alarms a day. Allowed is what the budget grants in the normal time of all test \
         parts.",
        &heads(&POOLED_COLUMNS),
        table::pooled_rows(results),
    ));
    for (index, budget) in BUDGETS.iter().enumerate() {
        let title = format!("Alarms at {budget} a day");
        let rows = table::alarm_rows(results, index);
        sections.push(section(&title, "", &heads(&ALARM_COLUMNS), rows));
    }
    sections.push(lines("Notes", table::notes(results)));
    sections.push(lines("Not judged", table::not_judged(results)));
    sections.retain(|section| !section.rows.is_empty());
    let summary_rows = table::head(results);
    let title = "Scenes".to_owned();
    let verdict = Some(verdict(results));
    page(&Report { title, verdict, summary_rows, sections, ..Report::default() })
}

fn verdict(results: &Results) -> Verdict {
    let judged = results.scenes.len();
    let all = judged + results.not_judged.len();
    let passed = judged == all;
    Verdict { passed, sentence: format!("{judged} of {all} scenes were judged.") }
}

fn lines(title: &str, lines: Vec<(String, String)>) -> Section {
    let rows = lines.into_iter().map(|(scene, text)| (scene, vec![text])).collect();
    section(title, "", &[String::new()], rows)
}
