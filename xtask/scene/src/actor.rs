//! Whatever moves through a scene, and when it counts as anomalous.

use super::gait::{Look, duffel};
use super::number::Colour;
use super::raster::Part;
use super::vehicle::{bicycle, cart};
use super::walker::{Route, Walker};

/// The kind of thing that moves.
#[derive(Clone, Debug)]
pub enum Body {
    Walker(Walker),
    Cyclist { rider: Look, route: Route },
    Cart { driver: Look, paint: Colour, route: Route },
    Bag { at: [f64; 2], heading: [f64; 2], colour: Colour },
}

/// A moving thing with its time in the scene.
#[derive(Clone, Debug)]
pub struct Actor {
    pub body: Body,
    /// When it is in the scene, in seconds from the start of the clip.
    pub present_s: [f64; 2],
    /// When it is an anomaly; `None` for normal traffic.
    pub anomalous_s: Option<[f64; 2]>,
}

impl Actor {
    /// Normal traffic that is in the scene between two moments.
    pub fn normal(body: Body, present_s: [f64; 2]) -> Self {
        Self { body, present_s, anomalous_s: None }
    }

    /// Something anomalous for as long as it is in the scene.
    pub fn anomaly(body: Body, present_s: [f64; 2]) -> Self {
        Self { body, present_s, anomalous_s: Some(present_s) }
    }

    /// Position on the ground, in metres; `None` when absent.
    pub fn at(&self, t_s: f64) -> Option<[f64; 2]> {
        let present = self.present_s[0] <= t_s && t_s < self.present_s[1];
        present.then(|| match &self.body {
            Body::Walker(walker) => walker.at(t_s),
            Body::Cyclist { route, .. } | Body::Cart { route, .. } => route.at(t_s),
            Body::Bag { at, .. } => *at,
        })
    }

    pub fn is_anomalous(&self, t_s: f64) -> bool {
        self.anomalous_s.is_some_and(|[from, to]| from <= t_s && t_s < to)
    }

    /// Half the room it takes on the ground, in metres.
    pub fn radius_m(&self) -> f64 {
        match &self.body {
            Body::Walker(walker) if walker.fall.is_some() => 0.8,
            Body::Walker(_) => 0.3,
            Body::Cyclist { .. } => 0.6,
            Body::Cart { .. } => 1.1,
            Body::Bag { .. } => 0.4,
        }
    }

    /// Appends the parts of its shape at `t_s`.
    pub fn build(&self, t_s: f64, parts: &mut Vec<Part>) {
        match &self.body {
            Body::Walker(walker) => walker.build(t_s, parts),
            Body::Cyclist { rider, route } => {
                bicycle(rider, route.distance_m(t_s), route.at(t_s), route.heading, parts);
            }
            Body::Cart { driver, paint, route } => {
                cart(driver, *paint, route.at(t_s), route.heading, parts);
            }
            Body::Bag { at, heading, colour } => {
                parts.extend(duffel([at[0], at[1], 0.0], *heading, *colour));
            }
        }
    }
}
