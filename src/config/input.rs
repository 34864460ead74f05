use super::board::Board;
use super::output::{ActiveLevel, OutputSection, known_line};
use super::reader::Section;

const DEBOUNCE_MS: u32 = 50;
const WITHIN_MS: u32 = 10_000;

/// `[input]`: contacts that the program reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputSection {
    /// A push-button: its press acknowledges the alarm.
    pub acknowledge: Option<InputLine>,
    /// A switch: armed while active, disarmed while not.
    pub arm: Option<InputLine>,
    pub pir: Option<PirInput>,
}

/// `[input.acknowledge]`, `[input.arm]` or `[input.pir]`: one GPIO line of the
/// board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputLine {
    /// A [`super::GpioLine::name`] of the site's board.
    pub line: String,
    pub active: ActiveLevel,
    pub bias: InputBias,
    /// A level counts once it has stood this long: 0 to 10 000, 50 by default.
    pub debounce_ms: u32,
}

/// The pin's own resistor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InputBias {
    /// As the board's firmware left it.
    #[default]
    AsIs,
    PullUp,
    PullDown,
    Disabled,
}

/// `[input.pir]`: an independent motion sensor, without which no alarm begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PirInput {
    pub contact: InputLine,
    /// An alarm begins only if the sensor was active within this time: 0 to
    /// 600 000, 10 000 by default.
    pub within_ms: u32,
}

impl InputSection {
    /// Reads the section; line names are checked against `board` and against
    /// the lines that the outputs have.
    pub(super) fn read(
        section: Option<Section<'_>>,
        board: Option<&Board>,
        output: Option<&OutputSection>,
    ) -> Option<Self> {
        let Some(mut section) = section else { return Some(Self::default()) };
        let mut taken: Vec<(String, &str)> = Vec::new();
        if let Some(output) = output {
            taken.push((output.alarm.line.clone(), "the alarm output"));
            taken.extend(output.fault.iter().map(|f| (f.line.clone(), "the fault output")));
        }
        let mut contact = |section: Option<Section<'_>>, what| {
            let Some(section) = section else { return Some(None) };
            let (line, within_ms) = read_line(section, board, &taken, what == "the PIR")?;
            taken.push((line.line.clone(), what));
            Some(Some((line, within_ms)))
        };
        let acknowledge = contact(section.optional_section("acknowledge"), "the acknowledge input");
        let arm = contact(section.optional_section("arm"), "the arm input");
        let pir = contact(section.optional_section("pir"), "the PIR");
        Some(Self {
            acknowledge: acknowledge?.map(|(line, _)| line),
            arm: arm?.map(|(line, _)| line),
            pir: pir?.map(|(contact, within_ms)| PirInput { contact, within_ms }),
        })
    }
}

fn read_line(
    mut section: Section<'_>,
    board: Option<&Board>,
    taken: &[(String, &str)],
    is_pir: bool,
) -> Option<(InputLine, u32)> {
    let line = section.required("line", "\"ACK\"").and_then(|item| known_line(item, board));
    let active = section
        .optional("active")
        .and_then(|item| item.choice(&[("high", ActiveLevel::High), ("low", ActiveLevel::Low)]));
    let bias = section.optional("bias").and_then(|item| {
        item.choice(&[
            ("as-is", InputBias::AsIs),
            ("pull-up", InputBias::PullUp),
            ("pull-down", InputBias::PullDown),
            ("disabled", InputBias::Disabled),
        ])
    });
    let debounce_ms = section.optional("debounce_ms").and_then(|item| item.whole(0..=10_000));
    let within_ms = match is_pir {
        true => section.optional("within_ms").and_then(|item| item.whole(0..=600_000)),
        false => None,
    };
    let (name, item) = line?;
    if let Some((_, owner)) = taken.iter().find(|(other, _)| *other == name) {
        item.invalid(
            &format!("= \"{name}\" is the line of {owner} too"),
            "give each a line of its own",
        );
        return None;
    }
    let contact = InputLine {
        line: name,
        active: active.unwrap_or_default(),
        bias: bias.unwrap_or_default(),
        debounce_ms: debounce_ms.unwrap_or(DEBOUNCE_MS),
    };
    Some((contact, within_ms.unwrap_or(WITHIN_MS)))
}
