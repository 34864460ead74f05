//! `[output]`: the lines that a site drives, its event log, and who else is told.

use std::path::{Path, PathBuf};

use super::board::Board;
use super::modbus::ModbusSection;
use super::mqtt::MqttSection;
use super::notify::NotifySection;
use super::reader::{Item, Section, similar};
use crate::alarm::{LastingLine, Pattern, Polarity};

const EVENTS_MAX_BYTES: u32 = 10 * 1024 * 1024;
const FOLDER_MAX_MB: u32 = 500;
const FOLDER_MAX_COUNT: u32 = 1000;
const MEMORY_MAX_MB: u32 = 32;

/// Lines are driven every 50 ms at the latest: a faster beat would alias to a level
/// that stands still.
const LEAST_BEAT_MS: u32 = 200;

const LONGEST_MS: u32 = 3_600_000;

const PATTERNS: &str = "write \"steady\", { pulse_ms = 500 } or { heartbeat_ms = 1000 }";

/// `[output]`: where an alarm shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputSection {
    /// Active during an alarm.
    pub alarm: OutputLine,
    /// Active while all is well. Never safe in its active level, and never a
    /// pulse.
    pub fault: Option<OutputLine>,
    /// Active while something has stayed that was not there, or is gone.
    pub changed: Option<OutputLine>,
    /// Active while the camera has lost its usual view.
    pub tampered: Option<OutputLine>,
    pub events: Option<EventsSection>,
    /// Who else is told of events.
    pub notify: NotifySection,
    pub mqtt: Option<MqttSection>,
    pub modbus: Option<ModbusSection>,
}

/// `[output.alarm]`, `[output.fault]`, `[output.changed]` or `[output.tampered]`: one
/// GPIO line of the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputLine {
    /// A [`super::GpioLine::name`] of the site's board.
    pub line: String,
    /// Times are 1 to 3 600 000 ms.
    pub pattern: Pattern,
    pub polarity: Polarity,
    /// Whether the line is active on start, stop and panic; false by default.
    pub safe_active: bool,
}

/// `[output.events]`: the event log, one JSON object a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventsSection {
    pub path: PathBuf,
    /// Size that the file may reach: 65 536 to 1 073 741 824, 10 485 760 by
    /// default.
    pub max_bytes: u32,
    /// Where each event is kept with its pictures; `None` keeps none.
    pub folder: Option<EventFolder>,
    /// Memory for the pictures of the last seconds: 1 to 1000, 32 by default.
    pub memory_max_mb: u32,
}

/// The folder of events, and how much it may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFolder {
    pub path: PathBuf,
    /// 1 to 1 000 000, 500 by default.
    pub max_mb: u32,
    /// 1 to 100 000, 1000 by default.
    pub max_count: u32,
}

impl OutputSection {
    /// Reads the section; line names are checked against `board` if there is
    /// one, and relative paths are taken from `base`. Without a look at tampering
    /// nothing could tell of it.
    pub(super) fn read(
        mut section: Section<'_>,
        board: Option<&Board>,
        base: &Path,
        looks_for_tampering: bool,
    ) -> Option<Self> {
        let mut taken = Vec::new();
        let alarm = section
            .required_section("alarm")
            .and_then(|s| read_line(s, board, Role::Alarm, &mut taken));
        let mut line = |section: &mut Section<'_>, key, role| {
            section.optional_section(key).and_then(|s| read_line(s, board, role, &mut taken))
        };
        let fault = line(&mut section, "fault", Role::Fault);
        let changed = line(&mut section, "changed", Role::Changed);
        let tampered = match looks_for_tampering {
            true => line(&mut section, "tampered", Role::Tampered),
            false => {
                let because = "with `tamper.enabled = false`";
                section.refuse(&["tampered"], because, "remove one of the two");
                None
            }
        };
        let events = section.optional_section("events").and_then(|s| read_events(s, base));
        let notify = NotifySection::read(&mut section, base);
        let mqtt = section.optional_section("mqtt").and_then(|s| MqttSection::read(s, base));
        let modbus = section.optional_section("modbus").and_then(ModbusSection::read);
        Some(Self { alarm: alarm?, fault, changed, tampered, events, notify, mqtt, modbus })
    }

    /// The lines that there are, each with a word on whose it is.
    pub(super) fn owners(&self) -> impl Iterator<Item = (&OutputLine, &'static str)> {
        let alarm = [(Some(&self.alarm), "the alarm output")];
        let others = [
            (self.fault.as_ref(), "the fault output"),
            (self.changed.as_ref(), "the output for changes"),
            (self.tampered.as_ref(), "the output for tampering"),
        ];
        let all = alarm.into_iter().chain(others);
        all.filter_map(|(line, owner)| line.map(|line| (line, owner)))
    }

    /// The lines that there are.
    pub fn lines(&self) -> impl Iterator<Item = &OutputLine> {
        self.owners().map(|(line, _)| line)
    }

    /// The line for one kind of what lasts, where there is one.
    pub fn lasting(&self, which: LastingLine) -> Option<&OutputLine> {
        match which {
            LastingLine::Changed => self.changed.as_ref(),
            LastingLine::Tampered => self.tampered.as_ref(),
        }
    }
}

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Alarm,
    Fault,
    Changed,
    Tampered,
}

