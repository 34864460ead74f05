//! What goes wrong beside a running station.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use normwatch::clock::{Clock, SystemClock};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::dice::Dice;
use super::ground::{Ground, ROUND};

/// What the camera's script does before its next frames.
const SCRIPTS: [&str; 10] = [
    "rm inject; exit 1",
    "rm inject; exec sleep 1000",
    "rm inject; kill -STOP $$",
    "rm inject; sleep 1000 & exit 0",
    "rm inject; (sleep 1000; echo late) >/dev/null & exit 3",
    "rm inject; head -c 500 raw0; exit 1",
    "rm inject; echo 'a line of text'",
    "rm inject; while :; do printf x; sleep 0.1; done",
    "rm inject; head -c 3000000 /dev/zero | tr '\\000' '\\n' >&2",
    "rm inject; cat raw* raw* raw*",
];

/// The machine's clock, with a date that jumps.
#[derive(Debug, Default)]
pub struct UnsteadyDate(AtomicI64);

impl Clock for UnsteadyDate {
    fn monotonic_ns(&self) -> u64 {
        SystemClock.monotonic_ns()
    }

    fn wall_ns(&self) -> u64 {
        SystemClock.wall_ns().saturating_add_signed(self.0.load(Ordering::Relaxed))
    }
}

/// A thread that does mischief until it is told to end.
pub struct Mischief {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Mischief {
    pub fn begin(ground: &Ground, seed: u64, date: Arc<UnsteadyDate>) -> Self {
        let over = Arc::<AtomicBool>::default();
        let (flag, mut dice) = (over.clone(), Dice::new(seed));
        let folder = ground.path().to_path_buf();
        let pictures: Vec<PathBuf> = (0..ROUND).map(|frame| ground.picture(frame)).collect();
        let thread = thread::spawn(move || {
            while !flag.load(Ordering::Acquire) {
                thread::sleep(Duration::from_millis(20 + dice.below(400)));
                one(&folder, &pictures, &date, &mut dice);
            }
        });
        Self { over, thread: Some(thread) }
    }

    pub fn end(&mut self) {
        self.over.store(true, Ordering::Release);
        self.thread.take().expect("it ends once").join().unwrap();
    }
}

/// One thing goes wrong, or right again. What is not there cannot be taken away, and
/// that is no failure.
fn one(folder: &Path, pictures: &[PathBuf], date: &UnsteadyDate, dice: &mut Dice) {
    let logs = folder.join("logs");
    let events = logs.join("events.jsonl");
    let picture = &pictures[dice.below(ROUND as u64) as usize];
    match dice.below(12) {
        0 => drop(fs::write(picture, b"\x89PNG\r\n\x1a\n damaged")),
        1 => drop(fs::remove_file(picture)),
        2 => drop(fs::copy(&pictures[0], picture)),
        3 => drop(fs::remove_file(&events)),
        4 => {
            let _ = fs::remove_file(&events);
            let _ = mknodat(CWD, &events, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0);
        }
        5 => drop(fs::remove_dir_all(&logs)),
        6 => drop(fs::create_dir(&logs)),
        7 => drop(fs::remove_file(folder.join("wd"))),
        8 => date.0.store(dice.next() as i64 >> 8, Ordering::Relaxed),
        9 => {
            // Whoever opens a named pipe waits.
            let _ = fs::remove_file(&events);
            let _ = fs::write(&events, "half a li");
        }
        _ => {
            let draft = folder.join("inject.draft");
            let script = dice.of(&SCRIPTS);
            let _ = fs::write(&draft, format!("{script}\n"));
            let _ = fs::rename(draft, folder.join("inject"));
        }
    }
}
