//! A program of the user's that is started for each event: what happened is on its
//! standard input and in its environment.

use std::collections::VecDeque;
use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write, pipe};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};

use super::channel::{Channel, Outcome};
use super::ending::Ending;
use super::words;
use crate::capture::{Group, Messages, Secrets};
use crate::clock::Clock;
use crate::config::{HookSection, NoticeFilter};
use crate::event::{Notice, Utc};

const HOUR_MS: u64 = 3_600_000;

/// How often the end of the program is asked for while a hook runs.
const LOOK: Duration = Duration::from_millis(100);

/// What a hook must not say to the service manager in our name.
const NOT_INHERITED: [&str; 6] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_FDNAMES",
];

pub(super) struct Hook {
    settings: HookSection,
    clock: Arc<dyn Clock>,
    /// When it was started of late, in ms.
    runs: VecDeque<u64>,
}

impl Hook {
    pub fn new(settings: HookSection, clock: Arc<dyn Clock>) -> Self {
        Self { settings, clock, runs: VecDeque::new() }
    }

    /// Whether it may run once more in this hour.
    fn spends_a_run(&mut self) -> bool {
        let now_ms = self.clock.monotonic_ms();
        while self.runs.front().is_some_and(|at| now_ms - at >= HOUR_MS) {
            self.runs.pop_front();
        }
        let may = self.runs.len() < self.settings.per_hour as usize;
        if may {
            self.runs.push_back(now_ms);
        }
        may
    }
}

impl Channel for Hook {
    fn name(&self) -> String {
        format!("hook:{}", self.settings.name)
    }

    /// The program alone: arguments may hold a password.
    fn target(&self) -> String {
        self.settings.argv.first().cloned().unwrap_or_default()
    }

    fn about(&self) -> &NoticeFilter {
        &self.settings.about
    }

    fn attempt(&mut self, notice: &Notice, ending: &Ending) -> Outcome {
        if !self.spends_a_run() {
            let limit = self.settings.per_hour;
            return Outcome::Refused(format!("it was started {limit} times in an hour"));
        }
        let program = self.target();
        match self.start(notice) {
            Ok(run) => run.finish(Duration::from_secs(self.settings.timeout_s.into()), ending),
            Err(error) => Outcome::Failed(cannot_start(&program, &error)),
        }
    }
}

impl Hook {
    fn start(&self, notice: &Notice) -> io::Result<Run> {
        let argv = &self.settings.argv;
        let (program, arguments) =
            argv.split_first().ok_or(io::Error::from(io::ErrorKind::InvalidInput))?;
        let picture = notice.picture.as_deref().map(PictureFile::write).transpose();
        // An event without its picture is better than none.
        let picture =
            picture.inspect_err(|e| log::warn!("{}: no picture: {e}", self.name())).ok().flatten();
        let mut command = Command::new(program);
        command.args(arguments).stdin(standard_input(notice)?);
        NOT_INHERITED.iter().for_each(|name| {
            command.env_remove(name);
        });
        command.envs(variables(notice));
        if let Some(picture) = &picture {
            command.env("NORMWATCH_PICTURE", &picture.path);
        }
        let (said, ours) = pipe()?;
        command.stdout(Stdio::from(ours.try_clone()?)).stderr(Stdio::from(ours));
        let group = Group::start(&mut command)?;
        // It holds our ends of the pipe.
        drop(command);
        let secrets = Secrets::of(argv);
        let messages = Messages::listen(self.name(), secrets, Some(OwnedFd::from(said)), None);
        Ok(Run { group, messages, _picture: picture })
    }
}

/// A hook that runs, in the order in which its parts are let go.
struct Run {
    group: Group,
    messages: Messages,
    _picture: Option<PictureFile>,
}

