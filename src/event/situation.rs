//! What one event is: a situation from begin to end, with its proof.

use serde::{Deserialize, Serialize};

pub use super::cause::Cause;
use super::traits::Traits;
use super::window_ring::Windows;

/// Version of the form of `event.json`. Keys may be added under the same version; a
/// reader should pass over what it does not know.
pub const SCHEMA: &str = "normwatch.event/1";

/// What kind of situation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something moves or looks as nothing before it.
    Anomaly,
    /// A thing is there that was not, or is gone, and stays so.
    Changed,
    /// The camera was turned, covered or blurred.
    Tampered,
    /// Nothing is seen: the camera is lost, dark or frozen.
    Blind,
    /// Something keeps the FAULT line inactive although scores come.
    Fault,
}

impl Kind {
    pub const ALL: [Self; 5] =
        [Self::Anomaly, Self::Changed, Self::Tampered, Self::Blind, Self::Fault];

    /// Name as it stands in files and topics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anomaly => "anomaly",
            Self::Changed => "changed",
            Self::Tampered => "tampered",
            Self::Blind => "blind",
            Self::Fault => "fault",
        }
    }
}

/// Whether the date of a moment can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockQuality {
    /// A time service says that the clock is right.
    Synchronised,
    /// The clock shows a plausible date, and nothing vouches for it.
    Unsynchronised,
    /// The clock was not set since the board started.
    NotSet,
    /// The time of recorded footage, which has no date.
    Footage,
}

/// An instant of a situation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Since an arbitrary start, never backwards; in a replay since the clip's begin.
    pub time_ms: u64,
    /// Since 1970-01-01 UTC, as the board believed; `None` in a replay.
    pub unix_ms: Option<u64>,
    pub clock: ClockQuality,
    /// Number of the frame in the run or the clip; `None` where there was none.
    pub frame: Option<u64>,
}

/// A rectangle of the picture, in shares of its width and height, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

impl Place {
    /// Its middle, from the left and from the top.
    pub fn middle(self) -> (f32, f32) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }
}

/// The worst moment of a situation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peak {
    pub time_ms: u64,
    pub frame: Option<u64>,
    /// In −log10 p; of a tampering the share of the view that is lost, 0 to 1.
    pub score: f32,
    pub place: Option<Place>,
    pub cause: Option<Cause>,
    /// Where the cause is motion: how many times as fast normal footage was played that it
    /// moves most alike.
    #[serde(default)]
    pub speed: Option<f32>,
}

/// What decides between usual and not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct InForce {
    /// False alarms a day that the user accepts; `None` in a replay at given levels.
    pub alarms_per_day: Option<f64>,
    /// In −log10 p.
    pub enter_level: f32,
    pub exit_level: f32,
}

/// A score of the trace.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TracePoint {
    pub time_ms: u64,
    /// In −log10 p.
    pub score: f32,
}

/// How wrong the prediction was at the peak, by cells of the picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heat {
    pub columns: usize,
    pub rows: usize,
    /// Row by row, 0 to 255; 255 is the worst cell of this picture.
    pub cells: Vec<u8>,
}

/// A picture beside `event.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Name of the file.
    pub file: String,
    /// `before`, `onset` or `peak`.
    pub moment: String,
    pub time_ms: u64,
}

/// One situation, from begin to end: what `event.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Situation {
    /// [`SCHEMA`].
    pub schema: String,
    /// Names the event: letters, digits, `-`; sorts by time within a run.
    pub id: String,
    /// Name of the site file without its ending, or of the clip.
    pub site: String,
    pub kind: Kind,
    /// One sentence for people.
    pub reason: String,
    /// Names of the zones that the peak lies in.
    pub zones: Vec<String>,
    pub begin: Moment,
    pub peak: Option<Peak>,
    /// `None` while it lasts.
    pub end: Option<Moment>,
    pub duration_ms: Option<u64>,
    pub in_force: InForce,
    pub model_sha256: String,
    pub calibration_sha256: Option<String>,
    pub trace: Vec<TracePoint>,
    pub heat: Option<Heat>,
    pub pictures: Vec<Picture>,
    /// Of an anomaly, by which its like is known again.
    #[serde(default)]
    pub traits: Option<Traits>,
    /// Of an anomaly that was not raised, the entry by which it is known as normal.
    #[serde(default)]
    pub quieted: Option<u32>,
    /// What the next learning can take, where there is one.
    #[serde(default)]
    pub windows: Option<Windows>,
}

impl Situation {
    pub fn is_over(&self) -> bool {
        self.end.is_some()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A blind quarter of a second.
    pub(crate) fn situation(id: &str) -> Situation {
        let clock = ClockQuality::Footage;
        Situation {
            schema: SCHEMA.into(),
            id: id.into(),
            site: "yard".into(),
            kind: Kind::Blind,
            reason: "Nothing is seen: the camera is gone.".into(),
            zones: Vec::new(),
            begin: Moment { time_ms: 1, unix_ms: None, clock, frame: None },
            peak: None,
            end: Some(Moment { time_ms: 251, unix_ms: None, clock, frame: None }),
            duration_ms: Some(250),
            in_force: InForce { alarms_per_day: None, enter_level: 4.0, exit_level: 3.0 },
            model_sha256: "abc".into(),
            calibration_sha256: None,
            trace: Vec::new(),
            heat: None,
            pictures: Vec::new(),
            traits: None,
            quieted: None,
            windows: None,
        }
    }

    #[test]
    fn names_are_those_of_the_files() {
        for kind in Kind::ALL {
            let written = serde_json::to_string(&kind).unwrap();
            assert_eq!(written, format!("\"{}\"", kind.name()));
        }
    }
}
