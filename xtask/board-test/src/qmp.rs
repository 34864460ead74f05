//! Talks to the emulator over its control socket, without the guest knowing.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// Longest time the emulator may take to answer.
const ANSWER: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(10);
/// How often a wait looks whether its time is up.
const TICK: Duration = Duration::from_millis(100);

/// The emulator's control socket (QEMU's docs/interop/qmp-spec.rst): what is
/// read here does not go through the guest.
pub struct Qmp {
    stream: UnixStream,
    reader: BufReader<UnixStream>,
    /// A line that has not arrived as a whole.
    partial: Vec<u8>,
    events: Vec<Value>,
    next_id: u64,
}

impl Qmp {
    /// Connects, and waits for the emulator to make its socket.
    ///
    /// # Errors
    /// It does not within ten seconds, or it is not an emulator's.
    pub fn connect(socket: &Path) -> Result<Qmp> {
        let start = Instant::now();
        let stream = loop {
            match UnixStream::connect(socket) {
                Ok(stream) => break stream,
                Err(_) if start.elapsed() < CONNECT => sleep(TICK),
                Err(error) => {
                    return Err(error)
                        .with_context(|| format!("cannot connect to {}", socket.display()));
                }
            }
        };
        stream.set_read_timeout(Some(TICK))?;
        let reader = BufReader::new(stream.try_clone()?);
        let mut qmp = Qmp { stream, reader, partial: Vec::new(), events: Vec::new(), next_id: 0 };
        let greeting = qmp.message(ANSWER)?.context("the emulator does not greet")?;
        if greeting.get("QMP").is_none() {
            bail!("{} is not an emulator's control socket: {greeting}", socket.display());
        }
        qmp.execute("qmp_capabilities", &json!({}))?;
        Ok(qmp)
    }

    /// Runs a command and returns its result; events that come first are kept.
    ///
    /// # Errors
    /// The emulator refuses it, is gone, or takes too long.
    pub fn execute(&mut self, command: &str, arguments: &Value) -> Result<Value> {
        self.next_id += 1;
        let id = self.next_id;
        let request = json!({ "execute": command, "arguments": arguments, "id": id });
        writeln!(self.stream, "{request}").context("the emulator is gone")?;
        let start = Instant::now();
        while let Some(message) = self.message(ANSWER.saturating_sub(start.elapsed()))? {
            if message.get("event").is_some() {
                self.events.push(message);
            } else if message["id"] == json!(id) {
                return match message.get("return") {
                    Some(value) => Ok(value.clone()),
                    None => bail!("the emulator refuses {command}: {}", message["error"]),
                };
            }
        }
        bail!("the emulator does not answer {command} within {} s", ANSWER.as_secs())
    }

    /// A 32-bit word of the guest's physical memory or of a device in it.
    ///
    /// # Errors
    /// As for [`Qmp::execute`], or there is nothing at that address.
    pub fn physical_word(&mut self, address: u64) -> Result<u32> {
        let line = json!({ "command-line": format!("xp /1xw {address:#x}") });
        let answer = self.execute("human-monitor-command", &line)?;
        let text = answer.as_str().unwrap_or_default();
        word(text).with_context(|| format!("no word at {address:#x}: {text:?}"))
    }

    /// The data of the next event of this name, or `None` if it does not come
    /// in time. Events of other names are kept.
    ///
    /// # Errors
    /// The emulator is gone.
    pub fn event(&mut self, name: &str, within: Duration) -> Result<Option<Value>> {
        let start = Instant::now();
        loop {
            if let Some(at) = self.events.iter().position(|event| event["event"] == name) {
                return Ok(Some(self.events.remove(at)["data"].take()));
            }
            match self.message(within.saturating_sub(start.elapsed()))? {
                Some(message) => self.events.push(message),
                None => return Ok(None),
            }
        }
    }

    fn message(&mut self, within: Duration) -> Result<Option<Value>> {
        let start = Instant::now();
        loop {
            match self.reader.read_until(b'\n', &mut self.partial) {
                Ok(0) => bail!("the emulator has ended"),
                Ok(_) if self.partial.ends_with(b"\n") => {
                    let line = std::mem::take(&mut self.partial);
                    let message = serde_json::from_slice(&line);
                    return message.map(Some).context("the emulator does not speak JSON");
                }
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    if start.elapsed() >= within {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(error).context("the emulator is gone"),
            }
        }
    }
}

/// The word in `00000000090303fc: 0x00000020`.
fn word(text: &str) -> Option<u32> {
    let hex = text.trim().rsplit_once(": 0x")?.1;
    u32::from_str_radix(hex, 16).ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::thread;

    use super::*;

    #[test]
    fn reads_a_word_of_the_monitor() {
        assert_eq!(word("00000000090303fc: 0x00000020\r\n"), Some(0x20));
        assert_eq!(word("Cannot access memory"), None);
    }

    #[test]
    fn events_before_an_answer_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("qmp.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let emulator = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            writeln!(stream, r#"{{"QMP": {{}}}}"#).unwrap();
            lines.next();
            writeln!(stream, r#"{{"return": {{}}, "id": 1}}"#).unwrap();
            lines.next();
            writeln!(stream, r#"{{"event": "WATCHDOG", "data": {{"action": "reset"}}}}"#).unwrap();
            writeln!(stream, r#"{{"return": "090303fc: 0x00000008\r\n", "id": 2}}"#).unwrap();
            lines.next();
        });
        let mut qmp = Qmp::connect(&socket).unwrap();
        assert_eq!(qmp.physical_word(0x0903_03fc).unwrap(), 8);
        let event = qmp.event("WATCHDOG", Duration::ZERO).unwrap().unwrap();
        assert_eq!(event["action"], "reset");
        assert!(qmp.event("RESET", Duration::ZERO).unwrap().is_none());
        drop(qmp);
        emulator.join().unwrap();
    }
}
