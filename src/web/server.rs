//! The listener and its few threads.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::answer::Answer;
use super::assets;
use super::door::Door;
use super::live::Told;
use super::metrics::{self, Identity};
use super::request::{Refused, Request};
use super::shown::{self, Page, PageOptions};
use super::streams::{self, Seat, Stream, Viewers};
use super::turns::{Turns, WORKERS, needs_disk};
use crate::event::OutletCounts;
use crate::health::{Reading, Vitals};

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
    viewers: Viewers,
}

enum Reply {
    Whole(Answer),
    Goes(Stream, Seat),
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
    let page = page.map(Page::new).transpose()?;
    let door = Door::new(token, names, takes_orders);
    let desk = Arc::new(Desk {
        door,
        identity,
        vitals,
        outlets,
        page,
        turns: Turns::default(),
        viewers: Viewers::default(),
    });
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
    fn answer(self: &Arc<Self>, mut stream: TcpStream) {
        let mut is_left = false;
        let (answer, head_only) = match Request::read(&mut stream) {
            Ok(request) => match self.reply_to(&request) {
                Reply::Whole(answer) => (answer, request.method == "HEAD"),
                Reply::Goes(what, seat) => return self.show(what, seat, request, stream),
            },
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

    /// Leaves a viewer to a thread of its own.
    fn show(self: &Arc<Self>, what: Stream, seat: Seat, request: Request, mut stream: TcpStream) {
        let desk = self.clone();
        let body = move || {
            let _seat = seat;
            let Some(page) = &desk.page else { return };
            let tell = |after_ms| desk.state(page, after_ms);
            // Whoever leaves, or takes it too slowly, is no longer shown anything.
            let _ = what.answer().begin(&mut stream).and_then(|()| match what {
                Stream::Numbers => streams::numbers(&mut stream, &request, tell),
                Stream::Pictures => streams::pictures(&mut stream, &page.live),
            });
        };
        if let Err(error) = thread::Builder::new().name("web-viewer".into()).spawn(body) {
            log::warn!("a viewer was turned away: {error}");
        }
    }

    fn state(&self, page: &Page, after_ms: u64) -> Told {
        let more = page.more(&(self.outlets)());
        page.live.state(&self.identity.site, &self.vitals.read(), after_ms, more)
    }

    fn reply_to(&self, request: &Request) -> Reply {
        if let Some(refusal) = self.door.refuses(request) {
            return Reply::Whole(refusal);
        }
        match Stream::of(&request.path).filter(|_| self.page.is_some()) {
            Some(what) if request.method == "HEAD" => Reply::Whole(what.answer()),
            Some(what) if request.method == "GET" => match self.viewers.enter(request) {
                Ok(seat) => Reply::Goes(what, seat),
                Err(refusal) => Reply::Whole(refusal),
            },
            _ => Reply::Whole(self.answer_to(request)),
        }
    }

    fn answer_to(&self, request: &Request) -> Answer {
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
                let told = self.state(page, request.number("after").unwrap_or(0));
                Answer::new(200, "application/json", told.json)
            }
            "/site.json" => page.site(),
            "/log.json" => shown::log(request),
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
