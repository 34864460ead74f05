//! What a command says, on its standard error as a rule: a little of it for the log,
//! the last of it for an error message.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};

use super::secrets::Secrets;

/// Sees every line first; what it takes (`true`) goes nowhere else.
pub(crate) type Tap = Box<dyn FnMut(&str) -> bool + Send>;

/// A thread that reads to the end, so that the command never waits for us.
#[derive(Debug)]
pub(crate) struct Messages {
    lines: Arc<Mutex<VecDeque<String>>>,
    listener: Option<JoinHandle<()>>,
    /// Closing it ends the listener, whoever still holds the other pipe.
    stop: Option<OwnedFd>,
}

const LINES_KEPT: usize = 5;
const LINE_LIMIT_BYTES: usize = 300;
const LAST_WORDS_WAIT: Duration = Duration::from_millis(200);
const POLL_EVERY: Duration = Duration::from_millis(5);

impl Messages {
    /// Listens to what `program` says; `secrets` are left out. Without a thread or a
    /// pipe to spare nothing is heard, and the command goes on.
    pub fn listen(
        program: String,
        secrets: Secrets,
        messages: Option<OwnedFd>,
        tap: Option<Tap>,
    ) -> Self {
        let lines = Arc::new(Mutex::new(VecDeque::with_capacity(LINES_KEPT)));
        let (kept, budget) = (Arc::clone(&lines), Budget::default());
        let mut said = Said { program, secrets, kept, budget, tap };
        let Ok((stopped, stop)) = io::pipe() else {
            return Self { lines, listener: None, stop: None };
        };
        let listener = messages.and_then(|messages| {
            let run = move || {
                let mut line = Vec::with_capacity(LINE_LIMIT_BYTES);
                let messages = File::from(messages);
                let pipe = Interruptible { messages, stopped: stopped.into() };
                for_each_line(pipe, &mut line, |line| said.line(line, Instant::now()));
                said.end();
            };
            thread::Builder::new().name("pipe-messages".into()).spawn(run).ok()
        });
        Self { lines, listener, stop: Some(stop.into()) }
    }

    /// The last lines joined by ` | `, once the process has closed its end or
    /// a moment has passed.
    pub fn quote(&self) -> String {
        let deadline = Instant::now() + LAST_WORDS_WAIT;
        while self.listener.as_ref().is_some_and(|listener| !listener.is_finished())
            && Instant::now() < deadline
        {
            thread::sleep(POLL_EVERY);
        }
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(String::as_str).collect::<Vec<_>>().join(" | ")
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

/// Standard error until it is closed or nobody listens any more. A process that
/// the command has started and that left its group may hold it open for ever.
struct Interruptible {
    messages: File,
    stopped: OwnedFd,
}

impl Read for Interruptible {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut fds = [
                PollFd::from_borrowed_fd(self.messages.as_fd(), PollFlags::IN),
                PollFd::from_borrowed_fd(self.stopped.as_fd(), PollFlags::IN),
            ];
            match poll(&mut fds, None) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
                Ok(_) if !fds[0].revents().is_empty() => return self.messages.read(out),
                Ok(_) => return Ok(0),
            }
        }
    }
}

struct Said {
    program: String,
    secrets: Secrets,
    kept: Arc<Mutex<VecDeque<String>>>,
    budget: Budget,
    tap: Option<Tap>,
}

