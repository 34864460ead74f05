//! A run of the program that a fault strikes, and the clock that is read then.

use std::fs::{self, File};
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use normwatch_faults::{Lines, Row, Table, took, took_and_again};

use crate::common::{Bench, SIDE_PX, json, picture};

/// Frames after which the scene begins again without a jump.
const ROUND: usize = 96;
/// Another name for an event log that a test takes away.
pub const ASIDE: &str = "events.aside";
const PATIENCE: Duration = Duration::from_secs(60);

/// Ten frames a second, for ever. What stands in the file `inject` is done before
/// each frame.
const CAMERA: &str = "i=0\nwhile :; do\n[ -e inject ] && . ./inject\ncat 32/$i\n\
                      i=$(((i+1)%96))\nsleep 0.09\ndone\n";

/// The same as YUV4MPEG2, in pictures of the size that the file `size` names.
const Y4M_CAMERA: &str = "s=$(cat size)\ni=0\nprintf \"YUV4MPEG2 W$s H$s F10:1 Cmono\\n\"\n\
                          while :; do\n[ -e inject ] && . ./inject\nprintf 'FRAME\\n'\ncat $s/$i\n\
                          i=$(((i+1)%96))\nsleep 0.09\ndone\n";

/// `normwatch run` on a board whose watchdog is the plain file `wd`, with an event log
/// and both lines.
pub struct Watch {
    pub bench: Bench,
    pub child: Child,
    row: Row,
    struck: Instant,
    reacted: Option<Duration>,
    cured: Instant,
    again: Option<Duration>,
}

/// What a site's camera is.
#[derive(Clone, Copy)]
pub enum Camera {
    /// A shell script that writes raw frames.
    Raw,
    /// The same, as YUV4MPEG2.
    Y4m,
    /// The pictures of the folder `loop`, over and over.
    Folder,
}

impl Camera {
    fn section(self) -> String {
        let raw = format!("format = \"grey\"\nwidth_px = {SIDE_PX}\nheight_px = {SIDE_PX}");
        let shell = "source = \"pipe\"\ncommand = [\"sh\", \"camera.sh\"]";
        match self {
            Self::Raw => format!("{shell}\n{raw}"),
            Self::Y4m => format!("{shell}\nformat = \"y4m\""),
            Self::Folder => "source = \"folder\"\npath = \"loop\"\nloop = true".into(),
        }
    }

    fn prepare(self, bench: &Bench) {
        let script = match self {
            Self::Raw => CAMERA,
            Self::Y4m => Y4M_CAMERA,
            Self::Folder => return drop(bench.clip("loop", ROUND, 0, None)),
        };
        fs::write(bench.path("camera.sh"), script).unwrap();
        fs::write(bench.path("size"), "32").unwrap();
        for scale in [1, 2] {
            let folder = bench.path(&(scale * SIDE_PX).to_string());
            fs::create_dir(&folder).unwrap();
            for frame in 0..ROUND {
                let pixels = enlarged(&picture(frame, frame * 7 % 5, false), scale);
                fs::write(folder.join(frame.to_string()), pixels).unwrap();
            }
        }
    }
}

/// A square picture of [`SIDE_PX`], each pixel repeated.
pub fn enlarged(pixels: &[u8], scale: usize) -> Vec<u8> {
    let side = SIDE_PX * scale;
    (0..side * side).map(|at| pixels[at / side / scale * SIDE_PX + at % side / scale]).collect()
}

/// A site that is ready to be run, in a scratch folder.
pub fn site(camera: Camera) -> Bench {
    let bench = Bench::with_site(&camera.section(), "events.jsonl");
    camera.prepare(&bench);
    bench
}

impl Watch {
    /// Runs the program, and waits until it vouches for what it sees.
    pub fn begin(row: &str, camera: Camera) -> Self {
        Self::begin_in(row, site(camera), &[])
    }

    /// [`Watch::begin`] in a folder that is ready, with more arguments.
    pub fn begin_in(row: &str, bench: Bench, more: &[&str]) -> Self {
        Self::begin_with(row, bench, more, |_| ())
    }

    /// [`Watch::begin_in`] with a command that is changed before it starts.
    pub fn begin_with(
        row: &str,
        bench: Bench,
        more: &[&str],
        change: impl FnOnce(&mut Command),
    ) -> Self {
        let mut command = Self::command(&bench, "site.toml");
        command.args(more);
        change(&mut command);
        Self::started(row, bench, command)
    }

    /// [`Watch::begin_in`] with a site file elsewhere.
    pub fn begin_at(row: &str, bench: Bench, config: &str) -> Self {
        let command = Self::command(&bench, config);
        Self::started(row, bench, command)
    }

    fn command(bench: &Bench, config: &str) -> Command {
        let to = |name: &str| File::create(bench.path(name)).unwrap();
        let mut command = bench.command(&["run", "--json", "--config", config]);
        command.stdout(to("summary")).stderr(to("log"));
        command
    }

    fn started(row: &str, bench: Bench, mut command: Command) -> Self {
        let child = command.spawn().unwrap();
        let now = Instant::now();
        let row = Table::row(row);
        let watch = Self { bench, child, row, struck: now, reacted: None, cured: now, again: None };
        watch.wait("the fault line", || watch.fault_line() == [true]);
        watch
    }

