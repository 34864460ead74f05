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
use super::{fall_back, site};
use crate::runtime::Shutdown;

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
    pub fn begin(&self, shutdown: &Shutdown) {
        if self.looking.swap(true, Ordering::AcqRel) {
            return;
        }
        let (own, shutdown) = (self.clone(), shutdown.clone());
        let look = move || {
            match own.look() {
                Ok(()) => {
                    log::info!("{}: read again; the watch begins again", own.config.display());
                    shutdown.urge_to_reload();
                }
                Err(error) => log::error!("{error}; the watch goes on as it was"),
            }
            own.looking.store(false, Ordering::Release);
        };
        let begun = thread::Builder::new().name("reload".into()).spawn(look);
        if let Err(error) = begun {
            self.looking.store(false, Ordering::Release);
            log::error!("the site file cannot be read again: {error}; the watch goes on as it was");
        }
    }

    fn look(&self) -> Result<(), Error> {
        let mut site = site::load(&self.config)?;
        fall_back::plan(&mut site).map(drop)
    }
}

/// Becomes the same program with the same command line; returns only where that fails.
pub(super) fn become_again() -> Error {
    let own = env::current_exe().ok().filter(|program| program.exists());
    // After an upgrade the running file has no name any more, its successor has.
    let program = own.unwrap_or_else(|| env::args_os().next().unwrap_or_default().into());
    let error = Command::new(&program).args(env::args_os().skip(1)).exec();
    Error::File { file: program, error }
}
