//! Who is told of a site's events and figures, beside its lines and its log.

use std::sync::Arc;

use super::error::StationError;
use super::plan::Plan;
use crate::alarm::Input;
use crate::clock::Clock;
use crate::config::Site;
use crate::event::{Outlet, OutletCounts, PictureRing, Sample};
use crate::health::Vitals;
use crate::notify;

/// What became of what one output was to tell.
pub(super) type Counts = Arc<dyn Fn() -> OutletCounts + Send + Sync>;

/// The outlets of a site, and the figures that they and others look at.
pub(super) struct Telling {
    vitals: Vitals,
    outlets: Vec<Arc<dyn Outlet>>,
    #[cfg(feature = "mqtt")]
    mqtt: Option<crate::mqtt::Mqtt>,
    /// A contact arms and disarms.
    #[cfg(feature = "mqtt")]
    has_key: bool,
    #[cfg(feature = "web-server")]
    history: Option<crate::web::History>,
}

impl Telling {
    /// Starts their threads. The counts of `others` are shown beside theirs.
    pub fn start(
        site: &Site,
        plan: &Plan,
        clock: &Arc<dyn Clock>,
        pictures: Option<PictureRing>,
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
            #[cfg(feature = "web-server")]
            history: None,
        };
        if let Some(journal) = notify::Journal::of_this_process() {
            telling.outlets.push(Arc::new(journal));
        }
        let alarms_per_day = Some(site.budget.alarms_per_day);
        telling.vitals.note(|reading| reading.alarms_per_day = alarms_per_day);
        telling.publish(site, clock)?;
        telling.serve(site, plan, pictures, others)?;
        Ok(telling)
    }

    /// The next command of somebody who may give some. Where there is a contact that
    /// arms, nothing else does: whoever turns the key must be sure.
    pub fn next_command(&self) -> Option<Input> {
        #[cfg(feature = "mqtt")]
        return self
            .mqtt
            .as_ref()?
            .try_command()
            .filter(|command| *command == Input::Acknowledge || !self.has_key);
        #[cfg(not(feature = "mqtt"))]
        None
    }

    /// Ends in order what wants to; waits some seconds at most.
    pub fn end(self) {
        self.outlets.iter().for_each(|outlet| outlet.end());
        #[cfg(feature = "mqtt")]
        if let Some(mqtt) = self.mqtt
            && !mqtt.end()
        {
            log::warn!("the MQTT broker does not answer: it was not told of the end");
        }
    }

    /// A score from which on somebody wants to know where the picture is odd.
    pub fn heat_from(&self, exit_level: f32) -> f32 {
        #[cfg(feature = "web-server")]
        if self.history.is_some() {
            return f32::NEG_INFINITY;
        }
        exit_level
    }

    /// Whoever looks on sees this frame.
    pub fn judged(&self, sample: Sample) {
        #[cfg(feature = "web-server")]
        self.history.iter().for_each(|history| history.judged(sample));
        #[cfg(not(feature = "web-server"))]
        let _ = sample;
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
            site: name_of(site),
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

    #[cfg(feature = "web-server")]
    fn serve(
        &mut self,
        site: &Site,
        plan: &Plan,
        pictures: Option<PictureRing>,
        others: Option<Counts>,
    ) -> Result<(), StationError> {
        use crate::web;

        let Some(section) = &site.web else { return Ok(()) };
        let token = match section.token_file.as_deref().map(|file| (file, read_token(file))) {
            None => None,
            Some((_, Ok(token))) => Some(token),
            Some((file, Err(error))) => {
                let (file, listen) = (file.display(), section.listen);
                log::error!("{file}: {error}; the watch goes on, and nothing listens on {listen}");
                return Ok(());
            }
        };
        let (listen, names) = (section.listen, section.names.clone());
        let identity = web::Identity {
            site: name_of(site),
            board: site.board.name.clone(),
            bundle: plan.bundle.manifest().name.clone(),
            model_sha256: plan.bundle.model_sha256().to_owned(),
        };
        self.history = section.page.then(web::History::default);
        let events = site.output.events.as_ref().and_then(|events| events.folder.as_ref());
        let page = self.history.clone().map(|history| web::PageOptions {
            pictures,
            history,
            events: events.map(|folder| folder.path.clone()),
        });
        let outlets = self.outlets.clone();
        let counts = Arc::new(move || {
            let counts = outlets.iter().map(|outlet| outlet.counts());
            counts.chain(others.iter().map(|count| count())).collect()
        });
        let options = web::WebOptions { listen, token, names, page };
        web::serve(options, identity, self.vitals.clone(), counts)
            .map_err(StationError::EventThread)
    }

    #[cfg(not(feature = "web-server"))]
    fn serve(
        &mut self,
        site: &Site,
        _: &Plan,
        _: Option<PictureRing>,
        _: Option<Counts>,
    ) -> Result<(), StationError> {
        if site.web.is_some() {
            log::warn!("[web] is not in this build: nothing listens");
        }
        Ok(())
    }
}

/// Of the site file, without its ending.
fn name_of(site: &Site) -> String {
    site.file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Nobody's token is longer.
#[cfg(feature = "web-server")]
const LONGEST_FILE: u64 = 4096;

/// The first line of a file.
#[cfg(feature = "web-server")]
fn read_token(file: &std::path::Path) -> std::io::Result<String> {
    use std::io::Read;

    let wrong = |what: &str| Err(std::io::Error::other(what.to_owned()));
    if !std::fs::metadata(file)?.is_file() {
        return wrong("it is not a regular file");
    }
    let mut text = String::new();
    std::fs::File::open(file)?.take(LONGEST_FILE).read_to_string(&mut text)?;
    let token = text.lines().next().unwrap_or_default().trim();
    // As it stands in an address and in a cookie.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    if token.len() < 16 || !token.chars().all(is_plain) {
        return wrong("its first line must be 16 or more letters, digits or `-_.~`");
    }
    Ok(token.to_owned())
}

#[cfg(all(test, feature = "web-server"))]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_what_an_address_and_a_cookie_can_hold() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            read_token(&file).ok()
        };
        assert_eq!(read("0123456789abcdef\nnote\n").as_deref(), Some("0123456789abcdef"));
        for wrong in
            ["", "short", "0123456789abcdef;Path=/", "0123456789+abcdef", "０１２３４５６７"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert!(read_token(folder.path()).is_err() && read_token(&file.join("x")).is_err());
    }
}
