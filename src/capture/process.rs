//! A child process that delivers frames: started, listened to, ended.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::lifeline::Lifeline;
use super::messages::{Messages, Tap};
use super::secrets::Secrets;
use super::{PipeCommand, SourceError};

/// A running command. Its standard error goes to the log; dropping it ends the
/// process and what it has started, and so does the end of this program.
#[derive(Debug)]
pub(super) struct Supervised {
    child: Child,
    /// Let go once the group is ended.
    _lifeline: Option<Lifeline>,
    messages: Messages,
    is_ended: bool,
}

/// How a command ended, and a clause about it for an error message.
#[derive(Debug)]
pub(super) struct Ending {
    pub succeeded: bool,
    pub report: String,
}

const EXIT_WAIT: Duration = Duration::from_secs(1);
const REAP_WAIT: Duration = Duration::from_secs(2);
const POLL_EVERY: Duration = Duration::from_millis(5);

impl Supervised {
    /// Starts the command with its standard input closed off; the second
    /// value is its standard output. `tap` sees its messages first.
    ///
    /// # Errors
    /// [`Fatal`](super::SourceErrorKind::Fatal) if there is no such program or
    /// it may not be run,
    /// [`Disconnected`](super::SourceErrorKind::Disconnected) if the system
    /// cannot start it now.
    pub fn start(command: &PipeCommand, tap: Option<Tap>) -> Result<(Self, OwnedFd), SourceError> {
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
        let lifeline = Lifeline::tie(child.id());
        let secrets = Secrets::of(&command.argv);
        let messages = Messages::listen(program.clone(), secrets, messages, tap);
        let supervised = Self { child, _lifeline: lifeline, messages, is_ended: false };
        match output {
            Some(output) => Ok((supervised, output.into())),
            None => Err(SourceError::disconnected(format!("{command} has no output"))),
        }
    }

    /// Waits briefly for the process to end by itself, then ends it. What it has
    /// started ends in any case.
    pub fn finish(&mut self) -> Ending {
        let by_itself = self.exits_within(EXIT_WAIT);
        let status = self.end();
        let words = self.messages.quote();
        let quoted = if words.is_empty() { String::new() } else { format!("; it said: {words}") };
        let succeeded = by_itself && status.is_some_and(|status| status.success());
        let fate = match status {
            Some(status) if by_itself => format!("the command ended with {status}"),
            _ => "the command closed its output but kept running".to_string(),
        };
        Ending { succeeded, report: format!("{fate}{quoted}") }
    }

    /// Whether the process has ended by itself. It is not reaped: its number must
    /// not become another's before its group is ended.
    fn exits_within(&self, limit: Duration) -> bool {
        let how = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        let deadline = Instant::now() + limit;
        loop {
            match waitid(WaitId::Pid(Pid::from_child(&self.child)), how) {
                Ok(None) if Instant::now() < deadline => thread::sleep(POLL_EVERY),
                Ok(status) => return status.is_some(),
                Err(_) => return true,
            }
        }
    }

    /// Ends the process and what it has started: a shell's camera program would
    /// keep the camera. One stuck in its driver ignores even SIGKILL, and is left
    /// behind rather than waited for.
    fn end(&mut self) -> Option<ExitStatus> {
        if !self.is_ended {
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            let _ = self.child.kill();
            self.is_ended = true;
        }
        if self.exits_within(REAP_WAIT) {
            return self.child.wait().ok();
        }
        log::warn!("process {} does not end after SIGKILL: left behind", self.child.id());
        None
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        if !self.is_ended {
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
