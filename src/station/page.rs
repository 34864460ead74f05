//! The page of a site: what it shows, what it keeps, and what is ordered there.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use super::counts::Counts;
use super::error::StationError;
use super::plan::Plan;
use crate::alarm::Input;
use crate::clock::Clock;
use crate::config::Site;
use crate::event::{PictureRing, Sample};
use crate::health::Vitals;
use crate::runtime::Scoring;
use crate::secret::token;
use crate::trace::{Scale, Trace, TraceOptions};
use crate::web;

/// Names of what lies in the page's folder.
const TRACE: &str = "trace";

/// The page, and what it and the run have in common.
pub(super) struct Page {
    trace: Option<Trace>,
    settings: web::Settings,
    history: Option<web::History>,
    orders: Option<web::Orders>,
}

impl Page {
    /// Puts the budget in force that was applied on the page, and begins the trace.
    ///
    /// # Errors
    /// A thread could not be started.
    pub fn prepare(
        site: &Site,
        plan: &mut Plan,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, StationError> {
        let usual = site.budget.alarms_per_day;
        let mut page = Self {
            trace: None,
            settings: web::Settings::fleeting(usual),
            history: None,
            orders: None,
        };
        let Some(section) = site.web.as_ref().filter(|section| section.page) else {
            return Ok(page);
        };
        if let Some(folder) = section.folder.as_ref().filter(|_| section.control) {
            let folder = folder.clone();
            let settings = within(PATIENCE, move || web::Settings::open(&folder, usual));
            page.settings = settings.unwrap_or_else(|| web::Settings::fleeting(usual));
            page.orders = Some(web::Orders::new(clock.clone()));
            plan.apply(page.settings.in_force().alarms_per_day)?;
        }
        let Scoring::Deployed(calibration) = &plan.scoring else { return Ok(page) };
        let options = TraceOptions {
            folder: section.folder.as_ref().map(|folder| folder.join(TRACE)),
            days: section.trace_days,
            scale: Scale::new(calibration, &plan.alarm),
        };
        let (stored, other) = (options.clone(), clock.clone());
        let trace = within(PATIENCE, move || Trace::start(stored, other)).unwrap_or_else(|| {
            // In memory alone.
            Trace::start(TraceOptions { folder: None, ..options }, clock.clone())
        });
        page.trace = Some(trace.map_err(StationError::EventThread)?);
        Ok(page)
    }

    /// What the state machine is told is kept there.
    pub fn trace(&self) -> Option<&Trace> {
        self.trace.as_ref()
    }

    /// Answers requests from now on.
    ///
    /// # Errors
    /// A thread could not be started.
    pub fn serve(
        &mut self,
        site: &Site,
        plan: &Plan,
        vitals: &Vitals,
        counts: Vec<Counts>,
        pictures: Option<PictureRing>,
    ) -> Result<(), StationError> {
        let Some(section) = &site.web else { return Ok(()) };
        let token = match section.token_file.as_deref().map(|file| (file, token(file))) {
            None => None,
            Some((_, Ok(token))) => Some(token),
            Some((file, Err(error))) => {
                let (file, listen) = (file.display(), section.listen);
                log::error!(
                    "cannot use the token in {file}: {error}; the watch goes on, and nothing \
                     listens on {listen}"
                );
                return Ok(());
            }
        };
        let identity = web::Identity {
            site: site.name(),
            board: site.board.name.clone(),
            bundle: plan.bundle.manifest().name.clone(),
            model_sha256: plan.bundle.model_sha256().to_owned(),
        };
        let page = self.shown(site, plan, pictures);
        let (listen, names) = (section.listen, section.names.clone());
        let options = web::WebOptions { listen, token, names, page };
        let counts = Arc::new(move || counts.iter().map(|count| count()).collect());
        web::serve(options, identity, vitals.clone(), counts).map_err(StationError::EventThread)
    }

    fn shown(
        &mut self,
        site: &Site,
        plan: &Plan,
        pictures: Option<PictureRing>,
    ) -> Option<web::PageOptions> {
        let trace = self.trace.clone()?;
        let Scoring::Deployed(calibration) = &plan.scoring else { return None };
        let history = self.history.insert(web::History::default()).clone();
        let events = site.output.events.as_ref().and_then(|events| events.folder.as_ref());
        let (settings, may_arm) = (self.settings.clone(), site.input.arm.is_none());
        let control = self.orders.clone().map(|orders| web::Control { settings, orders, may_arm });
        let calibration = (**calibration).clone();
        Some(web::PageOptions {
            pictures,
            history,
            events: events.map(|folder| folder.path.clone()),
            masks: site.masks.clone(),
            zones: site.zones.clone(),
            tuning: web::Tuning { trace, calibration, alarm: plan.alarm },
            alarms_per_day: site.budget.alarms_per_day,
            is_of_site: true,
            control,
        })
    }

    /// Whether somebody wants to know of every frame where it is odd.
    pub fn wants_heat(&self) -> bool {
        self.history.is_some()
    }

    pub fn judged(&self, sample: Sample) {
        self.history.iter().for_each(|history| history.judged(sample));
    }

    pub fn next_order(&self) -> Option<Input> {
        self.orders.as_ref()?.next()
    }

    pub fn is_snoozing(&self) -> bool {
        self.orders.as_ref().is_some_and(web::Orders::is_snoozing)
    }

    /// Somebody else armed or disarmed.
    #[cfg(feature = "mqtt")]
    pub fn forget_snooze(&self) {
        self.orders.iter().for_each(web::Orders::forget_snooze);
    }

    pub fn end(&self) {
        self.trace.iter().for_each(Trace::end);
    }
}

/// How long the watch may wait for the page's disk before it begins.
const PATIENCE: Duration = Duration::from_secs(2);

/// What came of work on a disk; `None` where that does not end in time. A card that hangs
/// must not keep the watch from its beginning.
fn within<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (tell, told) = channel();
    let body = move || drop(tell.send(work()));
    let begun = thread::Builder::new().name("page-disk".into()).spawn(body);
    let done = begun.ok().and_then(|_| told.recv_timeout(patience).ok());
    if done.is_none() {
        log::error!("the page's folder does not answer: the watch begins without what it holds");
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_hangs_keeps_nobody() {
        assert_eq!(within(Duration::from_secs(60), || 7), Some(7));
        let (_never, waits) = channel::<()>();
        assert_eq!(within(Duration::from_millis(50), move || waits.recv()), None);
    }
}
