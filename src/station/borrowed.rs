//! A camera that belongs to whoever watches: others look through it, and give their own
//! hold of it up.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::capture::{Frame, FrameSource, SharedCamera, Sharing, SourceError, Wake};
use crate::clock::Clock;
use crate::config::Site;

/// A watch that begins again, after a reload or an upgrade, is not robbed of its camera.
const GRACE_MS: u64 = 30_000;

/// How often a program that has the camera looks whether one that watches wants it.
const LOOK_MS: u64 = 1000;

/// Shares the camera of a site that is watched with whoever learns it. What cannot be
/// shared is watched all the same.
pub(super) fn share(site: &Site) -> Option<Sharing> {
    let socket = site.learn.as_ref()?.camera_socket();
    let failed = |error: &io::Error| {
        log::warn!("{}: {error}; nobody can learn while this watches", socket.display());
    };
    Sharing::start(&socket).inspect_err(failed).ok()
}

/// Where a watch would share its camera.
pub(super) struct Borrowed {
    socket: PathBuf,
    clock: Arc<dyn Clock>,
    was_shared: bool,
    missed_since_ms: Option<u64>,
}

impl Borrowed {
    pub fn new(socket: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { socket, clock, was_shared: false, missed_since_ms: None }
    }

    /// The shared camera; `None` where the camera may be opened.
    ///
    /// # Errors
    /// It is shared with somebody else, or was until now and may be again.
    pub fn look(&mut self, wake: &Wake) -> Result<Option<SharedCamera>, SourceError> {
        if let Some(shared) = SharedCamera::connect(&self.socket, wake)? {
            (self.was_shared, self.missed_since_ms) = (true, None);
            return Ok(Some(shared));
        }
        let now_ms = self.clock.monotonic_ms();
        let since_ms = *self.missed_since_ms.get_or_insert(now_ms);
        if self.was_shared && now_ms.saturating_sub(since_ms) < GRACE_MS {
            return Err(SourceError::disconnected(
                "the program that shared its camera has ended: it may begin again",
            )
            .of(self.socket.display()));
        }
        self.was_shared = false;
        Ok(None)
    }

    /// `own` until somebody shares the camera, who has failed to open it so far.
    pub fn until_shared(&self, own: Box<dyn FrameSource + Send>) -> Box<dyn FrameSource + Send> {
        let (socket, clock) = (self.socket.clone(), self.clock.clone());
        let looked_ms = clock.monotonic_ms();
        Box::new(UntilShared { own, socket, clock, looked_ms })
    }
}

struct UntilShared {
    own: Box<dyn FrameSource + Send>,
    socket: PathBuf,
    clock: Arc<dyn Clock>,
    looked_ms: u64,
}

impl FrameSource for UntilShared {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let now_ms = self.clock.monotonic_ms();
        if now_ms.saturating_sub(self.looked_ms) >= LOOK_MS {
            self.looked_ms = now_ms;
            if !matches!(SharedCamera::connect(&self.socket, &Wake::never()), Ok(None)) {
                return Err(SourceError::disconnected(
                    "given up: a program that watches wants it, and shares it",
                )
                .of(self.own.describe()));
            }
        }
        self.own.next_frame()
    }

    fn describe(&self) -> String {
        self.own.describe()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::capture::{PixelFormat, SourceErrorKind};
    use crate::clock::SimulatedClock;

    struct Grey;

    impl FrameSource for Grey {
        fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
            Ok(Some(Frame {
                format: PixelFormat::Grey,
                width_px: 1,
                height_px: 1,
                stride_bytes: 1,
                data: &[0],
                timestamp_ns: 0,
                sequence: 0,
            }))
        }

        fn describe(&self) -> String {
            "grey".into()
        }
    }

    #[test]
    fn the_camera_is_given_up_to_a_watch_and_not_taken_from_one_that_begins_again() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("camera.sock");
        let clock = Arc::new(SimulatedClock::new(0));
        let mut borrowed = Borrowed::new(socket.clone(), clock.clone());
        assert!(borrowed.look(&Wake::never()).unwrap().is_none(), "nobody watches");
        let mut own = borrowed.until_shared(Box::new(Grey));
        clock.advance_ms(10 * LOOK_MS);
        assert!(own.next_frame().unwrap().is_some());
        let watch = UnixListener::bind(&socket).unwrap();
        assert!(own.next_frame().is_ok(), "looked a moment ago");
        clock.advance_ms(LOOK_MS);
        let given_up = own.next_frame().unwrap_err();
        assert_eq!(given_up.kind(), SourceErrorKind::Disconnected);
        assert!(borrowed.look(&Wake::never()).unwrap().is_some());
        drop(watch);
        for _ in 0..2 {
            let waits = borrowed.look(&Wake::never()).unwrap_err();
            assert_eq!(waits.kind(), SourceErrorKind::Disconnected);
            clock.advance_ms(GRACE_MS / 2);
        }
        assert!(borrowed.look(&Wake::never()).unwrap().is_none(), "it does not come back");
    }
}
