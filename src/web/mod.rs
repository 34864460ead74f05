//! What a browser and Prometheus are told: the page, `/health` and `/metrics`.
//!
//! A few threads of its own answer `GET`s, each within a deadline and a size.
//! Nothing that watches waits for them: they look at a [`crate::health::Vitals`].

mod answer;
mod assets;
mod door;
mod gallery;
mod history;
mod live;
mod metrics;
mod request;
mod server;

pub use history::History;
pub use metrics::Identity;
pub use server::{CountOutlets, PageOptions, WebOptions, serve};
