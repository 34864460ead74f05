//! In the place of the page over a replay, where it is not in this build.

use std::path::PathBuf;

use super::error::Error;
use crate::config::Zone;
use crate::model::Bundle;
use crate::replay::{PlayOptions, Playing};
use crate::score::Polygon;

/// What of a replay would be shown.
#[expect(dead_code, reason = "the page is not in this build")]
pub(super) struct Shown {
    pub alarms_per_day: f64,
    pub events: PathBuf,
    pub masks: Vec<Polygon>,
    pub zones: Vec<Zone>,
    pub speed: f64,
}

/// There is none.
pub(super) enum ReplayedPage {}

impl ReplayedPage {
    pub fn open(_: &Bundle, _: &mut PlayOptions, _: Shown) -> Result<Self, Error> {
        let why = "the page is not in this build: build with the feature `web-server`";
        Err(Error::Usage(why.into()))
    }

    pub fn judged(&mut self, _: &Playing<'_>) {
        match *self {}
    }

    pub fn stay(&self) -> ! {
        match *self {}
    }
}
