//! The report: one self-contained HTML file about what a run saw.
//!
//! Nothing in it is fetched from elsewhere and nothing depends on the clock:
//! the same [`Report`] renders to the same bytes.

mod alarms;
mod bands;
mod chart;
mod columns;
mod content;
mod legend;
mod numbers;
mod overview;
mod page;
mod plot;
mod scale;
mod section;
mod still;
#[cfg(test)]
mod tests;

pub mod heat;

pub use alarms::{Judgement, events, judge};
pub use content::{ClipReport, Curve, Interval, Report, Section, StageRow, Still, Verdict};
pub use page::render;
