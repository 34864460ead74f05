//! Faults on purpose, for the tests on a virtual board.

use std::str::FromStr;
use std::thread;
use std::time::Duration;

/// A fault to provoke on purpose, for the tests on a virtual board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FaultInjection {
    kind: Kind,
    /// Judged frames before it, or seconds that it lasts.
    number: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    StallInference,
    PanicInference,
    LingerReload,
}

impl FromStr for FaultInjection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let usage =
            || format!("`{text}` is none of stall-inference:N, panic-inference:N, linger-reload:N");
        let (kind, number) = text.split_once(':').ok_or_else(usage)?;
        let kind = match kind {
            "stall-inference" => Kind::StallInference,
            "panic-inference" => Kind::PanicInference,
            "linger-reload" => Kind::LingerReload,
            _ => return Err(usage()),
        };
        Ok(Self { kind, number: number.parse().map_err(|_| usage())? })
    }
}

impl FaultInjection {
    /// Called by the judging thread after each judged frame, from 1.
    pub fn strike(self, frames_judged: u64) {
        match self.kind {
            Kind::LingerReload => {}
            _ if frames_judged < self.number => {}
            Kind::StallInference => {
                log::warn!("fault injection: the judging thread hangs from here on");
                loop {
                    thread::sleep(Duration::from_secs(3600));
                }
            }
            Kind::PanicInference => panic!("fault injection: the judging thread panics"),
        }
    }

    /// Called before the process becomes the program again.
    pub fn linger(self) {
        if self.kind == Kind::LingerReload {
            log::warn!("fault injection: the reload waits");
            thread::sleep(Duration::from_secs(self.number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_from_the_command_line() {
        let stall: FaultInjection = "stall-inference:30".parse().unwrap();
        assert_eq!(stall, FaultInjection { kind: Kind::StallInference, number: 30 });
        stall.strike(29);
        for text in ["stall-inference", "stall-inference:x", "nap:3"] {
            assert!(text.parse::<FaultInjection>().unwrap_err().contains("panic-inference:N"));
        }
    }
}
