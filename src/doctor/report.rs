//! The findings of an examination, and what was surveyed for them.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

#[cfg(feature = "v4l2")]
use crate::capture::v4l2::CameraReport;
use crate::gpio::Survey;
use crate::health::WatchdogInfo;

/// How bad a finding is, the worst last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    #[default]
    Ok,
    /// Something may not be as it should be.
    Warn,
    /// normwatch, or the site in question, cannot work like this.
    Error,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// For instance `lines`.
    pub subject: &'static str,
    pub severity: Severity,
    pub text: String,
    /// What to do about it; `None` where all is well.
    pub remedy: Option<String>,
}

/// A watchdog of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WatchdogReport {
    pub device: PathBuf,
    #[serde(flatten)]
    pub info: WatchdogInfo,
}

/// All that was found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The worst severity of all findings.
    pub severity: Severity,
    pub findings: Vec<Finding>,
    #[cfg(feature = "v4l2")]
    pub cameras: Vec<CameraReport>,
    pub gpio: Survey,
    pub watchdogs: Vec<WatchdogReport>,
}

impl Report {
    /// Adds something that is as it should be.
    pub fn ok(&mut self, subject: &'static str, text: impl Into<String>) {
        self.push(subject, Severity::Ok, text.into(), None);
    }

    /// Adds something that may not be as it should be, and what to do about it.
    pub fn warn(
        &mut self,
        subject: &'static str,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.push(subject, Severity::Warn, text.into(), Some(remedy.into()));
    }

    /// Adds something that keeps normwatch or the site from working.
    pub fn error(
        &mut self,
        subject: &'static str,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.push(subject, Severity::Error, text.into(), Some(remedy.into()));
    }

    /// An error if the site needs it, else a warning.
    pub fn missing(
        &mut self,
        needed: bool,
        subject: &'static str,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let severity = if needed { Severity::Error } else { Severity::Warn };
        self.push(subject, severity, text.into(), Some(remedy.into()));
    }

    fn push(
        &mut self,
        subject: &'static str,
        severity: Severity,
        text: String,
        remedy: Option<String>,
    ) {
        self.severity = self.severity.max(severity);
        let remedy = remedy.filter(|remedy| !remedy.is_empty());
        self.findings.push(Finding { subject, severity, text, remedy });
    }
}

/// One line a finding, its further lines and its remedy indented below.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "";
        for Finding { subject, severity, text, remedy } in &self.findings {
            let shown = if *subject == before { "" } else { subject };
            before = subject;
            let word = match severity {
                Severity::Ok => "ok",
                Severity::Warn => "warn",
                Severity::Error => "ERROR",
            };
            let mut lines = text.lines();
            writeln!(f, "{shown:<10} {word:<6} {}", lines.next().unwrap_or_default())?;
            lines.try_for_each(|line| writeln!(f, "{:<18}{line}", ""))?;
            remedy.iter().try_for_each(|remedy| writeln!(f, "{:<18}→ {remedy}", ""))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_counts() {
        let mut report = Report::default();
        report.ok("board", "a\nb");
        assert_eq!(report.severity, Severity::Ok);
        report.missing(false, "lines", "gone", "find it");
        assert_eq!(report.severity, Severity::Warn);
        report.missing(true, "lines", "gone", "");
        report.warn("lines", "odd", "look");
        assert_eq!(report.severity, Severity::Error);
        let expected = "board      ok     a\n                  b\nlines      warn   gone\n\
            \u{20}                 → find it\n           ERROR  gone\n           warn   odd\n\
            \u{20}                 → look\n";
        assert_eq!(report.to_string(), expected);
    }
}
