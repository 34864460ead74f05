//! Normal traffic: who walks through a clip, where and when.
//!
//! This module defines what normal means. Everybody walks straight along one
//! of two lanes of the paving, in that lane's direction, at walking pace; a
//! few stop for a moment.

use super::actor::{Actor, Body};
use super::number::{Concern, Stream, gap_m};
use super::view::View;
use super::walker::{Route, Walker};

/// One direction of flow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lane {
    /// Direction of travel along the path: 1 or -1.
    pub way: f64,
    /// Side of the path: -1 near the camera, 1 far from it.
    pub side: f64,
}

/// The two lanes of every scene.
pub const LANES: [Lane; 2] = [Lane { way: 1.0, side: -1.0 }, Lane { way: -1.0, side: 1.0 }];

/// Distance of the walkers' lines from the middle of the path, in metres.
pub const LANE_M: [f64; 2] = [0.4, 1.85];

/// Arrivals per lane at density 1.
const ARRIVALS_PER_S: f64 = 0.13;

/// How far outside the picture everybody appears and disappears; more than
/// the longest shadow.
const WINGS_M: f64 = 4.0;

impl Lane {
    pub fn heading(self) -> [f64; 2] {
        [self.way, 0.0]
    }

    /// Distance from the middle of the path to a signed position across it.
    pub fn across(self, from_middle_m: f64) -> f64 {
        self.side * from_middle_m
    }

    /// Entry of the lane at `across_m`, and the length of the way through.
    pub fn passage(self, view: &View, across_m: f64) -> ([f64; 2], f64) {
        let [first, last] = view.span_m(across_m, WINGS_M);
        let from = if self.way > 0.0 { first } else { last };
        ([from, across_m], last - first)
    }
}

/// Fills a clip of `seconds` with walkers who keep clear of `others`.
pub fn populate(
    view: &View,
    seed: u64,
    clip: u64,
    seconds: f64,
    density: f64,
    others: &[Actor],
) -> Vec<Actor> {
    if density <= 0.0 {
        return Vec::new();
    }
    let mut actors = others.to_vec();
    let mut people = 0;
    for (index, lane) in LANES.into_iter().enumerate() {
        let mut arrivals = Stream::new(seed, Concern::Arrivals, clip, index as u64);
        let mut t_s = -30.0;
        loop {
            t_s += gap_s(&mut arrivals, ARRIVALS_PER_S * density);
            if t_s >= seconds {
                break;
            }
            let number = (index as u64) << 32 | people;
            let mut stream = Stream::new(seed, Concern::Walker, clip, number);
            people += 1;
            arrive(view, lane, t_s, &mut stream, &mut actors);
        }
    }
    actors.split_off(others.len())
}

/// Time to the next arrival: a fixed minimum and a geometric wait.
fn gap_s(stream: &mut Stream, rate_per_s: f64) -> f64 {
    let mean_s = (1.0 / rate_per_s - 1.2).max(0.05);
    let mut gap_s = 1.2;
    while !stream.chance(0.1) {
        gap_s += mean_s / 9.0;
    }
    gap_s + stream.unit() * mean_s / 9.0
}

fn arrive(view: &View, lane: Lane, t_s: f64, stream: &mut Stream, actors: &mut Vec<Actor>) {
    let speed_mps = stream.normal(1.35, 0.16).clamp(0.95, 1.8);
    let pause = stream.chance(0.05).then(|| [stream.range(0.3, 0.7), stream.range(1.5, 4.0)]);
    let paired = stream.chance(0.22);
    let with_bag = stream.chance(0.12);
    for attempt in 0..10 {
        let from_middle_m = stream.range(LANE_M[0], LANE_M[1]);
        let start_s = t_s + f64::from(attempt / 3) * 0.8;
        let mut walker = walk(view, lane, start_s, from_middle_m, speed_mps, pause, stream);
        if with_bag && let Body::Walker(w) = &mut walker.body {
            w.carries = Some([f64::MIN, f64::MAX]);
        }
        if !is_clear(&walker, actors) {
            continue;
        }
        actors.push(walker);
        let inner = from_middle_m - 0.62;
        let outer = from_middle_m + 0.62;
        let beside_m = if outer < LANE_M[1] { outer } else { inner };
        if paired && beside_m >= LANE_M[0] {
            let friend = walk(view, lane, start_s + 0.1, beside_m, speed_mps, pause, stream);
            if is_clear(&friend, actors) {
                actors.push(friend);
            }
        }
        return;
    }
}

fn walk(
    view: &View,
    lane: Lane,
    start_s: f64,
    from_middle_m: f64,
    speed_mps: f64,
    pause: Option<[f64; 2]>,
    stream: &mut Stream,
) -> Actor {
    let (from, length_m) = lane.passage(view, lane.across(from_middle_m));
    let mut route = Route::new(start_s, from, lane.heading(), speed_mps);
    let mut end_s = start_s + length_m / speed_mps;
    if let Some([share, still_s]) = pause {
        let stop_s = start_s + length_m * share / speed_mps;
        route = route.change(stop_s, 0.0, 0.7).change(stop_s + 0.7 + still_s, speed_mps, 0.9);
        end_s += still_s + 0.8;
    }
    Actor::normal(Body::Walker(Walker::new(route, stream)), [start_s, end_s])
}

/// Whether `candidate` never comes too close to any of `others`.
fn is_clear(candidate: &Actor, others: &[Actor]) -> bool {
    let [from_s, to_s] = candidate.present_s;
    let steps = ((to_s - from_s) / 0.2) as u32;
    (0..=steps).all(|k| {
        let t_s = from_s + f64::from(k) * 0.2;
        let Some(at) = candidate.at(t_s) else { return true };
        others.iter().all(|other| {
            let room_m = candidate.radius_m() + other.radius_m() - 0.05;
            other.at(t_s).is_none_or(|there| gap_m(at, there) > room_m)
        })
    })
}
