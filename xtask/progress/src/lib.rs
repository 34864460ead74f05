//! What the tools say on standard error while they work: bars with the time
//! left, and spinners. Where standard error is not a terminal, a spinner says
//! one line and a bar says nothing.

use std::borrow::Cow;
use std::time::Duration;

use indicatif::ProgressStyle;

pub use indicatif::ProgressBar;

/// A bar over `length` pieces of work; `unit` names them, as in `frames`.
pub fn bar(what: impl Into<Cow<'static, str>>, unit: &str, length: u64) -> ProgressBar {
    let template =
        format!("{{msg}} {{wide_bar}} {{pos}}/{{len}} {unit}, {{per_sec}}, {{eta}} left");
    let bar = ProgressBar::new(length).with_message(what);
    match ProgressStyle::with_template(&template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Shows a spinner and what is being done while `work` runs.
pub fn busy<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let spinner = ProgressBar::new_spinner().with_message(what.to_string());
    if spinner.is_hidden() {
        eprintln!("{what}");
    }
    spinner.enable_steady_tick(Duration::from_millis(120));
    let result = work();
    spinner.finish_and_clear();
    result
}
