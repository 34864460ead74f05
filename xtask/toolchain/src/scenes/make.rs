//! From a scene's training footage to the bundle that is judged, by the
//! commands that a user would type.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Args, Command};
use normwatch::runtime::Shutdown;

use super::scene::Scene;
use super::split::Split;
use super::{Judged, ScenesArgs};
use crate::export::{self, ExportArgs};
use crate::net::PresetValues;
use crate::quantize::{QuantizeArgs, quantise};
use crate::train::{self, TrainArgs};

/// Where what belongs to one scene lies.
#[derive(Clone, Debug)]
pub struct Place(PathBuf);

impl Place {
    pub fn new(out: &Path, scene: &str) -> Self {
        Self(out.join(scene))
    }

    pub fn footage(&self) -> PathBuf {
        self.0.join("footage")
    }

    pub fn run(&self) -> PathBuf {
        self.0.join("run")
    }

    pub fn bundle(&self, precision: Judged) -> PathBuf {
        self.0.join(precision.name())
    }

    /// Why there is no bundle in integers, where there is none.
    fn refusal(&self) -> PathBuf {
        self.0.join("int8-refused.txt")
    }

    /// The bundle that is judged. Where the one in integers was refused it is that in floats,
    /// with a note that says why.
    pub fn judged(&self, precision: Judged) -> (PathBuf, Option<String>) {
        let wanted = self.bundle(precision);
        match fs::read_to_string(self.refusal()) {
            Ok(why) if precision == Judged::Int8 && !wanted.exists() => {
                (self.bundle(Judged::F32), Some(format!("judged in f32; int8 was refused: {why}")))
            }
            _ => (wanted, None),
        }
    }

    pub fn page(&self) -> PathBuf {
        self.0.join("eval.html")
    }
}

/// Network and frames that the flags stand for, the rate aside.
///
/// # Errors
/// Flags that `train` does not take, or that make no network.
pub fn network(args: &ScenesArgs) -> Result<PresetValues> {
    let parsed = train_args(args, None, &args.data, Path::new("RUN"))?;
    parsed.training(args.preset.values().network.task)?;
    parsed.network()
}

/// Trains, exports and quantises; what is there already is kept, and a training
/// that was stopped goes on. A bundle in integers that is refused is told, and is no error: see
/// [`Place::judged`].
///
/// # Errors
/// Too little footage, or whatever ends one of these steps.
pub fn make(
    args: &ScenesArgs,
    scene: &Scene,
    split: &Split,
    place: &Place,
    shutdown: &Shutdown,
) -> Result<()> {
    let arguments = train_args(args, Some(scene.fps), &split.training, &place.run())?;
    train::train(&arguments, shutdown.clone())?;
    let plain = place.bundle(Judged::F32);
    if !plain.exists() {
        let name = format!("{}-{}", scene.name, args.preset.name());
        let [run, out] = [place.run(), plain.clone()].map(OsString::from);
        let words = [run, "--out".into(), out, "--name".into(), name.into()];
        export::export(&parse::<ExportArgs>("export", words.to_vec())?)?;
    }
    let quantised = place.bundle(Judged::Int8);
    if args.precision == Judged::Int8 && !quantised.exists() {
        let [from, out] = [plain, quantised].map(OsString::from);
        let footage = split.training.clone().into();
        let words = [from, "--out".into(), out, "--footage".into(), footage];
        if let Err(error) = quantise(&parse::<QuantizeArgs>("quantize", words.to_vec())?) {
            let why = format!("{error:#}").replace('\n', " ");
            eprintln!("{}: int8 is refused, f32 is judged: {why}", scene.name);
            fs::write(place.refusal(), why)?;
        }
    }
    Ok(())
}

fn train_args(
    args: &ScenesArgs,
    fps: Option<f64>,
    footage: &Path,
    run: &Path,
) -> Result<TrainArgs> {
    let mut words: Vec<OsString> = vec!["--footage".into(), footage.into()];
    words.extend(["--out".into(), run.into()]);
    words
        .extend(["--preset", args.preset.name(), "--seed", &args.seed.to_string()].map(Into::into));
    if let Some(fps) = fps {
        words.extend(["--fps".into(), fps.to_string().into()]);
    }
    if let Some(minutes) = args.minutes {
        ensure!(minutes > 0.0 && minutes.is_finite(), "--minutes must be above 0");
        words.extend(["--minutes".into(), minutes.to_string().into()]);
    }
    words.extend(args.train.iter().map(Into::into));
    parse("train", words)
}

/// The arguments of a command, as if they had been typed.
fn parse<T: Args>(command: &'static str, words: Vec<OsString>) -> Result<T> {
    let parser = T::augment_args(Command::new(command)).no_binary_name(true);
    let parsed = parser.try_get_matches_from(words).and_then(|found| T::from_arg_matches(&found));
    let first_line = |error: clap::Error| {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        anyhow::anyhow!("{}", line.trim_start_matches("error: "))
    };
    parsed.map_err(first_line).with_context(|| format!("flags of `{command}`"))
}
