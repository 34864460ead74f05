//! What stays: by place, how far the picture has been from the usual one for
//! seconds on end.

use super::background::Background;
use super::mask::Mask;
use super::places::Places;
use super::weighting::PlaceWeights;

/// From one look at the picture to the next.
pub const LOOK_NS: u64 = 500_000_000;
/// A place counts by so many looks, eight seconds.
const LOOKS: usize = 16;
/// Of a place's looks, this many are smaller than the one that counts: what is
/// there for fewer than thirteen of sixteen looks has only passed.
const SMALLER: usize = 3;
/// How long a thing has been there when its place begins to count.
pub const SEEN_AFTER_MS: u64 = (LOOKS - SMALLER - 1) as u64 * LOOK_NS / 1_000_000;

/// A squared relative difference that no eye would call one.
const FLOOR: f32 = 0.003;
/// Weight of what the place itself varies by in normal footage.
const SPREAD_WEIGHT: f32 = 2.0;
/// Weight of what [`GENERAL`] of the places differ by now: rain, infrared light,
/// another season are everywhere, a thing is somewhere.
const GENERAL_WEIGHT: f32 = 2.0;
const GENERAL: f32 = 0.8;

/// A place that was accepted as it is counts again once less than this share of what
/// is tolerated is left of its difference.
const ACCEPTED_UNTIL: f32 = 0.5;
/// What differs by less than is tolerated there needs no acceptance.
const ACCEPTED_FROM: f32 = 1.0;

/// Where the picture stays different.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Staying {
    /// The worst place's difference over what is tolerated there.
    pub ratio: f64,
    pub area: Area,
}

/// A rectangle in model pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    pub x_px: usize,
    pub y_px: usize,
    pub width_px: usize,
    pub height_px: usize,
}

/// The slow term: the picture against the background, by place.
#[derive(Clone, Debug)]
pub struct Stays {
    background: Background,
    places: Places,
    watched: Vec<bool>,
    /// Of the places, where zones weigh.
    weights: Option<PlaceWeights>,
    picture: Vec<u8>,
    /// The last looks, each by place.
    looks: Vec<f32>,
    taken: usize,
    ratios: Vec<f32>,
    scratch: Vec<f32>,
    reached: Vec<bool>,
    /// Places whose difference somebody knows of.
    accepted: Vec<bool>,
    stack: Vec<usize>,
    last_ns: Option<u64>,
}

impl Stays {
    /// `mask` has the model's input size, for which the background was learnt.
    pub fn new(background: Background, mask: &Mask) -> Self {
        let reduction = background.reduction;
        let (columns, rows) = reduction.places();
        let count = columns * rows;
        let side = reduction.place_px();
        let middle =
            |index: usize| (index % columns * side + side / 2, index / columns * side + side / 2);
        let watched = |index: usize| {
            let (x, y) = middle(index);
            mask.row(y)[x]
        };
        let (width, height) = (mask.width_px() as f32, mask.height_px() as f32);
        let middles = (0..count).map(middle);
        let middles = middles.map(|(x, y)| ((x as f32 + 0.5) / width, (y as f32 + 0.5) / height));
        Self {
            places: Places::new(reduction, &background.picture),
            watched: (0..count).map(watched).collect(),
            weights: PlaceWeights::new(mask.weighting(), middles),
            picture: vec![0; reduction.pixels()],
            looks: vec![0.0; LOOKS * count],
            taken: 0,
            ratios: vec![0.0; count],
            scratch: Vec::with_capacity(count),
            reached: vec![false; count],
            accepted: vec![false; count],
            stack: Vec::with_capacity(count),
            last_ns: None,
            background,
        }
    }

    /// Looks at a frame (planar u8), if the last look is long enough ago. `None`
    /// when it is not, and until there were enough looks.
    pub fn look(&mut self, frame: &[u8], timestamp_ns: u64) -> Option<Staying> {
        // A camera's frames jitter.
        let due = |last| timestamp_ns.saturating_sub(last) >= LOOK_NS - LOOK_NS / 10;
        if !self.last_ns.is_none_or(due) {
            return None;
        }
        self.last_ns = Some(timestamp_ns);
        let mut picture = std::mem::take(&mut self.picture);
        self.background.reduction.reduce(frame, &mut picture);
        let staying = self.look_at_reduced(&picture);
        self.picture = picture;
        staying
    }

