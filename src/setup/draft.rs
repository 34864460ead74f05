//! A site file that comes into being: what was answered so far, as text.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use toml_edit::{Array, Value};

/// A line of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftLine {
    pub line: String,
    /// `high` or `low`.
    pub active: String,
    /// Period in which it beats while it is active; steady without.
    pub heartbeat_ms: Option<u32>,
}

/// What was answered so far.
#[derive(Clone, Debug)]
pub struct Draft {
    pub file: PathBuf,
    pub board: String,
    /// The keys of `[camera]`, `source` first; empty for the board's own.
    pub camera: Vec<(&'static str, Value)>,
    pub alarm: DraftLine,
    pub fault: Option<DraftLine>,
    pub alarms_per_day: f64,
    pub bundle: String,
    /// Where the board learns.
    pub learn: Option<String>,
    pub events: Option<String>,
    /// Why the hardware watchdog is left to others.
    pub watchdog_off: Option<&'static str>,
}

impl Draft {
    /// The text of a site file with this and nothing else.
    pub(super) fn fresh(&self) -> String {
        let mut text = format!(
            "# Made by `normwatch setup`, which can be run again. Every key is explained in\n\
             # /usr/share/doc/normwatch/config.md. After a change:\n#\n\
             #     normwatch check {}--config {}\n\
             board = {}\nbundle = {}\n",
            // There is no bundle yet.
            if self.learn.is_some() { "--config-only " } else { "" },
            self.file.display(),
            quoted(&self.board),
            quoted(&self.bundle)
        );
        let mut add = |lines: String| text.push_str(&lines);
        if !self.camera.is_empty() {
            add("\n[camera]\n".into());
            self.camera.iter().for_each(|(key, value)| add(format!("{key} = {value}\n")));
        }
        add(format!(
            "\n# False alarms a day that are accepted.\n[budget]\nalarms_per_day = {}\n",
            real(self.alarms_per_day)
        ));
        add(format!("\n# Active during an alarm.\n[output.alarm]\n{}", self.alarm.keys()));
        if let Some(fault) = &self.fault {
            add(format!("\n# Active while all is well.\n[output.fault]\n{}", fault.keys()));
        }
        if let Some(events) = &self.events {
            add(format!("\n[output.events]\npath = {}\n", quoted(events)));
        }
        if let Some(folder) = &self.learn {
            add(format!(
                "\n# Where `normwatch learn` keeps pictures and bundles.\n[learn]\nfolder = {}\n",
                quoted(folder)
            ));
        }
        if let Some(why) = self.watchdog_off {
            add(format!("\n# {why}\n[watchdog]\nhardware = \"off\"\n"));
        }
        text
    }

    /// The site's name.
    pub fn name(&self) -> String {
        name_of(&self.file)
    }
}

impl DraftLine {
    fn keys(&self) -> String {
        let mut keys =
            format!("line = {}\nactive = {}\n", quoted(&self.line), quoted(&self.active));
        if let Some(period_ms) = self.heartbeat_ms {
            let _ = writeln!(keys, "pattern = {{ heartbeat_ms = {period_ms} }}");
        }
        keys
    }
}

/// That of the file, without the ending.
pub(super) fn name_of(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// A list of words.
pub(super) fn list(words: &[String]) -> Value {
    words.iter().collect::<Array>().into()
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// With a point, as TOML tells decimal numbers.
fn real(number: f64) -> String {
    Value::from(number).to_string()
}
