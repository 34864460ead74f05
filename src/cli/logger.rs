//! The program's log: standard error, as a terminal or the journal wants it.

use std::io::Write;

use log::{Level, LevelFilter, Log, Metadata, Record};

/// Writes to standard error; with the journal behind it, each line starts with
/// the `<N>` priority that systemd understands (sd-daemon(3)).
struct StderrLog {
    journal: bool,
}

/// Installs the logger once. `NORMWATCH_LOG` (error, warn, info, debug, trace)
/// wins over the flags.
pub(super) fn install(verbose: u8, quiet: bool) {
    let by_flags = match (quiet, verbose) {
        (true, 0) => LevelFilter::Warn,
        (false, 0) | (true, 1) => LevelFilter::Info,
        (_, 1 | 2) => LevelFilter::Debug,
        _ => LevelFilter::Trace,
    };
    let level = std::env::var("NORMWATCH_LOG").ok().and_then(|l| l.parse().ok());
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    if log::set_logger(Box::leak(Box::new(StderrLog { journal }))).is_ok() {
        log::set_max_level(level.unwrap_or(by_flags));
    }
}

impl Log for StderrLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("normwatch") || metadata.level() <= Level::Warn
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let mut stderr = std::io::stderr().lock();
        let _ = if self.journal {
            writeln!(stderr, "<{}>{}", priority(record.level()), record.args())
        } else {
            writeln!(stderr, "{}: {}", record.level().as_str().to_lowercase(), record.args())
        };
    }

    fn flush(&self) {}
}

fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}
