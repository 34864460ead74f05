//! `normwatch doctor`: what this machine has, and what is in the way.

use std::path::{Path, PathBuf};

use clap::Args;

use super::data_dirs::data_dirs;
use super::error::Error;
use super::{print_json, site};
use crate::config::{Board, Site, list_boards, load_board, load_boards};
use crate::doctor::{self, Machine, Report, Scope, Severity, matching_board};
use crate::model::{Bundle, NetworkOptions};
use crate::station::{StationError, View, site_levels};

const ROOT: &str = "/";

/// Looks at board, processor, cameras, GPIO lines, watchdogs, clock,
/// temperatures and permissions, and says what is in the way and what to do
/// about it. Changes nothing. Ends with exit code 8 if something keeps normwatch,
/// or the site in question, from working.
#[derive(Args, Debug)]
pub(super) struct DoctorArgs {
    /// Look with the eyes of this site file: its board, camera, lines, bundle.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The board, by name or file; else the site's, else the one that this
    /// machine is recognised as.
    #[arg(long, value_name = "BOARD", conflicts_with = "config")]
    board: Option<String>,
    /// Print all that was found as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &DoctorArgs) -> Result<(), Error> {
    let machine = Machine::read(Path::new(ROOT));
    let site = args.config.as_deref().map(site::load);
    let (site, site_error) = match site.transpose() {
        Ok(site) => (site, None),
        Err(error) => (None, Some(error)),
    };
    let board = match (&site, &args.board) {
        (Some(site), _) => Some(site.board.clone()),
        (None, Some(name)) => Some(named_board(name)?),
        (None, None) => matching_board(&load_boards(&board_dirs()), &machine).cloned(),
    };
    let scope = Scope { root: Path::new(ROOT), board: board.as_ref(), site: site.as_ref() };
    let mut report = doctor::examine(scope, &machine);
    if let Some(error) = &site_error {
        report.error("site", error.to_string(), "");
    }
    if let Some(site) = &site {
        bundle(site, &mut report);
    }
    if args.json {
        print_json(&report)?;
    } else {
        print!("{report}");
    }
    let errors = report.findings.iter().filter(|f| f.severity == Severity::Error).count();
    match errors {
        0 => Ok(()),
        1 => Err(Error::Unfit("1 finding keeps normwatch from working".into())),
        many => Err(Error::Unfit(format!("{many} findings keep normwatch from working"))),
    }
}

/// Loads what `run` would load, self-test included.
fn bundle(site: &Site, report: &mut Report) {
    let levels = |bundle: &Bundle| -> Result<_, StationError> {
        let (_, levels) = site_levels(site, bundle, &View::of(site, bundle)?)?;
        Ok(levels)
    };
    match Bundle::load_signed(&site.bundle, NetworkOptions::default(), &site.bundle_keys) {
        Err(error) => report.error("bundle", error.to_string(), ""),
        Ok(bundle) => {
            let name = &bundle.manifest().name;
            report.ok("bundle", format!("{name} loads, and its self-test passes"));
            match levels(&bundle) {
                Ok(levels) => {
                    report.ok("bundle", format!("calibrated: alarm at {:.2}", levels.enter_level));
                }
                Err(error) => report.error("bundle", error.to_string(), ""),
            }
        }
    }
}

fn board_dirs() -> Vec<PathBuf> {
    data_dirs().into_iter().map(|dir| dir.join("boards")).collect()
}

fn named_board(name: &str) -> Result<Board, Error> {
    let dirs = board_dirs();
    let is_path = name.contains('/') || name.ends_with(".toml");
    let file = match is_path {
        true => Some(PathBuf::from(name)),
        false => dirs.iter().map(|dir| dir.join(format!("{name}.toml"))).find(|f| f.is_file()),
    };
    let file = file.ok_or_else(|| {
        let names = list_boards(&dirs).join(", ");
        Error::Usage(format!("there is no board `{name}`; boards available: {names}"))
    })?;
    load_board(&file, &dirs).map_err(|e| Error::config(&e, e.to_string()))
}
