//! The page over a replay, in real time, until somebody ends it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::error::Error;
use crate::alarm::State;
use crate::calibrate::Calibration;
use crate::clock::{Clock, SystemClock};
use crate::config::Zone;
use crate::event::Sample;
use crate::health::Vitals;
use crate::model::Bundle;
use crate::replay::{PlayOptions, Playing};
use crate::runtime::Scoring;
use crate::score::Polygon;
use crate::trace::{Scale, Trace};
use crate::web;

/// Tried first, so that the address can be guessed.
const USUAL_PORT: u16 = 9479;

/// Time between the scores of two clips.
const BETWEEN_CLIPS_MS: u64 = 5000;

/// What of a replay is shown.
pub(super) struct Shown {
    pub alarms_per_day: f64,
    /// The folder of its events.
    pub events: PathBuf,
    pub masks: Vec<Polygon>,
    pub zones: Vec<Zone>,
    /// Times real time; 0 plays as fast as the machine can.
    pub speed: f64,
}

/// The page, and what it is told of the replay.
pub(super) struct ReplayedPage {
    vitals: Vitals,
    history: web::History,
    address: String,
    pace: Pace,
    clip: String,
    /// Where this clip begins among all scores.
    clip_ms: u64,
    last_ms: u64,
}

struct Pace {
    period: Option<Duration>,
    begun: Instant,
    shown: u32,
}

impl ReplayedPage {
    /// Answers on this machine's own address alone, and says where. `options` needs a
    /// ring for pictures, and gets a trace.
    pub fn open(bundle: &Bundle, options: &mut PlayOptions, shown: Shown) -> Result<Self, Error> {
        let Scoring::Deployed(calibration) = &options.scoring else {
            return Err(Error::Usage(
                "without a calibration there is no page: a page shows \
                 scores; run `normwatch calibrate` first"
                    .into(),
            ));
        };
        let Shown { alarms_per_day, events, masks, zones, speed } = shown;
        let vitals = Vitals::default();
        let levels = options.alarm.levels;
        vitals.note(|reading| {
            (reading.enter_level, reading.exit_level) = (levels.enter, levels.exit);
        });
        let trace = Trace::of_footage(Scale::new(calibration, &options.alarm));
        let history = web::History::default();
        let page = web::PageOptions {
            pictures: options.pictures.clone(),
            history: history.clone(),
            events: Some(events),
            masks,
            zones,
            tuning: tuning(trace.clone(), calibration, options),
            // Footage obeys nobody.
            control: None,
            alarms_per_day,
            is_of_site: false,
        };
        let address = serve(bundle, vitals.clone(), page)?;
        println!("the page: {address}");
        options.trace = Some(trace);
        let period = Duration::try_from_secs_f64(1.0 / options.fps / speed).ok();
        let pace = Pace { period, begun: Instant::now(), shown: 0 };
        Ok(Self { vitals, history, address, pace, clip: String::new(), clip_ms: 0, last_ms: 0 })
    }

    /// Shows a judged frame when its time has come.
    pub fn judged(&mut self, playing: &Playing<'_>) {
        self.pace.wait();
        let Some(score) = &playing.step.score else { return };
        if self.clip != playing.clip.name {
            self.clip.clone_from(&playing.clip.name);
            self.clip_ms = self.last_ms + BETWEEN_CLIPS_MS;
        }
        if let Some(sample) = score.sample(playing.error_map, f32::NEG_INFINITY) {
            self.last_ms = self.clip_ms + sample.time_ms;
            self.history.judged(Sample { time_ms: self.last_ms, ..sample });
        }
        let began = playing.step.transitions.iter().filter(|t| t.to == State::Alarm).count();
        self.vitals.note(|reading| {
            reading.judged += 1;
            reading.rested += u64::from(score.rested);
            reading.alarms += began as u64;
            reading.state = playing.step.state;
            (reading.well, reading.camera_up) = (playing.fault_line == Some(true), true);
            reading.score = score.surprise.map(|surprise| surprise.score);
            reading.score_unix_ms = Some(SystemClock.wall_ns() / 1_000_000);
        });
    }

    /// Goes on to answer until the process is ended.
    pub fn stay(&self) -> ! {
        println!("the footage is over, {} goes on: end it with Ctrl-C", self.address);
        loop {
            thread::park();
        }
    }
}

impl Pace {
    fn wait(&mut self) {
        self.shown = self.shown.saturating_add(1);
        if let Some(period) = self.period {
            thread::sleep((period * self.shown).saturating_sub(self.begun.elapsed()));
        }
    }
}

fn tuning(trace: Trace, calibration: &Calibration, options: &PlayOptions) -> web::Tuning {
    web::Tuning { trace, calibration: calibration.clone(), alarm: options.alarm }
}

/// Where it listens, with its token.
fn serve(bundle: &Bundle, vitals: Vitals, page: web::PageOptions) -> Result<String, Error> {
    let local = Ipv4Addr::LOCALHOST;
    let listener = TcpListener::bind((local, USUAL_PORT))
        .or_else(|_| TcpListener::bind((local, 0)))
        .map_err(|error| Error::Internal(format!("cannot listen on {local}: {error}")))?;
    let listen = listener
        .local_addr()
        .map_err(|error| Error::Internal(format!("cannot listen on {local}: {error}")))?;
    let address = format!("http://{listen}/");
    let identity = web::Identity {
        site: bundle.manifest().name.clone(),
        board: String::new(),
        bundle: bundle.manifest().name.clone(),
        model_sha256: bundle.model_sha256().to_owned(),
    };
    let options = web::WebOptions { listen, token: None, names: Vec::new(), page: Some(page) };
    web::serve_on(listener, options, identity, vitals, Arc::new(Vec::new))
        .map_err(|error| Error::Internal(format!("cannot start a thread: {error}")))?;
    Ok(address)
}
