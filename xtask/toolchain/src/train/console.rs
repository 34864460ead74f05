//! What a training says while it runs.

use std::path::Path;

use anyhow::{Context, Result};
use normwatch::runtime::Shutdown;
use normwatch_progress::ProgressBar;
use serde::Serialize;

use super::plan::Plan;
use super::report::{EpochReport, append};
use super::session::{Observer, Session};
use super::state::Progress;
use crate::invocation::invoked_as;
use crate::run::{BEST, Checkpoint, LAST};

/// What a training prints on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    Text,
    /// One line an epoch.
    Json,
    Silent,
}

pub(super) fn announce(session: &Session) {
    let Session { run, samples, progress, .. } = session;
    let network = session.learner.engine.network();
    let (Some(footage), Some(training)) = (&run.footage, &run.training) else { return };
    println!(
        "{}: {} parameters, {:.3} GMAC a frame",
        run.preset.name(),
        network.parameter_count(),
        network.macs() as f64 / 1e9
    );
    println!(
        "{} clips, {} frames, {} training windows; held out: {}",
        footage.clips,
        footage.frames,
        samples.len(),
        footage.held_out.join(", ")
    );
    println!(
        "{}{} epochs of {} steps of {} windows",
        if training.minutes.is_some() { "about " } else { "" },
        training.epochs,
        training.steps_per_epoch,
        training.batch
    );
    if *progress != Progress::default() {
        println!("going on in epoch {} after step {}", progress.epoch + 1, progress.step);
    }
}

pub(super) struct Watch<'a> {
    pub folder: &'a Path,
    pub plan: Plan,
    pub bar: ProgressBar,
    pub voice: Voice,
    pub shutdown: Shutdown,
}

impl Observer for Watch<'_> {
    fn step(&mut self, progress: &Progress) -> bool {
        let Progress { epoch, step, sums, .. } = *progress;
        self.bar.set_position(self.plan.steps_done(progress.done()));
        let pixel = sums[0] / step as f64;
        self.bar.set_message(format!("epoch {}, pixel loss {pixel:.5}", epoch + 1));
        !self.shutdown.is_requested()
    }

    fn epoch(&mut self, report: &EpochReport) -> Result<()> {
        append(self.folder, report)?;
        let line = match self.voice {
            Voice::Text => report.to_string(),
            Voice::Json => serde_json::to_string(report)?,
            Voice::Silent => return Ok(()),
        };
        self.bar.suspend(|| println!("{line}"));
        Ok(())
    }
}

#[derive(Serialize)]
struct Summary<'a> {
    run: &'a Path,
    best: crate::run::Validation,
    parameters: usize,
    macs: u64,
    seconds: f64,
}

pub(super) fn summarise(session: &Session, seconds: f64, json: bool) -> Result<()> {
    let Checkpoint { network, validation, .. } = Checkpoint::load(&session.folder)?;
    let best = validation.with_context(|| format!("{BEST} has no validation"))?;
    if json {
        let (parameters, macs) = (network.parameter_count(), network.macs());
        let summary = Summary { run: &session.folder, best, parameters, macs, seconds };
        println!("{}", serde_json::json!({ "summary": summary }));
        return Ok(());
    }
    println!(
        "done in {seconds:.0} s; {} is of epoch {}: held-out pixel loss {:.5}, pasted AUC {:.2} %",
        session.folder.join(BEST).display(),
        best.epoch,
        best.pixel,
        100.0 * best.pasted_auc
    );
    println!("next: {} export {} --out BUNDLE", invoked_as(), session.folder.display());
    println!("{} is only needed to go on, and may be deleted", session.folder.join(LAST).display());
    Ok(())
}
