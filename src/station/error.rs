//! Why a site cannot be put together, or stopped watching.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::levels::LevelsError;
use crate::gpio::LineError;
use crate::health::WatchdogOpenError;
use crate::model::BundleError;
use crate::runtime::RunError;

/// Why a [`Plan`](super::Plan) or a [`Station`](super::Station) failed. Lines
/// that were taken are safe then.
#[derive(Debug, Error)]
pub enum StationError {
    /// The bundle was refused.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// There are no levels for the site's budget.
    #[error(transparent)]
    Levels(#[from] LevelsError),
    /// The site's masks leave nothing to watch.
    #[error("{}: {what}", site.display())]
    Mask { site: PathBuf, what: String },
    /// The camera is asked for so few frames a second that each leaves a gap for
    /// the bundle, and none would ever be judged.
    #[error(
        "{}: `camera.fps = {fps}` is too slow for {bundle}, which was made for {wanted} frames a \
         second: give at least {least:.1}, or train for this rate",
        site.display()
    )]
    TooSlow { site: PathBuf, fps: f64, bundle: String, wanted: f64, least: f64 },
    /// A line cannot be had.
    #[error(transparent)]
    Line(#[from] LineError),
    /// A line was had, and does not obey.
    #[error("a line cannot be driven: {0}")]
    LineRefused(String),
    /// No thread for storing events, or for telling of them.
    #[error("cannot start a thread that stores events or tells of them: {0}")]
    EventThread(io::Error),
    /// The site insists on a hardware watchdog that cannot be had.
    #[error(transparent)]
    Watchdog(#[from] WatchdogOpenError),
    /// The run failed.
    #[error(transparent)]
    Run(#[from] RunError),
}
