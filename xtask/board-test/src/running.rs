//! A board that runs: commands in its shell, the levels of its lines, and the
//! steps of the test.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;

use super::arch::Arch;
use super::emulator::{Emulator, Equipment};
use super::guest::{Guest, Output};
use super::packages::Parts;
use super::transcript::Transcript;

/// How long the emulated kernel may take to its first process: a dozen seconds
/// on an idle machine.
const BOOT: Duration = Duration::from_secs(180);
/// Between two looks at a line.
const TICK: Duration = Duration::from_millis(200);

/// An output of the board, as something outside the program under test sees it.
#[derive(Clone, Copy, Debug)]
pub enum Line {
    Alarm,
    Fault,
}

/// What became of a step of the test.
#[derive(Debug, Serialize)]
pub struct StepReport {
    pub title: String,
    pub seconds: f64,
    pub holds: bool,
}

/// A running virtual board and the transcript of what is done with it.
pub struct Board {
    pub arch: Arch,
    pub emulator: Emulator,
    pub transcript: Transcript,
    /// The folder on the host for what the guest hands over.
    pub out: PathBuf,
    guest: Guest,
    /// Those that were taken so far.
    pub steps: Vec<StepReport>,
}

impl Board {
    /// Boots the board and waits for its shell.
    ///
    /// # Errors
    /// It does not come up.
    pub fn boot(
        arch: Arch,
        parts: &Parts,
        initramfs: &Path,
        equipment: &Equipment,
        transcript: Transcript,
    ) -> Result<Board> {
        let (emulator, input, output) = Emulator::start(arch, parts, initramfs, equipment)?;
        let guest = Guest::new((input, output), emulator.patience(), transcript.clone());
        let out = initramfs.parent().unwrap_or(initramfs).to_path_buf();
        let mut board = Board { arch, emulator, transcript, out, guest, steps: Vec::new() };
        board.wait_ready()?;
        Ok(board)
    }

    /// Waits until the guest's shell is there.
    ///
    /// # Errors
    /// It is not in time.
    pub fn wait_ready(&mut self) -> Result<()> {
        let system = self.guest.wait_ready(BOOT)?;
        self.transcript.say(&format!("    the guest is up: {system}"));
        Ok(())
    }

    /// Presses the board's reset button, and waits until it is up again. What was not
    /// on the disk is lost.
    ///
    /// # Errors
    /// It does not come up.
    pub fn reset(&mut self) -> Result<()> {
        self.says("the machine is reset");
        self.emulator.qmp.execute("system_reset", &serde_json::json!({}))?;
        self.wait_ready()
    }

