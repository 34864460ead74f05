//! The toolchain's program as a child: idle priority, listened to, ended with us.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, setpriority_process,
    waitid,
};

use super::error::LearnError;
use crate::capture::Lifeline;
use crate::runtime::Shutdown;

/// Tells the toolchain what the user typed, for its advice.
const INVOKED_AS: (&str, &str) = ("NORMWATCH_INVOKED_AS", "normwatch");

/// Whatever else wants to compute comes first.
const NICE: i32 = 19;

/// Of whoever observes and settles: before the training, behind a watch.
const OWN_NICE: i32 = 10;

/// Lets whoever watches with the same board compute first.
pub fn step_back() {
    if let Err(error) = setpriority_process(None, OWN_NICE) {
        log::warn!("this computes with the priority of everybody: {error}");
    }
}

/// A training that is asked to end writes a checkpoint first.
const PATIENCE: Duration = Duration::from_secs(60);

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Once it has ended, its last lines have so long: on a busy board they come late, and
/// what it has started may hold its pipes for ever.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Lines of its messages that an error quotes.
const QUOTED: usize = 4;

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Done,
    /// We are to end, and it was told.
    Stopped,
    Failed {
        code: Option<u8>,
        said: String,
    },
}

enum Line {
    Output(String),
    Message(String),
}

/// Runs `program` with `args` to its end; `told` hears each line of its output, and while
/// `holds_on` says so, it stands still.
///
/// # Errors
/// A program that cannot be started.
pub(super) fn run(
    program: &Path,
    args: &[String],
    shutdown: &Shutdown,
    told: &mut dyn FnMut(&str),
    holds_on: &mut dyn FnMut() -> bool,
) -> Result<Ending, LearnError> {
    let mut child = Command::new(program)
        .args(args)
        .env(INVOKED_AS.0, INVOKED_AS.1)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(LearnError::file(program))?;
    let group = Group { leader: Pid::from_child(&child), _lifeline: Lifeline::tie(child.id()) };
    if let Err(error) = setpriority_process(Some(group.leader), NICE) {
        log::debug!("{}: its priority stays: {error}", program.display());
    }
    let lines = listen(&mut child);
    let mut messages: Vec<String> = Vec::new();
    let (mut asked, mut ended): (Option<Instant>, Option<Instant>) = (None, None);
    let mut stands_still = false;
    loop {
        match lines.recv_timeout(LOOK_EVERY) {
            Ok(Line::Output(line)) => told(&line),
            Ok(Line::Message(line)) => {
                log::debug!("{line}");
                messages.push(line);
                messages.drain(..messages.len().saturating_sub(QUOTED));
            }
            Err(why) if group.has_ended() => {
                let since = *ended.get_or_insert_with(Instant::now);
                if why == RecvTimeoutError::Disconnected || since.elapsed() > LAST_WORDS {
                    break;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => thread::sleep(LOOK_EVERY),
        }
        let to_stand_still = asked.is_none() && !shutdown.is_requested() && holds_on();
        if to_stand_still != stands_still {
            let signal = if to_stand_still { Signal::STOP } else { Signal::CONT };
            let _ = kill_process_group(group.leader, signal);
            stands_still = to_stand_still;
        }
        match asked {
            None if shutdown.is_requested() => {
                let _ = kill_process(group.leader, Signal::TERM);
                asked = Some(Instant::now());
            }
            Some(since) if since.elapsed() > PATIENCE => {
                log::warn!("{} does not end, and is killed", program.display());
                break;
            }
            _ => {}
        }
    }
    drop(group);
    let status = child.wait().map_err(LearnError::file(program))?;
    if status.success() {
        return Ok(Ending::Done);
    }
    if shutdown.is_requested() {
        return Ok(Ending::Stopped);
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    let said = match messages.is_empty() {
        true => status.to_string(),
        false => messages.join(" "),
    };
    Ok(Ending::Failed { code, said })
}

/// Both of its pipes, line by line.
fn listen(child: &mut Child) -> Receiver<Line> {
    let (sender, lines) = channel();
    if let Some(output) = child.stdout.take() {
        pass_on(output, sender.clone(), Line::Output);
    }
    if let Some(messages) = child.stderr.take() {
        pass_on(messages, sender, Line::Message);
    }
    lines
}

fn pass_on(pipe: impl Read + Send + 'static, to: Sender<Line>, line: fn(String) -> Line) {
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&bytes).trim_end().to_string();
            bytes.clear();
            if !text.is_empty() && to.send(line(text)).is_err() {
                break;
            }
        }
    });
}

/// What a command has started. It ends as a whole, before its leader is reaped: a number
/// must not become another's before that.
struct Group {
    leader: Pid,
    _lifeline: Option<Lifeline>,
}

impl Group {
    fn has_ended(&self) -> bool {
        let how = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        !matches!(waitid(WaitId::Pid(self.leader), how), Ok(None))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = kill_process_group(self.leader, Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, shutdown: &Shutdown) -> (Ending, Vec<String>) {
        let mut heard = Vec::new();
        let args = ["-c".to_string(), script.to_string()];
        let mut told = |line: &str| heard.push(line.to_string());
        let ending = run(Path::new("/bin/sh"), &args, shutdown, &mut told, &mut || false);
        (ending.unwrap(), heard)
    }

    #[test]
    fn a_command_stands_still_while_it_is_to_and_then_ends() {
        let args = ["-c".to_string(), "sleep 0.1; echo one".to_string()];
        let begun = Instant::now();
        let mut holds_on = || begun.elapsed() < Duration::from_millis(800);
        let mut heard_at = None;
        let mut told = |_: &str| heard_at = Some(begun.elapsed());
        let shutdown = Shutdown::new();
        let program = Path::new("/bin/sh");
        let ending = run(program, &args, &shutdown, &mut told, &mut holds_on).unwrap();
        assert_eq!(ending, Ending::Done);
        assert!(heard_at.unwrap() >= Duration::from_millis(750), "{heard_at:?}");
    }

    #[test]
    fn what_stands_still_ends_as_well() {
        let (shutdown, args) = (Shutdown::new(), ["-c".to_string(), "sleep 30".to_string()]);
        let begun = Instant::now();
        let mut holds_on = || {
            if begun.elapsed() > Duration::from_millis(300) {
                shutdown.request();
            }
            true
        };
        let program = Path::new("/bin/sh");
        let ending = run(program, &args, &shutdown, &mut |_| {}, &mut holds_on).unwrap();
        assert_eq!(ending, Ending::Stopped);
        assert!(begun.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_command_is_heard_and_its_priority_is_the_lowest() {
        let script = "sleep 0.2; cut -d' ' -f19 /proc/$$/stat; echo two; echo why >&2; exit 4";
        let (ending, heard) = shell(script, &Shutdown::new());
        assert_eq!((heard[0].trim(), heard[1].as_str()), ("19", "two"));
        assert_eq!(ending, Ending::Failed { code: Some(4), said: "why".into() });
        assert_eq!(shell("exit 0", &Shutdown::new()).0, Ending::Done);
    }

    #[test]
    fn what_we_have_started_ends_in_order_when_we_are_to() {
        let shutdown = Shutdown::new();
        let asks = shutdown.clone();
        let begun = Instant::now();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(300));
            asks.request();
        });
        let script = "trap 'echo checkpoint; exit 1' TERM; sleep 30 >/dev/null 2>&1 & wait";
        let (ending, heard) = shell(script, &shutdown);
        assert_eq!((ending, heard), (Ending::Stopped, vec!["checkpoint".to_string()]));
        assert!(begun.elapsed() < Duration::from_secs(20), "the sleeper is not waited for");
    }
}
