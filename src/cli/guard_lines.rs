//! `normwatch guard-lines`: the process that outlives `run` to make its lines safe.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use signal_hook::consts::{SIGABRT, SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use super::error::Error;
use crate::gpio::{GuardedLine, guard};

/// Started by `run` beside itself: drives the lines to their safe levels when
/// `run` has died without saying so on this process's standard input.
#[derive(Args, Debug)]
pub(super) struct GuardLinesArgs {
    /// CHIP:OFFSET:LEVEL, for instance `/dev/gpiochip0:17:low`.
    #[arg(long = "line", value_name = "LINE", required = true)]
    lines: Vec<GuardedLine>,
}

pub(super) fn run(args: &GuardLinesArgs) -> Result<(), Error> {
    // Whoever ends a service signals all its processes, systemd's watchdog with
    // SIGABRT; this one ends last. Every signal is held back from its first moment
    // on. Handlers tell whoever looks at the process that it means to stay.
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGABRT, SIGQUIT] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))
            .map_err(Error::signals)?;
    }
    if guard(&args.lines, &mut io::stdin().lock())? {
        log::error!("normwatch died; its guard has driven the lines to their safe levels");
    }
    Ok(())
}
