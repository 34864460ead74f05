//! `normwatch missed`: the last minutes held something that should have been an alarm.

use std::path::PathBuf;

use clap::Args;

use super::error::Error;
use super::normal::{Which, which};
use super::{learn, print_json, site};
use crate::clock::{Clock, SystemClock};
use crate::event::Utc;
use crate::learn::{LearnPlace, Missed, MissedTimes};

/// The next `normwatch learn` takes nothing of that time as normal: clips that were stored
/// then are removed before it trains. What watches now does not change.
#[derive(Args, Debug)]
pub(super) struct MissedArgs {
    /// How many minutes back it may have been.
    #[arg(long, value_name = "MINUTES", default_value_t = 10.0, value_parser = minutes)]
    minutes: f64,
    /// List the times; change nothing.
    #[arg(long, conflicts_with_all = ["revoke", "minutes"])]
    list: bool,
    /// Take back the time of this number, or `all`.
    #[arg(long, value_name = "NUMBER", value_parser = which, conflicts_with = "minutes")]
    revoke: Option<Which>,
    /// The site file, for its [learn].
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Up to a week.
fn minutes(text: &str) -> Result<f64, String> {
    let minutes = text.parse::<f64>().ok().filter(|m| (0.1..=7.0 * 24.0 * 60.0).contains(m));
    minutes.ok_or_else(|| "give minutes: 0.1 to 10080".into())
}

pub(super) fn run(args: &MissedArgs) -> Result<(), Error> {
    let site = site::load(&args.config)?;
    let place = LearnPlace::new(&learn::section(&site)?.folder);
    if args.list {
        return list(&MissedTimes::read(&place)?, args.json);
    }
    let _held = place.hold()?;
    let mut missed = MissedTimes::read(&place)?;
    if let Some(which) = args.revoke {
        let number = match which {
            Which::All => None,
            Which::One(number) => Some(number),
        };
        let gone = missed.revoke(number);
        if let (0, Some(number)) = (gone, number) {
            let what = format!("there is no time {number}: `normwatch missed --list` has them");
            return Err(Error::Usage(what));
        }
        missed.write(&place)?;
        if args.json {
            return print_json(&missed.times());
        }
        println!("{gone} times may be learnt again");
        return Ok(());
    }
    let now_unix_s = SystemClock.wall_ns() / 1_000_000_000;
    let from_unix_s = now_unix_s.saturating_sub((60.0 * args.minutes).round() as u64);
    let (number, dropped) = missed.add(from_unix_s, now_unix_s);
    missed.write(&place)?;
    if args.json {
        return print_json(&missed.times());
    }
    println!("the last {} minutes are not learnt as normal (number {number})", args.minutes);
    if let Some(Missed { number, .. }) = dropped {
        println!("the list is full: time {number} was dropped");
    }
    Ok(())
}

fn list(missed: &MissedTimes, json: bool) -> Result<(), Error> {
    if json {
        return print_json(&missed.times());
    }
    if missed.times().is_empty() {
        println!("no time is noted");
    }
    for Missed { number, from_unix_s, to_unix_s } in missed.times() {
        let [from, to] = [from_unix_s, to_unix_s].map(|s| Utc::of(1000 * s).compact());
        println!("{number:>4}  {from} to {to}");
    }
    Ok(())
}
