//! Who is told of a site's events and figures, beside its lines and its log.

use std::sync::Arc;

use super::counts::Counts;
use super::error::StationError;
#[cfg(not(feature = "web-server"))]
use super::no_page::Page;
#[cfg(feature = "web-server")]
use super::page::Page;
use super::plan::Plan;
use crate::alarm::Input;
use crate::clock::Clock;
use crate::config::Site;
use crate::event::{Outlet, PictureRing, Sample};
use crate::health::Vitals;
#[cfg(feature = "mqtt")]
use crate::mqtt::Mqtt;
use crate::notify;

/// The outlets of a site, and the figures that they and others look at.
pub(super) struct Telling {
    vitals: Vitals,
    outlets: Vec<Arc<dyn Outlet>>,
    #[cfg(feature = "mqtt")]
    mqtt: Option<Mqtt>,
    /// A contact arms and disarms.
    #[cfg(feature = "mqtt")]
    has_key: bool,
    page: Page,
}

impl Telling {
    /// Starts their threads. The counts of `others` are shown beside theirs.
    pub fn start(
        site: &Site,
        plan: &Plan,
        clock: &Arc<dyn Clock>,
        pictures: Option<PictureRing>,
        page: Page,
        others: Option<Counts>,
    ) -> Result<Self, StationError> {
        let vitals = Vitals::watched(clock.clone(), plan.stale_ms);
        let told = notify::outlets(&site.output, clock.clone());
        let told = told.map_err(StationError::EventThread)?;
        let mut telling = Self {
            vitals,
            outlets: told.into_iter().map(Arc::from).collect(),
            #[cfg(feature = "mqtt")]
            mqtt: None,
            #[cfg(feature = "mqtt")]
            has_key: site.input.arm.is_some(),
            page,
        };
        if let Some(journal) = notify::Journal::of_this_process() {
            telling.outlets.push(Arc::new(journal));
        }
        let alarms_per_day = Some(plan.budget.alarms_per_day);
        telling.vitals.note(|reading| reading.alarms_per_day = alarms_per_day);
        telling.publish(site, clock)?;
        let of_outlet = |outlet: Arc<dyn Outlet>| -> Counts { Arc::new(move || outlet.counts()) };
        let counts = telling.outlets.iter().cloned().map(of_outlet).chain(others).collect();
        telling.page.serve(site, plan, &telling.vitals, counts, pictures)?;
        Ok(telling)
    }

    /// The next command of somebody who may give some. Where there is a contact that
    /// arms, nothing else does: whoever turns the key must be sure.
    pub fn next_command(&self) -> Option<Input> {
        // Before the others: whoever arms after a snooze has the last word.
        if let Some(order) = self.page.next_order() {
            return Some(order);
        }
        #[cfg(feature = "mqtt")]
        if let Some(command) = self.mqtt.as_ref().and_then(Mqtt::try_command)
            && (command == Input::Acknowledge || !self.has_key)
        {
            if command != Input::Acknowledge {
                self.page.forget_snooze();
            }
            return Some(command);
        }
        None
    }

    /// Whether the page has disarmed the site for a while.
    pub fn is_snoozing(&self) -> bool {
        self.page.is_snoozing()
    }

    /// Ends in order what wants to; waits some seconds at most.
    pub fn end(self) {
        self.outlets.iter().for_each(|outlet| outlet.end());
        self.page.end();
        #[cfg(feature = "mqtt")]
        if let Some(mqtt) = self.mqtt
            && !mqtt.end()
        {
            log::warn!("the MQTT broker does not answer: it was not told of the end");
        }
    }

    /// A score from which on somebody wants to know where the picture is odd.
    pub fn heat_from(&self, exit_level: f32) -> f32 {
        if self.page.wants_heat() { f32::NEG_INFINITY } else { exit_level }
    }

    /// Whoever looks on sees this frame.
    pub fn judged(&self, sample: Sample) {
        self.page.judged(sample);
    }

    pub fn vitals(&self) -> Vitals {
        self.vitals.clone()
    }

    pub fn outlets(&self) -> Vec<Arc<dyn Outlet>> {
        self.outlets.clone()
    }
}

impl Telling {
    #[cfg(feature = "mqtt")]
    fn publish(&mut self, site: &Site, clock: &Arc<dyn Clock>) -> Result<(), StationError> {
        use crate::mqtt;

        let Some(section) = &site.output.mqtt else { return Ok(()) };
        let identity = mqtt::Identity {
            site: site.name(),
            board: site.board.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            learns: site.learn.is_some(),
        };
        let mqtt = mqtt::start(section, &identity, self.vitals.clone(), clock.clone())
            .map_err(StationError::EventThread)?;
        self.outlets.push(Arc::new(mqtt.outlet()));
        self.mqtt = Some(mqtt);
        Ok(())
    }

    #[cfg(not(feature = "mqtt"))]
    fn publish(&mut self, site: &Site, _: &Arc<dyn Clock>) -> Result<(), StationError> {
        if site.output.mqtt.is_some() {
            log::warn!("[output.mqtt] is not in this build: nothing is published");
        }
        Ok(())
    }
}
