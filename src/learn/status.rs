//! How far a learning is, what was seen, and what would go wrong.

use std::fmt;
use std::path::Path;

use serde::Serialize;

use super::coverage::Coverage;
use super::drift_file::read_drift;
use super::error::LearnError;
use super::generations::Generations;
use super::place::{LearnPlace, input_of};
use super::so_far::span;
use super::state::{Phase, State};
use super::verdict::Verdict;
use crate::calibrate::Drift;
use crate::config::{LearnSection, Preset};

const MB: u64 = 1_000_000;

/// 2024 began: an earlier calendar was never set.
const LEAST_UNIX_S: u64 = 1_704_067_200;

/// File systems give out space in blocks of this.
const BLOCK_BYTES: u64 = 4096;

/// After so long, something should have moved.
const CALM_S: f64 = 1800.0;

/// How far a learning is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// `None` where none has begun.
    pub phase: Option<Phase>,
    pub generation: Option<u32>,
    /// How much of the phase is done, 0 to 1.
    pub share: f64,
    /// To the end of the last phase; the proof takes a few minutes more.
    pub left_s: f64,
    pub observed_s: f64,
    pub trained_s: f64,
    pub settled_s: f64,
    pub coverage: Coverage,
    pub clips: usize,
    pub store_bytes: u64,
    pub losses: u64,
    pub last_error: Option<String>,
    pub verdict: Option<Verdict>,
    /// The generation that watches, and the one that is to stay.
    pub current: Option<u32>,
    pub pinned: Option<u32>,
    /// How the scores of the last day compare with the calibration's, where the service has
    /// watched for one.
    pub drift: Option<Drift>,
    /// What would go wrong, as things are.
    pub problems: Vec<String>,
}

impl Status {
    /// Reads the state in a site's learning folder; changes nothing, also while another
    /// process learns. `toolchain` says why training would fail, if it would.
    ///
    /// # Errors
    /// A state that cannot be read.
    pub fn read(
        section: &LearnSection,
        now_unix_s: u64,
        toolchain: Option<String>,
    ) -> Result<Self, LearnError> {
        let place = LearnPlace::new(&section.folder);
        let state = State::load(&place)?;
        let generations = Generations::new(place.folder());
        let mut problems: Vec<String> = Vec::new();
        let trains = state.as_ref().is_none_or(|state| state.phase < Phase::Settle);
        problems.extend(toolchain.filter(|_| trains));
        if now_unix_s < LEAST_UNIX_S {
            problems.push(
                "the calendar is not set, so the hours of the day that are told are wrong".into(),
            );
        }
        problems.extend(disk_problem(section, state.as_ref()));
        problems.extend(memory_problem(section, state.as_ref()));
        problems.extend(state.as_ref().and_then(|state| state_problem(section, state)));
        let whole = state.clone().unwrap_or_else(|| {
            State::begin(1, section.preset.name(), section.precision, now_unix_s)
        });
        Ok(Self {
            phase: state.as_ref().map(|state| state.phase),
            generation: state.as_ref().map(|state| state.generation),
            share: share(&whole),
            left_s: if state.is_some() { left_s(&whole) } else { planned_s(section) },
            observed_s: whole.observed_s,
            trained_s: whole.trained_s,
            settled_s: whole.settled_s,
            coverage: whole.coverage,
            clips: whole.clips,
            store_bytes: whole.store_bytes,
            losses: whole.losses,
            last_error: whole.last_error,
            verdict: whole.verdict,
            current: generations.current(),
            pinned: generations.pinned(),
            drift: read_drift(&place),
            problems,
        })
    }
}

fn planned_s(section: &LearnSection) -> f64 {
    3600.0 * (section.observe_h + section.settle_h) + 60.0 * section.train_minutes
}

fn part(done: f64, whole: f64) -> f64 {
    if whole > 0.0 { (done / whole).clamp(0.0, 1.0) } else { 0.0 }
}

/// How much of its phase is done, 0 to 1.
pub(super) fn share(state: &State) -> f64 {
    match state.phase {
        Phase::Observe => part(state.observed_s, state.observe_for_s),
        Phase::Train => part(state.trained_s, state.train_for_s),
        Phase::Prove => 0.0,
        Phase::Settle => part(state.settled_s, state.settle_for_s),
        Phase::Watch => 1.0,
    }
}

fn left_s(state: &State) -> f64 {
    let phases = [
        (Phase::Observe, state.observe_for_s - state.observed_s),
        (Phase::Train, state.train_for_s - state.trained_s),
        (Phase::Settle, state.settle_for_s - state.settled_s),
    ];
    let to_come = phases.iter().filter(|(phase, _)| *phase >= state.phase);
    to_come.map(|(_, left_s)| left_s.max(0.0)).sum()
}

