//! The 256 colours of a picture: greys, errors painted over greys, and inks.

use normwatch::output::report::heat;

/// Nothing changes here since the picture before.
pub const UNCHANGED: u8 = 0;

const GREYS: usize = 64;
const FIRST_GREY: usize = 1;
/// Errors are painted over this many greys, in this many strengths.
const HEAT_GREYS: usize = 14;
const STRENGTHS: usize = 12;
const FIRST_HEAT: usize = FIRST_GREY + GREYS;
const FIRST_INK: usize = FIRST_HEAT + HEAT_GREYS * STRENGTHS;

/// A colour of words and lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Ground,
    Panel,
    Quiet,
    Words,
    Calm,
    Suspect,
    Alarm,
    Outline,
}

const INKS: [(Ink, [u8; 3]); 8] = [
    (Ink::Ground, [20, 23, 27]),
    (Ink::Panel, [52, 58, 65]),
    (Ink::Quiet, [152, 161, 171]),
    (Ink::Words, [230, 233, 237]),
    (Ink::Calm, [92, 190, 140]),
    (Ink::Suspect, [230, 180, 60]),
    (Ink::Alarm, [240, 110, 44]),
    (Ink::Outline, [255, 255, 255]),
];

impl Ink {
    pub fn index(self) -> u8 {
        let place = INKS.iter().position(|(ink, _)| *ink == self).unwrap_or(0);
        (FIRST_INK + place) as u8
    }
}

/// The colour of a grey pixel with an error of this strength, 0 to 1, over it.
pub fn pixel(grey: u8, strength: f32) -> u8 {
    let level = (strength.clamp(0.0, 1.0) * STRENGTHS as f32) as usize;
    if level == 0 || strength.is_nan() {
        return (FIRST_GREY + usize::from(grey) * GREYS / 256) as u8;
    }
    let dark = usize::from(grey) * HEAT_GREYS / 256;
    (FIRST_HEAT + dark * STRENGTHS + level.min(STRENGTHS) - 1) as u8
}

/// Red, green and blue of every colour, in order.
pub fn colours() -> Vec<u8> {
    let mut out = vec![0; 3];
    out.extend((0..GREYS).flat_map(|at| [(at * 255 / (GREYS - 1)) as u8; 3]));
    for dark in 0..HEAT_GREYS {
        let grey = ((2 * dark + 1) * 255 / (2 * HEAT_GREYS)) as u8;
        out.extend((1..=STRENGTHS).flat_map(|at| heat::over(grey, at as f32 / STRENGTHS as f32)));
    }
    out.extend(INKS.iter().flat_map(|(_, colour)| *colour));
    out
}
