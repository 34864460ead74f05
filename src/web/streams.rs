//! What comes by itself while somebody looks: numbers as server-sent events, pictures as
//! motion JPEG. Each viewer has a thread of its own, which only looks.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::door::is_of_own_site;
use super::live::{Live, Told};
use super::request::Request;
use super::sending::{is_gone, send};

/// Viewers at the same time, of both kinds together.
const MOST: usize = 8;

/// Whoever looks longer asks again.
const LONGEST: Duration = Duration::from_secs(600);

/// For one message or picture, however slowly it is taken.
const WITHIN: Duration = Duration::from_secs(5);

/// Numbers come so often.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// A picture comes again after so long: without, a viewer cannot tell a still scene from a
/// lost one.
const REPEAT_AFTER: Duration = Duration::from_secs(1);

const LOOK: Duration = Duration::from_millis(50);

/// What a viewer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Numbers,
    Pictures,
}

impl Stream {
    pub fn of(path: &str) -> Option<Self> {
        match path {
            "/state.stream" => Some(Self::Numbers),
            "/frame.mjpg" => Some(Self::Pictures),
            _ => None,
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Numbers => "text/event-stream",
            Self::Pictures => "multipart/x-mixed-replace; boundary=normwatch",
        }
    }

    /// What stands before all that comes.
    pub fn answer(self) -> Answer {
        Answer::new(200, self.content_type(), "")
    }
}

/// How many look. Copies share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Viewers(Arc<AtomicUsize>);

/// The place of one viewer, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat(Arc<AtomicUsize>);

impl Viewers {
    /// # Errors
    /// The refusal: all places are taken, or somebody else's page asks.
    pub fn enter(&self, request: &Request) -> Result<Seat, Answer> {
        // Their pages could take all places.
        if !is_of_own_site(request) {
            return Err(Answer::plain(403, "another site's page gets no stream"));
        }
        let seat = Seat(self.0.clone());
        if self.0.fetch_add(1, Ordering::AcqRel) >= MOST {
            return Err(Answer::plain(
                503,
                "eight viewers are here already, and that is all there is room for: close one, \
                 or ask for /state.json and /frame.jpg from time to time",
            ));
        }
        Ok(seat)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Tells the numbers until the viewer leaves; `tell` is given the time of the newest score
/// that is known.
///
/// # Errors
/// The viewer is gone, or takes them too slowly.
pub(super) fn numbers(
    stream: &mut TcpStream,
    request: &Request,
    tell: impl Fn(u64) -> Told,
) -> io::Result<()> {
    let begun = Instant::now();
    // A browser that comes again says what it had.
    let known = request.header("last-event-id").and_then(|id| id.parse().ok());
    let mut after = known.or_else(|| request.number("after")).unwrap_or(0);
    send(stream, b"retry: 2000\n\n", WITHIN)?;
    while begun.elapsed() < LONGEST {
        let told = tell(after);
        after = told.newest_ms.unwrap_or(after);
        let message = format!("id: {after}\ndata: {}\n\n", told.json);
        send(stream, message.as_bytes(), WITHIN)?;
        let sent = Instant::now();
        while sent.elapsed() < TELL_EVERY {
            if is_gone(stream) {
                return Ok(());
            }
            thread::sleep(LOOK);
        }
    }
    Ok(())
}

/// Shows the pictures until the viewer leaves.
///
/// # Errors
/// The viewer is gone, or takes them too slowly.
pub(super) fn pictures(stream: &mut TcpStream, live: &Live) -> io::Result<()> {
    let begun = Instant::now();
    let mut last: Option<(u64, Instant)> = None;
    send(stream, b"--normwatch\r\n", WITHIN)?;
    while begun.elapsed() < LONGEST && !is_gone(stream) {
        if let Some(time_ns) = live.newest_ns()
            && last.is_none_or(|(of, at)| of != time_ns || at.elapsed() >= REPEAT_AFTER)
            // A damaged picture is left out.
            && let Ok(Some(jpeg)) = live.jpeg(time_ns)
        {
            let head =
                format!("Content-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", jpeg.len());
            // A browser shows a picture once the next one is announced.
            let all = [head.as_bytes(), &jpeg, b"\r\n--normwatch\r\n"].concat();
            send(stream, &all, WITHIN)?;
            last = Some((time_ns, Instant::now()));
        }
        thread::sleep(LOOK);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_look_at_the_same_time_and_a_place_that_is_left_is_free() {
        let (viewers, request) = (Viewers::default(), Request::default());
        let mut seats: Vec<Seat> = (0..MOST).map(|_| viewers.enter(&request).unwrap()).collect();
        for _ in 0..3 {
            assert_eq!(viewers.enter(&request).unwrap_err().status, 503);
        }
        seats.pop();
        assert!(viewers.enter(&request).is_ok());
    }

    #[test]
    fn another_sites_page_takes_no_place() {
        let viewers = Viewers::default();
        for (site, is_let_in) in
            [("same-origin", true), ("none", true), ("cross-site", false), ("same-site", false)]
        {
            let headers = vec![("sec-fetch-site".into(), site.into())];
            let request = Request { headers, ..Request::default() };
            assert_eq!(viewers.enter(&request).is_ok(), is_let_in, "{site}");
        }
    }
}
