use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{print_json, setup};
use crate::Error;
use crate::config::{ConfigError, Diagnostic, load_site};
use crate::model::Bundle;
use crate::output::terminal::{Colours, supports_live_view};
use crate::score::Mask;

/// Names every problem with its line and column. With the files in order, the
/// bundle, its calibration and the mask are loaded as `run` would.
#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    /// The site file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
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
    bundle: Option<String>,
    watched_share: Option<f64>,
    enter_level: Option<f32>,
}

pub(super) fn run(args: &CheckArgs) -> Result<(), Error> {
    let site = match load_site(&args.config, &setup::board_dirs(&args.config)) {
        Ok(site) => site,
        Err(error) if args.json => {
            let problems = error.diagnostics.clone();
            print_json(&Summary {
                ok: false,
                problems,
                bundle: None,
                watched_share: None,
                enter_level: None,
            })?;
            return Err(Error::Config(format!("{} problems", error.diagnostics.len())));
        }
        Err(error) => return Err(Error::Config(drawn(&error))),
    };
    let mut summary = Summary {
        ok: true,
        problems: Vec::new(),
        bundle: None,
        watched_share: None,
        enter_level: None,
    };
    if !args.config_only {
        let bundle = Bundle::load(&site.bundle)?;
        setup::fast_enough(&site, &bundle)?;
        let mask = setup::mask(&site, &bundle)?;
        let budget = setup::site_levels(&site, &bundle, &mask)?;
        summary.watched_share = Some(mask.watched_share());
        summary.enter_level = Some(budget.enter_level);
        summary.bundle = Some(bundle.manifest().name.clone());
        if !args.json {
            print_plan(&bundle, &mask, &budget);
        }
    }
    if args.json {
        return print_json(&summary);
    }
    println!("{}: no problems", args.config.display());
    Ok(())
}

/// For standard error, in colour where it is a terminal that takes it.
fn drawn(error: &ConfigError) -> String {
    let coloured =
        supports_live_view(std::io::stderr()) && Colours::from_environment() != Colours::None;
    if coloured { error.in_colour() } else { error.to_string() }
}

fn print_plan(bundle: &Bundle, mask: &Mask, budget: &crate::calibrate::BudgetReport) {
    let input = bundle.manifest().input;
    println!("bundle        {}", bundle.manifest().name);
    println!("input         {}×{} px at {} fps", input.width_px, input.height_px, input.fps);
    println!("watched       {:.0} % of the picture", mask.watched_share() * 100.0);
    println!("{budget}");
}
