//! What watches when the bundle that a board learnt last cannot.

use super::error::Error;
use crate::config::Site;
use crate::learn::Generations;
use crate::station::{Plan, StationError};

/// The site's plan. Where its bundle is the link of a learning and was damaged, the
/// newest learnt bundle before it that is sound: an older normality watches better than
/// none.
///
/// # Errors
/// As [`Plan::load`] says of the site's own bundle, where no other can stand in.
pub(super) fn plan(site: &mut Site) -> Result<Plan, Error> {
    let refused = match Plan::load(site) {
        Err(StationError::Bundle(refused)) if site.calibration.is_none() => refused,
        other => return Ok(other?),
    };
    for (number, folder) in Generations::older_than_current(&site.bundle) {
        let own = std::mem::replace(&mut site.bundle, folder);
        match Plan::load(site) {
            Ok(plan) => {
                log::error!(
                    "{refused}; the bundle that was learnt before it, generation {number}, \
                     watches instead: see `normwatch bundle list`"
                );
                return Ok(plan);
            }
            Err(error) => log::error!("{error}; nor can generation {number} watch"),
        }
        site.bundle = own;
    }
    Err(StationError::Bundle(refused).into())
}