impl Said {
    fn line(&mut self, line: &[u8], now: Instant) {
        let line = String::from_utf8_lossy(line);
        let line = line.trim();
        if line.is_empty() || self.tap.as_mut().is_some_and(|tap| tap(line)) {
            return;
        }
        let line = self.secrets.hide(line);
        match self.budget.spend(now) {
            Spent::Silent => {}
            Spent::Line => log::info!("{}: {line}", self.program),
            Spent::Summary(more) => {
                log::info!("{}: {more} more lines, the last: {line}", self.program);
            }
        }
        let mut lines = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES_KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    fn end(&self) {
        if self.budget.untold > 0 {
            log::info!("{}: {} more lines", self.program, self.budget.untold);
        }
    }
}

/// Lines that a command may put into the log at once.
const LINES_AT_ONCE: u32 = 5;
const SUMMARY_EVERY: Duration = Duration::from_mins(1);

/// A command may say five lines; then it is summed up once a minute, until it has
/// been quiet for one.
#[derive(Debug, Default)]
struct Budget {
    spent: u32,
    untold: u64,
    last: Option<Instant>,
    summed_up: Option<Instant>,
}

#[derive(Debug, PartialEq, Eq)]
enum Spent {
    Line,
    /// Together with so many lines that nobody saw.
    Summary(u64),
    Silent,
}

impl Budget {
    fn spend(&mut self, now: Instant) -> Spent {
        let is_over = |since: Option<Instant>| since.is_some_and(|at| now - at >= SUMMARY_EVERY);
        if self.untold == 0 && is_over(self.last) {
            self.spent = 0;
        }
        self.last = Some(now);
        if self.spent < LINES_AT_ONCE {
            self.spent += 1;
            self.summed_up = Some(now);
            return Spent::Line;
        }
        self.untold += 1;
        if !is_over(self.summed_up) {
            return Spent::Silent;
        }
        self.summed_up = Some(now);
        Spent::Summary(std::mem::take(&mut self.untold))
    }
}

/// Splits at line feeds and at the carriage returns of progress displays;
/// what exceeds the line limit is dropped.
fn for_each_line(mut messages: impl Read, line: &mut Vec<u8>, mut each: impl FnMut(&[u8])) {
    let mut block = [0; 4096];
    loop {
        let read = match messages.read(&mut block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(read) if read > 0 => read,
            _ => break,
        };
        for &byte in &block[..read] {
            match byte {
                b'\n' | b'\r' => {
                    each(line);
                    line.clear();
                }
                _ if line.len() < LINE_LIMIT_BYTES => line.push(byte),
                _ => {}
            }
        }
    }
    each(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(tap: Option<Tap>) -> Said {
        let kept = Arc::new(Mutex::new(VecDeque::new()));
        let secrets = Secrets::default();
        Said { program: "p".into(), secrets, kept, budget: Budget::default(), tap }
    }

    #[test]
    fn messages_split_into_bounded_lines() {
        let mut lines = Vec::new();
        let text = format!("one\rtwo\n{}\nend", "x".repeat(1000));
        for_each_line(text.as_bytes(), &mut Vec::new(), |line| lines.push(line.to_vec()));
        let lengths: Vec<usize> = lines.iter().map(Vec::len).collect();
        assert_eq!(lengths, [3, 3, LINE_LIMIT_BYTES, 3]);
    }

    #[test]
    fn only_the_last_lines_are_kept() {
        let mut said = said(Some(Box::new(|line| line == "18")));
        for number in 0..20 {
            said.line(format!(" {number} ").as_bytes(), Instant::now());
        }
        said.line(b"  ", Instant::now());
        assert_eq!(*said.kept.lock().unwrap(), ["14", "15", "16", "17", "19"]);
    }

    #[test]
    fn a_flood_is_five_lines_and_then_one_a_minute() {
        let mut budget = Budget::default();
        let start = Instant::now();
        let mut told = Vec::new();
        for ms in 0..150_000 {
            match budget.spend(start + Duration::from_millis(ms)) {
                Spent::Silent => {}
                spent => told.push((ms, spent)),
            }
        }
        let lines = (0..5).map(|ms| (ms, Spent::Line));
        let minutes = [(60_004, Spent::Summary(60_000)), (120_004, Spent::Summary(60_000))];
        assert_eq!(told, lines.chain(minutes).collect::<Vec<_>>());
        assert_eq!(budget.untold, 29_995);
    }

    #[test]
    fn a_rare_line_is_always_told() {
        let mut budget = Budget::default();
        let start = Instant::now();
        for minute in 0..100 {
            assert_eq!(budget.spend(start + Duration::from_mins(minute)), Spent::Line);
        }
    }
}
