//! `normwatch notify`: who is told of events, and whether it arrives.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::error::Error;
use super::{print_json, site};
use crate::clock::{Clock, SystemClock};
use crate::config::Site;
use crate::notify::{Tried, Way, try_each, ways};

/// Lists the hooks, webhooks and message services of a site. With `--test` it tells each
/// of them of an event that has not happened, once, and says what came back; then it ends
/// with exit code 9 if one was not reached.
#[derive(Args, Debug)]
pub(super) struct NotifyArgs {
    /// The site file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Tell each of an event that says of itself that it is a test.
    #[arg(long)]
    test: bool,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    name: String,
    /// A program, or an address without anything secret.
    target: String,
    on: String,
    kinds: Vec<&'static str>,
    /// `None` where it was not tried.
    arrived: Option<bool>,
    answer: Option<String>,
}

pub(super) fn run(args: &NotifyArgs) -> Result<(), Error> {
    let site = site::load(&args.config)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ways = ways(&site.output, &clock);
    let tried = if args.test { try_each(&site.output, &name(&site), &clock) } else { Vec::new() };
    let failed = tried.iter().filter(|one| !one.has_arrived).count();
    let mut tried = tried.into_iter();
    let rows: Vec<Row> = ways.into_iter().map(|way| row(way, tried.next())).collect();
    if args.json {
        print_json(&rows)?;
    } else {
        print(&rows);
    }
    match failed {
        0 => Ok(()),
        count => {
            let all = rows.len();
            Err(Error::Unreached(format!("{count} of {all} outputs were not reached")))
        }
    }
}

/// As events name the site.
fn name(site: &Site) -> String {
    site.file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn row(way: Way, tried: Option<Tried>) -> Row {
    let Way { name, target, on, kinds } = way;
    let (arrived, answer) = tried.map(|one| (one.has_arrived, one.answer)).unzip();
    Row { name, target, on, kinds, arrived, answer }
}

fn print(rows: &[Row]) {
    if rows.is_empty() {
        println!("nobody is told of events: see docs/guide/notifications.md");
    }
    for row in rows {
        println!("{:<20} {}", row.name, row.target);
        println!("{:<20} on {}: {}", "", row.on, row.kinds.join(", "));
        if let (Some(arrived), Some(answer)) = (row.arrived, &row.answer) {
            let word = if arrived { "arrived" } else { "NOT REACHED" };
            println!("{:<20} {word}: {answer}", "");
        }
    }
}
