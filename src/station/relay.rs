//! A site's relay on the network, where it has one.

use std::sync::Arc;

use super::counts::Counts;
use super::error::StationError;
use crate::clock::Clock;
use crate::config::Site;
use crate::health::Signals;

/// The relay while the site is watched.
#[derive(Default)]
pub(super) struct SiteRelay {
    #[cfg(feature = "modbus")]
    relay: Option<crate::modbus::Relay>,
}

impl SiteRelay {
    /// Starts its thread; what it shows comes by `signals`.
    #[cfg(feature = "modbus")]
    pub fn start(
        site: &Site,
        signals: &Signals,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, StationError> {
        let section = site.output.modbus.as_ref();
        let start = |section| crate::modbus::start(section, signals.clone(), clock.clone());
        let relay = section.map(start).transpose().map_err(StationError::EventThread)?;
        Ok(Self { relay })
    }

    /// A build without Modbus refuses such a site.
    #[cfg(not(feature = "modbus"))]
    pub fn start(_: &Site, _: &Signals, _: &Arc<dyn Clock>) -> Result<Self, StationError> {
        Ok(Self::default())
    }

    /// Whether nobody knows what it shows.
    pub fn is_lost(&self) -> bool {
        #[cfg(feature = "modbus")]
        return self.relay.as_ref().is_some_and(|relay| relay.watch().is_lost());
        #[cfg(not(feature = "modbus"))]
        false
    }

    /// How often it was driven.
    pub fn counts(&self) -> Option<Counts> {
        #[cfg(feature = "modbus")]
        return self.relay.as_ref().map(|relay| {
            let watch = relay.watch();
            Arc::new(move || watch.counts()) as Counts
        });
        #[cfg(not(feature = "modbus"))]
        None
    }

    /// Switches it off; waits some seconds at most.
    pub fn end(self) {
        #[cfg(feature = "modbus")]
        if let Some(relay) = self.relay
            && !relay.end()
        {
            log::warn!("the Modbus relay does not answer: its coils stay as they are");
        }
    }
}
