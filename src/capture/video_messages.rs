//! What `ffmpeg` says of a video: the time of each picture, and its complaints.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::messages::Tap;

/// A picture as the decoder announces it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Announced {
    /// `None` where the file does not say.
    pub time_s: Option<f64>,
    /// It is damaged, or was made from one that is.
    pub is_damaged: bool,
    /// Width and height, before the decoder's program fits it to the first picture's.
    pub size_px: Option<(u32, u32)>,
}

/// What was said so far; one end listens, the other reads pictures.
#[derive(Clone, Debug, Default)]
pub(super) struct Announcements(Arc<(Mutex<Heard>, Condvar)>);

#[derive(Debug, Default)]
struct Heard {
    pictures: VecDeque<Announced>,
    /// The next picture is damaged.
    damage_comes: bool,
    /// Until the next picture that stands for itself.
    is_damaged: bool,
    /// The pictures of this file have no times of their own.
    is_bare: bool,
    complaints: u64,
    last_complaint: String,
}

/// Said of each JPEG stream, whose levels are converted as they should be.
const HARMLESS: &str = "deprecated pixel format used";

/// Demultiplexers of bare streams, which invent times at a rate of their own.
const BARE: [&str; 10] =
    ["mjpeg", "h264", "hevc", "m4v", "mpegvideo", "h261", "h263", "vc1", "obu", "cavsvideo"];

impl Announcements {
    /// Takes every line of `ffmpeg -loglevel level+info` with the filter `showinfo`;
    /// errors go on to the log.
    pub fn tap(&self) -> Tap {
        let heard = self.clone();
        Box::new(move |line| heard.take(line))
    }

    fn take(&self, line: &str) -> bool {
        let (heard, has_more) = &*self.0;
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        if line.contains("[info]") {
            heard.inform(line);
            has_more.notify_all();
            return true;
        }
        if line.contains(HARMLESS) {
            return true;
        }
        heard.damage_comes |= line.contains("corrupt decoded frame");
        heard.complaints += 1;
        heard.last_complaint.clear();
        heard.last_complaint.push_str(line);
        false
    }

    /// What was said of the next picture, which has come already; `None` when nothing
    /// is said within the limit.
    pub fn next(&self, limit: Duration) -> Option<Announced> {
        let (heard, has_more) = &*self.0;
        let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        let is_empty = |heard: &mut Heard| heard.pictures.is_empty();
        let waited = has_more.wait_timeout_while(heard, limit, is_empty);
        waited.unwrap_or_else(PoisonError::into_inner).0.pictures.pop_front()
    }

    /// Whether times are invented.
    pub fn is_bare(&self) -> bool {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).is_bare
    }

    /// The number of complaints, and the last.
    pub fn complaints(&self) -> (u64, String) {
        let heard = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        (heard.complaints, heard.last_complaint.clone())
    }
}

impl Heard {
    fn inform(&mut self, line: &str) {
        if let Some((_, input)) = line.split_once("Input #0, ") {
            let name = input.split(", from").next().unwrap_or(input);
            self.is_bare = name.ends_with("_pipe") || BARE.contains(&name);
        }
        let Some((_, time)) = line.split_once("pts_time:") else { return };
        let stands_for_itself = line.contains("iskey:1");
        self.is_damaged = self.damage_comes || self.is_damaged && !stands_for_itself;
        self.damage_comes = false;
        let word = time.split_whitespace().next().unwrap_or("");
        let time_s = word.parse().ok().filter(|time: &f64| time.is_finite());
        let size_px = size_in(line);
        self.pictures.push_back(Announced { time_s, is_damaged: self.is_damaged, size_px });
    }
}

/// What `showinfo` calls `s:640x480`.
fn size_in(line: &str) -> Option<(u32, u32)> {
    let (_, size) = line.split_once(" s:")?;
    let (width, height) = size.split_whitespace().next()?.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}
