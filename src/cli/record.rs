//! `normwatch record`: a site's camera into a folder of clips.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::error::Error;
use super::{print_json, site};
use crate::clock::{Clock, SystemClock};
use crate::model::{InputSection, Manifest};
use crate::output::ImageFormat;
use crate::preprocess::{Channels, Resize};
use crate::record::{RecordEnd, RecordOptions, RecordStats, record};
use crate::runtime::Shutdown;
use crate::station::{Camera, Needs, end_is_loss};

/// Time between two lines about the progress.
const PROGRESS_MS: u64 = 5000;

/// Where nothing says what the frames are for: enough for every preset.
const USUAL_SIZE_PX: (u32, u32) = (320, 240);

const MB: u64 = 1_000_000;

const AFTER_HELP: &str = "\
Rate, size and colours are those of the site's bundle, so that training sees
what `normwatch run` will see; without a bundle, give --fps. A gap begins a new
clip: DIR/clip-0001/000000.png and so on. Recording into the same folder again
adds clips.

Pictures are stored as PNG, without loss: JPEG's blocks would become part of
what is normal. --jpeg (quality 95) takes six tenths of the space: 23 instead of
39 kB a picture of Ped2, 360x240 grey.

The folder is ready for `cargo xtask train --footage DIR`.";

/// Stops on SIGINT, SIGTERM and SIGHUP, at the limits, or when the footage ends.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(super) struct RecordArgs {
    /// The site file, for its camera and bundle.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// A new or empty folder, or a former recording to go on with.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Size that the folder may reach, in millions of bytes.
    #[arg(long, value_name = "MB", default_value_t = 2000)]
    size_limit_mb: u64,
    /// Stop after this time.
    #[arg(long)]
    minutes: Option<f64>,
    /// Frames a second, instead of the bundle's.
    #[arg(long)]
    fps: Option<f64>,
    /// Width of the pictures, instead of the bundle's.
    #[arg(long, value_name = "W", requires = "height_px")]
    width_px: Option<u16>,
    /// Height of the pictures, instead of the bundle's.
    #[arg(long, value_name = "H", requires = "width_px")]
    height_px: Option<u16>,
    /// Keep the colours, also where the bundle takes none.
    #[arg(long)]
    colour: bool,
    /// Store as JPEG instead of PNG.
    #[arg(long)]
    jpeg: bool,
    /// Print what the recording came to as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Summary<'a> {
    folder: &'a Path,
    end: &'static str,
    frames: u64,
    clips: u64,
    discarded: u64,
    skipped: u64,
    reopened: u64,
    used_bytes: u64,
}

pub(super) fn run(args: &RecordArgs) -> Result<(), Error> {
    let site = site::load(&args.config)?;
    let input = bundle_input(&site.bundle)?;
    let options = options(args, input.as_ref(), &site.bundle, end_is_loss(&site.camera))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let shutdown = Shutdown::on_signals().map_err(Error::signals)?;
    let side = |px: usize| u32::try_from(px).unwrap_or(u32::MAX);
    let needs = Needs {
        size_px: options.size_px.map_or(USUAL_SIZE_PX, |(w, h)| (side(w), side(h))),
        fps: options.fps,
        luma: options.channels == Channels::Luma,
    };
    let mut camera = Camera::new(&site.camera, needs, clock.clone()).woken_by(shutdown.wake());
    if let Some(learn) = &site.learn {
        camera = camera.borrowed_at(learn.camera_socket());
    }
    let mut due_ms = 0;
    let mut progress = |stats: &RecordStats| {
        let now_ms = clock.monotonic_ms();
        if now_ms >= due_ms {
            due_ms = now_ms + PROGRESS_MS;
            log::info!("{}", describe(stats, args.size_limit_mb));
        }
    };
    let mut open = || camera.open();
    let (stats, end) = record(&options, &mut open, &*clock, &shutdown, &mut progress)?;
    report(args, &stats, end)
}

/// The input of the site's network; `None` where no bundle is there yet.
fn bundle_input(bundle: &Path) -> Result<Option<InputSection>, Error> {
    let path = bundle.join("manifest.toml");
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        text => text.map_err(Error::file(&path))?,
    };
    let manifest = Manifest::parse(&text)
        .map_err(|error| Error::Config(format!("{}: {error}", path.display())))?;
    Ok(Some(manifest.input))
}

fn options(
    args: &RecordArgs,
    input: Option<&InputSection>,
    bundle: &Path,
    end_is_loss: bool,
) -> Result<RecordOptions, Error> {
    let fps = args.fps.or(input.map(|input| input.fps)).ok_or_else(|| {
        Error::Usage(format!(
            "there is no bundle at {}, so nothing says how fast to record: give --fps, for \
             instance --fps 10",
            bundle.display()
        ))
    })?;
    if !(0.1..=1000.0).contains(&fps) {
        return Err(Error::Usage(format!("--fps {fps} is out of range: 0.1 to 1000")));
    }
    let minutes = args.minutes.unwrap_or(1.0);
    if !(minutes > 0.0 && minutes.is_finite()) {
        return Err(Error::Usage(format!("--minutes {minutes}: give a number above 0")));
    }
    let size_px = match (args.width_px, args.height_px) {
        (Some(width), Some(height)) if width > 0 && height > 0 => {
            Some((usize::from(width), usize::from(height)))
        }
        (None, None) => input.map(|input| (input.width_px, input.height_px)),
        _ => return Err(Error::Usage("a picture needs a width and a height above 0".into())),
    };
    let is_grey = input.is_none_or(|input| input.channels == Channels::Luma);
    Ok(RecordOptions {
        folder: args.out.clone(),
        fps,
        size_px,
        channels: if is_grey && !args.colour { Channels::Luma } else { Channels::Rgb },
        resize: input.map_or(Resize::Area, |input| input.resize),
        image: if args.jpeg { ImageFormat::Jpeg } else { ImageFormat::Png },
        size_limit_bytes: args.size_limit_mb.saturating_mul(MB),
        time_limit_ms: args.minutes.map(|minutes| (minutes * 60_000.0) as u64),
        end_is_loss,
    })
}

fn describe(stats: &RecordStats, limit_mb: u64) -> String {
    let used_mb = stats.used_bytes as f64 / MB as f64;
    format!(
        "{} frames, {} clips finished, {used_mb:.1} of {limit_mb} MB, {} frames skipped",
        stats.frames, stats.clips, stats.skipped
    )
}

fn report(args: &RecordArgs, stats: &RecordStats, end: RecordEnd) -> Result<(), Error> {
    let end = match end {
        RecordEnd::Stopped => "stopped",
        RecordEnd::Footage => "end of the footage",
        RecordEnd::SizeLimit => "size limit",
        RecordEnd::TimeLimit => "time limit",
    };
    if stats.discarded > stats.frames / 10 {
        log::warn!(
            "{} frames stood in clips too short for training: the source has gaps, or is slower \
             than the rate; see --fps",
            stats.discarded
        );
    }
    let RecordStats { frames, clips, discarded, skipped, reopened, used_bytes } = *stats;
    if args.json {
        let folder = &args.out;
        return print_json(&Summary {
            folder,
            end,
            frames,
            clips,
            discarded,
            skipped,
            reopened,
            used_bytes,
        });
    }
    println!("{}: {}; ended by: {end}", args.out.display(), describe(stats, args.size_limit_mb));
    Ok(())
}
