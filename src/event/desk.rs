//! Where situations get their pictures, are put away, and are told of.

use std::sync::Arc;

use super::assembler::{Assembler, Change};
use super::encode;
use super::notice::{Notice, Outlet, Phase};
use super::ring::{PictureRing, RawPicture};
use super::sample::Sample;
use super::setup::{Date, Setup};
use super::situation::{Kind, Picture, Situation};
use super::store::{NamedFile, Store};
use super::window_ring::{WINDOWS, WindowRing, Windows};
use crate::output::Event;

/// The picture before an event is so much older than its begin.
const BEFORE_NS: u64 = 2_000_000_000;

/// A worst moment that is so old is worth its picture: the ring still has it, and a
/// worse one has not followed.
const SETTLED_MS: u64 = 400;

/// So long after its begin the frames of an anomaly are taken: as many lie before as after.
const WINDOWS_AFTER_MS: u64 = 2400;

/// What becomes of events, beside their lines in the log.
#[derive(Default)]
pub struct Destinations {
    /// Where pictures come from.
    pub pictures: Option<PictureRing>,
    /// Where the frames come from that a learning could take.
    pub windows: Option<WindowRing>,
    pub store: Option<Store>,
    pub outlets: Vec<Arc<dyn Outlet>>,
}

impl Destinations {
    /// Whether anybody wants events at all.
    pub fn is_empty(&self) -> bool {
        self.store.is_none() && self.outlets.is_empty()
    }
}

/// Puts events together and away. Everything here may wait for a disk.
pub(super) struct Desk {
    assembler: Assembler,
    to: Destinations,
    /// Of the anomaly that was not raised, and of the one that was.
    peaks: [WorstPicture; 2],
    windows: EventWindows,
    store_fails: bool,
    lost: u64,
}

/// The picture of an anomaly's worst moment so far.
#[derive(Default)]
struct WorstPicture {
    picture: Option<RawPicture>,
    /// When it is to be taken out of the ring.
    due_ms: Option<u64>,
    time_ms: u64,
    /// The anomaly's begin.
    since_ms: u64,
}

/// The frames of an anomaly.
#[derive(Default)]
struct EventWindows {
    taken: Option<(Windows, Vec<u8>)>,
    /// When they are to be taken out of the ring.
    due_ms: Option<u64>,
}

impl Desk {
    pub fn new(setup: Setup, to: Destinations) -> Self {
        Self {
            assembler: Assembler::new(setup),
            to,
            peaks: Default::default(),
            windows: EventWindows::default(),
            store_fails: false,
            lost: 0,
        }
    }

    /// Events that could not be stored.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    pub fn judged(&mut self, sample: &Sample) {
        let worst = self.assembler.judged(sample);
        if self.windows.due_ms.is_some_and(|due_ms| sample.time_ms >= due_ms) {
            self.windows.take(self.to.windows.as_ref());
        }
        let Some(ring) = &self.to.pictures else { return };
        for peak in &mut self.peaks {
            if peak.due_ms.is_some_and(|due_ms| sample.time_ms >= due_ms) {
                peak.take(ring);
            }
        }
        if let Some(is_raised) = worst {
            let peak = &mut self.peaks[usize::from(is_raised)];
            peak.time_ms = sample.time_ms;
            peak.due_ms = Some(sample.time_ms + SETTLED_MS);
        }
    }

    pub fn log(&mut self, event: &Event, date: Date) {
        let store = self.to.store.as_ref();
        let changes = self.assembler.log(event, date, &|id| store.is_some_and(|s| s.has(id)));
        self.put_away(changes);
    }

    /// Ends what still goes on.
    pub fn finish(&mut self, date: Date) {
        let changes = self.assembler.finish(date);
        self.put_away(changes);
    }

    fn put_away(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Begun(situation) => self.begun(situation),
                Change::Ended(situation) => self.ended(situation),
            }
        }
    }

    fn begun(&mut self, mut situation: Situation) {
        let begin_ns = situation.begin.time_ms * 1_000_000;
        let (mut files, mut onset) = (Vec::new(), None);
        if let Some(ring) = &self.to.pictures {
            let before = ring.at_or_before(begin_ns.saturating_sub(BEFORE_NS));
            onset = ring.nearest(begin_ns);
            // Of a camera that is lost, the last thing that was seen.
            for (moment, picture) in [("before", &before), ("onset", &onset)] {
                files.extend(picture.as_ref().and_then(|p| file(&mut situation, moment, p)));
            }
        }
        self.assembler.illustrate(&situation);
        if situation.kind == Kind::Anomaly {
            let time_ms = situation.peak.map_or(situation.begin.time_ms, |peak| peak.time_ms);
            let since_ms = situation.begin.time_ms;
            let worst = WorstPicture { picture: None, due_ms: Some(time_ms), time_ms, since_ms };
            self.peaks[usize::from(situation.quieted.is_none())] = worst;
            if situation.quieted.is_none() {
                let due_ms = Some(situation.begin.time_ms + WINDOWS_AFTER_MS);
                self.windows = EventWindows { taken: None, due_ms };
            }
        }
        self.store(Phase::Begin, &situation, &files);
        self.tell(Phase::Begin, situation, onset.as_ref());
    }

    fn ended(&mut self, mut situation: Situation) {
        let (mut files, mut shown) = (Vec::new(), None);
        if let Some(ring) = &self.to.pictures {
            if situation.kind == Kind::Anomaly {
                let peak = &mut self.peaks[usize::from(situation.quieted.is_none())];
                peak.take(ring);
                shown = peak.picture.take();
            } else if let Some(end) = situation.end {
                shown = ring.nearest(end.time_ms * 1_000_000);
            }
            let moment = if situation.kind == Kind::Anomaly { "peak" } else { "end" };
            files.extend(shown.as_ref().and_then(|p| file(&mut situation, moment, p)));
        }
        if situation.kind == Kind::Anomaly && situation.quieted.is_none() {
            self.windows.take(self.to.windows.as_ref());
            if let Some((windows, png)) = self.windows.taken.take() {
                files.push((WINDOWS.into(), png));
                situation.windows = Some(windows);
            }
        }
        self.store(Phase::End, &situation, &files);
        self.tell(Phase::End, situation, shown.as_ref());
    }

    fn store(&mut self, phase: Phase, situation: &Situation, files: &[NamedFile]) {
        let Some(store) = &self.to.store else { return };
        let stored = match phase {
            Phase::Begin => store.begin(situation, files),
            Phase::End => store.end(situation, files),
        };
        match (stored, self.store_fails) {
            (Err(error), told) => {
                self.lost += u64::from(phase == Phase::End);
                self.store_fails = true;
                if !told {
                    log::warn!(
                        "the event {} cannot be stored in {}: {error}; the watch goes on, and the \
                         next one is tried again",
                        situation.id,
                        store.folder().display()
                    );
                }
            }
            (Ok(()), true) => {
                log::info!("events are stored in {} again", store.folder().display());
                self.store_fails = false;
            }
            (Ok(()), false) => {}
        }
    }

    fn tell(&self, phase: Phase, situation: Situation, picture: Option<&RawPicture>) {
        // What is known as normal calls nobody: it is in the log and in the folder.
        if self.to.outlets.is_empty() || situation.quieted.is_some() {
            return;
        }
        let is_wanted = self.to.outlets.iter().any(|outlet| outlet.wants_picture());
        let encoded = picture.filter(|_| is_wanted).map(encode::picture_for_message);
        let picture = encoded.and_then(|jpeg| {
            jpeg.inspect_err(|error| log::warn!("a message has no picture: {error}")).ok()
        });
        let picture = picture.map(Arc::from);
        let notice = Notice { phase, situation: Arc::new(situation), picture };
        self.to.outlets.iter().for_each(|outlet| outlet.tell(&notice));
    }
}

