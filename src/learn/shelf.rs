//! Which clips are worth their place: those that are unlike the others.

use super::sketch::{ALIKE, Sketch};

/// Of clips that show the same, so many are kept from each hour of the day: about a
/// minute. Calm is normal, too.
const ALIKE_PER_HOUR: usize = 40;

/// A clip that is kept, and the one that is most like it.
#[derive(Clone, Debug)]
struct Kept {
    number: u64,
    bytes: u64,
    sketch: Sketch,
    /// How different its nearest is, and which one that is.
    nearest: (u32, u64),
}

/// The clips of a store. The same clips in the same order are the same choice.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf {
    clips: Vec<Kept>,
    bytes: u64,
}

/// Nothing is like it.
const ALONE: (u32, u64) = (u32::MAX, u64::MAX);

impl Shelf {
    pub fn len(&self) -> usize {
        self.clips.len()
    }

    /// Of all clips.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn sketches(&self) -> impl Iterator<Item = &Sketch> {
        self.clips.iter().map(|kept| &kept.sketch)
    }

    /// Clips of which none shows the same as another, counted up to `most`.
    pub fn distinct(&self, most: usize) -> usize {
        let mut found: Vec<&Sketch> = Vec::new();
        for sketch in self.sketches() {
            if found.len() < most && found.iter().all(|other| other.distance(sketch) >= ALIKE) {
                found.push(sketch);
            }
        }
        found.len()
    }

    /// Whether a clip like this should be put here. A full shelf takes what is more
    /// unlike the rest than the two that are most alike.
    pub fn wants(&self, sketch: &Sketch, is_full: bool) -> bool {
        let nearest = self.nearest_to(sketch, None).0;
        if is_full {
            let most_alike = self.clips.iter().map(|kept| kept.nearest.0).min();
            return most_alike.is_some_and(|distance| nearest > distance);
        }
        if nearest >= ALIKE {
            return true;
        }
        let alike = self
            .sketches()
            .filter(|other| other.hour == sketch.hour && other.distance(sketch) < ALIKE);
        alike.count() < ALIKE_PER_HOUR
    }

    /// Puts a clip here, wanted or not.
    pub fn put(&mut self, number: u64, bytes: u64, sketch: Sketch) {
        let nearest = self.nearest_to(&sketch, None);
        for kept in &mut self.clips {
            kept.nearest = kept.nearest.min((kept.sketch.distance(&sketch), number));
        }
        self.bytes += bytes;
        self.clips.push(Kept { number, bytes, sketch, nearest });
    }

    /// Takes the most redundant clip away and gives its number: one of the two that are
    /// most alike, and of these the one that a third is more like, or else the newer.
    pub fn take_most_redundant(&mut self) -> Option<u64> {
        let least = self.clips.iter().map(|kept| kept.nearest.0).min()?;
        let pair = self.clips.iter().enumerate().filter(|(_, kept)| kept.nearest.0 == least);
        let crowded = |kept: &Kept| self.nearest_to(&kept.sketch, Some(kept)).0;
        let gone = pair
            .min_by_key(|(_, kept)| (crowded(kept), std::cmp::Reverse(kept.number)))
            .map(|(_, kept)| kept.number)?;
        self.take(gone)
    }

    /// Of all clips, the oldest first.
    pub fn numbers(&self) -> Vec<u64> {
        self.clips.iter().map(|kept| kept.number).collect()
    }

    /// Takes the clip of that number away.
    pub fn take(&mut self, number: u64) -> Option<u64> {
        let at = self.clips.iter().position(|kept| kept.number == number)?;
        let gone = self.clips.remove(at);
        self.bytes -= gone.bytes;
        for index in 0..self.clips.len() {
            if self.clips[index].nearest.1 == gone.number {
                let own = self.clips[index].clone();
                self.clips[index].nearest = self.nearest_of(&own);
            }
        }
        Some(gone.number)
    }

    fn nearest_of(&self, own: &Kept) -> (u32, u64) {
        let others = self.clips.iter().filter(|kept| kept.number != own.number);
        others.map(|kept| (kept.sketch.distance(&own.sketch), kept.number)).min().unwrap_or(ALONE)
    }

    /// The nearest to a sketch; with `pair`, leaving out that clip and its nearest.
    fn nearest_to(&self, sketch: &Sketch, pair: Option<&Kept>) -> (u32, u64) {
        let is_left_out =
            |number: u64| pair.is_some_and(|own| number == own.number || number == own.nearest.1);
        let others = self.clips.iter().filter(|kept| !is_left_out(kept.number));
        others.map(|kept| (kept.sketch.distance(sketch), kept.number)).min().unwrap_or(ALONE)
    }
}

#[cfg(test)]
mod tests;
