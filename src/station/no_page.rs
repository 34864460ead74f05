//! In the place of the page, where it is not in this build.

use std::sync::Arc;

use super::counts::Counts;
use super::error::StationError;
use super::plan::Plan;
use crate::alarm::Input;
use crate::clock::Clock;
use crate::config::Site;
use crate::event::{PictureRing, Sample};
use crate::health::Vitals;
use crate::trace::Trace;

/// Shows nothing, keeps nothing, orders nothing.
pub(super) struct Page;

impl Page {
    pub fn prepare(_: &Site, _: &mut Plan, _: &Arc<dyn Clock>) -> Result<Self, StationError> {
        Ok(Self)
    }

    pub fn trace(&self) -> Option<&Trace> {
        None
    }

    pub fn serve(
        &mut self,
        site: &Site,
        _: &Plan,
        _: &Vitals,
        _: Vec<Counts>,
        _: Option<PictureRing>,
    ) -> Result<(), StationError> {
        if site.web.is_some() {
            log::warn!("[web] is not in this build: nothing listens");
        }
        Ok(())
    }

    pub fn wants_heat(&self) -> bool {
        false
    }

    pub fn judged(&self, _: Sample) {}

    pub fn next_order(&self) -> Option<Input> {
        None
    }

    pub fn is_snoozing(&self) -> bool {
        false
    }

    #[cfg(feature = "mqtt")]
    pub fn forget_snooze(&self) {}

    pub fn end(&self) {}
}