impl EventWindows {
    fn take(&mut self, ring: Option<&WindowRing>) {
        if self.due_ms.take().is_some() {
            self.taken = ring.and_then(WindowRing::picture);
        }
    }
}

impl WorstPicture {
    /// A score comes of what was seen before it. What caused the worst one may be gone in
    /// the picture that follows, however near that is.
    fn take(&mut self, ring: &PictureRing) {
        if self.due_ms.take().is_none() {
            return;
        }
        // The score's time is cut to milliseconds, and its own picture is not later.
        let worst_ns = self.time_ms * 1_000_000 + 999_999;
        let before = ring.at_or_before(worst_ns);
        let shows_it = |picture: &RawPicture| {
            (self.since_ms * 1_000_000..=worst_ns).contains(&picture.time_ns)
        };
        self.picture = before.filter(shows_it).or_else(|| ring.nearest(worst_ns));
    }
}

/// The picture as a file, which the situation names.
fn file(situation: &mut Situation, moment: &str, picture: &RawPicture) -> Option<NamedFile> {
    let jpeg = encode::at_full_size(picture)
        .inspect_err(|error| log::warn!("an event lacks its picture `{moment}`: {error}"))
        .ok()?;
    let name = format!("{moment}.jpg");
    let time_ms = picture.time_ns / 1_000_000;
    situation.pictures.push(Picture { file: name.clone(), moment: moment.into(), time_ms });
    Some((name, jpeg))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Frame, PixelFormat};

    /// Pictures at these times.
    fn ring(times_ms: &[u64]) -> PictureRing {
        let ring = PictureRing::new(1 << 20);
        for &time_ms in times_ms {
            ring.keep(&Frame {
                format: PixelFormat::Grey,
                width_px: 10,
                height_px: 10,
                stride_bytes: 10,
                data: &[0; 100],
                timestamp_ns: time_ms * 1_000_000,
                sequence: time_ms,
            });
        }
        ring
    }

    fn taken_ms(ring: &PictureRing, since_ms: u64, time_ms: u64) -> u64 {
        let due_ms = Some(time_ms);
        let mut worst = WorstPicture { picture: None, due_ms, time_ms, since_ms };
        worst.take(ring);
        worst.picture.unwrap().time_ns / 1_000_000
    }

    #[test]
    fn the_worst_picture_is_not_one_of_after_it() {
        let ring = ring(&[0, 250, 500, 750, 1000]);
        assert_eq!(taken_ms(&ring, 200, 740), 500, "the one at 750 may show nothing any more");
        assert_eq!(taken_ms(&ring, 200, 750), 750);
        assert_eq!(taken_ms(&ring, 520, 640), 750, "the one at 500 does not show anything yet");
    }
}
