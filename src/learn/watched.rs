//! How far a learning is, for whoever looks at a site's figures while it is watched, and
//! what it has come to.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::drift_file::write_drift;
use super::generations::Generations;
use super::place::LearnPlace;
use super::state::State;
use super::status::share;
use crate::config::LearnSection;
use crate::health::Vitals;

/// Phases take hours.
const LOOK: Duration = Duration::from_secs(30);

/// Looked at in steps, so that the thread ends soon.
const STEP: Duration = Duration::from_millis(500);

/// What is to be watched with and was refused, or came at a bad moment, is tried again so
/// much later.
const TRY_AGAIN: Duration = Duration::from_secs(300);

/// The generation that a site watches with; `None` where its bundle is not the link of what
/// it learns.
pub(crate) fn watched_generation(section: &LearnSection, bundle: &Path) -> Option<u32> {
    let generations = Generations::new(&section.folder);
    generations.current().filter(|_| is_same(bundle, &generations.current_path()))
}

/// Says by `vitals` how far the learning is, from a thread of its own: the state is a file,
/// and a disk may hang. While another generation than the one that is watched with is
/// `current`, `renew` is called, now and then, and only in a calm moment. The thread ends once
/// `alive` is let go.
///
/// # Errors
/// The thread could not be started.
pub(crate) fn tell_phase(
    section: &LearnSection,
    vitals: Vitals,
    alive: &Arc<()>,
    (watched, mut renew): (Option<u32>, impl FnMut() + Send + 'static),
) -> io::Result<()> {
    let (place, alive) = (LearnPlace::new(&section.folder), Arc::downgrade(alive));
    let (mut told, mut fails) = (None, false);
    let generations = Generations::new(place.folder());
    let mut tried: Option<Instant> = None;
    let body = move || {
        while alive.strong_count() > 0 {
            let phase = phase(&place);
            let current = generations.current().filter(|_| watched.is_some());
            let is_due = tried.is_none_or(|at| at.elapsed() >= TRY_AGAIN);
            if current.is_some() && current != watched && is_due && vitals.read().calm {
                tried = Some(Instant::now());
                renew();
            }
            if let Some(drift) = vitals.read().drift.filter(|drift| told != Some(*drift)) {
                told = Some(drift);
                match write_drift(&place, &drift) {
                    Err(error) if !fails => {
                        fails = true;
                        log::warn!("{error}; `learn --status` does not say whether scores drift");
                    }
                    written => fails = written.is_err(),
                }
            }
            // Whoever looks at this very moment is not waited for.
            for _ in 0..LOOK.as_millis() / STEP.as_millis() {
                vitals.note(|reading| {
                    let Some((name, share)) = phase else { return };
                    (reading.learning, reading.learning_share) = (Some(name), share);
                });
                thread::sleep(STEP);
                if alive.strong_count() == 0 {
                    return;
                }
            }
        }
    };
    thread::Builder::new().name("learn-phase".into()).spawn(body).map(drop)
}

/// Whether two paths say the same, but for what leads nowhere else.
pub(crate) fn is_same(a: &Path, b: &Path) -> bool {
    a.components().eq(b.components())
}

/// In a word, and how much of that is done; `None` where the state cannot be read now.
fn phase(place: &LearnPlace) -> Option<(&'static str, Option<f32>)> {
    let state = State::load(place).ok()?;
    Some(state.map_or(("none", None), |state| (state.phase.name(), Some(share(&state) as f32))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_learning_that_has_not_begun_is_none_and_a_damaged_state_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let place = LearnPlace::new(folder.path());
        assert_eq!(phase(&place), Some(("none", None)));
        std::fs::write(place.state_file(), "?").unwrap();
        assert_eq!(phase(&place), None);
    }
}
