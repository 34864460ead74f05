//! What grey levels become when the light changes.

use super::LARGEST_LOG;

/// Added to grey levels, so that the noise of what is black is no change.
pub(super) const BLACK: f32 = 4.0;

const KNOTS: usize = 16;
const LEVELS_A_KNOT: usize = 256 / KNOTS;
/// A knot with a smaller share of the picture's pixels has the value of its neighbours.
const LEAST_SHARE: usize = 200;
/// Nobody sees how a camera bends its levels in a smaller jump.
const LEAST_BENT_LOG: f32 = 0.04;
/// A curve must leave less than this share of what a single factor leaves.
const CURVE_LEAVES: f32 = 0.7;
/// Levels must not come closer to each other than by this factor, or things would vanish.
const LEAST_SLOPE: f32 = 0.25;
/// What is left must be less than this share of the change, or it was not light.
const LIGHT_LEAVES: f32 = 0.5;

/// Logarithms of factors, by grey level.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Curve([f32; KNOTS]);

impl Curve {
    fn level(knot: usize) -> f32 {
        (knot * LEVELS_A_KNOT) as f32 + 0.5 * LEVELS_A_KNOT as f32
    }

    /// On a straight line between the knots, and level beyond them.
    fn at(&self, level: f32) -> f32 {
        let place = (level - Self::level(0)) / LEVELS_A_KNOT as f32;
        let place = place.clamp(0.0, (KNOTS - 1) as f32);
        let left = (place as usize).min(KNOTS - 2);
        let share = place - left as f32;
        self.0[left] * (1.0 - share) + self.0[left + 1] * share
    }

    pub fn shrink(&mut self, factor: f32) {
        self.0.iter_mut().for_each(|log| *log *= factor);
    }

    pub fn largest(&self) -> f32 {
        self.0.iter().fold(0.0, |largest, log| log.abs().max(largest))
    }

    /// This change, and then `after` of the levels that it gives.
    pub fn then(&self, after: &Self) -> Self {
        Self(std::array::from_fn(|knot| {
            let given = changed(Self::level(knot), self.0[knot]).clamp(0.0, 255.0);
            (after.at(given) + self.0[knot]).clamp(-LARGEST_LOG, LARGEST_LOG)
        }))
    }

    /// What each grey level becomes. A brighter one never becomes a darker one.
    pub fn fill(&self, table: &mut [u8; 256]) {
        let mut least = 0.0_f32;
        for (level, out) in table.iter_mut().enumerate() {
            let level = level as f32;
            least = least.max(changed(level, self.at(level)).round());
            *out = least.min(255.0) as u8;
        }
    }

    /// Whether brighter levels stay brighter by enough.
    fn rises(&self) -> bool {
        let given = |knot: usize| changed(Self::level(knot), self.0[knot]);
        let least = LEAST_SLOPE * LEVELS_A_KNOT as f32;
        (1..KNOTS).all(|knot| given(knot) - given(knot - 1) >= least)
    }

    /// Each knot by half and its neighbours by a quarter.
    fn smoothed(&self) -> Self {
        let at = |knot: usize| self.0[knot.min(KNOTS - 1)];
        Self(std::array::from_fn(|knot| {
            0.25 * at(knot.saturating_sub(1)) + 0.5 * at(knot) + 0.25 * at(knot + 1)
        }))
    }
}

fn changed(level: f32, log: f32) -> f32 {
    (level + BLACK) * log.exp() - BLACK
}

/// Reads from two pictures what the levels of the later were in the earlier.
#[derive(Clone, Debug)]
pub(super) struct Estimator {
    logs: [f32; 256],
    /// Of each pixel, grouped by knot.
    changes: Vec<f32>,
    left: Vec<f32>,
}

impl Estimator {
    /// For pictures of so many bytes.
    pub fn new(len: usize) -> Self {
        let logs = std::array::from_fn(|level| (level as f32 + BLACK).ln());
        Self { logs, changes: vec![0.0; len], left: vec![0.0; len] }
    }

    /// What brings `now` to the light of `before`, whose tiles changed by `median` on the way.
    /// None where neither a factor nor a curve explains half of what the pixels changed by.
    pub fn change(&mut self, before: &[u8], now: &[u8], median: f32) -> Option<Curve> {
        let whole = self.leaves(before, now, &Curve::default());
        let mut curve = Curve([-median; KNOTS]);
        let mut left = self.leaves(before, now, &curve);
        if median.abs() >= LEAST_BENT_LOG {
            let bent = self.curve(before, now);
            let by_bent = self.leaves(before, now, &bent);
            if by_bent <= CURVE_LEAVES * left && bent.rises() {
                (curve, left) = (bent, by_bent);
            }
        }
        (left <= LIGHT_LEAVES * whole).then_some(curve)
    }

    /// The median change of the pixels near each knot.
    fn curve(&mut self, before: &[u8], now: &[u8]) -> Curve {
        let knot = |level: u8| usize::from(level) / LEVELS_A_KNOT;
        let mut ends = [0; KNOTS];
        now.iter().for_each(|&level| ends[knot(level)] += 1);
        let mut sum = 0;
        for end in &mut ends {
            sum += std::mem::replace(end, sum);
        }
        for (&old, &new) in before.iter().zip(now) {
            let place = &mut ends[knot(new)];
            self.changes[*place] = self.logs[usize::from(old)] - self.logs[usize::from(new)];
            *place += 1;
        }
        let mut start = 0;
        let known: [Option<f32>; KNOTS] = std::array::from_fn(|knot| {
            let group = &mut self.changes[std::mem::replace(&mut start, ends[knot])..ends[knot]];
            (group.len() >= now.len().div_ceil(LEAST_SHARE)).then(|| median_of(group))
        });
        Curve(filled(&known)).smoothed()
    }

    /// The median of what a curve leaves of the change of a pixel.
    fn leaves(&mut self, before: &[u8], now: &[u8], curve: &Curve) -> f32 {
        let by_level: [f32; 256] =
            std::array::from_fn(|level| self.logs[level] + curve.at(level as f32));
        for (left, (&old, &new)) in self.left.iter_mut().zip(before.iter().zip(now)) {
            *left = (self.logs[usize::from(old)] - by_level[usize::from(new)]).abs();
        }
        median_of(&mut self.left)
    }
}

fn median_of(values: &mut [f32]) -> f32 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// On a straight line between those that are known, and level beyond them.
fn filled(known: &[Option<f32>; KNOTS]) -> [f32; KNOTS] {
    std::array::from_fn(|knot| {
        let left = (0..=knot).rev().find_map(|at| Some((at, known[at]?)));
        let right = (knot..KNOTS).find_map(|at| Some((at, known[at]?)));
        match (left, right) {
            (Some((a, from)), Some((b, to))) if b > a => {
                from + (to - from) * (knot - a) as f32 / (b - a) as f32
            }
            (Some((_, value)), _) | (None, Some((_, value))) => value,
            (None, None) => 0.0,
        }
    })
}