impl Run {
    /// Waits for it, and ends what it has started. What is still running after the limit, or
    /// when this program ends, is ended, too.
    fn finish(mut self, limit: Duration, ending: &Ending) -> Outcome {
        let mut waited = Duration::ZERO;
        let by_itself = loop {
            let look = ending.left_of(LOOK.min(limit.saturating_sub(waited)));
            if self.group.exits_within(look) {
                break true;
            }
            waited += look;
            if waited >= limit || look.is_zero() {
                break false;
            }
        };
        let status = self.group.end();
        let said = self.messages.quote();
        let said = if said.is_empty() { said } else { format!("; it said: {said}") };
        match status {
            Some(status) if by_itself && status.success() => {
                Outcome::Arrived(format!("it ended with {}{said}", code(status)))
            }
            Some(status) if by_itself => {
                Outcome::Failed(format!("the hook ended with {status}{said}"))
            }
            _ if waited >= limit => {
                let limit_s = limit.as_secs();
                Outcome::Failed(format!("the hook was ended after {limit_s} s{said}"))
            }
            _ => Outcome::Failed(format!("the hook was ended with the program{said}")),
        }
    }
}

fn code(status: ExitStatus) -> String {
    status.code().map_or_else(|| status.to_string(), |code| format!("exit status {code}"))
}

fn cannot_start(program: &str, error: &io::Error) -> String {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => ": install it, or give its full path",
        io::ErrorKind::PermissionDenied => ": make it executable for this user",
        _ => "",
    };
    format!("the hook cannot run `{program}`: {error}{remedy}")
}

/// The event as one line of JSON, in memory: a hook that does not read it keeps nobody.
fn standard_input(notice: &Notice) -> io::Result<Stdio> {
    let mut text = serde_json::to_vec(&*notice.situation)?;
    text.push(b'\n');
    let mut file = File::from(memfd_create("normwatch-event", MemfdFlags::CLOEXEC)?);
    file.write_all(&text)?;
    file.rewind()?;
    Ok(file.into())
}

/// What the environment says of an event.
fn variables(notice: &Notice) -> Vec<(&'static str, String)> {
    let situation = &notice.situation;
    let mut variables = vec![
        ("NORMWATCH_PHASE", notice.phase.name().into()),
        ("NORMWATCH_EVENT_ID", situation.id.clone()),
        ("NORMWATCH_SITE", situation.site.clone()),
        ("NORMWATCH_KIND", situation.kind.name().into()),
        ("NORMWATCH_TITLE", words::title(notice)),
        ("NORMWATCH_TEXT", words::sentence(notice)),
        ("NORMWATCH_ZONES", situation.zones.join(",")),
    ];
    variables.extend(situation.begin.unix_ms.map(|ms| ("NORMWATCH_TIME", Utc::of(ms).iso())));
    variables.extend(situation.peak.map(|peak| ("NORMWATCH_SCORE", format!("{:.2}", peak.score))));
    variables.extend(situation.duration_ms.map(|ms| ("NORMWATCH_DURATION_MS", ms.to_string())));
    for (_, value) in &mut variables {
        value.retain(|c| c != '\0');
    }
    variables
}

/// The picture as a file in memory's file system, for as long as the hook runs.
struct PictureFile {
    path: PathBuf,
}

impl PictureFile {
    fn write(jpeg: &[u8]) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("normwatch-{}-{number}.jpg", std::process::id());
        let path = memory_folder().join(name);
        // A file of that name is left over from a process that had our number.
        let _ = std::fs::remove_file(&path);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let picture = Self { path };
        file.write_all(jpeg)?;
        Ok(picture)
    }
}

impl Drop for PictureFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The service's own folder, that of the session, or that for temporary files.
fn memory_folder() -> PathBuf {
    let named = ["RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"].into_iter().filter_map(env::var_os);
    let folders = named.map(PathBuf::from).filter(|folder| folder.is_absolute());
    let mut there = folders.filter(|folder| folder.is_dir()).collect::<VecDeque<_>>();
    there.pop_front().unwrap_or_else(|| Path::new(&env::temp_dir()).to_path_buf())
}
