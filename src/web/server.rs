//! The listener and its few threads.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::answer::Answer;
use super::assets;
use super::control::Control;
use super::door::Door;
use super::gallery::Gallery;
use super::history::History;
use super::live::Live;
use super::metrics::{self, Identity};
use super::request::{Refused, Request};
use super::tuning::Tuning;
use super::turns::{Turns, WORKERS, needs_disk};
use crate::config::Zone;
use crate::event::{OutletCounts, PictureRing};
use crate::health::{Reading, Vitals};
use crate::score::{MaskMode, Polygon};

/// Connections that may wait for a thread; further ones are closed at once.
const WAITING: usize = 16;

/// An address that cannot be had is tried again so often.
const AGAIN: Duration = Duration::from_secs(5);

/// Where to listen, and who may ask.
#[derive(Clone, Debug)]
pub struct WebOptions {
    pub listen: SocketAddr,
    /// Whoever asks must send it.
    pub token: Option<String>,
    /// Names of this machine that may be asked for, beside addresses and `localhost`.
    pub names: Vec<String>,
    /// Whether there is a page, with pictures and events.
    pub page: Option<PageOptions>,
}

/// What the page shows.
#[derive(Clone, Debug)]
pub struct PageOptions {
    pub pictures: Option<PictureRing>,
    pub history: History,
    /// The folder of events.
    pub events: Option<PathBuf>,
    /// The areas of the site file.
    pub masks: Vec<Polygon>,
    pub zones: Vec<Zone>,
    pub tuning: Tuning,
    /// False alarms a day that were accepted at the start.
    pub alarms_per_day: f64,
    /// Whether a site file says so.
    pub is_of_site: bool,
    /// Where orders are taken, from whoever knows the token.
    pub control: Option<Control>,
}

/// What the outlets have counted so far.
pub type CountOutlets = dyn Fn() -> Vec<OutletCounts> + Send + Sync;

/// What is told.
struct Desk {
    door: Door,
    identity: Identity,
    vitals: Vitals,
    outlets: Arc<CountOutlets>,
    page: Option<Page>,
    /// Of those who need the disk.
    turns: Turns,
}

struct Page {
    live: Live,
    gallery: Gallery,
    masks: Vec<Polygon>,
    zones: Vec<Zone>,
    tuning: Tuning,
    alarms_per_day: f64,
    is_of_site: bool,
    control: Option<Control>,
}

/// Starts the listener, which ends with the process. An address that cannot be had is
/// told and tried again: it is no reason not to watch.
///
/// # Errors
/// A thread could not be started.
pub fn serve(
    options: WebOptions,
    identity: Identity,
    vitals: Vitals,
    outlets: Arc<CountOutlets>,
) -> io::Result<()> {
    let listen = options.listen;
    let waiting = start(options, identity, vitals, outlets)?;
    thread::Builder::new().name("web".into()).spawn(move || listen_on(listen, &waiting))?;
    Ok(())
}

/// The same with a listener that is there.
///
/// # Errors
/// A thread could not be started.
pub fn serve_on(
    listener: TcpListener,
    options: WebOptions,
    identity: Identity,
    vitals: Vitals,
    outlets: Arc<CountOutlets>,
) -> io::Result<()> {
    let waiting = start(options, identity, vitals, outlets)?;
    thread::Builder::new().name("web".into()).spawn(move || accept(&listener, &waiting))?;
    Ok(())
}

/// Starts the threads that answer; connections are handed to them.
fn start(
    options: WebOptions,
    identity: Identity,
    vitals: Vitals,
    outlets: Arc<CountOutlets>,
) -> io::Result<SyncSender<TcpStream>> {
    let WebOptions { token, names, page, .. } = options;
    let takes_orders = page.as_ref().is_some_and(|page| page.control.is_some());
    let page = page.map(|page| -> io::Result<Page> {
        let PageOptions { pictures, history, events, masks, zones, .. } = page;
        let PageOptions { tuning, alarms_per_day, is_of_site, control, .. } = page;
        let (live, gallery) = (Live::new(pictures, history), Gallery::new(events)?);
        Ok(Page { live, gallery, masks, zones, tuning, alarms_per_day, is_of_site, control })
    });
    let page = page.transpose()?;
    let door = Door::new(token, names, takes_orders);
    let desk = Arc::new(Desk { door, identity, vitals, outlets, page, turns: Turns::default() });
    let (waiting_in, waiting) = sync_channel(WAITING);
    let waiting = Arc::new(Mutex::new(waiting));
    for number in 0..WORKERS {
        let (desk, waiting) = (desk.clone(), waiting.clone());
        let work = move || {
            while let Some(stream) = next(&waiting) {
                desk.answer(stream)
            }
        };
        thread::Builder::new().name(format!("web-{number}")).spawn(work)?;
    }
    Ok(waiting_in)
}

/// Reads what a refused request still sends, but not much of it and not for long.
fn drain(stream: &mut TcpStream) {
    let _ = stream.set_read_timeout(Some(Duration::from_millis(500)));
    for _ in 0..16 {
        if stream.read(&mut [0; 4096]).unwrap_or(0) == 0 {
            return;
        }
    }
}

fn next(waiting: &Mutex<Receiver<TcpStream>>) -> Option<TcpStream> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn listen_on(address: SocketAddr, waiting: &SyncSender<TcpStream>) {
    let mut told = false;
    loop {
        match TcpListener::bind(address) {
            Ok(listener) => {
                log::info!("http://{address}/ is answered");
                told = false;
                accept(&listener, waiting);
            }
            Err(error) if !told => {
                log::warn!(
                    "cannot listen on {address}: {error}; the watch goes on, and it is tried again"
                );
                told = true;
            }
            Err(_) => {}
        }
        thread::sleep(AGAIN);
    }
}

