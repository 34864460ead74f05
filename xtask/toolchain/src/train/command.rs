//! The command: from flags and footage to a training that runs.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use normwatch::model::Normaliser;
use normwatch::runtime::Shutdown;

use super::args::TrainArgs;
use super::backend::Place;
use super::console::{Voice, Watch, announce, summarise};
use super::engine::Mode;
use super::footage::Footage;
use super::learner::{Learner, Objective, Teacher};
use super::motion_memory::{LEAST_TOLD, Learnt, learn_motion};
use super::plan::{Plan, TimeBudget};
use super::reading::read;
use super::report::forget_after;
use super::resume::check_same;
use super::samples::Samples;
use super::session::Session;
use super::state::{Progress, load};
use super::validate::validation_windows;
use super::view::learn_view;
use super::window::WindowShape;
use crate::net::{Network, PresetValues};
use crate::run::{
    Checkpoint, FORMAT_VERSION, FootageRecord, RUN_FILE, RunFile, TrainingRecord, UpdateNormaliser,
    write_motion, write_view,
};

/// Steps that the speed of this machine is taken from.
const TIMED_STEPS: usize = 8;

/// Trains as `args` say, or goes on with what is in RUN.
pub fn run(args: &TrainArgs) -> Result<()> {
    let begun = Instant::now();
    let voice = if args.json { Voice::Json } else { Voice::Text };
    let session = train_to_the_end(args, begun, voice, Shutdown::on_signals()?)?;
    summarise(&session, begun.elapsed().as_secs_f64(), args.json)
}

/// The same without a word on standard output, for other commands. `shutdown`
/// ends it with a checkpoint.
///
/// # Errors
/// As [`run`]; also when it was ended.
pub fn train(args: &TrainArgs, shutdown: Shutdown) -> Result<()> {
    train_to_the_end(args, Instant::now(), Voice::Silent, shutdown).map(drop)
}

fn train_to_the_end(
    args: &TrainArgs,
    begun: Instant,
    voice: Voice,
    shutdown: Shutdown,
) -> Result<Session> {
    let mut session = prepare(args, begun)?;
    if voice == Voice::Text {
        announce(&session);
    }
    let bar = normwatch_progress::bar("training", "steps", session.plan.steps() as u64);
    bar.set_position(session.plan.steps_done(session.progress.done()));
    bar.reset_eta();
    let (folder, plan) = (session.folder.clone(), session.plan);
    let mut watch = Watch { folder: &folder, plan, bar, voice, shutdown };
    let finished = session.run(&mut watch)?;
    watch.bar.finish_and_clear();
    if !finished {
        bail!(
            "stopped in epoch {} after step {}; run the same command to go on",
            session.progress.epoch + 1,
            session.progress.step
        );
    }
    Ok(session)
}

pub fn prepare(args: &TrainArgs, begun: Instant) -> Result<Session> {
    let place = args.backend.place()?;
    let PresetValues { network: spec, mut input } = args.network()?;
    let training = args.training(spec.task)?;
    let stored = stored_run(&args.out)?;
    let footage = read(&args.footage, &mut input, args.network.relight.is_some())?;
    let network = Network::build(spec, input)?;
    let shape = WindowShape::new(&spec, input);
    let view = learn_view(&footage.clips, &input)?;
    let (record, samples, held_out) = split(args, footage, shape, &training)?;
    let both = [samples.segments(), held_out.segments()];
    let motion = learn_motion(both, &input, training.seed);
    report_motion(motion.as_ref());
    let objective = objective(&training);
    let mut new = RunFile {
        format_version: FORMAT_VERSION,
        preset: args.preset,
        training_data: training_data(&record, input.fps),
        network: spec,
        input,
        training: None,
        footage: Some(record),
    };
    let planned = stored.as_ref().and_then(|run| run.training.as_ref());
    let planned = planned.filter(|stored| stored.minutes == training.minutes);
    let teacher = |place: &Place| teacher(&training, &network, place);
    let speed = || {
        let mut learner = Learner::new(network.clone(), objective, training.seed, &place)?;
        learner.teacher = teacher(&place)?;
        seconds_per_step(learner, &samples, &training)
    };
    let validation_steps = validation_windows(&samples, &held_out) / (3.0 * training.batch as f64);
    let mut plan = match planned {
        Some(TrainingRecord { epochs, steps_per_epoch, minutes: Some(_), .. }) => {
            Plan { epochs: *epochs, steps_per_epoch: *steps_per_epoch, time: None }
        }
        _ => {
            let windows = samples.len();
            plan(args, &training, windows, begun, &mut || Ok((speed()?, validation_steps)))?
        }
    };
    plan.time = training.minutes.map(|minutes| TimeBudget {
        seconds: 60.0 * minutes - begun.elapsed().as_secs_f64(),
        validation_steps,
    });
    let Plan { epochs, steps_per_epoch, .. } = plan;
    let training = TrainingRecord { epochs, steps_per_epoch, ..training.clone() };
    new.training = Some(training.clone());
    match &stored {
        Some(stored) => check_same(stored, &new)?,
        None => {
            fs::create_dir_all(&args.out)
                .with_context(|| format!("{} cannot be made", args.out.display()))?;
            new.write(&args.out)?;
        }
    }
    write_view(&args.out, &view)?;
    write_motion(&args.out, motion.as_ref().and_then(Learnt::useful))?;
    let (mut learner, progress) =
        match load(&args.out, network.clone(), objective, steps_per_epoch, &place)? {
            Some(found) => found,
            None => {
                let seed = training.seed;
                (Learner::new(network.clone(), objective, seed, &place)?, Progress::default())
            }
        };
    learner.teacher = teacher(&place)?;
    forget_after(&args.out, progress.epoch)?;
    Ok(Session {
        folder: args.out.clone(),
        run: new,
        training,
        plan,
        samples,
        held_out,
        learner,
        progress,
        checkpoint_every: Duration::from_secs_f64(60.0 * args.checkpoint_minutes.clamp(0.0, 1e6)),
    })
}

