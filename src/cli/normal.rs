//! `normwatch normal`: an alarm was false, and its like is not to be raised again.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;

use super::error::Error;
use super::{print_json, site};
use crate::clock::{Clock, SystemClock};
use crate::config::Site;
use crate::event::{Archived, LAST, Review, Utc, read_one, write_review};
use crate::feedback::{Added, Known, KnownNormal};
use crate::fs::hold;
use crate::learn::{FedBack, LearnPlace, Unfit, input_of};

const AFTER_HELP: &str = "\
What is odd in the same place, for the same reason, at most 1.2 times as much, and (where
the bundle has a motion memory) moves alike, is told as an event that was not raised. All
else is judged as before, also beside it. A running service takes it over within a second.
An entry holds for the bundle and the calibration of its event.

With [learn] in the site file, the frames of the event are learnt by the next
`normwatch learn --again`.";

/// At most 256 alarms are known as normal; with one more, the oldest is dropped. A camera
/// that is turned, covered, blind or at fault is always told.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(super) struct NormalArgs {
    /// The event that was normal, as `normwatch events list` names it.
    #[arg(
        value_name = "EVENT",
        required_unless_present_any = ["last", "list", "revoke"],
        conflicts_with_all = ["last", "list", "revoke"]
    )]
    event: Option<String>,
    /// The newest event was.
    #[arg(long, conflicts_with_all = ["list", "revoke"])]
    last: bool,
    /// List what is known as normal; change nothing.
    #[arg(long, conflicts_with = "revoke")]
    list: bool,
    /// Take back the entry of this number, or `all`.
    #[arg(long, value_name = "NUMBER", value_parser = which)]
    revoke: Option<Which>,
    /// The site file whose events they are.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Entries of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    All,
    One(u32),
}

/// `all`, or a number.
pub(super) fn which(text: &str) -> Result<Which, String> {
    match text {
        "all" => Ok(Which::All),
        number => {
            let number = number.parse().map_err(|_| "give a number, or `all`".to_owned())?;
            Ok(Which::One(number))
        }
    }
}

pub(super) fn run(args: &NormalArgs) -> Result<(), Error> {
    let site = site::load(&args.config)?;
    let folder = events_folder(&site)?;
    if args.list {
        return list(&KnownNormal::read(folder)?, args.json);
    }
    // Before the first event there is none.
    let held = folder.is_dir().then(|| hold(folder)).transpose();
    let _held = held.map_err(Error::file(folder))?;
    let mut known = KnownNormal::read(folder)?;
    if let Some(which) = args.revoke {
        let gone = match which {
            Which::All => known.revoke_all(),
            Which::One(number) => vec![known.revoke(number)?],
        };
        return revoke(&site, folder, &known, &gone, args.json);
    }
    let event = read_one(folder, args.event.as_deref().unwrap_or(LAST))?;
    let unix_ms = SystemClock.wall_ns() / 1_000_000;
    let Added { number, dropped } = known.add(&event.situation, unix_ms)?;
    known.write(folder, Some(&event))?;
    write_review(&event, Review { unix_ms, normal: Some(true) })?;
    let learnt = Learnt::of(&site, &event);
    let said = Said { number, event: &event.situation.id, dropped: dropped.as_ref(), learnt };
    if args.json {
        return print_json(&said);
    }
    print!("{said}");
    Ok(())
}

/// What still waits to be learnt goes first: an entry that is gone cannot be revoked again.
fn revoke(
    site: &Site,
    folder: &Path,
    rest: &KnownNormal,
    gone: &[Known],
    json: bool,
) -> Result<(), Error> {
    let take_back = |known: &Known| match learning(site) {
        Some((back, _)) => back.take_back(&known.event),
        None => Ok(false),
    };
    let waited = gone.iter().map(take_back).collect::<Result<Vec<bool>, _>>()?;
    rest.write(folder, None)?;
    if json {
        return print_json(&gone);
    }
    for (Known { number, event, .. }, waited) in gone.iter().zip(waited) {
        let rest = if waited { ", nor learnt" } else { "" };
        println!("entry {number} ({event}) is no longer known as normal{rest}");
    }
    Ok(())
}

fn events_folder(site: &Site) -> Result<&Path, Error> {
    let events = site.output.events.as_ref().and_then(|events| events.folder.as_ref());
    events.map(|folder| folder.path.as_path()).ok_or_else(|| {
        Error::Usage(format!(
            "{}: this site keeps no events: add `folder = \"events\"` to [output.events]",
            site.file.display()
        ))
    })
}

fn learning(site: &Site) -> Option<(FedBack, crate::model::InputSection)> {
    let section = site.learn.as_ref()?;
    Some((FedBack::new(&LearnPlace::new(&section.folder)), input_of(section.preset)))
}

/// Whether the next learning takes an event.
#[derive(Debug, serde::Serialize)]
struct Learnt {
    clips: usize,
    /// Where it takes nothing.
    why_not: Option<String>,
}

impl Learnt {
    fn of(site: &Site, event: &Archived) -> Self {
        let none = |why: String| Self { clips: 0, why_not: Some(why) };
        let Some((back, input)) = learning(site) else {
            return none("the site file has no [learn]".into());
        };
        let put = match back.put(event, &input) {
            Ok(put) => put,
            // It is quieted already, whoever the folder of the learning belongs to.
            Err(error) => {
                return none(format!("{error}: say so again as a user who may write there"));
            }
        };
        match put {
            Ok(clips) => Self { clips, why_not: None },
            Err(Unfit::NotKept) => none(
                "its frames were not kept: that begins with the first run with [learn] in the \
                 site file"
                    .into(),
            ),
            Err(Unfit::TooShort) => none("too few of its frames follow one another".into()),
            Err(Unfit::OtherSize { found, wanted }) => none(format!(
                "its frames have {}x{} px, and {}x{} px are learnt",
                found.0, found.1, wanted.0, wanted.1
            )),
        }
    }
}

/// What came of an event that was called normal.
#[derive(Debug, serde::Serialize)]
struct Said<'a> {
    number: u32,
    event: &'a str,
    dropped: Option<&'a Known>,
    learnt: Learnt,
}

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, event, dropped, learnt } = self;
        writeln!(f, "{event} is known as normal, by entry {number}: its like is not raised")?;
        if let Some(Known { number, event, .. }) = dropped {
            writeln!(f, "the list is full: entry {number} ({event}) was dropped")?;
        }
        match &learnt.why_not {
            None => writeln!(f, "the next learning takes {} clips of it", learnt.clips),
            Some(why) => writeln!(f, "it is quieted only, and not learnt: {why}"),
        }
    }
}

fn list(known: &KnownNormal, json: bool) -> Result<(), Error> {
    if json {
        return print_json(&known.entries());
    }
    if known.entries().is_empty() {
        println!("nothing is known as normal");
    }
    for Known { number, event, since_unix_ms, peak, cells, .. } in known.entries() {
        let (since, share) = (Utc::of(*since_unix_ms).compact(), 100.0 * cells.share());
        println!("{number:>4}  {event:<34}  score {peak:.2}  {share:.0} % of the picture  {since}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_named_by_their_number_or_all_at_once() {
        assert_eq!((which("all"), which("7")), (Ok(Which::All), Ok(Which::One(7))));
        for wrong in ["", "-1", "every", "1,2"] {
            assert!(which(wrong).unwrap_err().contains("`all`"), "{wrong}");
        }
    }
}
