//! Runs commands in the guest's shell over the serial line.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::patience::{Limit, Patience};
use super::transcript::Transcript;

const READY: &str = "normwatch-board ready: ";
const ANSWER: &str = "normwatch-board ";

/// What a command in the guest came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Output {
    pub status: i32,
    pub text: String,
}

/// The guest's shell, at the other end of the serial line.
pub struct Guest {
    input: ChildStdin,
    lines: Receiver<String>,
    transcript: Transcript,
    patience: Patience,
    next_id: u32,
}

impl Guest {
    pub fn new(
        (input, output): (ChildStdin, ChildStdout),
        patience: Patience,
        transcript: Transcript,
    ) -> Guest {
        let (sender, lines) = channel();
        thread::spawn(move || {
            let mut reader = BufReader::new(output);
            let mut bytes = Vec::new();
            while reader.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
                if sender.send(printable(&bytes)).is_err() {
                    return;
                }
                bytes.clear();
            }
        });
        Guest { input, lines, transcript, patience, next_id: 0 }
    }

    /// Waits until the guest's shell is there; returns machine and kernel.
    ///
    /// # Errors
    /// It is not in time; the error holds what the guest said last.
    pub fn wait_ready(&mut self, within: Duration) -> Result<String> {
        let limit = self.patience.limit(within);
        let mut said = Vec::new();
        loop {
            let Some(line) = self.line(&limit)? else {
                bail!("the board is not up after {} s; {}", within.as_secs(), last(&said));
            };
            if let Some(system) = line.strip_prefix(READY) {
                return Ok(system.to_string());
            }
            if !line.is_empty() {
                self.transcript.guest(&line);
            }
            said.push(line);
        }
    }

    /// Runs a shell command and returns its exit code and all that it printed.
    ///
    /// # Errors
    /// It does not end in time, or the guest is gone.
    pub fn run(&mut self, command: &str, within: Duration) -> Result<Output> {
        self.transcript.say(&format!("    $ {command}"));
        let output = self.run_quietly(command, within)?;
        for line in output.text.lines() {
            self.transcript.guest(line);
        }
        if output.status != 0 {
            self.transcript.guest(&format!("(exit code {})", output.status));
        }
        Ok(output)
    }

    /// The same, without a word in the transcript.
    ///
    /// # Errors
    /// As for [`Guest::run`].
    pub fn run_quietly(&mut self, command: &str, within: Duration) -> Result<Output> {
        self.next_id += 1;
        let id = self.next_id;
        writeln!(self.input, "{id} {command}").context("the board is gone")?;
        let limit = self.patience.limit(within);
        let end = format!("{ANSWER}{id} exit ");
        let mut said: Vec<String> = Vec::new();
        loop {
            let Some(line) = self.line(&limit)? else {
                bail!("`{command}` did not end within {} s; {}", within.as_secs(), last(&said));
            };
            if let Some(status) = line.strip_prefix(&end) {
                let status = status.trim().parse().context("the guest answers no exit code")?;
                // The guest's shell ends the output with an empty line.
                said.pop();
                return Ok(Output { status, text: said.join("\n") });
            }
            if line.starts_with(READY) {
                bail!("the board restarted during `{command}`; {}", last(&said));
            }
            said.push(line);
        }
    }

    fn line(&self, limit: &Limit) -> Result<Option<String>> {
        while let Some(left) = limit.left() {
            match self.lines.recv_timeout(left) {
                Ok(line) => return Ok(Some(line)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => bail!("the emulator has ended"),
            }
        }
        Ok(None)
    }
}

fn last(lines: &[String]) -> String {
    let from = lines.len().saturating_sub(20);
    match lines[from..].join("\n") {
        text if text.trim().is_empty() => "it said nothing".into(),
        text => format!("it said last:\n{text}"),
    }
}

/// A line of the terminal without line ends and control sequences.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::new();
    let mut chars = text.trim_end_matches(['\r', '\n']).chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => {
                let _ = chars.by_ref().find(|c| c.is_ascii_alphabetic());
            }
            c if c.is_control() && c != '\t' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_sequences_of_the_firmware_are_dropped() {
        assert_eq!(printable(b"\x1b[2J\x1b[1;1HSeaBIOS\r\r\n"), "SeaBIOS");
    }
}
