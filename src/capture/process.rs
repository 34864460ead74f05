//! A child process that delivers frames: started, listened to, ended.

use std::io;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::group::Group;
use super::messages::{Messages, Tap};
use super::secrets::Secrets;
use super::{PipeCommand, SourceError};

/// A running command. Its standard error goes to the log; dropping it ends the
/// process and what it has started, and so does the end of this program.
#[derive(Debug)]
pub(super) struct Supervised {
    group: Group,
    messages: Messages,
}

/// How a command ended, and a clause about it for an error message.
#[derive(Debug)]
pub(super) struct Ending {
    pub succeeded: bool,
    pub report: String,
}

const EXIT_WAIT: Duration = Duration::from_secs(1);

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
        let mut call = Command::new(program);
        call.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut group = Group::start(&mut call).map_err(|e| cannot_start(program, &e))?;
        let output = group.child.stdout.take();
        let messages = group.child.stderr.take().map(OwnedFd::from);
        let secrets = Secrets::of(&command.argv);
        let messages = Messages::listen(program.clone(), secrets, messages, tap);
        let supervised = Self { group, messages };
        match output {
            Some(output) => Ok((supervised, output.into())),
            None => Err(SourceError::disconnected(format!("{command} has no output"))),
        }
    }

    /// Waits briefly for the process to end by itself, then ends it. What it has
    /// started ends in any case.
    pub fn finish(&mut self) -> Ending {
        let by_itself = self.group.exits_within(EXIT_WAIT);
        let status = self.group.end();
        let words = self.messages.quote();
        let quoted = if words.is_empty() { String::new() } else { format!("; it said: {words}") };
        let succeeded = by_itself && status.is_some_and(|status| status.success());
        let fate = match status {
            Some(status) if by_itself => format!("the command ended with {status}"),
            _ => "the command closed its output but kept running".to_string(),
        };
        Ending { succeeded, report: format!("{fate}{quoted}") }
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
