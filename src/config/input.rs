//! `[input]`: the contacts that a site reads.

use super::board::Board;
use super::output::{OutputSection, known_line, read_polarity};
use super::reader::Section;
use crate::alarm::Polarity;

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
    pub polarity: Polarity,
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
    ) -> Self {
        let Some(mut section) = section else { return Self::default() };
        let mut taken: Vec<(String, &str)> = Vec::new();
        if let Some(output) = output {
            taken.extend(output.owners().map(|(line, owner)| (line.line.clone(), owner)));
        }
        let mut contact = |section: Option<Section<'_>>, what| {
            let contact = read_contact(section?, board, &taken)?;
            taken.push((contact.line.clone(), what));
            Some(contact)
        };
        let acknowledge = contact(section.optional_section("acknowledge"), "the acknowledge input");
        let arm = contact(section.optional_section("arm"), "the arm input");
        let mut pir_section = section.optional_section("pir");
        let within_ms = pir_section.as_mut().and_then(|section| section.optional("within_ms"));
        let within_ms = within_ms.and_then(|item| item.whole(0..=600_000)).unwrap_or(WITHIN_MS);
        let pir = contact(pir_section, "the PIR").map(|contact| PirInput { contact, within_ms });
        Self { acknowledge, arm, pir }
    }
}

fn read_contact(
    mut section: Section<'_>,
    board: Option<&Board>,
    taken: &[(String, &str)],
) -> Option<InputLine> {
    let line = section.required("line", "\"ACK\"").and_then(|item| known_line(item, board));
    let polarity = section.optional("active").and_then(read_polarity);
    let bias = section.optional("bias").and_then(|item| {
        item.choice(&[
            ("as-is", InputBias::AsIs),
            ("pull-up", InputBias::PullUp),
            ("pull-down", InputBias::PullDown),
            ("disabled", InputBias::Disabled),
        ])
    });
    let debounce_ms = section.optional("debounce_ms").and_then(|item| item.whole(0..=10_000));
    let (name, item) = line?;
    if let Some((_, owner)) = taken.iter().find(|(other, _)| *other == name) {
        let problem = format!("= \"{name}\" is the line of {owner} too");
        item.invalid(&problem, "give each a line of its own");
        return None;
    }
    Some(InputLine {
        line: name,
        polarity: polarity.unwrap_or(Polarity::ActiveHigh),
        bias: bias.unwrap_or_default(),
        debounce_ms: debounce_ms.unwrap_or(DEBOUNCE_MS),
    })
}
