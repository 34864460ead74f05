//! What a browser and Prometheus are told: the page, `/health` and `/metrics`, and the
//! few orders that are taken from the page.
//!
//! A few threads of its own answer requests, each within a deadline and a size.
//! Nothing that watches waits for them: they look at a [`crate::health::Vitals`] and a
//! [`crate::trace::Trace`], and leave orders where the judging thread finds them.

mod answer;
mod assets;
mod control;
mod door;
mod gallery;
mod history;
mod listing;
mod live;
mod metrics;
mod orders;
mod parcel;
mod request;
mod sending;
mod server;
mod settings;
mod shown;
mod streams;
mod tuning;
mod turns;

pub use control::Control;
pub use history::History;
pub use metrics::Identity;
pub use orders::Orders;
pub use server::{CountOutlets, WebOptions, serve, serve_on};
pub use settings::{Applied, InForce, Settings};
pub use shown::PageOptions;
pub use tuning::Tuning;
