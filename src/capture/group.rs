//! A process group that this program has started, and ends whole.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::lifeline::Lifeline;

/// A running command that leads a group of its own. Dropping it ends the process and
/// what it has started, and so does the end of this program.
#[derive(Debug)]
pub(crate) struct Group {
    /// Its pipes, if it was given some, are for whoever started it to take.
    pub child: Child,
    /// Let go once the group is ended.
    _lifeline: Option<Lifeline>,
    is_ended: bool,
}

const REAP_WAIT: Duration = Duration::from_secs(2);
const POLL_EVERY: Duration = Duration::from_millis(5);

impl Group {
    /// Starts the command as the leader of a group.
    ///
    /// # Errors
    /// There is no such program, it may not be run, or the system cannot start it now.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let child = command.process_group(0).spawn()?;
        let lifeline = Lifeline::tie(child.id());
        Ok(Self { child, _lifeline: lifeline, is_ended: false })
    }

    /// Whether the leader has ended by itself. It is not reaped: its number must not
    /// become another's before its group is ended.
    pub fn exits_within(&self, limit: Duration) -> bool {
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
    pub fn end(&mut self) -> Option<ExitStatus> {
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

impl Drop for Group {
    fn drop(&mut self) {
        if !self.is_ended {
            self.end();
        }
    }
}
