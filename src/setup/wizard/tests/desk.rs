//! A machine of a test, somebody who answers, and where both meet.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

use crate::alarm::Polarity;
use crate::capture::{Frame, FrameSource, PixelFormat, SourceError};
use crate::config::{CameraSection, Site, load_boards, load_site};
use crate::runtime::Shutdown;
use crate::setup::error::SetupError;
use crate::setup::machine::{Facts, FoundCamera, Machine, TestedLine};
use crate::setup::question::{Answer, Interview, Question};
use crate::setup::still::Still;
use crate::setup::wizard::{self, Place, Wizard};
use crate::setup::written::write;

const SIDE_PX: u32 = 64;

/// A camera that shows a chequered wall.
struct Wall(Vec<u8>);

impl FrameSource for Wall {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        Ok(Some(Frame {
            format: PixelFormat::Grey,
            width_px: SIDE_PX,
            height_px: SIDE_PX,
            stride_bytes: SIDE_PX as usize,
            data: &self.0,
            timestamp_ns: 0,
            sequence: 0,
        }))
    }

    fn describe(&self) -> String {
        "a wall".into()
    }
}

/// A machine whose cameras and relays are made up.
#[derive(Default)]
pub(super) struct Made {
    pub(super) facts: Facts,
    pub(super) failures: Cell<usize>,
    pub(super) clicks: RefCell<Vec<(String, Polarity)>>,
}

impl Machine for Made {
    fn facts(&self, _: &Path) -> Facts {
        self.facts.clone()
    }

    fn still(&self, _: &CameraSection) -> Result<Still, SetupError> {
        if self.failures.get() > 0 {
            self.failures.set(self.failures.get() - 1);
            return Err(SourceError::disconnected("it is unplugged").into());
        }
        let count = (SIDE_PX * SIDE_PX) as usize;
        let pixel = |i: usize| if (i / 9 + i / 64 / 9).is_multiple_of(2) { 60 } else { 200 };
        Ok(Still::take(&mut Wall((0..count).map(pixel).collect()), &Shutdown::new())?)
    }

    fn click(&self, line: TestedLine<'_>, tell: &mut dyn FnMut(bool)) -> Result<(), SetupError> {
        self.clicks.borrow_mut().push((line.line.into(), line.polarity));
        tell(true);
        tell(false);
        Ok(())
    }

    fn watches(&self, site: &Site) -> Result<String, String> {
        match site.bundle.ends_with("good") {
            true => Ok("good".into()),
            false => Err("it is damaged".into()),
        }
    }
}

/// Somebody who gives these answers, one after the other, and the usual one where there
/// is none left.
#[derive(Default)]
pub(super) struct Person {
    pub(super) answers: BTreeMap<&'static str, VecDeque<&'static str>>,
    pub(super) asked: Vec<&'static str>,
    pub(super) said: String,
}

impl Person {
    pub(super) fn who_says(answers: &[(&'static str, &[&'static str])]) -> Self {
        let answers = answers.iter().map(|(key, all)| (*key, all.iter().copied().collect()));
        Self { answers: answers.collect(), ..Self::default() }
    }
}

impl Interview for Person {
    fn say(&mut self, text: &str) {
        self.said += &format!("{text}\n");
    }

    fn ask(&mut self, question: &Question) -> Result<Answer, SetupError> {
        self.asked.push(question.key);
        self.said += &format!("{}\n", question.text);
        let next = self.answers.get_mut(question.key).and_then(VecDeque::pop_front);
        let answer = next.map(str::to_owned).or_else(|| question.usual.clone());
        answer.map(Answer::One).ok_or(SetupError::Ended { key: question.key })
    }

    fn refuse(&mut self, _: &Question, _: &Answer, why: &str) -> Result<(), SetupError> {
        self.said += &format!("refused: {why}\n");
        Ok(())
    }

    fn is_there(&self) -> bool {
        true
    }
}

pub(super) struct Desk {
    pub(super) folder: tempfile::TempDir,
    pub(super) machine: Made,
    pub(super) dirs: Vec<PathBuf>,
}

impl Desk {
    pub(super) fn new() -> Self {
        let dirs = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("boards")];
        let facts = Facts { boards: load_boards(&dirs), ..Facts::default() };
        let folder = tempfile::tempdir().unwrap();
        Self { folder, machine: Made { facts, ..Made::default() }, dirs }
    }

    /// Recognised as a Raspberry Pi 5, with a camera on USB.
    pub(super) fn pi() -> Self {
        let mut desk = Self::new();
        let facts = &mut desk.machine.facts;
        facts.machine.model = Some("Raspberry Pi 5 Model B".into());
        facts.machine.compatible = vec!["raspberrypi,5-model-b".into(), "brcm,bcm2712".into()];
        facts.cameras.push(FoundCamera {
            device: "/dev/v4l/by-id/usb-A".into(),
            name: "A".into(),
            problem: None,
        });
        desk
    }

    pub(super) fn file(&self) -> PathBuf {
        self.folder.path().join("site.toml")
    }

    pub(super) fn ask(&self, person: &mut Person) -> Result<wizard::Made, SetupError> {
        let (file, still) = (self.file(), self.folder.path().join("still.jpg"));
        let place = Place { file: &file, board_dirs: &self.dirs, still: &still, replaces: false };
        Wizard::new(&self.machine, person, place).run()
    }

    pub(super) fn writes(&self, answers: &[(&'static str, &[&'static str])]) -> String {
        let made = self.ask(&mut Person::who_says(answers)).unwrap_or_else(|e| panic!("{e}"));
        write(&self.file(), &made.text).unwrap();
        load_site(&self.file(), &self.dirs).unwrap_or_else(|e| panic!("{e}"));
        made.text
    }
}
