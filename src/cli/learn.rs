//! `normwatch learn`: a board learns its own camera.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::error::Error;
use super::{print_json, site, toolchain};
use crate::clock::{Clock, SystemClock};
use crate::config::{LearnSection, Site};
use crate::health::ServiceManager;
use crate::learn::{
    Course, CourseEnd, CourseOptions, Generations, Phase, Status, TrainLength, input_of, is_same,
    step_back,
};
use crate::runtime::Shutdown;
use crate::station::{Camera, Needs};

/// A shorter observation is to try it out.
const LEAST_OBSERVE_S: f64 = 1800.0;

const AFTER_HELP: &str = "\
The phases follow one another: observe the camera, train a network on what was
stored, prove the bundle, let it settle. Each goes on where it was interrupted, by a
signal, a crash or a power cut: give the same command again. The bundle that was
there before stays until the new one has settled.

The section [learn] of the site file says where all of it lies and how long each
phase takes. The site file's bundle should be FOLDER/current.";

/// Ends in order on SIGINT, SIGTERM and SIGHUP; the same command goes on then.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(super) struct LearnArgs {
    /// The site file, for its camera and its `[learn]`.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Say how far the learning is, and what would go wrong; change nothing.
    #[arg(long)]
    status: bool,
    /// Print how far the learning is as JSON.
    #[arg(long)]
    json: bool,
    /// Observe for so long, as 90s, 30m, 24h or 2d, instead of `observe_h` in `[learn]`.
    #[arg(long, value_name = "DURATION", value_parser = duration_s)]
    observe: Option<f64>,
    /// Settle for so long, instead of `settle_h` in `[learn]`.
    #[arg(long, value_name = "DURATION", value_parser = duration_s)]
    settle: Option<f64>,
    /// Recorded normal footage to learn from, instead of observing the camera.
    #[arg(long, value_name = "PATH")]
    from: Option<PathBuf>,
    /// End once this phase is done.
    #[arg(long, value_name = "PHASE")]
    until: Option<Until>,
    /// Learn also where nothing moves, or where it is always the same.
    #[arg(long)]
    accept_calm: bool,
    /// Begin the next generation where the last one is done; its store of pictures is
    /// gone on with.
    #[arg(long)]
    again: bool,
    /// For tests: train for so many steps instead of minutes.
    #[arg(long, hide = true)]
    train_steps: Option<usize>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Until {
    Observe,
    Train,
    Prove,
    Settle,
}

impl From<Until> for Phase {
    fn from(until: Until) -> Self {
        match until {
            Until::Observe => Self::Observe,
            Until::Train => Self::Train,
            Until::Prove => Self::Prove,
            Until::Settle => Self::Settle,
        }
    }
}

/// Seconds of `90s`, `30m`, `24h` or `2d`.
fn duration_s(text: &str) -> Result<f64, String> {
    const UNITS: [(char, f64); 4] = [('s', 1.0), ('m', 60.0), ('h', 3600.0), ('d', 86_400.0)];
    let unit = UNITS.iter().find(|(letter, _)| text.ends_with(*letter));
    let seconds = unit.and_then(|(letter, seconds)| {
        text.strip_suffix(*letter)?.parse::<f64>().ok().map(|number| number * seconds)
    });
    seconds
        .filter(|s| (1.0..=14.0 * 86_400.0).contains(s))
        .ok_or_else(|| "write 90s, 30m, 24h or 2d: 1s to 14d".into())
}

pub(super) fn run(args: &LearnArgs) -> Result<(), Error> {
    let site = site::load(&args.config)?;
    let section = section(&site)?;
    if args.status {
        return report(args, section);
    }
    let observes_only = matches!(args.until, Some(Until::Observe));
    let program = match toolchain::find() {
        Ok(program) => program,
        Err(_) if observes_only => PathBuf::new(),
        Err(error) => return Err(error),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let shutdown = Shutdown::on_signals().map_err(Error::signals)?;
    let needs = Needs::of(&input_of(section.preset));
    let mut camera = Camera::new(&site.camera, needs, clock.clone())
        .woken_by(shutdown.wake())
        .borrowed_at(section.camera_socket());
    step_back();
    let course = Course {
        site: &site,
        section,
        options: options(args, section),
        toolchain: &program,
        service: ServiceManager::from_environment(),
        clock: &*clock,
        shutdown: &shutdown,
    };
    let (_, end) = course.run(&mut || camera.open())?;
    report(args, section)?;
    if !args.json {
        say_what_next(&site, section, end);
    }
    Ok(())
}

/// The site's `[learn]`.
///
/// # Errors
/// There is none.
pub(super) fn section(site: &Site) -> Result<&LearnSection, Error> {
    site.learn.as_ref().ok_or_else(|| {
        Error::Usage(format!(
            "{} has no section [learn]: add `[learn]` with `folder = \"learnt\"`, where pictures \
             and bundles are to lie",
            site.file.display()
        ))
    })
}

fn options(args: &LearnArgs, section: &LearnSection) -> CourseOptions {
    let observe_s = args.observe.unwrap_or(3600.0 * section.observe_h);
    if observe_s < LEAST_OBSERVE_S && args.from.is_none() {
        log::warn!(
            "{observe_s:.0} s of observation are enough to try it out, and not to watch: what is \
             not seen will be an alarm"
        );
    }
    CourseOptions {
        observe_s,
        settle_s: args.settle.unwrap_or(3600.0 * section.settle_h),
        length: match args.train_steps {
            Some(steps) => TrainLength::Steps(steps),
            None => TrainLength::Minutes(section.train_minutes),
        },
        from: args.from.clone(),
        until: args.until.map(Phase::from),
        accept_calm: args.accept_calm,
        again: args.again,
    }
}

fn report(args: &LearnArgs, section: &LearnSection) -> Result<(), Error> {
    let toolchain = toolchain::find().err().map(|error| error.to_string());
    let now_unix_s = SystemClock.wall_ns() / 1_000_000_000;
    let status = Status::read(section, now_unix_s, toolchain)?;
    if args.json {
        return print_json(&status);
    }
    print!("{status}");
    Ok(())
}

fn say_what_next(site: &Site, section: &LearnSection, end: CourseEnd) {
    let config = site.file.display();
    match end {
        CourseEnd::Stopped => println!("\nstopped; the same command goes on"),
        CourseEnd::Until(phase) => {
            println!("\n{phase} is done; `normwatch learn --config {config}` goes on");
        }
        CourseEnd::Ready { armed } => {
            let current = Generations::new(&section.folder).current_path();
            if !is_same(&site.bundle, &current) {
                println!("\nto watch with what was learnt, put this into {config}:");
                println!("bundle = \"{}\"", current.display());
            }
            match armed {
                true => {
                    println!("\nit is current; a service that watches takes it within a minute")
                }
                false => println!(
                    "\nnot current yet; to watch with it: `normwatch bundle use --config {config}`"
                ),
            }
            println!("to learn again: `normwatch learn --config {config} --again`");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_and_a_range() {
        for (text, seconds) in [("90s", 90.0), ("30m", 1800.0), ("1.5h", 5400.0), ("2d", 172_800.0)]
        {
            assert_eq!(duration_s(text), Ok(seconds));
        }
        for text in ["", "30", "h", "0s", "-5m", "15d", "1w", "nans", "ä"] {
            assert!(duration_s(text).unwrap_err().contains("30m"), "{text}");
        }
    }
}