/// Until the listener fails, as without descriptors.
fn accept(listener: &TcpListener, waiting: &SyncSender<TcpStream>) {
    for stream in listener.incoming() {
        match stream {
            // One that finds no room is closed by being dropped.
            Ok(stream) => {
                if let Err(TrySendError::Disconnected(_)) = waiting.try_send(stream) {
                    return;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                log::warn!("no further connection can be taken: {error}");
                return;
            }
        }
    }
}

impl Desk {
    fn answer(&self, mut stream: TcpStream) {
        let mut is_left = false;
        let (answer, head_only) = match Request::read(&mut stream) {
            Ok(request) => (self.answer_to(&request), request.method == "HEAD"),
            Err(Refused::Gone) => return,
            Err(Refused::TooSlow) => (Answer::plain(408, "the request took too long"), false),
            Err(Refused::TooLong) => (Answer::plain(431, "the head is too long"), false),
            Err(Refused::TooLarge) => {
                is_left = true;
                (Answer::plain(413, "the body is too large"), false)
            }
            Err(Refused::Malformed) => (Answer::plain(400, "this is not an HTTP request"), false),
        };
        if answer.send(&mut stream, head_only).is_ok() {
            // What was not read would reset the connection under the answer.
            let _ = stream.shutdown(std::net::Shutdown::Write);
            if is_left {
                drain(&mut stream);
            }
        }
    }

    fn answer_to(&self, request: &Request) -> Answer {
        if let Some(refusal) = self.door.refuses(request) {
            return refusal;
        }
        let turn = needs_disk(&request.path).then(|| self.turns.take());
        if turn.as_ref().is_some_and(Option::is_none) {
            return Answer::plain(503, "the disk does not answer: try again");
        }
        if request.method == "POST" {
            return self.order(request);
        }
        match request.path.as_str() {
            "/health" => health(&self.vitals.read()),
            "/metrics" => {
                let text = metrics::render(&self.identity, &self.vitals.read(), &(self.outlets)());
                Answer::new(200, metrics::CONTENT_TYPE, text)
            }
            path => self.page(path, request).unwrap_or_else(|| {
                Answer::plain(404, "there is nothing of that name; /health and /metrics are")
            }),
        }
    }

    fn page(&self, path: &str, request: &Request) -> Option<Answer> {
        let page = self.page.as_ref()?;
        Some(match path {
            "/frame.jpg" => page.live.picture(request),
            "/state.json" => {
                let more = page.more(&(self.outlets)());
                page.live.state(&self.identity.site, &self.vitals, request, more)
            }
            "/site.json" => page.site(),
            "/trace/count" => page.tuning.count(request),
            "/events.json" => page.gallery.list(request),
            path => match path.strip_prefix("/events/") {
                Some(rest) => page.gallery.one(rest),
                None => return assets::find(path),
            },
        })
    }

    fn order(&self, request: &Request) -> Answer {
        let page = self.page.as_ref();
        let taken = page.and_then(|page| Some((page.control.as_ref()?, page)));
        match (taken, request.path.strip_prefix("/order/")) {
            (Some((_, page)), Some("review")) => page.gallery.review(request),
            (Some((control, page)), Some(what)) => {
                control.order(what, request, &page.tuning, self.vitals.read().state)
            }
            _ => Answer::plain(404, "there is nothing to be ordered there"),
        }
    }
}

impl Page {
    /// What changes while the page is open, beside the figures.
    fn more(&self, outlets: &[OutletCounts]) -> serde_json::Value {
        let outlets = outlets.iter().map(|counts| {
            let OutletCounts { name, sent, failed, dropped, last_sent_unix_ms } = counts;
            serde_json::json!({
                "name": name,
                "sent": sent,
                "failed": failed,
                "dropped": dropped,
                "last_sent_unix_ms": last_sent_unix_ms,
            })
        });
        serde_json::json!({
            "outputs": outlets.collect::<Vec<_>>(),
            "events": self.gallery.state(),
            "version": self.control.as_ref().map(|control| control.settings.in_force().version),
            "snooze_ms": self.control.as_ref().and_then(|control| control.orders.snoozes_for_ms()),
        })
    }

    /// What does not.
    fn site(&self) -> Answer {
        let masks = self.masks.iter().map(|mask| {
            let mode = if mask.mode == MaskMode::Ignore { "ignore" } else { "include" };
            serde_json::json!({ "mode": mode, "points": mask.points })
        });
        let zones = self.zones.iter().map(|zone| {
            let (name, points, more) = (&zone.name, &zone.area.points, zone.keys_of_weight());
            serde_json::json!({ "name": name, "points": points, "more": more })
        });
        let body = serde_json::json!({
            "masks": masks.collect::<Vec<_>>(),
            "zones": zones.collect::<Vec<_>>(),
            "lowest_supported": self.tuning.lowest_supported(),
            "alarms_per_day": self.alarms_per_day,
            "of_site": self.is_of_site,
            "in_force": self.control.as_ref().map(Control::in_force),
            "may_arm": self.control.as_ref().is_some_and(|control| control.may_arm),
        });
        Answer::new(200, "application/json", body.to_string())
    }
}

/// 200 while all is well, 503 otherwise.
fn health(reading: &Reading) -> Answer {
    let body = serde_json::json!({
        "well": reading.well,
        "state": reading.state.name(),
        "camera_up": reading.camera_up,
        "score": reading.score,
        "score_unix_ms": reading.score_unix_ms,
        "frames_judged": reading.judged,
        "alarms": reading.alarms,
        "drift": reading.drift,
    });
    let status = if reading.well { 200 } else { 503 };
    Answer::new(status, "application/json", format!("{body}\n"))
}
