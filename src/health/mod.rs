//! Whether the whole still works, and who is told when it does not.
//!
//! During a live run a [`Supervisor`] reads the two threads' signs of progress
//! and feeds the watchdogs from them: the board's hardware ([`HardwareWatchdog`])
//! and the service manager ([`ServiceManager`]). Nothing here feeds on time
//! alone.

mod device;
mod service;
mod supervisor;
mod thermometer;
mod watchdog;

pub use device::{HardwareWatchdog, WatchdogInfo, WatchdogOpenError};
pub use service::ServiceManager;
pub use supervisor::{Supervisor, SupervisorLimits, supervise};
pub(crate) use thermometer::celsius;
pub use thermometer::{Thermometer, ZONES};
pub use watchdog::{Fed, Watchdog};
