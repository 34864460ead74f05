//! Ends what a command has started when this program is killed.

use std::io::{PipeWriter, Write, pipe};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Reads its standard input. A line means that all is over; an end without one, that
/// nobody is left to end the group, and it does so itself.
const SCRIPT: &str = r#"read -r _ || kill -s KILL -- "-$1""#;

/// A shell in a process group of its own that waits for our end. The kernel's own
/// means, PR_SET_PDEATHSIG, ends the command alone and not what it has started.
#[derive(Debug)]
pub(crate) struct Lifeline {
    shell: Child,
    pipe: PipeWriter,
}

impl Lifeline {
    /// Watches over the process group `leader`. `None` on a machine without a shell:
    /// then a killed program leaves the command running, as every parent does.
    pub fn tie(leader: u32) -> Option<Self> {
        let (reader, writer) = pipe().ok()?;
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "normwatch-lifeline", &leader.to_string()])
            .stdin(Stdio::from(reader))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .inspect_err(|e| log::debug!("no lifeline for a command: {e}"))
            .ok()?;
        Some(Self { shell, pipe: writer })
    }
}

impl Drop for Lifeline {
    /// To be called once the group is ended.
    fn drop(&mut self) {
        let _ = self.pipe.write_all(b"over\n");
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep").arg("60").process_group(0).spawn().unwrap()
    }

    #[test]
    fn the_group_ends_when_nobody_says_that_it_is_over() {
        let mut child = sleeper();
        let mut lifeline = std::mem::ManuallyDrop::new(Lifeline::tie(child.id()).unwrap());
        // What the kernel does when this program is killed.
        let (_, unused) = pipe().unwrap();
        drop(std::mem::replace(&mut lifeline.pipe, unused));
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        lifeline.shell.wait().unwrap();
    }

    #[test]
    fn the_group_stays_when_it_is_told_so() {
        let mut child = sleeper();
        drop(Lifeline::tie(child.id()).unwrap());
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
