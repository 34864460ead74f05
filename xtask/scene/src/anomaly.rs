//! The anomalies of a clip: what happens, when, and to whom.

use super::actor::{Actor, Body};
use super::gait::Look;
use super::number::{Concern, Stream, gap_m};
use super::params::{AnomalyKind, SceneParams};
use super::place::Place;
use super::traffic::{LANE_M, LANES, Lane};
use super::walker::{Fall, Route, Walker};
use anyhow::{Result, ensure};

/// Shortest normal stretch between two anomalies.
pub const QUIET_S: f64 = 4.0;
const TAIL_S: f64 = 1.5;

/// One planned anomaly.
#[derive(Clone, Debug)]
pub struct Event {
    pub kind: AnomalyKind,
    /// When it may be visible, in seconds from the start of the clip.
    pub window_s: [f64; 2],
    pub actors: Vec<Actor>,
}

/// Plans the anomalies of one clip. Kinds are taken in turn, so that
/// successive clips go on where the one before stopped.
pub fn plan(place: &Place, params: &SceneParams, clip: u32) -> Result<Vec<Event>> {
    if params.anomalies.is_empty() || params.anomalies_per_clip == 0 {
        return Ok(Vec::new());
    }
    let count = params.anomalies_per_clip;
    let first = u64::from(clip.saturating_sub(1)) * u64::from(count);
    let drafts: Vec<_> = (0..u64::from(count))
        .map(|k| {
            let kind = params.anomalies[((first + k) % params.anomalies.len() as u64) as usize];
            let stream = Stream::new(params.seed, Concern::Event, u64::from(clip), k);
            let window_s = visible_s(place, &stage(place, kind, 0.0, &mut stream.clone()));
            (kind, stream, window_s)
        })
        .collect();
    for (kind, _, [from_s, to_s]) in &drafts {
        let shown_s = to_s - from_s;
        ensure!(shown_s >= 1.0, "clip {clip}: {kind:?} would not be visible for a second");
    }
    let busy_s: f64 = drafts.iter().map(|(_, _, w)| w[1] - w[0]).sum();
    let quiet_s = params.lead_in_s + QUIET_S * f64::from(count - 1) + TAIL_S;
    let spare_s = f64::from(params.seconds) - busy_s - quiet_s;
    ensure!(
        spare_s >= 0.0,
        "clip {clip}: {count} anomalies of {busy_s:.0} s and {quiet_s:.0} s of normal time do not \
         fit into {} s; lengthen --seconds or lower --anomalies-per-clip",
        params.seconds
    );
    let mut timing = Stream::new(params.seed, Concern::Events, u64::from(clip), 0);
    let shares: Vec<f64> = (0..=count).map(|_| timing.range(0.3, 1.0)).collect();
    let total: f64 = shares.iter().sum();
    let mut at_s = params.lead_in_s - QUIET_S;
    let mut events = Vec::new();
    for ((kind, stream, window_s), share) in drafts.into_iter().zip(shares) {
        at_s += QUIET_S + spare_s * share / total;
        let shift_s = at_s - window_s[0];
        let actors = stage(place, kind, shift_s, &mut stream.clone());
        events.push(Event { kind, window_s: [at_s, window_s[1] + shift_s], actors });
        at_s += window_s[1] - window_s[0];
    }
    Ok(events)
}

/// First and last moment at which anything anomalous may show.
fn visible_s(place: &Place, actors: &[Actor]) -> [f64; 2] {
    let (mut first, mut last) = (f64::MAX, f64::MIN);
    for actor in actors {
        let Some([from_s, to_s]) = actor.anomalous_s else { continue };
        for k in 0..=((to_s - from_s) / 0.05) as u32 {
            let t_s = from_s + f64::from(k) * 0.05;
            if actor.at(t_s).is_some_and(|at| place.view.sees(at, 1.3)) {
                first = first.min(t_s);
                last = last.max(t_s);
            }
        }
    }
    [first, last]
}

fn stage(place: &Place, kind: AnomalyKind, start_s: f64, stream: &mut Stream) -> Vec<Actor> {
    let lane = stream.pick(&LANES);
    let cast = Cast { place, lane, start_s };
    match kind {
        AnomalyKind::Cyclist => cast.cyclist(stream),
        AnomalyKind::Cart => cast.cart(stream),
        AnomalyKind::Running => cast.runner(stream),
        AnomalyKind::AgainstFlow if stream.chance(0.5) => cast.crossing(stream),
        AnomalyKind::AgainstFlow => cast.wrong_way(stream),
        AnomalyKind::LeftBehind => cast.left_behind(stream),
        AnomalyKind::Fall => cast.fall(stream),
    }
}

