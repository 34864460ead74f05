//! The events of a replay, in a folder beside its other results.

use std::path::{Path, PathBuf};

use super::error::Error;
use crate::config::Zone;
use crate::event::{Destinations, PictureRing, Quota, ReplayedEvents, Setup, Store};
use crate::model::Bundle;
use crate::output::{Both, JsonLines};
use crate::replay::{PlayOptions, Playing};

/// Name of the folder.
pub(super) const EVENTS: &str = "events";

/// Memory for pictures; footage of any size has some.
const MEMORY_BYTES: usize = 256_000_000;

const QUOTA: Quota = Quota { max_bytes: 10_000_000_000, max_count: 10_000 };

/// What makes the events of a replay.
pub(super) struct Events {
    recorder: ReplayedEvents,
    pub folder: PathBuf,
    exit_level: f32,
}

/// The event log, and what makes events of it.
pub(super) type Sink<W> = Both<JsonLines<W>, ReplayedEvents>;

impl Events {
    /// Into `out`, where events of a former replay are removed. The pictures come from
    /// what `options` plays.
    pub fn begin(
        out: &Path,
        bundle: &Bundle,
        alarms_per_day: f64,
        zones: Vec<Zone>,
        options: &mut PlayOptions,
    ) -> Result<Self, Error> {
        let folder = out.join(EVENTS);
        let store = Store::new(&folder, QUOTA);
        store.clear().map_err(Error::file(&folder))?;
        let pictures = PictureRing::new(MEMORY_BYTES);
        options.pictures = Some(pictures.clone());
        let input = bundle.manifest().input;
        let setup = Setup {
            site: String::new(),
            alarms_per_day: Some(alarms_per_day),
            hold_ms: options.alarm.hold_ms,
            calibration_sha256: options.scoring.calibration_sha256(),
            model_px: (input.width_px, input.height_px),
            zones,
        };
        let (pictures, store) = (Some(pictures), Some(store));
        let to = Destinations { pictures, store, ..Destinations::default() };
        let recorder = ReplayedEvents::new(setup, to);
        Ok(Self { recorder, folder, exit_level: options.alarm.levels.exit })
    }

    /// The log, with these events beside it.
    pub fn beside<W>(&self, log: JsonLines<W>) -> Sink<W> {
        Both(Some(log), Some(self.recorder.clone()))
    }

    pub fn judged(&self, playing: &Playing<'_>) {
        let score = playing.step.score.as_ref();
        let sample = score.and_then(|score| score.sample(playing.error_map, self.exit_level));
        sample.iter().for_each(|sample| self.recorder.judged(sample));
    }

    /// Ends what still goes on.
    ///
    /// # Errors
    /// Events that could not be stored.
    pub fn finish(self) -> Result<(), Error> {
        match self.recorder.finish() {
            0 => Ok(()),
            lost => {
                let error = std::io::Error::other(format!("{lost} events could not be stored"));
                Err(Error::file(&self.folder)(error))
            }
        }
    }
}
