//! A site put together: what the site file says becomes lines, a camera, a
//! monitor and those who watch over it.
//!
//! [`Plan::load`] reads the bundle and the calibration that a site names and
//! derives the levels; it touches no hardware, so that it serves to check a site,
//! too. [`Station::open`] takes the lines, [`Station::run`] watches:
//!
//! ```no_run
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use normwatch::clock::SystemClock;
//! use normwatch::config::load_site;
//! use normwatch::runtime::Shutdown;
//! use normwatch::station::{Plan, Station};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let site = load_site(Path::new("site.toml"), &["boards".into()])?;
//! let station = Station::open(&site, Plan::load(&site)?, Arc::new(SystemClock), None)?;
//! let report = station.run(&Shutdown::on_signals()?, || None, |_| ())?;
//! println!("{} frames judged", report.live.judged);
//! # Ok(())
//! # }
//! ```

mod assembly;
mod borrowed;
mod camera;
mod cooling;
mod counts;
mod error;
mod events;
mod levels;
mod lines;
#[cfg(not(feature = "web-server"))]
mod no_page;
#[cfg(feature = "web-server")]
mod page;
mod plan;
mod relay;
mod supervision;
mod telling;
mod view;
mod vitals;
mod zones;

pub use assembly::{Station, StationReport};
pub use camera::{Camera, Needs, end_is_loss};
pub use error::StationError;
pub use levels::{LevelsError, background_beside, levels, load_calibration, require_calibration};
pub use plan::{Plan, site_levels};
pub use view::{View, whole_picture};