impl Role {
    fn example(self) -> &'static str {
        match self {
            Self::Alarm => "\"ALARM\"",
            Self::Fault => "\"FAULT\"",
            Self::Changed => "\"CHANGED\"",
            Self::Tampered => "\"TAMPERED\"",
        }
    }

    fn whose(self) -> &'static str {
        match self {
            Self::Alarm => "the alarm's",
            Self::Fault => "the fault output's",
            Self::Changed => "the changes'",
            Self::Tampered => "the tampering's",
        }
    }
}

/// Reads a line; `taken` are those of the outputs before it.
fn read_line(
    mut section: Section<'_>,
    board: Option<&Board>,
    role: Role,
    taken: &mut Vec<(String, Role)>,
) -> Option<OutputLine> {
    let line = section.required("line", role.example()).and_then(|item| known_line(item, board));
    let pattern = section.optional("pattern");
    let polarity = section.optional("active").and_then(read_polarity);
    let safe = section.optional("safe");
    let safe_active =
        safe.clone().and_then(|item| item.choice(&[("inactive", false), ("active", true)]));
    let output = OutputLine {
        line: line.as_ref().map(|(name, _)| name.clone()).unwrap_or_default(),
        pattern: pattern.clone().and_then(read_pattern).unwrap_or(Pattern::Steady),
        polarity: polarity.unwrap_or(Polarity::ActiveHigh),
        safe_active: safe_active.unwrap_or(false),
    };
    if let Some((name, item)) = &line {
        if let Some((_, other)) = taken.iter().find(|(taken, _)| taken == name) {
            let problem = format!("is {} line too", other.whose());
            item.invalid(&problem, "give each output a line of its own");
        }
        taken.push((name.clone(), role));
    }
    let is_fault = role == Role::Fault;
    if let (true, true, Some(item)) = (is_fault, output.safe_active, safe) {
        let remedy = "use \"inactive\": a fault output that stays active hides a dead process";
        item.invalid("must not be \"active\"", remedy);
    }
    if let (true, Pattern::Pulse { .. }, Some(item)) = (is_fault, output.pattern, pattern) {
        let remedy = "use \"steady\" or { heartbeat_ms = 1000 }: when a pulse ends, the line reports a fault";
        item.invalid("must not be a pulse", remedy);
    }
    line.map(|_| output)
}

/// A line's name, if the board has such a line.
pub(super) fn known_line<'a>(item: Item<'a>, board: Option<&Board>) -> Option<(String, Item<'a>)> {
    let name = item.clone().text()?;
    let Some(board) = board else { return Some((name, item)) };
    if board.gpio.line(&name).is_some() {
        return Some((name, item));
    }
    let names: Vec<_> = board.gpio.lines.iter().map(|line| line.name.as_str()).collect();
    let remedy = match names.as_slice() {
        [] => format!("add a [[gpio.line]] to {}", board.file.display()),
        names => format!("lines of this board: {}", names.join(", ")),
    };
    let like = similar(&name, names.iter().copied());
    item.unfit(&format!("= \"{name}\" is not a line of board `{}`", board.name), &remedy, like);
    None
}

/// The key `active`: the level that means active.
pub(super) fn read_polarity(item: Item<'_>) -> Option<Polarity> {
    item.choice(&[("high", Polarity::ActiveHigh), ("low", Polarity::ActiveLow)])
}

fn read_pattern(item: Item<'_>) -> Option<Pattern> {
    if !item.is_table() {
        return match item.clone().text()?.as_str() {
            "steady" => Some(Pattern::Steady),
            other => {
                item.invalid(&format!("does not know `{other}`"), PATTERNS);
                None
            }
        };
    }
    let mut section = item.clone().section()?;
    let pulse = section.optional("pulse_ms");
    let heartbeat = section.optional("heartbeat_ms");
    match (pulse, heartbeat) {
        (Some(pulse), None) => Some(Pattern::Pulse { width_ms: pulse.whole(1..=LONGEST_MS)? }),
        (None, Some(beat)) => {
            Some(Pattern::Heartbeat { period_ms: beat.whole(LEAST_BEAT_MS..=LONGEST_MS)? })
        }
        (Some(_), Some(_)) => {
            item.invalid("has both `pulse_ms` and `heartbeat_ms`", PATTERNS);
            None
        }
        (None, None) => {
            item.invalid("has neither `pulse_ms` nor `heartbeat_ms`", PATTERNS);
            None
        }
    }
}

fn read_events(mut section: Section<'_>, base: &Path) -> Option<EventsSection> {
    let path = section.required("path", "\"events.jsonl\"").and_then(|item| item.path(base));
    let max_bytes = section
        .optional("max_bytes")
        .and_then(|item| item.whole(65_536..=1 << 30))
        .unwrap_or(EVENTS_MAX_BYTES);
    let folder = section.optional("folder").and_then(|item| item.path(base));
    let within = |item: Option<Item<'_>>, most, usual| {
        item.and_then(|item| item.whole(1..=most)).unwrap_or(usual)
    };
    let max_mb = within(section.optional("folder_max_mb"), 1_000_000, FOLDER_MAX_MB);
    let max_count = within(section.optional("folder_max_count"), 100_000, FOLDER_MAX_COUNT);
    let memory_max_mb = within(section.optional("memory_max_mb"), 1000, MEMORY_MAX_MB);
    let folder = folder.map(|path| EventFolder { path, max_mb, max_count });
    Some(EventsSection { path: path?, max_bytes, folder, memory_max_mb })
}
