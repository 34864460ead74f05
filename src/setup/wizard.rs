//! The questions in their order, and what comes of them.

mod board;
mod camera;
mod lines;
mod network;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use super::draft::{Draft, DraftLine, name_of};
use super::error::SetupError;
use super::former::{Former, site_of, text_of};
use super::machine::{Facts, Machine};
use super::question::{Interview, Question, ask, ask_whether};
use crate::config::{Board, ConfigError, Diagnostic, HardwareWatchdogUse, Site, conflicts};

/// Where a setup writes.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The site file.
    pub file: &'a Path,
    pub board_dirs: &'a [PathBuf],
    /// Where the still is put.
    pub still: &'a Path,
    /// Whether a site file that is there is replaced without a question, or none is
    /// written.
    pub replaces: bool,
}

/// What came of the questions.
#[derive(Clone, Debug)]
pub struct Made {
    pub draft: Draft,
    /// The site file's text.
    pub text: String,
    pub site: Site,
}

/// Asks about a machine.
pub struct Wizard<'a> {
    machine: &'a dyn Machine,
    interview: &'a mut dyn Interview,
    place: Place<'a>,
    facts: Facts,
    former: Option<Former>,
}

impl<'a> Wizard<'a> {
    /// Looks at the machine and at the site file that is there.
    pub fn new(
        machine: &'a dyn Machine,
        interview: &'a mut dyn Interview,
        place: Place<'a>,
    ) -> Self {
        Self { facts: machine.facts(place.file), machine, interview, place, former: None }
    }

    /// Asks everything. Nothing is written but the still.
    ///
    /// # Errors
    /// Whatever keeps a site file from coming into being.
    pub fn run(mut self) -> Result<Made, SetupError> {
        self.meets_former()?;
        let board = self.board()?;
        let mut draft = self.blank(&board);
        self.camera(&mut draft, &board)?;
        self.lines(&mut draft, &board)?;
        self.budget(&mut draft)?;
        self.network(&mut draft)?;
        self.events(&mut draft)?;
        draft.watchdog_off = self.watchdog(&board);
        let site = site_of(&draft, self.former.as_ref(), self.place.board_dirs)?;
        for neighbour in &self.facts.neighbours {
            conflicts(&site, neighbour)?;
        }
        Ok(Made { text: text_of(&draft, self.former.as_ref()), site, draft })
    }

    /// A file that is there gives the usual answers, and is replaced by leave only.
    fn meets_former(&mut self) -> Result<(), SetupError> {
        let Place { file, board_dirs, replaces, .. } = self.place;
        let Some(read) = Former::read(file, board_dirs) else { return Ok(()) };
        let shown = file.display();
        match read {
            Ok(former) => {
                self.interview.say(&format!("{shown} is there: its answers are the usual ones."));
                self.former = Some(former);
            }
            Err(why) => {
                self.interview.say(&format!("{shown} is there, and cannot be used:\n{why}"));
            }
        }
        if replaces {
            return Ok(());
        }
        let text = "Replace it at the end? The old one is kept beside it";
        match ask_whether(self.interview, "replace", text, Some(false))? {
            true => Ok(()),
            false => Err(SetupError::Exists { file: file.to_path_buf() }),
        }
    }

    /// What there is before anything is asked, with lines that are the board's.
    fn blank(&self, board: &Board) -> Draft {
        let line =
            |name: &str| DraftLine { line: name.into(), active: "high".into(), heartbeat_ms: None };
        let first = board.gpio.lines.first().map(|line| line.name.clone()).unwrap_or_default();
        Draft {
            file: self.place.file.to_path_buf(),
            board: self.board_word(board),
            camera: Vec::new(),
            alarm: line(&self.usual_line(board, "alarm", "ALARM").unwrap_or(first)),
            fault: None,
            alarms_per_day: 1.0,
            bundle: "bundle".into(),
            learn: None,
            events: None,
            watchdog_off: None,
        }
    }