struct Cast<'a> {
    place: &'a Place,
    lane: Lane,
    start_s: f64,
}

impl Cast<'_> {
    fn through(&self, from_middle_m: f64, speed_mps: f64) -> (Route, [f64; 2]) {
        let across_m = self.lane.across(from_middle_m);
        let (from, length_m) = self.lane.passage(&self.place.view, across_m);
        let route = Route::new(self.start_s, from, self.lane.heading(), speed_mps);
        (route, [self.start_s, self.start_s + length_m / speed_mps])
    }

    fn cyclist(&self, stream: &mut Stream) -> Vec<Actor> {
        let (route, present_s) = self.through(stream.range(0.7, 1.4), stream.range(4.0, 6.0));
        let mut rider = Look::new(stream);
        rider.height_m = rider.height_m.max(1.6);
        vec![Actor::anomaly(Body::Cyclist { rider, route }, present_s)]
    }

    fn cart(&self, stream: &mut Stream) -> Vec<Actor> {
        let (route, present_s) = self.through(1.1, stream.range(2.0, 3.0));
        let mut driver = Look::new(stream);
        driver.height_m = 1.7;
        let paint = stream.pick(&[[0.6, 0.6, 0.57], [0.09, 0.2, 0.13], [0.5, 0.36, 0.06]]);
        vec![Actor::anomaly(Body::Cart { driver, paint, route }, present_s)]
    }

    fn runner(&self, stream: &mut Stream) -> Vec<Actor> {
        let (route, present_s) = self.through(stream.range(0.5, 1.6), stream.range(3.5, 5.0));
        let walker = Walker::new(route, stream);
        vec![Actor::anomaly(Body::Walker(walker), present_s)]
    }

    fn wrong_way(&self, stream: &mut Stream) -> Vec<Actor> {
        let wrong = Lane { way: -self.lane.way, side: self.lane.side };
        let cast = Cast { lane: wrong, ..*self };
        let from_middle_m = stream.range(LANE_M[0] + 0.3, LANE_M[1]);
        let (route, present_s) = cast.through(from_middle_m, stream.range(1.2, 1.7));
        vec![Actor::anomaly(Body::Walker(Walker::new(route, stream)), present_s)]
    }

    /// Crosses the lawn and the visible part of the path at an angle, clear of
    /// all fixtures, and enters and leaves beyond the edges of the picture.
    fn crossing(&self, stream: &mut Stream) -> Vec<Actor> {
        let [first, last] = self.place.view.span_m(0.0, 0.0);
        let speed_mps = stream.range(1.3, 1.8);
        let mut best = ([0.0; 2], [0.0; 2], -1.0);
        for _ in 0..24 {
            let middle = [first + (last - first) * stream.range(0.3, 0.7), 0.0];
            let far_v = stream.range(3.6, 6.6);
            let far = [stream.pick(&self.place.view.span_m(far_v, 3.0)), far_v];
            let near = self.beyond_edge(middle, [middle[0] - far[0], -far_v]);
            let room_m = self.room_m(near, far);
            if room_m > best.2 {
                best = (near, far, room_m);
            }
        }
        let (near, far, _) = best;
        let (from, to) = if stream.chance(0.5) { (near, far) } else { (far, near) };
        let length_m = gap_m(from, to);
        let heading = [(to[0] - from[0]) / length_m, (to[1] - from[1]) / length_m];
        let route = Route::new(self.start_s, from, heading, speed_mps);
        let present_s = [self.start_s, self.start_s + length_m / speed_mps];
        vec![Actor::anomaly(Body::Walker(Walker::new(route, stream)), present_s)]
    }

    /// The first point on the way from `at` along `way` that is out of sight,
    /// shadow included.
    fn beyond_edge(&self, at: [f64; 2], way: [f64; 2]) -> [f64; 2] {
        let length = gap_m(way, [0.0; 2]);
        let point = |d: f64| [at[0] + way[0] / length * d, at[1] + way[1] / length * d];
        let mut distance_m = 0.0;
        while self.place.view.sees(point(distance_m), 3.0) && distance_m < 40.0 {
            distance_m += 0.5;
        }
        point(distance_m)
    }

    /// Distance of the line between two points from the nearest fixture.
    fn room_m(&self, from: [f64; 2], to: [f64; 2]) -> f64 {
        let way = [to[0] - from[0], to[1] - from[1]];
        let square = way[0] * way[0] + way[1] * way[1];
        let distance_m = |at: [f64; 2]| {
            let t = ((at[0] - from[0]) * way[0] + (at[1] - from[1]) * way[1]) / square;
            let t = t.clamp(0.0, 1.0);
            gap_m(at, [from[0] + way[0] * t, from[1] + way[1] * t])
        };
        self.place.fixtures.iter().map(|f| distance_m(f.at)).fold(2.0, f64::min)
    }

    fn fall(&self, stream: &mut Stream) -> Vec<Actor> {
        let speed_mps = stream.range(1.2, 1.6);
        let (route, [start_s, end_s]) = self.through(stream.range(0.7, 1.3), speed_mps);
        let share = stream.range(0.40, 0.55);
        let fall =
            Fall { at_s: start_s + (end_s - start_s) * share, still_s: stream.range(3.0, 5.0) };
        let up_s = fall.end_s();
        let route = route.change(fall.at_s - 0.1, 0.0, 0.4).change(up_s, speed_mps, 1.0);
        let mut walker = Walker::new(route, stream);
        walker.look.height_m = walker.look.height_m.max(1.6);
        walker.fall = Some(fall);
        let present_s = [start_s, end_s + up_s - fall.at_s + 1.0];
        let anomalous_s = Some([fall.at_s, up_s]);
        vec![Actor { body: Body::Walker(walker), present_s, anomalous_s }]
    }

    /// One walker puts a bag down and leaves; another takes it later.
    fn left_behind(&self, stream: &mut Stream) -> Vec<Actor> {
        let speed_mps = stream.range(1.25, 1.5);
        let edge_m = stream.range(1.5, 1.75);
        let (route, [start_s, end_s]) = self.through(edge_m, speed_mps);
        let put_s = start_s + (end_s - start_s) * stream.range(0.42, 0.58);
        let stop = |route: Route, bend_s: f64| {
            route.change(bend_s - 1.6, 0.0, 0.8).change(bend_s + 0.7, speed_mps, 0.8)
        };
        let lag_s = 2.3;
        let mut carrier = Walker::new(stop(route.clone(), put_s), stream);
        carrier.look.height_m = carrier.look.height_m.max(1.6);
        carrier.stoop_s = Some(put_s);
        carrier.carries = Some([f64::MIN, put_s]);
        let spot = carrier.at(put_s);
        let heading = carrier.route.heading;
        let at = [spot[0] + heading[0] * 0.1, spot[1] + heading[0] * 0.3];
        let left_s = (0..200)
            .map(|k| put_s + f64::from(k) * 0.05)
            .find(|&t_s| gap_m(carrier.at(t_s), at) > 1.5)
            .unwrap_or(put_s + 4.0);

        let rest_s = stream.range(6.0, 9.0);
        let take_s = left_s + rest_s;
        let later = Route::new(start_s + take_s - put_s, route.from, heading, speed_mps);
        let mut taker = Walker::new(stop(later, take_s), stream);
        taker.look.height_m = taker.look.height_m.max(1.6);
        taker.look.bag = carrier.look.bag;
        taker.stoop_s = Some(take_s);
        taker.carries = Some([take_s, f64::MAX]);

        let colour = carrier.look.bag;
        let bag = Actor {
            body: Body::Bag { at, heading, colour },
            present_s: [put_s, take_s],
            anomalous_s: Some([left_s, take_s - 0.3]),
        };
        let length_s = end_s - start_s + lag_s;
        vec![
            Actor::normal(Body::Walker(carrier), [start_s, start_s + length_s]),
            Actor::normal(
                Body::Walker(taker),
                [start_s + take_s - put_s, start_s + take_s - put_s + length_s],
            ),
            bag,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn events_of_many_plans_are_visible_apart_and_inside_the_clip() {
        for seed in 1..=12 {
            let params = SceneParams {
                seed,
                width_px: 96,
                height_px: 54,
                seconds: 120,
                anomalies: AnomalyKind::value_variants().to_vec(),
                anomalies_per_clip: 6,
                ..SceneParams::default()
            };
            let place = Place::new(seed, 0, params.width_px, params.height_px);
            for clip in 1..=20 {
                let mut earliest_s = params.lead_in_s;
                for event in plan(&place, &params, clip).unwrap() {
                    let [from_s, to_s] = event.window_s;
                    assert!(from_s >= earliest_s - 1e-9, "seed {seed}, clip {clip}, {event:?}");
                    assert!(to_s - from_s >= 1.0 && to_s < f64::from(params.seconds));
                    let shown = visible_s(&place, &event.actors);
                    assert!((shown[0] - from_s).abs() < 0.1 && (shown[1] - to_s).abs() < 0.1);
                    earliest_s = to_s + QUIET_S;
                }
            }
        }
    }
}
