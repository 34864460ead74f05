//! Rows of the fault table: the program watches, something goes wrong, and how long
//! it takes until that shows is measured.

mod board;
mod camera;
mod files;
mod lines;
mod log;
mod machine;
#[cfg(all(feature = "mqtt", feature = "webhooks"))]
mod outputs;
mod process;
mod watch;
