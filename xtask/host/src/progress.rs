//! Says what is being done while it takes its time.

use std::time::Duration;

use anyhow::Result;
use indicatif::ProgressBar;

/// Shows a spinner and what is being done while `work` runs.
///
/// # Errors
/// Those of `work`.
pub fn busy<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let spinner = ProgressBar::new_spinner().with_message(what.to_string());
    if spinner.is_hidden() {
        eprintln!("{what}");
    }
    spinner.enable_steady_tick(Duration::from_millis(120));
    let result = work();
    spinner.finish_and_clear();
    result
}
