//! The guard process, which makes the lines safe when this program is killed.

use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use embedded_hal::digital::PinState;

use super::error::LineError;
use super::kernel;
use super::pin::BoardPin;
use super::place::Place;
use crate::config::{ExpanderAt, ExpanderChip};

/// The word that keeps the guard from acting.
const DISMISSED: &[u8] = b"dismissed\n";

/// For so long the guard waits until the kernel has taken the lines from the
/// dead process.
const PATIENCE: Duration = Duration::from_secs(3);

/// One that waits for a disk ends later than it is killed.
const KILLED_PATIENCE: Duration = Duration::from_secs(1);

/// A line and the electrical level that is safe for it. Written as
/// `/dev/gpiochip0:17:low`, and for a pin of an expander as `/dev/i2c-1@mcp23017@32:3:low`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardedLine {
    /// The chip's device node, or the bus's.
    pub chip: PathBuf,
    /// With its address.
    pub expander: Option<(ExpanderChip, u8)>,
    pub offset: u32,
    pub safe: PinState,
}

impl fmt::Display for GuardedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if self.safe == PinState::High { "high" } else { "low" };
        write!(f, "{}", self.chip.display())?;
        if let Some((chip, address)) = self.expander {
            write!(f, "@{}@{address}", chip.name())?;
        }
        write!(f, ":{}:{level}", self.offset)
    }
}

impl FromStr for GuardedLine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplitn(3, ':').collect::<Vec<_>>();
        let [level, offset, chip] = parts[..] else {
            return Err(format!("`{text}` is not CHIP:OFFSET:LEVEL"));
        };
        let safe = match level {
            "high" => PinState::High,
            "low" => PinState::Low,
            other => return Err(format!("`{other}` is neither high nor low")),
        };
        let offset = offset.parse().map_err(|_| format!("`{offset}` is not an offset"))?;
        let parts = chip.rsplitn(3, '@').collect::<Vec<_>>();
        if let [address, name, bus] = parts[..]
            && let Some((_, expander)) = ExpanderChip::ALL.into_iter().find(|(n, _)| *n == name)
            && let Ok(address) = address.parse()
        {
            return Ok(Self {
                chip: bus.into(),
                expander: Some((expander, address)),
                offset,
                safe,
            });
        }
        Ok(Self { chip: chip.into(), expander: None, offset, safe })
    }
}

/// A small process of its own that outlives this one. When this one dies
/// without saying so (SIGKILL, a crash, no memory), the guard takes the lines
/// that the kernel has just freed, drives them to their safe levels, and ends.
///
/// Dropped in order it is dismissed; dropped in a panic it acts, once this
/// process is gone.
#[derive(Debug)]
pub struct LineGuard {
    child: Child,
    pipe: Option<ChildStdin>,
}

impl LineGuard {
    /// Starts `program`, which is this program, as guard of these lines.
    ///
    /// # Errors
    /// The process could not be started.
    pub fn start(program: &Path, lines: &[GuardedLine]) -> io::Result<Self> {
        let mut child = Command::new(program)
            .arg("guard-lines")
            .args(lines.iter().map(|line| format!("--line={line}")))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()?;
        let pipe = child.stdin.take();
        Ok(Self { child, pipe })
    }

    /// How it ended, if it did.
    pub fn end(&mut self) -> Option<String> {
        let how = match self.child.try_wait() {
            Ok(None) => return None,
            Ok(Some(status)) => status.to_string(),
            Err(error) => error.to_string(),
        };
        // Nobody is left to dismiss.
        self.pipe = None;
        Some(how)
    }
}

