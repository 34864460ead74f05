//! A child process that delivers frames: started, listened to, ended.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{PipeCommand, SourceError};

/// A running command. Its standard error goes to the log; dropping it kills
/// and reaps the process.
#[derive(Debug)]
pub(super) struct Supervised {
    child: Child,
    last_words: LastWords,
}

/// How a command ended, and a clause about it for an error message.
#[derive(Debug)]
pub(super) struct Ending {
    pub succeeded: bool,
    pub report: String,
}

const EXIT_WAIT: Duration = Duration::from_secs(1);
const REAP_WAIT: Duration = Duration::from_secs(2);
const LAST_WORDS_WAIT: Duration = Duration::from_millis(200);
const POLL_EVERY: Duration = Duration::from_millis(5);

impl Supervised {
    /// Starts the command with its standard input closed off; the second
    /// value is its standard output.
    ///
    /// # Errors
    /// [`Fatal`](super::SourceErrorKind::Fatal) if there is no such program or
    /// it may not be run,
    /// [`Disconnected`](super::SourceErrorKind::Disconnected) if the system
    /// cannot start it now.
    pub fn start(command: &PipeCommand) -> Result<(Self, OwnedFd), SourceError> {
        let Some((program, arguments)) = command.argv.split_first() else {
            return Err(SourceError::fatal("the pipe command is empty: name a program"));
        };
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| cannot_start(program, &error))?;
        let (output, messages) = (child.stdout.take(), child.stderr.take());
        let last_words = LastWords::listen(program.clone(), messages);
        let supervised = Self { child, last_words };
        match output {
            Some(output) => Ok((supervised, output.into())),
            None => Err(SourceError::disconnected(format!("{command} has no output"))),
        }
    }

    /// Waits briefly for the process to end by itself, then ends it.
    pub fn finish(&mut self) -> Ending {
        let status = self.wait_up_to(EXIT_WAIT);
        if status.is_none() {
            self.end();
        }
        let words = self.last_words.quote();
        let quoted = if words.is_empty() { String::new() } else { format!("; it said: {words}") };
        let succeeded = status.is_some_and(|status| status.success());
        let fate = match status {
            Some(status) => format!("the command ended with {status}"),
            None => "the command closed its output but kept running".to_string(),
        };
        Ending { succeeded, report: format!("{fate}{quoted}") }
    }

    fn wait_up_to(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            match self.child.try_wait() {
                Ok(None) if Instant::now() < deadline => thread::sleep(POLL_EVERY),
                Ok(status) => return status,
                Err(_) => return None,
            }
        }
    }

    /// Ends the process and what it has started: a shell's camera program would
    /// keep the camera. One stuck in its driver ignores even SIGKILL, and is left
    /// behind rather than waited for.
    fn end(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.kill();
        if self.wait_up_to(REAP_WAIT).is_none() {
            log::warn!("process {} does not end after SIGKILL: left behind", self.child.id());
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.end();
        }
    }
}

fn cannot_start(program: &str, error: &io::Error) -> SourceError {
    let message = format!("cannot run `{program}`: {error}");
    match error.kind() {
        io::ErrorKind::NotFound => SourceError::fatal(format!(
            "{message}: install it, or give its full path as the first word of the command"
        )),
        io::ErrorKind::PermissionDenied => {
            SourceError::fatal(format!("{message}: make it executable for this user"))
        }
        io::ErrorKind::InvalidInput => {
            SourceError::fatal(format!("{message}: remove the zero byte from the command"))
        }
        _ => SourceError::disconnected(message),
    }
}

/// The end of what a process writes to its standard error.
#[derive(Debug)]
struct LastWords {
    lines: Arc<Mutex<VecDeque<String>>>,
    listener: Option<JoinHandle<()>>,
}

const LINES_KEPT: usize = 5;
const LINE_LIMIT_BYTES: usize = 300;

impl LastWords {
    fn listen(program: String, messages: Option<ChildStderr>) -> Self {
        let lines = Arc::new(Mutex::new(VecDeque::with_capacity(LINES_KEPT)));
        let kept = Arc::clone(&lines);
        let listener = messages.and_then(|messages| {
            let run = move || for_each_line(messages, |line| keep(&kept, &program, line));
            thread::Builder::new().name("pipe-messages".into()).spawn(run).ok()
        });
        Self { lines, listener }
    }

    /// The last lines joined by ` | `, once the process has closed its end or
    /// a moment has passed: a grandchild may hold it open for ever.
    fn quote(&self) -> String {
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

fn keep(kept: &Mutex<VecDeque<String>>, program: &str, line: &[u8]) {
    let line = String::from_utf8_lossy(line).trim().to_string();
    if line.is_empty() {
        return;
    }
    log::info!("{program}: {line}");
    let mut lines = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if lines.len() == LINES_KEPT {
        lines.pop_front();
    }
    lines.push_back(line);
}

/// Splits at line feeds and at the carriage returns of progress displays;
/// what exceeds the line limit is dropped.
fn for_each_line(mut messages: impl Read, mut each: impl FnMut(&[u8])) {
    let (mut block, mut line) = ([0; 1024], Vec::with_capacity(LINE_LIMIT_BYTES));
    loop {
        let read = match messages.read(&mut block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(read) if read > 0 => read,
            _ => break,
        };
        for &byte in &block[..read] {
            match byte {
                b'\n' | b'\r' => {
                    each(&line);
                    line.clear();
                }
                _ if line.len() < LINE_LIMIT_BYTES => line.push(byte),
                _ => {}
            }
        }
    }
    each(&line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_split_into_bounded_lines() {
        let mut lines = Vec::new();
        let text = format!("one\rtwo\n{}\nend", "x".repeat(1000));
        for_each_line(text.as_bytes(), |line| lines.push(line.to_vec()));
        let lengths: Vec<usize> = lines.iter().map(Vec::len).collect();
        assert_eq!(lengths, [3, 3, LINE_LIMIT_BYTES, 3]);
    }

    #[test]
    fn only_the_last_lines_are_kept() {
        let kept = Mutex::new(VecDeque::new());
        for number in 0..20 {
            keep(&kept, "p", format!(" {number} ").as_bytes());
        }
        keep(&kept, "p", b"  ");
        assert_eq!(kept.into_inner().unwrap(), ["15", "16", "17", "18", "19"]);
    }
}