    /// One step of the test. An error carries its number and title, and the
    /// kernel's last messages.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn step(&mut self, title: &str, work: impl FnOnce(&mut Board) -> Result<()>) -> Result<()> {
        let (number, begun) = (self.steps.len() + 1, Instant::now());
        self.transcript.say(&format!("{number}. {title}"));
        let result = work(self);
        let (seconds, holds) = (begun.elapsed().as_secs_f64(), result.is_ok());
        self.steps.push(StepReport { title: title.into(), seconds, holds });
        if let Err(error) = &result {
            self.transcript.say(&format!("    FAILED: {error:#}"));
            for command in [
                "tail -n 20 /run/normwatch.log 2>/dev/null",
                "tail -n 20 /run/learn.log 2>/dev/null",
                "tail -n 20 /run/events.jsonl 2>/dev/null",
                "dmesg | tail -n 15",
            ] {
                // The board may be gone; the step's own error is the one to report.
                let _ = self.run(command, Duration::from_secs(10));
            }
        }
        result.with_context(|| format!("step {number}, {title}"))
    }

    /// Says in the transcript what comes next within a step.
    pub fn says(&self, what: &str) {
        self.transcript.say(&format!("    {what}"));
    }

    /// Says in the transcript what has been seen to hold.
    pub fn holds(&self, what: &str) {
        self.transcript.say(&format!("    ok: {what}"));
    }

    /// Runs a shell command in the guest.
    ///
    /// # Errors
    /// It does not end in time.
    pub fn run(&mut self, command: &str, within: Duration) -> Result<Output> {
        self.guest.run(command, within)
    }

    /// Runs a command that must succeed, and returns what it printed.
    ///
    /// # Errors
    /// It fails, or does not end in time.
    pub fn succeeds(&mut self, command: &str, within: Duration) -> Result<String> {
        let Output { status, text } = self.run(command, within)?;
        ensure!(status == 0, "`{command}` ended with exit code {status}");
        Ok(text)
    }

    /// The same for what only looks, and would clutter the transcript.
    ///
    /// # Errors
    /// It fails, or does not end in time.
    pub fn look(&mut self, command: &str) -> Result<String> {
        let Output { status, text } = self.guest.run_quietly(command, Duration::from_secs(30))?;
        ensure!(status == 0, "`{command}` ended with exit code {status}: {text}");
        Ok(text)
    }

    /// Writes a file in the guest.
    ///
    /// # Errors
    /// The guest cannot write it, or the shell would not take the text.
    pub fn write(&mut self, path: &str, text: &str) -> Result<()> {
        ensure!(!text.contains(['\'', '\\']), "the shell would not take {text}");
        let line = text.trim_end().replace('\n', "\\n");
        self.look(&format!("printf '%b\\n' '{line}' >{path}"))?;
        Ok(())
    }

    /// Waits until a command succeeds in the guest.
    ///
    /// # Errors
    /// It has not in time; `what` says what was waited for.
    pub fn wait_for(&mut self, what: &str, command: &str, within: Duration) -> Result<()> {
        let limit = self.emulator.patience().limit(within);
        while self.guest.run_quietly(command, within + BOOT)?.status != 0 {
            if limit.left().is_none() {
                bail!("not within {} s: {what} (`{command}`)", within.as_secs());
            }
            sleep(TICK);
        }
        self.holds(what);
        Ok(())
    }

    /// The electrical level of a line: true is high. Read in the emulator's
    /// register where the board has one, from the simulator's side otherwise.
    ///
    /// # Errors
    /// The board is gone.
    pub fn level(&mut self, line: Line) -> Result<bool> {
        if let (Line::Fault, Some(register)) = (line, self.arch.gpio_register()) {
            let word = self.emulator.qmp.physical_word(register)?;
            return Ok(word & (1 << FAULT_BIT) != 0);
        }
        let offset = match line {
            Line::Alarm => 0,
            Line::Fault => 1,
        };
        Ok(self.look(&format!("cat $lines/sim_gpio{offset}/value"))?.trim() == "1")
    }

    /// Waits until a line has a level.
    ///
    /// # Errors
    /// It has not in time.
    pub fn wait_level(&mut self, line: Line, high: bool, within: Duration) -> Result<()> {
        let limit = self.emulator.patience().limit(within);
        while self.level(line)? != high {
            if limit.left().is_none() {
                bail!(
                    "the {} is not {} within {} s",
                    self.name(line),
                    word(high),
                    within.as_secs()
                );
            }
            sleep(TICK);
        }
        self.holds(&format!("the {} is {}", self.name(line), word(high)));
        Ok(())
    }

    /// Watches a line for a while: it must keep its level.
    ///
    /// # Errors
    /// It does not.
    pub fn keeps_level(&mut self, line: Line, high: bool, during: Duration) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < during {
            let now = self.level(line)?;
            ensure!(now == high, "the {} went {}", self.name(line), word(now));
            sleep(TICK);
        }
        self.holds(&format!(
            "the {} stays {} for {} s",
            self.name(line),
            word(high),
            during.as_secs()
        ));
        Ok(())
    }

    fn name(&self, line: Line) -> &'static str {
        match (line, self.arch.gpio_register()) {
            (Line::Alarm, _) => "alarm line (read from the simulator's side)",
            (Line::Fault, None) => "fault line (read from the simulator's side)",
            (Line::Fault, Some(_)) => "fault line (read from the PL061 outside the guest)",
        }
    }
}

/// The PL061's line that the site uses for faults.
const FAULT_BIT: u32 = 5;

fn word(high: bool) -> &'static str {
    if high { "high" } else { "low" }
}
