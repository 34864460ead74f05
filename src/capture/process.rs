//! A child process that delivers frames: started, listened to, ended.

use std::io::{self, Write};
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

/// What a command gets beside its arguments.
#[derive(Default)]
pub(super) struct Aside {
    /// Sees its messages first.
    pub tap: Option<Tap>,
    /// Its standard input, up to [`FEED_LIMIT_BYTES`]: other processes cannot read it there
    /// as they can read arguments.
    pub feed: String,
    /// Left out of whatever it says, beside those in its arguments.
    pub secrets: Vec<String>,
    /// How long to wait for the header of its stream, in the place of the time for a frame.
    pub header_timeout_ms: Option<u32>,
}

/// A pipe takes at least so much before anybody reads it.
const FEED_LIMIT_BYTES: usize = 4096;

/// How a command ended, and a clause about it for an error message.
#[derive(Debug)]
pub(super) struct Ending {
    pub succeeded: bool,
    pub report: String,
}

const EXIT_WAIT: Duration = Duration::from_secs(1);

impl Supervised {
    /// Starts the command with nothing but what it is fed on its standard input; the
    /// second value is its standard output. `secrets` are left out of what it says.
    ///
    /// # Errors
    /// [`Fatal`](super::SourceErrorKind::Fatal) if there is no such program or
    /// it may not be run,
    /// [`Disconnected`](super::SourceErrorKind::Disconnected) if the system
    /// cannot start it now.
    pub fn start(
        command: &PipeCommand,
        secrets: &Secrets,
        aside: Aside,
    ) -> Result<(Self, OwnedFd), SourceError> {
        let Some((program, arguments)) = command.argv.split_first() else {
            return Err(SourceError::fatal("the pipe command is empty: name a program"));
        };
        let mut call = Command::new(program);
        let input = fed(&aside.feed).map_err(|e| cannot_start(program, &e))?;
        call.args(arguments).stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut group = Group::start(&mut call).map_err(|e| cannot_start(program, &e))?;
        let output = group.child.stdout.take();
        let messages = group.child.stderr.take().map(OwnedFd::from);
        let messages = Messages::listen(program.clone(), secrets.clone(), messages, aside.tap);
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

/// A pipe that holds the text, and ends after it.
fn fed(text: &str) -> io::Result<Stdio> {
    if text.is_empty() {
        return Ok(Stdio::null());
    }
    if text.len() > FEED_LIMIT_BYTES {
        return Err(io::Error::other("its standard input would be too long"));
    }
    let (reader, mut writer) = io::pipe()?;
    writer.write_all(text.as_bytes())?;
    Ok(Stdio::from(reader))
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