    /// The fault begins now.
    pub fn strike(&mut self, act: impl FnOnce(&Self)) {
        self.struck = Instant::now();
        self.cured = self.struck;
        act(self);
    }

    /// The camera's script does this before its next frame.
    pub fn strike_camera(&mut self, script: &str) {
        let (draft, at) = (self.bench.path("inject.draft"), self.bench.path("inject"));
        fs::write(&draft, format!("{script}\n")).unwrap();
        self.strike(|_| fs::rename(draft, at).unwrap());
    }

    /// The cause is taken away: from here on the return is timed.
    pub fn cure(&mut self, act: impl FnOnce(&Self)) {
        act(self);
        self.cured = Instant::now();
    }

    /// Waits for what the row's time is measured to.
    pub fn reacts(&mut self, what: &str, come: impl Fn(&Self) -> bool) {
        self.wait(what, || come(self));
        self.reacted = Some(self.struck.elapsed());
    }

    /// Waits until the fault line drops.
    pub fn drops(&mut self) {
        self.reacts("the fall of the fault line", |watch| {
            watch.fault_line().last() == Some(&false)
        });
    }

    /// Waits until the fault line is active again.
    pub fn returns(&mut self) {
        self.wait("the return", || self.fault_line().last() == Some(&true));
        self.again = Some(self.cured.elapsed());
    }

    /// Waits for a sign that both threads have gone on since the strike, then for a
    /// while in which the fault line must not drop.
    pub fn carries_on(&mut self) {
        let fed = self.fed();
        // One may have been due to progress before.
        self.reacts("food for the watchdog", |watch| watch.fed() >= fed + 2);
        thread::sleep(Duration::from_secs(3).saturating_sub(self.struck.elapsed()));
        assert_eq!(self.fault_line(), [true], "{}", self.log());
    }

    /// Ends the run by SIGTERM, which has to be obeyed, and notes the times.
    pub fn ends(mut self) {
        kill("-TERM", &self.child);
        let status = self.exits();
        assert_eq!(status.code(), Some(0), "{}", self.log());
        assert!(fs::read(self.bench.path("wd")).unwrap().ends_with(b"V"));
        self.note();
    }

    /// Waits for the end that the fault brings, and measures to it.
    pub fn dies(mut self, code: i32) {
        let status = self.exits();
        self.reacted = self.reacted.or(Some(self.struck.elapsed()));
        assert_eq!(status.code(), Some(code), "{}", self.log());
        self.note();
    }

    /// Notes the times, and holds the lines against the row.
    pub fn note(&self) {
        let fault = self.fault_line();
        match self.row.fault_line {
            Lines::Stays => assert_eq!(fault, [true, false], "but at the end"),
            Lines::Drops => assert!(fault.len() >= 4 && fault[..3] == [true, false, true]),
            Lines::Safe if self.has_stopped() => assert_eq!(fault.last(), Some(&false)),
            // In a panic the pins are driven, and no event is written.
            Lines::Safe | Lines::None | Lines::Undriven => {}
        }
        if self.row.alarm_line == Lines::Stays {
            assert!(!self.line("alarm").contains(&true), "an alarm: {:?}", self.events());
        }
        let reacted = self.reacted.expect("nothing was measured");
        match self.again {
            Some(again) => took_and_again(&self.row.id, reacted, again),
            None => took(&self.row.id, reacted),
        }
    }

    fn exits(&mut self) -> ExitStatus {
        let asked = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(asked.elapsed() < PATIENCE, "it does not end: {}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Every whole line of the event log, and before it of what was put aside.
    pub fn events(&self) -> Vec<serde_json::Value> {
        let read = |name: &str| fs::read_to_string(self.bench.path(name)).unwrap_or_default();
        let text = read(ASIDE) + &read("events.jsonl");
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| json(line.as_bytes())).collect()
    }

    fn line(&self, name: &str) -> Vec<bool> {
        let events = self.events();
        let of = events.iter().filter(|e| e["event"] == "line" && e["line"] == name);
        of.map(|event| event["active"].as_bool().unwrap()).collect()
    }

    fn has_stopped(&self) -> bool {
        self.events().last().is_some_and(|event| event["event"] == "stop")
    }

    /// What the fault line was driven to, one after the other.
    pub fn fault_line(&self) -> Vec<bool> {
        self.line("fault")
    }

    /// What the program has written to standard error.
    pub fn log(&self) -> String {
        fs::read_to_string(self.bench.path("log")).unwrap_or_default()
    }

    /// Waits for a line on standard error.
    pub fn wait_for_log(&self, part: &str) {
        self.wait(part, || self.log().contains(part));
    }

    /// How often the watchdog was fed.
    pub fn fed(&self) -> usize {
        fs::read(self.bench.path("wd")).unwrap().len()
    }

    /// Waits until it is true, or fails with what was said so far.
    pub fn wait(&self, what: &str, mut come: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !come() {
            assert!(begun.elapsed() < PATIENCE, "no {what}: {}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal.
pub fn kill(signal: &str, child: &Child) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(status.success(), "kill {signal}");
}
