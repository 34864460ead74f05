//! Somebody on foot: a route in time, and the posture that goes with it.

use super::gait::{Look, Pose, body, stride_m, stride_rad};
use super::number::{Stream, sin_turns, smoothstep};
use super::raster::Part;

/// A straight way along the ground, at speeds that change over time.
#[derive(Clone, Debug)]
pub struct Route {
    pub from: [f64; 2],
    /// Unit vector of the direction of travel.
    pub heading: [f64; 2],
    legs: Vec<Leg>,
}

#[derive(Clone, Copy, Debug)]
struct Leg {
    at_s: f64,
    from_m: f64,
    speed_mps: f64,
    gain_mps2: f64,
}

impl Leg {
    fn speed_mps(&self, t_s: f64) -> f64 {
        self.speed_mps + self.gain_mps2 * (t_s - self.at_s)
    }

    fn distance_m(&self, t_s: f64) -> f64 {
        let dt = t_s - self.at_s;
        self.from_m + (self.speed_mps + 0.5 * self.gain_mps2 * dt) * dt
    }
}

impl Route {
    /// Leaves `from` at `start_s` and keeps to `speed_mps` along `heading`.
    pub fn new(start_s: f64, from: [f64; 2], heading: [f64; 2], speed_mps: f64) -> Self {
        let leg = Leg { at_s: start_s, from_m: 0.0, speed_mps, gain_mps2: 0.0 };
        Self { from, heading, legs: vec![leg] }
    }

    fn last(&self) -> Leg {
        self.legs[self.legs.len() - 1]
    }

    /// From `at_s` on, changes to `speed_mps` within `over_s`.
    pub fn change(mut self, at_s: f64, speed_mps: f64, over_s: f64) -> Self {
        let (last, end_s) = (self.last(), at_s + over_s);
        let before_mps = last.speed_mps(at_s);
        let gain_mps2 = (speed_mps - before_mps) / over_s;
        let ramp = Leg { at_s, from_m: last.distance_m(at_s), speed_mps: before_mps, gain_mps2 };
        self.legs.push(ramp);
        let from_m = ramp.distance_m(end_s);
        self.legs.push(Leg { at_s: end_s, from_m, speed_mps, gain_mps2: 0.0 });
        self
    }

    fn leg(&self, t_s: f64) -> Leg {
        let current = self.legs.iter().rev().find(|leg| leg.at_s <= t_s);
        *current.unwrap_or(&self.legs[0])
    }

    pub fn distance_m(&self, t_s: f64) -> f64 {
        self.leg(t_s).distance_m(t_s)
    }

    pub fn speed_mps(&self, t_s: f64) -> f64 {
        self.leg(t_s).speed_mps(t_s)
    }

    /// Position on the ground, in metres.
    pub fn at(&self, t_s: f64) -> [f64; 2] {
        let d = self.distance_m(t_s);
        [self.from[0] + self.heading[0] * d, self.from[1] + self.heading[1] * d]
    }
}

/// A fall: down within 0.7 s, still for `still_s`, up again within 2.6 s.
#[derive(Clone, Copy, Debug)]
pub struct Fall {
    pub at_s: f64,
    pub still_s: f64,
}

const DROP_S: f64 = 0.7;
const RISE_S: f64 = 2.6;

impl Fall {
    /// When the person stands again.
    pub fn end_s(&self) -> f64 {
        self.at_s + DROP_S + self.still_s + RISE_S
    }

    fn apply(&self, t_s: f64, pose: &mut Pose) {
        let down = (t_s - self.at_s) / DROP_S;
        let up = (t_s - self.at_s - DROP_S - self.still_s) / RISE_S;
        if down <= 0.0 || up >= 1.0 {
            return;
        }
        let dropped = down.min(1.0);
        pose.topple_rad = 1.5 * dropped * dropped;
        let landed = smoothstep(0.6, 1.0, dropped);
        pose.crouch = 0.25 * smoothstep(0.0, 0.6, dropped) - 0.23 * landed;
        pose.reach = 0.75 * smoothstep(0.1, 0.6, dropped) + 0.58 * landed;
        if up > 0.0 {
            pose.topple_rad = 1.5 - 1.1 * smoothstep(0.0, 0.5, up) - 0.4 * smoothstep(0.5, 1.0, up);
            pose.crouch = 0.02 + 0.98 * smoothstep(0.0, 0.45, up) - smoothstep(0.5, 1.0, up);
            pose.reach = 1.33 - 0.6 * smoothstep(0.0, 0.3, up) - 0.73 * smoothstep(0.35, 0.8, up);
        }
    }
}

