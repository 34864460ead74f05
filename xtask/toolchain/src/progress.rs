use indicatif::{ProgressBar, ProgressStyle};

/// A bar with the time left, on standard error; nothing where that is no
/// terminal.
pub fn bar(what: &'static str, length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>22} {bar:30} {pos}/{len}, {eta} left")
        .expect("a fixed template");
    ProgressBar::new(length).with_style(style).with_message(what)
}
