//! From scene to scene: what is trained, what is judged, and what goes wrong
//! with one of them without harm to the others.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, bail, ensure};
use normwatch::doctor::this_machine;
use normwatch::fs::write_atomically;
use normwatch::runtime::Shutdown;

use super::ScenesArgs;
use super::make::{Place, make, network};
use super::pool::pool;
use super::rate::check_rates;
use super::results::{BUDGETS, NotJudged, Results, SceneResult};
use super::scene::{Scene, list};
use super::split::Split;
use super::{judge, page, table};

/// Trains and judges, prints, and writes the report.
///
/// # Errors
/// No scene there, senseless flags, a stop by the user; after the report also
/// the first scene's that could not be judged.
pub fn run(args: &ScenesArgs) -> Result<()> {
    let (results, failure) = judge_all(args, &Shutdown::on_signals()?)?;
    let out = out(args);
    let figures = serde_json::to_string_pretty(&results)?;
    write(&out.join("scenes.json"), &figures)?;
    write(&out.join("scenes.html"), &page::render(&results))?;
    match args.json {
        true => println!("{figures}"),
        false => print!("{}", table::render(&results)),
    }
    eprintln!("written to {}", out.join("scenes.html").display());
    match failure {
        None => Ok(()),
        Some(error) => {
            let (lost, all) = (results.not_judged.len(), results.scenes.len());
            let all = lost + all;
            Err(error.context(format!("{lost} of {all} scenes could not be judged, the first")))
        }
    }
}

/// All of it but the output. The error is that of the first scene that could
/// not be judged.
///
/// # Errors
/// As [`run`], scenes aside.
pub fn judge_all(args: &ScenesArgs, shutdown: &Shutdown) -> Result<(Results, Option<Error>)> {
    let out = out(args);
    apart(&out, &args.data)?;
    let input = network(args)?.input;
    let mut outcome = Outcome::default();
    let mut scenes = Vec::new();
    let listed = list(&args.data, &args.only)?;
    check_rates(&args.fps, |name| listed.contains_key(name))?;
    for (name, path) in listed {
        let read = Scene::read(&name, &path, args, input.fps).and_then(|scene| {
            judge::check_length(&scene, input.past_span())?;
            Ok(scene)
        });
        match read {
            Ok(scene) => scenes.push(scene),
            Err(error) => outcome.lose(&name, error),
        }
    }
    let mut pace = Pace::new(args);
    for (index, scene) in scenes.iter().enumerate() {
        let left = pace.left(scenes.len() - index);
        let heading = format!("scene {} of {}, {}{left}", index + 1, scenes.len(), scene.name);
        eprintln!("{heading}");
        let _around = normwatch_progress::around(heading);
        let begun = Instant::now();
        let judged = one(args, scene, &Place::new(&out, &scene.name), shutdown);
        if shutdown.is_requested() {
            match judged {
                Err(error) => return Err(error),
                Ok(_) => bail!("stopped after {}; run the same command to go on", scene.name),
            }
        }
        match judged {
            Ok(result) => {
                eprintln!("{}: {}", scene.name, table::line(&result));
                outcome.scenes.push(result);
            }
            Err(error) => outcome.lose(&scene.name, error),
        }
        pace.took(begun.elapsed());
    }
    Ok(outcome.finish(args))
}

fn one(
    args: &ScenesArgs,
    scene: &Scene,
    place: &Place,
    shutdown: &Shutdown,
) -> Result<SceneResult> {
    let split = Split::make(&scene.dataset.training, &place.footage())?;
    if !args.skip_training {
        make(args, scene, &split, place, shutdown)?;
    }
    let (result, page) = judge::judge(args, scene, &split, place)?;
    write(&place.page(), &page)?;
    Ok(result)
}

#[derive(Default)]
struct Outcome {
    scenes: Vec<SceneResult>,
    not_judged: Vec<NotJudged>,
    first: Option<Error>,
}

impl Outcome {
    fn lose(&mut self, scene: &str, error: Error) {
        let why = format!("{error:#}");
        eprintln!("{scene}: cannot be judged: {why}");
        self.not_judged.push(NotJudged { scene: scene.to_owned(), why });
        self.first.get_or_insert(error.context(scene.to_owned()));
    }

    fn finish(self, args: &ScenesArgs) -> (Results, Option<Error>) {
        let budgets = BUDGETS.iter().enumerate();
        let results = Results {
            data: args.data.clone(),
            preset: args.preset.name(),
            minutes: args.minutes,
            seed: args.seed,
            precision: args.precision.name(),
            train_flags: args.train.clone(),
            machine: this_machine(),
            pooled: budgets.map(|(index, &budget)| pool(&self.scenes, index, budget)).collect(),
            scenes: self.scenes,
            not_judged: self.not_judged,
        };
        (results, self.first)
    }
}

/// How long the rest will take.
struct Pace {
    /// Of one scene, before any is done: the training alone.
    least: Option<Duration>,
    took: Vec<Duration>,
}

impl Pace {
    fn new(args: &ScenesArgs) -> Self {
        let minutes = args.minutes.filter(|_| !args.skip_training);
        Self {
            least: minutes.and_then(|minutes| Duration::try_from_secs_f64(60.0 * minutes).ok()),
            took: Vec::new(),
        }
    }

    fn took(&mut self, time: Duration) {
        self.took.push(time);
    }

    /// In words, for so many scenes.
    fn left(&self, scenes: usize) -> String {
        let all = |one: Duration| one.as_secs_f64() * scenes as f64 / 60.0;
        let done = u32::try_from(self.took.len()).unwrap_or(u32::MAX);
        let least = self.least.filter(|&one| all(one) >= 1.0);
        match (self.took.iter().sum::<Duration>().checked_div(done), least) {
            (Some(one), _) => format!(", about {:.0} min left for all", all(one).ceil()),
            (None, Some(one)) => format!(", more than {:.0} min left for all", all(one).floor()),
            (None, None) => String::new(),
        }
    }
}

/// Where everything goes.
fn out(args: &ScenesArgs) -> PathBuf {
    args.out.clone().unwrap_or_else(|| {
        let time = args.minutes.map_or(String::new(), |minutes| format!("-{minutes}min"));
        Path::new("out/scenes").join(format!("{}{time}-seed{}", args.preset.name(), args.seed))
    })
}

/// Refuses to write among the scenes: what is there might be theirs.
fn apart(out: &Path, data: &Path) -> Result<()> {
    let whole = |path: &Path| {
        std::path::absolute(path).and_then(|path| {
            // The part that is there, without links.
            let there = path.ancestors().find(|folder| folder.exists()).unwrap_or(&path);
            let rest = path.strip_prefix(there).unwrap_or(Path::new(""));
            Ok(fs::canonicalize(there)?.join(rest))
        })
    };
    let (out, data) = (whole(out)?, whole(data)?);
    ensure!(!out.starts_with(&data), "{} lies in --data: choose another --out", out.display());
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    let failed = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(failed)?;
    }
    write_atomically(path, text.as_bytes()).with_context(failed)
}
