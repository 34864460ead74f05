//! `normwatch bundle`: the bundles that a board has learnt, and which of them watches.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::error::Error;
use super::{learn, print_json, site};
use crate::learn::{Generation, Generations, LearnError};

/// A service that watches takes what is current within a minute, see `run --reload-on-sighup`.
/// A run without that has to be started again.
#[derive(Args, Debug)]
pub(super) struct BundleArgs {
    #[command(subcommand)]
    command: BundleCommand,
}

#[derive(Debug, Subcommand)]
enum BundleCommand {
    /// Lists them, oldest first.
    List(ListArgs),
    /// Lets the newest one watch, or the one of this number.
    Use(ChooseArgs),
    /// Goes back to the one before the current one.
    Rollback(SiteArgs),
    /// Lets one watch, and keeps it: no learning replaces or removes it.
    Pin(PinArgs),
}

#[derive(Args, Debug)]
struct SiteArgs {
    /// The site file, for its [learn].
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[derive(Args, Debug)]
struct ListArgs {
    #[command(flatten)]
    site: SiteArgs,
    /// Print them as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
struct ChooseArgs {
    #[command(flatten)]
    site: SiteArgs,
    /// Its number, as `list` says [default: the newest that has settled].
    #[arg(value_name = "NUMBER")]
    number: Option<u32>,
}

#[derive(Args, Debug)]
struct PinArgs {
    #[command(flatten)]
    site: SiteArgs,
    /// Its number, as `list` says [default: the current one].
    #[arg(value_name = "NUMBER", conflicts_with = "release")]
    number: Option<u32>,
    /// Let go of the one that is pinned; it goes on watching.
    #[arg(long)]
    release: bool,
}

pub(super) fn run(args: &BundleArgs) -> Result<(), Error> {
    match &args.command {
        BundleCommand::List(args) => list(args),
        BundleCommand::Use(args) => {
            let generations = generations(&args.site)?;
            let number = args.number.map_or_else(|| newest(&generations), Ok)?;
            generations.switch_to(number)?;
            say_current(number);
            Ok(())
        }
        BundleCommand::Rollback(args) => {
            let number = generations(args)?.rollback()?;
            say_current(number);
            Ok(())
        }
        BundleCommand::Pin(args) => pin(args),
    }
}

fn say_current(number: u32) {
    println!("generation {number} is current; a service that watches takes it within a minute");
}

fn generations(args: &SiteArgs) -> Result<Generations, Error> {
    let site = site::load(&args.config)?;
    Ok(Generations::new(&learn::section(&site)?.folder))
}

fn newest(generations: &Generations) -> Result<u32, Error> {
    let all = generations.list()?;
    let settled = all.iter().rfind(|generation| generation.calibrated);
    settled.map(|generation| generation.number).ok_or_else(|| {
        let what = "no bundle has settled here yet: run `normwatch learn` to its end first";
        LearnError::Generation(what.into()).into()
    })
}

fn pin(args: &PinArgs) -> Result<(), Error> {
    let generations = generations(&args.site)?;
    if args.release {
        generations.release()?;
        println!("none is pinned");
        return Ok(());
    }
    let current = || {
        let what = "none is current yet: name the number of the one to pin";
        generations.current().ok_or(LearnError::Generation(what.into()))
    };
    let number = args.number.map_or_else(current, Ok)?;
    generations.pin(number)?;
    println!("generation {number} is current, and pinned");
    Ok(())
}

fn list(args: &ListArgs) -> Result<(), Error> {
    let all = generations(&args.site)?.list()?;
    if args.json {
        return print_json(&all);
    }
    if all.is_empty() {
        println!("no bundle was learnt here yet");
    }
    for Generation { number, preset, precision, calibrated, current, pinned, .. } in &all {
        let marks = [(!calibrated, "has not settled"), (*current, "current"), (*pinned, "pinned")];
        let marks: Vec<&str> = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
        println!("{number:>4}  {preset:<6} {precision:<5} {}", marks.join(", "));
    }
    Ok(())
}