impl Drop for LineGuard {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let said = self.pipe.take().map(|mut pipe| pipe.write_all(DISMISSED));
        if let Some(Err(error)) = said {
            log::warn!("the process that guards the GPIO lines had already ended: {error}");
        }
        let begun = Instant::now();
        let mut is_killed = false;
        while self.end().is_none() {
            if begun.elapsed() > PATIENCE && !std::mem::replace(&mut is_killed, true) {
                // Dismissed and still there: somebody has stopped it.
                let _ = self.child.kill();
            }
            if begun.elapsed() > PATIENCE + KILLED_PATIENCE {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The guard's own life: waits until it is dismissed or the other process is
/// dead, then drives the lines. Returns whether it had to act.
///
/// # Errors
/// The first line that could not be driven; the others were.
pub fn guard(lines: &[GuardedLine], pipe: &mut impl Read) -> Result<bool, LineError> {
    if is_dismissed(pipe) {
        return Ok(false);
    }
    let deadline = Instant::now() + PATIENCE;
    let driven: Vec<_> = lines.iter().map(|line| drive(line, deadline)).collect();
    driven.into_iter().collect::<Result<Vec<_>, _>>().map(|_| true)
}

fn is_dismissed(pipe: &mut impl Read) -> bool {
    let mut said = Vec::new();
    pipe.read_to_end(&mut said).is_ok() && said == DISMISSED
}

fn drive(line: &GuardedLine, deadline: Instant) -> Result<BoardPin, LineError> {
    if let Some((chip, address)) = line.expander {
        return drive_expander(line, ExpanderAt { chip, bus: line.chip.clone(), address });
    }
    let place = Place {
        line: line.to_string(),
        chip: line.chip.clone(),
        chip_label: "the guarded chip".into(),
        offset: line.offset,
        kernel_name: String::new(),
        consumer: None,
    };
    loop {
        match kernel::output(&place, line.safe) {
            // Refused: the line was let go between the request and the question who
            // holds it.
            Err(LineError::Held { .. } | LineError::Refused { .. })
                if Instant::now() < deadline =>
            {
                thread::sleep(Duration::from_millis(5));
            }
            result => return result.map(BoardPin::Kernel),
        }
    }
}

/// Nobody holds its pins.
#[cfg(feature = "i2c")]
fn drive_expander(line: &GuardedLine, at: ExpanderAt) -> Result<BoardPin, LineError> {
    let refused = |error: &dyn fmt::Display| LineError::Refused {
        place: Box::new(Place::of_expander(&line.to_string(), &at, line.offset)),
        wanted: "an output",
        reason: error.to_string(),
    };
    let chip = super::i2c_bus::open(&at).map_err(|error| refused(&error))?;
    let pin = super::expander::ExpanderPin::new(chip, line.offset as u8, line.safe);
    pin.map(BoardPin::Expander).map_err(|error| refused(&error))
}

#[cfg(not(feature = "i2c"))]
fn drive_expander(line: &GuardedLine, _: ExpanderAt) -> Result<BoardPin, LineError> {
    Err(LineError::NoI2c { line: line.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guarded_line_is_read_as_it_is_written() {
        for text in
            ["/dev/gpiochip0:17:low", "/dev/odd:name:3:high", "/dev/i2c-1@pcf8574@32:7:high"]
        {
            assert_eq!(text.parse::<GuardedLine>().unwrap().to_string(), text);
        }
        for text in ["/dev/gpiochip0:17", "/dev/gpiochip0:x:low", "/dev/gpiochip0:1:up"] {
            assert!(text.parse::<GuardedLine>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_the_whole_word_dismisses() {
        assert!(is_dismissed(&mut &DISMISSED[..]));
        assert!(!is_dismissed(&mut &DISMISSED[..4]));
        assert!(!is_dismissed(&mut &b""[..]));
    }

    #[test]
    fn without_the_word_the_lines_are_driven() {
        let line = "/dev/null:0:low".parse::<GuardedLine>().unwrap();
        let lines = [line];
        assert_eq!(guard(&lines, &mut &DISMISSED[..]), Ok(false));
        let error = guard(&lines, &mut &b""[..]).unwrap_err();
        assert!(error.to_string().contains("/dev/null:0:low"), "{error}");
    }
}