/// The RUN that is there already, if one is.
fn stored_run(folder: &Path) -> Result<Option<RunFile>> {
    if folder.join(RUN_FILE).exists() {
        let run = RunFile::read(folder)?;
        ensure!(
            run.training.is_some(),
            "{} was imported, not trained: choose another --out",
            folder.display()
        );
        return Ok(Some(run));
    }
    let empty = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => true,
    };
    ensure!(empty, "{} is neither empty nor a RUN: choose another --out", folder.display());
    Ok(None)
}

fn split(
    args: &TrainArgs,
    footage: Footage,
    shape: WindowShape,
    training: &TrainingRecord,
) -> Result<(FootageRecord, Samples, Samples)> {
    let mut record = FootageRecord {
        paths: args.footage.iter().map(|path| path.display().to_string()).collect(),
        clips: footage.clips.len(),
        frames: footage.frame_count(),
        skipped_frames: footage.skipped.len(),
        held_out: Vec::new(),
        sha256: footage.sha256(),
    };
    let skipped = footage.first_skipped();
    let (clips, held_out) = footage.split(training.held_out, shape.span);
    record.held_out = held_out.iter().map(|clip| clip.name.clone()).collect();
    let (samples, held_out) = (Samples::new(clips, shape), Samples::new(held_out, shape));
    let frames = record.frames;
    ensure!(
        samples.len() >= training.batch && held_out.len() >= 1,
        "the footage is too short: its {frames} frames give {} training windows and {} held-out \
         ones of {} consecutive frames each, but at least {} and 1 are needed; record more{skipped}",
        samples.len(),
        held_out.len(),
        shape.span,
        training.batch
    );
    Ok((record, samples, held_out))
}

fn report_motion(learnt: Option<&Learnt>) {
    let Some(Learnt { told, .. }) = learnt.filter(|learnt| learnt.useful().is_none()) else {
        return;
    };
    eprintln!(
        "no motion memory: {:.0} % of the held-out cells that move are told from hurried ones, and \
         {:.0} % is the least",
        100.0 * told,
        100.0 * LEAST_TOLD
    );
}

fn training_data(footage: &FootageRecord, fps: f64) -> String {
    format!(
        "{} frames of normal footage in {} clips, {fps} frames a second, from {}.",
        footage.frames,
        footage.clips,
        footage.paths.join(", ")
    )
}

fn objective(training: &TrainingRecord) -> Objective {
    Objective {
        motion: training.motion_weight.unwrap_or(0.0),
        compact: training.compact,
        separate: training.separate,
        normaliser: match training.normaliser {
            UpdateNormaliser::Released => Normaliser::Released,
            UpdateNormaliser::Paper => Normaliser::Paper,
        },
        keep: training.ema_memory,
    }
}

fn teacher(training: &TrainingRecord, student: &Network, place: &Place) -> Result<Option<Teacher>> {
    let (Some(path), Some(weight)) = (&training.teacher, training.teacher_weight) else {
        return Ok(None);
    };
    let Checkpoint { network, weights, items, .. } = Checkpoint::load(Path::new(path))?;
    ensure!(
        network.input == student.input && network.spec.task == student.spec.task,
        "the teacher {path} takes other frames ({:?}) than the student ({:?})",
        network.input,
        student.input
    );
    let engine = place.engine(network, &weights, Mode::Inference)?;
    Ok(Some(Teacher { engine, items, weight }))
}

/// `speed` gives the seconds of a step, and the steps that a validation costs.
fn plan(
    args: &TrainArgs,
    training: &TrainingRecord,
    windows: usize,
    begun: Instant,
    speed: &mut dyn FnMut() -> Result<(f64, f64)>,
) -> Result<Plan> {
    if let Some(minutes) = training.minutes {
        let (each, validation_steps) = speed()?;
        let left = 60.0 * minutes - begun.elapsed().as_secs_f64();
        let steps = left / each;
        let epochs = Plan::about((steps as usize).max(1), windows, training.batch)?.epochs;
        // Each epoch has a step at least, and ends with a validation.
        let most_epochs = (steps / (1.0 + validation_steps)) as usize;
        let epochs = epochs.min(most_epochs).max(1);
        let steps = (steps - epochs as f64 * validation_steps) as usize;
        ensure!(
            steps >= epochs,
            "{minutes} minutes are too short: a step takes {each:.2} s here, a validation as long \
             as {validation_steps:.1} steps, and reading the footage took its time"
        );
        return Plan::about(steps, windows, training.batch);
    }
    match args.training.steps {
        Some(steps) => Plan::about(steps.max(1), windows, training.batch),
        None => Plan::whole_epochs(training.epochs, windows, training.batch),
    }
}

/// Trains a throwaway network for a few steps.
fn seconds_per_step(
    mut learner: Learner,
    samples: &Samples,
    training: &TrainingRecord,
) -> Result<f64> {
    let indices: Vec<usize> = samples.order(training.seed, 0)[..training.batch].to_vec();
    learner.step(&samples.batch(&indices), None, training.learning_rate)?;
    let begun = Instant::now();
    for _ in 0..TIMED_STEPS {
        learner.step(&samples.batch(&indices), None, training.learning_rate)?;
    }
    Ok(begun.elapsed().as_secs_f64() / TIMED_STEPS as f64)
}
