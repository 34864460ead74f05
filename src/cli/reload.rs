//! SIGHUP as a service understands it: look at the site file again.
//!
//! The new file is read, and what it names is loaded, beside the watch that goes on. Only
//! when `run` could watch with it, that watch ends in order and the process becomes the
//! program again, under the same number. A file with a mistake changes nothing.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{env, thread};

use super::error::Error;
use super::site;
use crate::runtime::Shutdown;
use crate::station::Plan;

/// What a run leaves to the next one: whether its site is armed.
const ARMED: &str = "NORMWATCH_WAS_ARMED";
const YES: &str = "1";
const NO: &str = "0";

/// Another look at a site file, one at a time.
#[derive(Clone, Debug)]
pub(super) struct Reload {
    config: PathBuf,
    looking: Arc<AtomicBool>,
}

impl Reload {
    pub fn of(config: PathBuf) -> Self {
        Self { config, looking: Arc::default() }
    }

    /// Looks in a thread of its own: a bundle may come from a slow card. While one look
    /// is under way, another is not begun.
    /// `may` is asked at the end, when the watch would begin again.
    pub fn begin(&self, shutdown: &Shutdown, may: impl Fn() -> bool + Send + 'static) {
        if self.looking.swap(true, Ordering::AcqRel) {
            log::warn!("{}: still being read for the reload before", self.config.display());
            return;
        }
        let (own, shutdown) = (self.clone(), shutdown.clone());
        let looking = Looking(self.looking.clone());
        let look = move || {
            let _looking = looking;
            match own.look() {
                Ok(()) if !may() => {
                    log::info!("{}: read again; the watch goes on for now", own.config.display());
                }
                Ok(()) => {
                    log::info!("{}: read again; the watch begins again", own.config.display());
                    shutdown.urge_to_reload();
                }
                Err(error) => log::error!("{error}; the watch goes on as it was"),
            }
        };
        // A closure that no thread takes is dropped, and its look is over.
        let begun = thread::Builder::new().name("reload".into()).spawn(look);
        if let Err(error) = begun {
            log::error!("the site file cannot be read again: {error}; the watch goes on as it was");
        }
    }

    /// The site's own bundle must be sound: what watches now is better than an older one.
    fn look(&self) -> Result<(), Error> {
        Ok(Plan::load(&site::load(&self.config)?).map(drop)?)
    }
}

/// A look that is under way, until it is dropped.
struct Looking(Arc<AtomicBool>);

impl Drop for Looking {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Whether the site was armed when the run before this one began again.
pub(super) fn was_armed() -> Option<bool> {
    Some(env::var(ARMED).ok()? == YES)
}

/// Becomes the same program with the same command line, for a site that was armed or not;
/// returns only where that fails.
pub(super) fn become_again(armed: bool) -> Error {
    let own = env::current_exe().ok().filter(|program| program.exists());
    // After an upgrade the running file has no name any more, its successor has.
    let program = own.unwrap_or_else(|| env::args_os().next().unwrap_or_default().into());
    let error = Command::new(&program)
        .args(env::args_os().skip(1))
        .env(ARMED, if armed { YES } else { NO })
        .exec();
    Error::File { file: program, error }
}
