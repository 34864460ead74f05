//! Plain lines on a terminal or a pipe: a question, an answer.

use std::io::{Read, Write};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::error::SetupError;
use super::question::{Answer, Interview, Question};
use crate::output::terminal::{Colours, Picture, TerminalSize, drawn};
use crate::runtime::Shutdown;

/// Whoever asks the program to end waits no longer than this.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// A longer line is nobody's answer.
const LONGEST: usize = 4096;

/// Asks on `out` and reads lines of `input`, until a signal ends it.
pub struct Prompt<'a, R, W> {
    input: R,
    out: W,
    shutdown: &'a Shutdown,
    /// How pictures are drawn, where `out` is a terminal.
    colours: Option<(TerminalSize, Colours)>,
    read: Vec<u8>,
}

impl<'a, R: AsFd + Read, W: Write> Prompt<'a, R, W> {
    pub fn new(input: R, out: W, shutdown: &'a Shutdown) -> Self {
        Self { input, out, shutdown, colours: None, read: Vec::new() }
    }

    /// Draws pictures in a terminal of this size.
    #[must_use]
    pub fn drawing(mut self, size: TerminalSize, colours: Colours) -> Self {
        self.colours = Some((size, colours));
        self
    }

    fn line(&mut self, key: &'static str) -> Result<String, SetupError> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim().to_owned());
            }
            if self.shutdown.is_requested() {
                return Err(SetupError::Stopped);
            }
            let mut fds = [PollFd::new(&self.input, PollFlags::IN)];
            if matches!(poll(&mut fds, Some(&LOOK)), Ok(0) | Err(Errno::INTR)) {
                continue;
            }
            let mut bytes = [0; 512];
            match self.input.read(&mut bytes) {
                Ok(0) | Err(_) => return Err(SetupError::Ended { key }),
                Ok(count) => self.read.extend_from_slice(&bytes[..count]),
            }
            if self.read.len() > LONGEST {
                return Err(SetupError::Ended { key });
            }
        }
    }

    /// A reader that has gone ends the process elsewhere.
    fn write(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }
}

impl<R: AsFd + Read, W: Write> Interview for Prompt<'_, R, W> {
    fn say(&mut self, text: &str) {
        self.write(&format!("{text}\n"));
    }

    fn ask(&mut self, question: &Question) -> Result<Answer, SetupError> {
        loop {
            let usual = question.usual.as_ref().map(|usual| format!(" [{usual}]"));
            self.write(&format!("\n{}{}: ", question.text, usual.unwrap_or_default()));
            let line = self.line(question.key)?;
            match (line.is_empty(), &question.usual) {
                (false, _) => return Ok(Answer::One(line)),
                (true, Some(usual)) => return Ok(Answer::One(usual.clone())),
                (true, None) => self.say("  this has to be answered"),
            }
        }
    }

    fn refuse(&mut self, _: &Question, _: &Answer, why: &str) -> Result<(), SetupError> {
        self.say(&format!("  {why}"));
        Ok(())
    }

    fn show(&mut self, grey: &[u8], size_px: (usize, usize)) {
        let Some((size, colours)) = self.colours else { return };
        let picture = Picture { grey, width_px: size_px.0, height_px: size_px.1 };
        let drawn = drawn(picture, size, colours);
        self.write(&drawn);
    }

    fn is_there(&self) -> bool {
        true
    }
}