    /// Reads the draft as the site file would be. What is wrong with the section of this
    /// key is told, and who else claims what the key names.
    fn tried(&self, draft: &Draft, key: &str) -> Result<Site, String> {
        let dirs = self.place.board_dirs;
        let section = key.split('.').next().unwrap_or(key);
        let site = match site_of(draft, self.former.as_ref(), dirs) {
            Ok(site) => site,
            Err(error) => match concerns(&error, section) {
                Some(why) => return Err(why),
                None => site_of(draft, None, dirs).map_err(|error| error.to_string())?,
            },
        };
        let neighbours = self.facts.neighbours.iter();
        let claimed = neighbours.filter_map(|other| conflicts(&site, other).err());
        match claimed.filter_map(|error| concerns(&error, key)).next() {
            Some(why) => Err(why),
            None => Ok(site),
        }
    }

    fn budget(&mut self, draft: &mut Draft) -> Result<(), SetupError> {
        let usual = self.former.as_ref().map_or(1.0, |former| former.site.budget.alarms_per_day);
        let text = "How many false alarms a day do you accept?";
        let question = Question::new("alarms_per_day", text).usually(usual.to_string());
        draft.alarms_per_day = ask(self.interview, &question, |answer| {
            let number = answer.text()?.replace(',', ".").parse::<f64>();
            let number = number.map_err(|_| "answer with a number".to_owned())?;
            match (0.001..=1000.0).contains(&number) {
                true => Ok(number),
                false => Err("answer with a number from 0.001 to 1000".into()),
            }
        })?;
        Ok(())
    }

    fn events(&mut self, draft: &mut Draft) -> Result<(), SetupError> {
        let former = self.former.as_ref();
        let kept = former.map(|former| former.text(&["output", "events", "path"]));
        let usual = match kept {
            Some(path) => path.unwrap_or_else(|| "none".into()),
            None => format!("/var/lib/normwatch{}/events.jsonl", self.suffix("-")),
        };
        let text = "Where is the event log to be? A path, or \"none\"";
        let question = Question::new("events", text).usually(usual);
        loop {
            let answer = self.interview.ask(&question)?;
            let read = answer.text().map(|text| (text != "none").then(|| text.to_owned()));
            let tried = read.and_then(|events| {
                draft.events = events;
                self.tried(draft, "output.events")
            });
            match tried {
                Ok(_) => return Ok(()),
                Err(why) => self.interview.refuse(&question, &answer, &why)?,
            }
        }
    }

    /// Why the hardware watchdog is left to others: nobody has to be asked.
    fn watchdog(&self, board: &Board) -> Option<&'static str> {
        let ours = board.watchdog.as_ref()?;
        if self.facts.systemd_feeds {
            return Some("systemd feeds the hardware watchdog of this machine.");
        }
        let has_it = self.facts.neighbours.iter().any(|other| {
            let theirs = other.board.watchdog.as_ref();
            other.watchdog.hardware != HardwareWatchdogUse::Off
                && theirs.is_some_and(|one| one.device == ours.device)
        });
        has_it.then_some("Another site of this machine has the hardware watchdog.")
    }

    /// Of folders: nothing for the first camera's, and the site's name for others.
    fn suffix(&self, before: &str) -> String {
        match name_of(self.place.file).as_str() {
            "site" => String::new(),
            name => format!("{before}{name}"),
        }
    }
}

/// What an error says of this key and those below it.
fn concerns(error: &ConfigError, key: &str) -> Option<String> {
    let of_key = |diagnostic: &&Diagnostic| diagnostic.key.starts_with(key);
    error.diagnostics.iter().filter(of_key).map(words).reduce(|a, b| format!("{a}\n  {b}"))
}

fn words(diagnostic: &Diagnostic) -> String {
    let Diagnostic { problem, remedy, suggestion, .. } = diagnostic;
    let meant = suggestion.as_ref().map(|word| format!("; did you mean `{word}`?"));
    format!("{problem}{}: {remedy}", meant.unwrap_or_default())
}
