//! What the shell is told: the runtime's exit codes, by the cause of an error.

use std::process::ExitCode;

use anyhow::{Error, Result};
use normwatch::calibrate::CalibrationError;
use normwatch::capture::SourceError;
use normwatch::model::{BundleError, BundleErrorKind};
use normwatch::replay::PlayError;
use normwatch::station::LevelsError;

pub(super) const USAGE: u8 = 2;
const FAILED: u8 = 1;
const REFUSED: u8 = 3;
const FOOTAGE: u8 = 4;
const FILE: u8 = 5;

/// Tells an error with its causes, in one line. Never a backtrace: what a user
/// got wrong needs none.
pub(super) fn code(done: Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(number(&error))
        }
    }
}

fn number(error: &Error) -> u8 {
    let of = |cause: &(dyn std::error::Error + 'static)| {
        // These two stand for their causes, which the chain then leaves out.
        if let Some(error) = cause.downcast_ref::<PlayError>() {
            return Some(if matches!(error, PlayError::Source(_)) { FOOTAGE } else { FAILED });
        }
        let of_bundle = |error: &BundleError| match error.kind {
            BundleErrorKind::Io => FILE,
            BundleErrorKind::Refused => REFUSED,
        };
        match cause.downcast_ref() {
            Some(LevelsError::Bundle(error)) => return Some(of_bundle(error)),
            Some(LevelsError::Calibration { .. }) => return Some(REFUSED),
            _ => {}
        }
        if let Some(error) = cause.downcast_ref::<BundleError>() {
            return Some(of_bundle(error));
        }
        if cause.is::<CalibrationError>() {
            Some(REFUSED)
        } else if cause.is::<SourceError>() {
            Some(FOOTAGE)
        } else if cause.is::<std::io::Error>() {
            Some(FILE)
        } else {
            None
        }
    };
    error.chain().find_map(of).unwrap_or(FAILED)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use anyhow::Context;
    use normwatch::replay::list_footage;

    #[test]
    fn the_cause_decides_the_code() {
        let io = || std::io::Error::other("no room left");
        assert_eq!(number(&anyhow::anyhow!("a check failed")), FAILED);
        assert_eq!(number(&Error::from(io()).context("cannot write a.npy")), FILE);
        let unread = std::fs::read("no-such-file").context("cannot read no-such-file");
        assert_eq!(number(&unread.unwrap_err()), FILE);
        let unplayed = list_footage(Path::new("no-such-footage")).unwrap_err();
        assert_eq!(number(&Error::from(PlayError::from(unplayed))), FOOTAGE);
    }
}
