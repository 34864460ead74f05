//! Who is told of a site's events and figures, beside its lines and its log.

use std::sync::Arc;

use super::error::StationError;
use super::plan::Plan;
use crate::clock::Clock;
use crate::config::Site;
use crate::event::{Outlet, PictureRing, Sample};
use crate::health::Vitals;

/// The outlets of a site, and the figures that they and others look at.
pub(super) struct Telling {
    vitals: Vitals,
    outlets: Vec<Arc<dyn Outlet>>,
    #[cfg(feature = "web-server")]
    history: Option<crate::web::History>,
}

impl Telling {
    /// Starts their threads.
    pub fn start(
        site: &Site,
        plan: &Plan,
        clock: &Arc<dyn Clock>,
        pictures: Option<PictureRing>,
    ) -> Result<Self, StationError> {
        let vitals = Vitals::watched(clock.clone(), plan.stale_ms);
        let mut telling = Self {
            vitals,
            outlets: Vec::new(),
            #[cfg(feature = "web-server")]
            history: None,
        };
        telling.serve(site, plan, pictures)?;
        Ok(telling)
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
    #[cfg(feature = "web-server")]
    fn serve(
        &mut self,
        site: &Site,
        plan: &Plan,
        pictures: Option<PictureRing>,
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
            site: site.file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
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
        let counts = Arc::new(move || outlets.iter().map(|outlet| outlet.counts()).collect());
        let options = web::WebOptions { listen, token, names, page };
        web::serve(options, identity, self.vitals.clone(), counts)
            .map_err(StationError::EventThread)
    }

    #[cfg(not(feature = "web-server"))]
    fn serve(&mut self, site: &Site, _: &Plan, _: Option<PictureRing>) -> Result<(), StationError> {
        if site.web.is_some() {
            log::warn!("[web] is not in this build: nothing listens");
        }
        Ok(())
    }
}

/// The first line of a file.
#[cfg(feature = "web-server")]
fn read_token(file: &std::path::Path) -> std::io::Result<String> {
    let text = std::fs::read_to_string(file)?;
    let token = text.lines().next().unwrap_or_default().trim();
    if token.len() < 16 {
        return Err(std::io::Error::other("its first line is no token: give it 16 characters"));
    }
    Ok(token.to_owned())
}
