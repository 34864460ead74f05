//! What the tools say on standard error while they work: bars with the time
//! left, and spinners. Where standard error is not a terminal, a spinner says
//! one line and a bar says nothing.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::ProgressStyle;

pub use indicatif::ProgressBar;

/// What stands before every bar that is made meanwhile.
static AROUND: Mutex<String> = Mutex::new(String::new());

/// Puts bars under a bigger piece of work, as in `scene 2 of 9`, until it is
/// dropped.
#[must_use]
pub struct Around {
    before: String,
}

/// Bars that are made from now on begin with `what`.
pub fn around(what: impl Into<String>) -> Around {
    Around { before: std::mem::replace(&mut *lock(), what.into()) }
}

impl Drop for Around {
    fn drop(&mut self) {
        *lock() = std::mem::take(&mut self.before);
    }
}

fn lock() -> MutexGuard<'static, String> {
    AROUND.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A bar over `length` pieces of work; `unit` names them, as in `frames`.
pub fn bar(what: impl Into<Cow<'static, str>>, unit: &str, length: u64) -> ProgressBar {
    let template =
        format!("{{prefix}}{{msg}} {{wide_bar}} {{pos}}/{{len}} {unit}, {{per_sec}}, {{eta}} left");
    let around = lock().clone();
    let prefix = if around.is_empty() { around } else { format!("{around}: ") };
    let bar = ProgressBar::new(length).with_message(what).with_prefix(prefix);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_say_what_they_are_a_part_of() {
        let prefix = || bar("reading", "frames", 3).prefix();
        assert_eq!(prefix(), "");
        let outer = around("scene 1 of 2");
        assert_eq!(prefix(), "scene 1 of 2: ");
        let inner = around("scene 1 of 2, judging");
        assert_eq!(prefix(), "scene 1 of 2, judging: ");
        drop(inner);
        assert_eq!(prefix(), "scene 1 of 2: ");
        drop(outer);
        assert_eq!(prefix(), "");
    }
}
