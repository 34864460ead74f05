//! The board's GPIO lines: found by name, requested with their safe level, read
//! with debounce.
//!
//! The kernel's chips are surveyed once ([`Survey`]); names are looked up in
//! that survey ([`find()`]), which is plain data, so that the rules can be tested
//! without a chip. Pins below this room speak electrical levels; polarity is
//! [`crate::alarm::Line`]'s business.

mod contact;
mod debounce;
mod error;
mod expander;
mod find;
#[cfg(feature = "gpio")]
mod guard;
#[cfg(feature = "gpio")]
mod guard_keeper;
#[cfg(feature = "i2c")]
mod i2c_bus;
#[cfg(feature = "gpio")]
mod kernel;
mod open;
mod panel;
mod pin;
mod place;
mod shared;
mod simulated;
mod survey;

pub use contact::{Contact, InputRequest, LevelSource, Unconnected};
pub use debounce::Debouncer;
pub use error::LineError;
pub use expander::{Expander, ExpanderError, ExpanderPin};
pub use find::find;
#[cfg(feature = "gpio")]
pub use guard::{GuardedLine, LineGuard, guard};
#[cfg(feature = "gpio")]
pub use guard_keeper::GuardKeeper;
pub use open::BoardLines;
pub use panel::Panel;
pub use pin::{BoardPin, PinError};
pub use place::{CONSUMER, Place};
pub use shared::SharedPin;
pub use simulated::{SimulatedLine, SimulatedLines, SimulatedPin};
pub use survey::{Chip, ChipLine, Survey, Unreadable};
