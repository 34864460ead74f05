//! Why a camera fails, in words, with what usually is behind it and what helps.

use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;

use super::ring::RingStop;
use super::transport::Machine;
use crate::capture::SourceError;

/// A step that the kernel refused; the camera counts as lost.
pub(super) fn failed(node: &Path, step: &str, error: &io::Error) -> SourceError {
    let is = |errno: Errno| error.raw_os_error() == Some(errno.raw_os_error());
    SourceError::disconnected(if is(Errno::NODEV) || is(Errno::NXIO) {
        format!("unplugged, or its driver was removed ({step}: {error})")
    } else if is(Errno::BUSY) {
        format!("{step}: {}", busy(node))
    } else if is(Errno::NOSPC) {
        format!(
            "{step}: not enough USB bandwidth: set a smaller size or rate or `format = \
             \"mjpeg\"`, or use a port of another controller"
        )
    } else {
        format!("{step} failed: {error}")
    })
}

/// No buffer came out of the ring, for which `waited` was the limit.
pub(super) fn stopped(node: &Path, stop: &RingStop, waited: Duration) -> SourceError {
    match stop {
        RingStop::TimedOut => {
            SourceError::disconnected(format!("no frame for {} ms", waited.as_millis()))
        }
        RingStop::Woken => SourceError::disconnected("the wait for a frame was ended"),
        RingStop::Failed { step, error } => failed(node, step, error),
    }
}

/// Why a node cannot be opened, as a sentence that names it.
pub(super) fn cannot_open(machine: &dyn Machine, node: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!("no permission to open {}: {}", node.display(), machine.remedy(node))
        }
        io::ErrorKind::ResourceBusy => busy(node),
        _ => format!("{} cannot be opened: {error}", node.display()),
    }
}

fn busy(node: &Path) -> String {
    let node = node.display();
    format!("{node} is in use by another program: `fuser -v {node}` shows which")
}
