//! How much counts what is seen in a part of the picture.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::polygon::Polygon;
use crate::checksum::sha256_hex;

/// A part of the picture in which an error counts so many times; its polygon's mode
/// says nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightedZone {
    pub area: Polygon,
    /// At least 0, which is not at all.
    pub weight: f32,
}

/// Zones that weigh, and which of them do so now. Elsewhere everything counts once;
/// where zones overlap the last one in force decides. Copies share what is in force.
#[derive(Clone, Debug, Default)]
pub struct Weighting {
    zones: Arc<[WeightedZone]>,
    /// Those that weigh without a time.
    always: u64,
    in_force: InForce,
}

/// Which zones weigh at this moment, a bit each. Copies share it: whoever knows the time
/// sets it, those who judge look at it.
#[derive(Clone, Debug, Default)]
pub struct InForce(Arc<AtomicU64>);

impl InForce {
    pub fn set(&self, bits: u64) {
        self.0.store(bits, Ordering::Release);
    }

    pub fn bits(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// By what they are made of.
impl PartialEq for Weighting {
    fn eq(&self, other: &Self) -> bool {
        self.zones == other.zones && self.in_force.bits() == other.in_force.bits()
    }
}

impl Weighting {
    /// So many zones can have a bit.
    pub const MOST_ZONES: usize = 64;

    /// `bits` are those that weigh now, while nobody knows the time.
    ///
    /// # Panics
    /// With more than [`Weighting::MOST_ZONES`].
    pub fn new(zones: Vec<WeightedZone>, bits: u64) -> Self {
        assert!(zones.len() <= Self::MOST_ZONES, "{} zones", zones.len());
        let in_force = InForce::default();
        in_force.set(bits);
        Self { zones: zones.into(), always: bits, in_force }
    }

    pub fn in_force(&self) -> &InForce {
        &self.in_force
    }

    /// A name for what weighs at all times, as in a calibration: `none` where nothing does,
    /// else a checksum of weights and corners. What has hours is not part of it.
    pub fn identity(&self) -> String {
        let mut bytes = Vec::new();
        for (_, zone) in self.zones.iter().enumerate().filter(|(at, _)| self.always >> at & 1 != 0)
        {
            bytes.extend(zone.weight.to_le_bytes());
            bytes.extend((zone.area.points.len() as u64).to_le_bytes());
            bytes.extend(zone.area.points.iter().flatten().flat_map(|share| share.to_le_bytes()));
        }
        if bytes.is_empty() { "none".into() } else { sha256_hex(&bytes) }
    }

    /// Whether nothing counts at all of these places, as far as it is known now.
    pub(super) fn leaves_nothing(&self, mut middles: impl Iterator<Item = (f32, f32)>) -> bool {
        let bits = self.in_force.bits();
        middles.all(|middle| self.at(middle, bits) == 0.0)
    }

    fn at(&self, (x, y): (f32, f32), bits: u64) -> f32 {
        let zones = self.zones.iter().enumerate().rev();
        let mut holding = zones.filter(|(at, zone)| bits >> at & 1 != 0 && zone.area.holds(x, y));
        holding.next().map_or(1.0, |(_, zone)| zone.weight)
    }
}

/// The weights of places, by their middles; made again when other zones are in force.
#[derive(Clone, Debug)]
pub(super) struct PlaceWeights {
    weighting: Weighting,
    /// In shares of the picture.
    middles: Vec<(f32, f32)>,
    weights: Vec<f32>,
    bits: Option<u64>,
}

impl PlaceWeights {
    /// `None` where no zone weighs.
    pub fn new(weighting: &Weighting, middles: impl Iterator<Item = (f32, f32)>) -> Option<Self> {
        if weighting.zones.is_empty() {
            return None;
        }
        let middles: Vec<(f32, f32)> = middles.collect();
        let weights = vec![1.0; middles.len()];
        Some(Self { weighting: weighting.clone(), middles, weights, bits: None })
    }

    /// As they are now. Allocates nothing.
    pub fn now(&mut self) -> &[f32] {
        let bits = self.weighting.in_force.bits();
        if self.bits.replace(bits) != Some(bits) {
            for (weight, middle) in self.weights.iter_mut().zip(&self.middles) {
                *weight = self.weighting.at(*middle, bits);
            }
        }
        &self.weights
    }
}

#[cfg(test)]
mod tests {
    use super::super::polygon::MaskMode;
    use super::*;

    fn zone(left: f32, right: f32, weight: f32) -> WeightedZone {
        let points = vec![[left, 0.0], [right, 0.0], [right, 1.0], [left, 1.0]];
        WeightedZone { area: Polygon { mode: MaskMode::Include, points }, weight }
    }

    #[test]
    fn the_last_zone_in_force_decides_and_a_change_counts_at_once() {
        let weighting = Weighting::new(vec![zone(0.0, 0.6, 0.0), zone(0.4, 1.0, 3.0)], 0b11);
        let middles = [0.2, 0.5, 0.9].map(|x| (x, 0.5));
        let mut weights = PlaceWeights::new(&weighting, middles.into_iter()).unwrap();
        assert_eq!(weights.now(), [0.0, 3.0, 3.0]);
        for (bits, expected) in [(0b01, [0.0, 0.0, 1.0]), (0b10, [1.0, 3.0, 3.0]), (0, [1.0; 3])] {
            weighting.in_force().set(bits);
            assert_eq!(weights.now(), expected, "{bits:b}");
        }
        assert!(PlaceWeights::new(&Weighting::default(), middles.into_iter()).is_none());
    }

    #[test]
    fn weights_have_a_name_of_their_own_and_those_with_hours_none() {
        let name = |zones: &[WeightedZone], bits| Weighting::new(zones.to_vec(), bits).identity();
        let (left, right) = (zone(0.0, 0.6, 0.5), zone(0.4, 1.0, 3.0));
        let one = name(std::slice::from_ref(&left), 1);
        assert_eq!(one, name(&[left.clone(), right.clone()], 0b01), "the other one has hours");
        assert_eq!(name(std::slice::from_ref(&left), 0), "none");
        assert_eq!(Weighting::default().identity(), "none");
        let later = Weighting::new(vec![left.clone()], 0);
        later.in_force().set(1);
        assert_eq!(later.identity(), "none", "its hour has come");
        let others = [
            name(&[zone(0.0, 0.6, 0.25)], 1),
            name(&[zone(0.0, 0.7, 0.5)], 1),
            name(&[left.clone(), right.clone()], 0b11),
            name(&[right, left], 0b11),
        ];
        for (at, other) in others.iter().enumerate() {
            assert!(*other != one && !others[..at].contains(other), "{at}");
        }
    }
}
