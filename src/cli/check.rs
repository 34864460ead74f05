//! `normwatch check`: a site file's problems, and what it would come to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::data_dirs::board_dirs;
use super::error::Error;
use super::{print_json, unit_network};
use crate::capture::{FFMPEG, is_installed};
use crate::clock::{Clock, SystemClock};
use crate::config::{CameraSource, ConfigError, Diagnostic, Site, conflicts, load_site};
use crate::notify::ways;
use crate::output::CappedFile;
use crate::output::terminal::{Colours, supports_live_view};
use crate::secret::{contents, password, token};
use crate::setup::service_of;
use crate::station::Plan;

/// Names every problem with its line and column. With the files in order, the
/// bundle, its calibration and the mask are loaded as `run` would.
#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    /// The site file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Another site file that is to run on this machine at the same time: both must not
    /// claim the same line, camera, port, log or watchdog. May be given again.
    #[arg(long, value_name = "FILE")]
    beside: Vec<PathBuf>,
    /// Look at the configuration alone, not at the bundle that it names.
    #[arg(long)]
    config_only: bool,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Summary {
    ok: bool,
    problems: Vec<Diagnostic>,
    /// What keeps `run` from nothing, but costs something.
    warnings: Vec<String>,
    bundle: Option<String>,
    watched_share: Option<f64>,
    enter_level: Option<f32>,
    /// Names of those who are told of events.
    outlets: Vec<String>,
}

pub(super) fn run(args: &CheckArgs) -> Result<(), Error> {
    let site = match load_together(args) {
        Ok(site) => site,
        Err(error) if args.json => {
            let problems = error.diagnostics.clone();
            print_json(&Summary {
                ok: false,
                problems,
                warnings: Vec::new(),
                bundle: None,
                watched_share: None,
                enter_level: None,
                outlets: Vec::new(),
            })?;
            let count = format!("{} problems", error.diagnostics.len());
            return Err(Error::config(&error, count));
        }
        Err(error) => return Err(Error::config(&error, drawn(&error))),
    };
    let mut summary = Summary {
        ok: true,
        problems: Vec::new(),
        warnings: Vec::new(),
        bundle: None,
        watched_share: None,
        enter_level: None,
        outlets: outlets(&site),
    };
    if !args.config_only {
        let plan = Plan::load(&site)?;
        summary.watched_share = Some(plan.view.mask.watched_share());
        summary.enter_level = Some(plan.budget.enter_level);
        summary.bundle = Some(plan.bundle.manifest().name.clone());
        if !args.json {
            print_plan(&plan);
            print_outlets(&summary.outlets);
        }
    }
    if !args.config_only {
        summary.warnings.extend(lost_events(&site));
        summary.warnings.extend(secret_concerns(&site));
        summary.warnings.extend(broker_concerns(&site));
        summary.warnings.extend(camera_concerns(&site));
        let output = &site.output;
        let camera_needs = matches!(site.camera.source, CameraSource::Rtsp(_));
        let dials = output.mqtt.is_some() || output.modbus.is_some();
        let unit = service_of(&site.file).unwrap_or_else(|| "normwatch".into());
        if camera_needs || output.notify.needs_network() || dials || site.web.is_some() {
            summary.warnings.extend(unit_network::lack(Path::new("/"), &unit));
        }
    }
    if args.json {
        return print_json(&summary);
    }
    summary.warnings.iter().for_each(|warning| log::warn!("{warning}"));
    println!("{}: no problems", args.config.display());
    Ok(())
}

/// The site, where it and those beside it are in order, and claim nothing together.
fn load_together(args: &CheckArgs) -> Result<Site, ConfigError> {
    let load = |file: &PathBuf| load_site(file, &board_dirs(file));
    let site = load(&args.config)?;
    for other in &args.beside {
        conflicts(&site, &load(other)?)?;
    }
    Ok(site)
}

/// Whether the events of a run now would be lost, and why.
fn lost_events(site: &Site) -> Option<String> {
    let path = &site.output.events.as_ref()?.path;
    let error = CappedFile::probe(path).err()?;
    Some(format!(
        "the event log {} cannot be written: {error}; events would be lost",
        path.display()
    ))
}

/// Names of those who are told of events.
fn outlets(site: &Site) -> Vec<String> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let names = ways(&site.output, &clock).into_iter().map(|way| way.name);
    let mqtt = site.output.mqtt.iter().map(|_| "mqtt".to_owned());
    names.chain(mqtt).chain(site.output.modbus.iter().map(|_| "modbus".to_owned())).collect()
}

/// What would keep events from a broker.
fn broker_concerns(site: &Site) -> Vec<String> {
    let Some(section) = &site.output.mqtt else { return Vec::new() };
    #[cfg(feature = "mqtt")]
    return crate::mqtt::concerns(section);
    #[cfg(not(feature = "mqtt"))]
    return vec![format!(
        "this program was built without the feature `mqtt`: nothing goes to {}",
        section.host
    )];
}

/// What would keep a network camera's pictures away.
fn camera_concerns(site: &Site) -> Vec<String> {
    let CameraSource::Rtsp(section) = &site.camera.source else { return Vec::new() };
    let mut concerns = Vec::new();
    if !is_installed(FFMPEG) {
        concerns
            .push("ffmpeg is not installed, which receives the camera: apt install ffmpeg".into());
    }
    let file = section.password_file.as_ref().map(|file| (file, password(file)));
    if let Some((file, Err(error))) = file {
        concerns
            .push(format!("the camera's password in {} cannot be used: {error}", file.display()));
    }
    concerns
}

/// Files of secrets that cannot be used by whoever runs this.
fn secret_concerns(site: &Site) -> impl Iterator<Item = String> {
    let told = |what: &str, file: &Path, error: std::io::Error| {
        format!("cannot use the {what} in {}: {error}", file.display())
    };
    let files = site.output.notify.secret_files().into_iter();
    let of_outputs =
        files.filter_map(move |file| Some(told("secret", file, contents(file).err()?)));
    let of_page = site.web.as_ref().and_then(|section| section.token_file.as_deref());
    of_outputs.chain(of_page.and_then(|file| Some(told("token", file, token(file).err()?))))
}

/// For standard error, in colour where it is a terminal that takes it.
fn drawn(error: &ConfigError) -> String {
    let coloured =
        supports_live_view(std::io::stderr()) && Colours::from_environment() != Colours::None;
    if coloured { error.in_colour() } else { error.to_string() }
}

fn print_plan(plan: &Plan) {
    let manifest = plan.bundle.manifest();
    let input = manifest.input;
    println!("bundle        {}", manifest.name);
    println!("input         {}×{} px at {} fps", input.width_px, input.height_px, input.fps);
    println!("watched       {:.0} % of the picture", plan.view.mask.watched_share() * 100.0);
    println!("{}", plan.budget);
}

fn print_outlets(outlets: &[String]) {
    if !outlets.is_empty() {
        println!("told          {}", outlets.join(", "));
    }
}
