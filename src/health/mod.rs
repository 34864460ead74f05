//! Whether the whole still works, and who is told when it does not.
//!
//! The two threads of a live run leave signs of [`Progress`]. A [`Supervisor`]
//! reads them and feeds the watchdogs from them: the board's hardware ([`HardwareWatchdog`])
//! and the service manager ([`ServiceManager`]). Nothing here feeds on time
//! alone.

mod device;
mod log_tail;
mod progress;
mod service;
mod signals;
mod supervisor;
mod thermometer;
mod vitals;
mod watchdog;

pub use device::{HardwareWatchdog, WatchdogInfo, WatchdogOpenError};
pub use log_tail::{LOG_TAIL, LogLine, LogTail};
pub use progress::{Capturing, Progress, ProgressLimits, Stall};
pub use service::ServiceManager;
pub use signals::{Signal, Signals};
pub use supervisor::{Departure, Supervisor, SupervisorError, SupervisorLimits, supervise};
pub(crate) use thermometer::celsius;
pub use thermometer::{Thermometer, ZONES};
pub use vitals::{Reading, STAGES, Vitals};
pub use watchdog::{Fed, Watchdog};