/// A person on foot.
#[derive(Clone, Debug)]
pub struct Walker {
    pub look: Look,
    pub route: Route,
    cruise_mps: f64,
    phase: f64,
    sway: f64,
    /// From when until when a bag is carried.
    pub carries: Option<[f64; 2]>,
    /// When the person bends down, half a second before and after.
    pub stoop_s: Option<f64>,
    pub fall: Option<Fall>,
}

impl Walker {
    /// Somebody with a random body and gait who follows `route`; their usual
    /// speed is the one at which the route begins.
    pub fn new(route: Route, stream: &mut Stream) -> Self {
        let look = Look::new(stream);
        let cruise_mps = route.speed_mps(f64::MIN / 4.0).max(0.3);
        let (phase, sway) = (stream.unit(), stream.unit());
        Self { look, route, cruise_mps, phase, sway, carries: None, stoop_s: None, fall: None }
    }

    /// Position of the feet, in metres.
    pub fn at(&self, t_s: f64) -> [f64; 2] {
        let side = 0.05 * sin_turns(self.route.distance_m(t_s) / 7.0 + self.sway);
        let (at, [hu, hv]) = (self.route.at(t_s), self.route.heading);
        [at[0] - hv * side, at[1] + hu * side]
    }

    /// Appends the body as it is at `t_s`.
    pub fn build(&self, t_s: f64, parts: &mut Vec<Part>) {
        body(&self.look, &self.pose(t_s), self.at(t_s), self.route.heading, parts);
    }

    fn pose(&self, t_s: f64) -> Pose {
        let height_m = self.look.height_m;
        let stride = stride_m(height_m, self.cruise_mps);
        let pace = (self.route.speed_mps(t_s) / self.cruise_mps).clamp(0.0, 1.0);
        let stoop = self.stoop_s.map_or(0.0, |s| 1.0 - smoothstep(0.15, 0.75, (t_s - s).abs()));
        let mut pose = Pose {
            phase: self.route.distance_m(t_s) / stride + self.phase,
            stride_rad: stride_rad(height_m, stride) * pace.sqrt(),
            run: smoothstep(2.2, 3.2, self.cruise_mps) * pace,
            crouch: 0.8 * stoop,
            carries: self.carries.is_some_and(|[a, b]| (a..b).contains(&t_s)),
            ..Pose::default()
        };
        if let Some(fall) = self.fall {
            fall.apply(t_s, &mut pose);
        }
        pose
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_is_continuous_over_a_change_of_speed() {
        let route = Route::new(1.0, [0.0, 0.0], [1.0, 0.0], 1.4)
            .change(4.0, 0.0, 0.8)
            .change(7.0, 1.4, 0.8);
        let mut before = route.distance_m(1.0);
        for k in 1..1000 {
            let now = route.distance_m(1.0 + f64::from(k) * 0.01);
            assert!((-1e-9..0.0141).contains(&(now - before)));
            before = now;
        }
        assert_eq!(route.speed_mps(6.0), 0.0);
        assert!((route.speed_mps(9.0) - 1.4).abs() < 1e-9);
    }

    #[test]
    fn a_fall_ends_upright() {
        let fall = Fall { at_s: 2.0, still_s: 4.0 };
        let mut pose = Pose::default();
        fall.apply(fall.end_s() - 1e-6, &mut pose);
        assert!(pose.topple_rad.abs() < 1e-3 && pose.crouch.abs() < 1e-3);
        fall.apply(4.0, &mut pose);
        assert_eq!(pose.topple_rad, 1.5);
    }
}
