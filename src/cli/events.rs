//! `normwatch events`: what happened, with its pictures and reasons.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use super::error::Error;
use super::{print_json, site};
use crate::clock::{Clock, SystemClock};
use crate::event::{Archived, Kind, Review, explain, read_all, read_one, when, write_review};

/// An event is a folder with `event.json` and pictures; its name is its ID, and `last`
/// stands for the newest one. `run` keeps events where `[output.events]` has a `folder`,
/// `replay` and `demo` in the folder `events` of what they write.
#[derive(Args, Debug)]
pub(super) struct EventsArgs {
    #[command(subcommand)]
    what: What,
    /// The site file whose events they are.
    #[arg(long, value_name = "FILE", global = true, conflicts_with = "folder")]
    config: Option<PathBuf>,
    /// The folder of events, instead of a site's.
    #[arg(long, value_name = "DIR", global = true)]
    folder: Option<PathBuf>,
    /// Print as JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// One line for each event, the oldest first.
    List {
        /// Only events of this kind.
        #[arg(long, value_enum)]
        kind: Option<Kind>,
        /// Only events that nobody has reviewed.
        #[arg(long)]
        unreviewed: bool,
    },
    /// All figures of an event, as JSON.
    Show {
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Why it was told, in words.
    Explain {
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Puts events with all their files into a ZIP archive.
    Export {
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// The archive, which must not exist yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Marks events as reviewed.
    Review {
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// What was seen is normal here: the alarm was false.
        #[arg(long, conflicts_with = "odd")]
        normal: bool,
        /// What was seen is not normal: the alarm was right.
        #[arg(long)]
        odd: bool,
    },
}

impl ValueEnum for Kind {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.name()))
    }
}

pub(super) fn run(args: &EventsArgs) -> Result<(), Error> {
    let folder = folder(args)?;
    match &args.what {
        What::List { kind, unreviewed } => {
            let mut events = read_all(&folder)?;
            events.retain(|event| {
                kind.is_none_or(|kind| event.situation.kind == kind)
                    && !(*unreviewed && event.review.is_some())
            });
            if args.json { print_json(&events) } else { list(&events, &folder) }
        }
        What::Show { id } => print_json(&read_one(&folder, id)?),
        What::Explain { id } => {
            let event = read_one(&folder, id)?;
            let paragraphs = explain(&event.situation);
            if args.json {
                return print_json(&paragraphs);
            }
            paragraphs.iter().for_each(|paragraph| println!("{paragraph}\n"));
            println!("Everything is in {}", event.folder.display());
            Ok(())
        }
        What::Export { ids, out } => {
            let events = all(&folder, ids)?;
            export(&events, out).map_err(Error::file(out))?;
            println!("{} events are in {}", events.len(), out.display());
            Ok(())
        }
        What::Review { ids, normal, odd } => {
            let unix_ms = SystemClock.wall_ns() / 1_000_000;
            let normal = (*normal || *odd).then_some(*normal);
            let events = all(&folder, ids)?;
            for event in &events {
                write_review(event, Review { unix_ms, normal })?;
            }
            println!("{} events are marked", events.len());
            Ok(())
        }
    }
}

fn folder(args: &EventsArgs) -> Result<PathBuf, Error> {
    if let Some(folder) = &args.folder {
        return Ok(folder.clone());
    }
    let Some(config) = &args.config else {
        return Err(Error::Usage("whose events? give --config FILE or --folder DIR".into()));
    };
    let site = site::load(config)?;
    let events = site.output.events.and_then(|events| events.folder);
    events.map(|folder| folder.path).ok_or_else(|| {
        Error::Usage(format!(
            "{}: this site keeps no events: add `folder = \"events\"` to [output.events]",
            config.display()
        ))
    })
}

fn all(folder: &Path, ids: &[String]) -> Result<Vec<Archived>, Error> {
    ids.iter().map(|id| Ok(read_one(folder, id)?)).collect()
}

fn list(events: &[Archived], folder: &Path) -> Result<(), Error> {
    if events.is_empty() {
        println!("no events in {}", folder.display());
        return Ok(());
    }
    for Archived { situation, review, .. } in events {
        let lasted = match situation.duration_ms {
            Some(ms) => format!("{:.1} s", ms as f64 / 1000.0),
            None => "goes on".into(),
        };
        let score = match situation.peak {
            Some(peak) if situation.kind != Kind::Tampered => format!("{:.2}", peak.score),
            _ => "–".into(),
        };
        let mark = match review {
            None => " ",
            Some(Review { normal: Some(true), .. }) => "n",
            Some(_) => "r",
        };
        let when = when(&situation.begin);
        let (id, kind) = (&situation.id, situation.kind.name());
        println!("{mark} {id:<34} {kind:<9} {lasted:>9} {score:>6}  {when}");
    }
    Ok(())
}

/// Pictures do not become smaller, so nothing is compressed.
fn export(events: &[Archived], out: &Path) -> io::Result<()> {
    let mut archive = zip::ZipWriter::new(File::create_new(out)?);
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for event in events {
        let mut files: Vec<PathBuf> = std::fs::read_dir(&event.folder)?
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<_>>()?;
        files.sort();
        for file in files.iter().filter(|file| file.is_file()) {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            archive.start_file(format!("{}/{name}", event.situation.id), options)?;
            archive.write_all(&std::fs::read(file)?)?;
        }
    }
    archive.finish()?.sync_all()
}
