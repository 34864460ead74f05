//! `[[output.hook]]`: programs of the user's that are told of events.

use std::path::Path;

use super::command::read_argv;
use super::notices::{NoticeFilter, read_name};
use super::reader::Section;

/// `[[output.hook]]`: a program that is started for each event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookSection {
    pub name: String,
    /// The program and its arguments, started without a shell.
    pub argv: Vec<String>,
    pub about: NoticeFilter,
    /// After so long it is ended, with all that it has started: 1 to 300; 30.
    pub timeout_s: u32,
    /// The most runs in an hour: 1 to 3600; 60.
    pub per_hour: u32,
}

impl HookSection {
    pub(super) fn read(
        mut section: Section<'_>,
        base: &Path,
        taken: &mut Vec<String>,
    ) -> Option<Self> {
        let name = read_name(&mut section, taken);
        let example = "[\"/usr/local/bin/tell\", \"--now\"]";
        let argv = section.required("command", example).and_then(|item| read_argv(item, base));
        let about = NoticeFilter::read(&mut section, true);
        let timeout_s = section.optional("timeout_s").and_then(|item| item.whole(1..=300));
        let per_hour = section.optional("per_hour").and_then(|item| item.whole(1..=3600));
        Some(Self {
            name: name?,
            argv: argv?,
            about,
            timeout_s: timeout_s.unwrap_or(30),
            per_hour: per_hour.unwrap_or(60),
        })
    }
}