    /// Looks at a picture that is reduced already, one look after the last.
    pub fn look_at_reduced(&mut self, picture: &[u8]) -> Option<Staying> {
        let values = self.places.compare(picture);
        let count = values.len();
        let newest = self.taken % LOOKS * count;
        self.looks[newest..newest + count].copy_from_slice(values);
        self.taken += 1;
        (self.taken >= LOOKS).then(|| self.judge())
    }

    /// Accepts every place as it is now: none counts until its difference has gone.
    pub fn accept(&mut self) {
        for (accepted, ratio) in self.accepted.iter_mut().zip(&self.ratios) {
            *accepted |= *ratio >= ACCEPTED_FROM;
        }
    }

    /// From now on every place counts.
    pub fn accept_nothing(&mut self) {
        self.accepted.fill(false);
    }

    /// Forgets what was seen: the camera was lost, or other footage follows. What
    /// was accepted stays accepted.
    pub fn forget(&mut self) {
        (self.taken, self.last_ns) = (0, None);
    }

    fn judge(&mut self) -> Staying {
        let count = self.ratios.len();
        for (place, ratio) in self.ratios.iter_mut().enumerate() {
            *ratio = lasting(self.looks.iter().skip(place).step_by(count).copied());
        }
        let general = self.general();
        let spreads = self.background.spread.iter().zip(&self.watched);
        for (ratio, (spread, watched)) in self.ratios.iter_mut().zip(spreads) {
            let tolerated = FLOOR + SPREAD_WEIGHT * spread + GENERAL_WEIGHT * general;
            *ratio = if *watched { *ratio / tolerated } else { 0.0 };
        }
        for (accepted, ratio) in self.accepted.iter_mut().zip(&self.ratios) {
            *accepted &= *ratio >= ACCEPTED_UNTIL;
        }
        let weights = self.weights.as_mut().map(PlaceWeights::now);
        let weight = |place: usize| weights.map_or(1.0, |weights| weights[place]);
        let counted = |place: &usize| match self.accepted[*place] {
            true => 0.0,
            false => self.ratios[*place] * weight(*place),
        };
        let by_ratio = |a: &usize, b: &usize| counted(a).total_cmp(&counted(b));
        let worst = (0..count).max_by(by_ratio).expect("places");
        Staying { ratio: f64::from(counted(&worst)), area: self.area_around(worst) }
    }

    /// What most of the watched places differ by at least as little as.
    fn general(&mut self) -> f32 {
        let watched = self.ratios.iter().zip(&self.watched).filter(|(_, watched)| **watched);
        self.scratch.clear();
        self.scratch.extend(watched.map(|(value, _)| *value));
        let rank = (self.scratch.len().saturating_sub(1) as f32 * GENERAL) as usize;
        if self.scratch.is_empty() {
            return 0.0;
        }
        *self.scratch.select_nth_unstable_by(rank, f32::total_cmp).1
    }

    /// What holds all places that are at least half as different and hang together
    /// with the worst.
    fn area_around(&mut self, worst: usize) -> Area {
        let (columns, rows) = self.background.reduction.places();
        let side = self.background.reduction.place_px();
        let least = 0.5 * self.ratios[worst];
        self.reached.fill(false);
        self.stack.clear();
        let (mut left, mut top, mut right, mut bottom) = (columns, rows, 0, 0);
        let mut next = Some(worst);
        while let Some(place) = next {
            let (x, y) = (place % columns, place / columns);
            (left, right) = (left.min(x), right.max(x));
            (top, bottom) = (top.min(y), bottom.max(y));
            self.reached[place] = true;
            let beside = [
                (x > 0).then(|| place - 1),
                (x + 1 < columns).then_some(place + 1),
                (y > 0).then(|| place - columns),
                (y + 1 < rows).then_some(place + columns),
            ];
            for place in beside.into_iter().flatten() {
                let counts = !self.reached[place] && !self.accepted[place];
                if counts && self.ratios[place] >= least {
                    self.reached[place] = true;
                    self.stack.push(place);
                }
            }
            next = self.stack.pop();
        }
        let (width_px, height_px) = ((right + 1 - left) * side, (bottom + 1 - top) * side);
        Area { x_px: left * side, y_px: top * side, width_px, height_px }
    }
}

/// Of a place's looks, the one that counts.
fn lasting(looks: impl Iterator<Item = f32>) -> f32 {
    let mut least = [f32::INFINITY; SMALLER + 1];
    for mut value in looks {
        for kept in &mut least {
            if value < *kept {
                std::mem::swap(&mut value, kept);
            }
        }
    }
    least[SMALLER]
}

#[cfg(test)]
mod tests;