fn state_problem(section: &LearnSection, state: &State) -> Option<String> {
    if state.phase != Phase::Watch && state.preset != section.preset.name() {
        return Some(format!(
            "the learning was begun for `{}`, and the site file says `{}` by now",
            state.preset,
            section.preset.name()
        ));
    }
    let seen = &state.coverage;
    (state.phase == Phase::Observe && seen.seen_s > CALM_S && seen.moving_s == 0.0)
        .then(|| "nothing has moved so far: without anything that moves, it will not train".into())
}

fn disk_problem(section: &LearnSection, state: Option<&State>) -> Option<String> {
    if state.is_some_and(|state| state.phase > Phase::Observe) {
        return None;
    }
    let free = free_bytes(&section.folder)?;
    let stored = state.map_or(0, |state| state.store_bytes);
    let needed = (u64::from(section.store_max_mb) * MB).saturating_sub(stored);
    (free < needed).then(|| {
        format!(
            "the store may take {} MB more, and {} MB are free in {}: it will stay smaller",
            needed / MB,
            free / MB,
            section.folder.display()
        )
    })
}

/// The training holds all pictures of the store in memory, beside the network's own.
fn memory_problem(section: &LearnSection, state: Option<&State>) -> Option<String> {
    if state.is_some_and(|state| state.phase > Phase::Train) {
        return None;
    }
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let available = memory_available(&text)?;
    let picture = input_of(section.preset).spec().frame_len() as u64;
    let pictures = u64::from(section.store_max_mb) * MB / picture.next_multiple_of(BLOCK_BYTES);
    let needed = pictures * picture + network_bytes(section.preset);
    (available < needed).then(|| {
        format!(
            "a training from a full store takes up to {} MB of memory, and {} MB are available: \
             lower `learn.store_max_mb`",
            needed / MB,
            available / MB
        )
    })
}

/// What a training takes beside the pictures: the most that was resident on x86-64, with two
/// threads and batches of 8.
fn network_bytes(preset: Preset) -> u64 {
    match preset {
        Preset::Nano => 316 * MB,
        Preset::Edge => 735 * MB,
    }
}

/// `MemAvailable` of `/proc/meminfo`.
fn memory_available(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib << 10)
}

/// Of the file system that the folder is on, or will be.
fn free_bytes(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("."));
    let stat = rustix::fs::statvfs(there).ok()?;
    Some(stat.f_bavail * stat.f_frsize)
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.phase, self.generation) {
            (Some(phase), Some(generation)) => {
                write!(f, "phase         {phase}, generation {generation}")?;
                match phase {
                    Phase::Watch => writeln!(f)?,
                    Phase::Prove => writeln!(f, ": under way")?,
                    _ => writeln!(f, ": {:.0} % done", 100.0 * self.share)?,
                }
            }
            _ => writeln!(f, "phase         not begun")?,
        }
        if self.phase != Some(Phase::Watch) {
            writeln!(f, "time left     {}", span(self.left_s))?;
        }
        writeln!(f, "seen          {}", self.coverage)?;
        let store_mb = self.store_bytes as f64 / MB as f64;
        writeln!(f, "store         {} clips, {store_mb:.1} MB", self.clips)?;
        if self.losses > 0 {
            writeln!(f, "camera lost   {} times", self.losses)?;
        }
        if let Some(verdict) = self.verdict {
            writeln!(f, "levels        {verdict}")?;
        }
        match (self.current, self.pinned) {
            (None, _) => writeln!(f, "current       none yet")?,
            (Some(current), Some(pinned)) if current == pinned => {
                writeln!(f, "current       generation {current}, pinned")?;
            }
            (Some(current), _) => writeln!(f, "current       generation {current}")?,
        }
        if let Some(drift) = &self.drift {
            writeln!(f, "scores        {drift}")?;
        }
        if let Some(error) = &self.last_error {
            writeln!(f, "last error    {error}")?;
        }
        self.problems.iter().try_for_each(|problem| writeln!(f, "problem       {problem}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_that_is_available_is_read() {
        let text = "MemTotal:  948280 kB\nMemFree:  10 kB\nMemAvailable:     512 kB\n";
        assert_eq!(memory_available(text), Some(512 << 10));
        assert_eq!(memory_available("MemFree: 10 kB\n"), None);
        assert_eq!(memory_available("MemAvailable: much\n"), None);
    }

    #[test]
    fn what_is_left_is_told_by_phase() {
        let mut state = State::begin(1, "nano", crate::model::Precision::F32, 0);
        (state.observe_for_s, state.train_for_s, state.settle_for_s) = (100.0, 60.0, 40.0);
        (state.observed_s, state.settled_s) = (25.0, 10.0);
        let mut course = Vec::new();
        for phase in Phase::ALL {
            state.phase = phase;
            course.push((left_s(&state), share(&state)));
        }
        let wanted = [(165.0, 0.25), (90.0, 0.0), (30.0, 0.0), (30.0, 0.25), (0.0, 1.0)];
        assert_eq!(course, wanted);
    }
}
