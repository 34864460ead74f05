//! A site file: what one installation is.

use std::path::{Path, PathBuf};

use super::alarm::{AlarmSection, BudgetSection, MemorySection};
use super::board::{self, Board};
use super::bundle_keys;
use super::camera::CameraSection;
use super::document::{self, Table};
use super::input::InputSection;
use super::learn::LearnSection;
use super::load::LoadSection;
use super::lookup;
use super::mask;
use super::output::OutputSection;
use super::reader::Section;
use super::report::Report;
use super::stays::{StaysSection, TamperSection};
use super::watchdog::WatchdogPolicy;
use super::web::WebSection;
use super::zone::{self, Zone};
use crate::score::Polygon;
use crate::signature::PublicKey;

const MAX_THREADS: u32 = 64;

/// A site file with its board, checked, with paths that no longer depend on
/// where the file lies.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// The site file itself.
    pub file: PathBuf,
    pub board: Board,
    /// Folder of the model bundle.
    pub bundle: PathBuf,
    /// Whose signature a bundle must have; empty to take every bundle. At most
    /// eight.
    pub bundle_keys: Vec<PublicKey>,
    /// `None` for the calibration inside the bundle.
    pub calibration: Option<PathBuf>,
    /// Threads that share the network, 1 to 64: the site's own, or else what
    /// the board recommends, or else 1.
    pub threads: u32,
    /// The site's own, or else the board's.
    pub camera: CameraSection,
    pub budget: BudgetSection,
    pub alarm: AlarmSection,
    pub memory: MemorySection,
    pub load: LoadSection,
    /// `None` where nothing is to be learnt on the board.
    pub learn: Option<LearnSection>,
    pub stays: StaysSection,
    pub tamper: TamperSection,
    /// In the order of the file; empty to watch the whole picture.
    pub masks: Vec<Polygon>,
    /// In the order of the file.
    pub zones: Vec<Zone>,
    pub output: OutputSection,
    pub input: InputSection,
    pub watchdog: WatchdogPolicy,
    pub web: Option<WebSection>,
}

impl Site {
    /// That of its file, without the ending.
    pub fn name(&self) -> String {
        self.file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

pub(super) fn load(path: &Path, board_dirs: &[PathBuf], report: &Report) -> Option<Site> {
    of_table(&document::read(path, report)?, path, board_dirs, report)
}

/// The same for a text that is not in its file yet.
pub(super) fn parse(
    path: &Path,
    text: &str,
    board_dirs: &[PathBuf],
    report: &Report,
) -> Option<Site> {
    of_table(&document::read_text(path, text, report)?, path, board_dirs, report)
}

fn of_table(table: &Table, path: &Path, board_dirs: &[PathBuf], report: &Report) -> Option<Site> {
    let base = path.parent().unwrap_or(Path::new(""));
    let mut root = Section::new(table, String::new(), report);
    let board = root
        .required("board", "\"simulated\"")
        .and_then(|item| lookup::locate(&item, base, board_dirs))
        .and_then(|file| board::load(&file, board_dirs, report));
    let bundle =
        root.required("bundle", "\"models/walkway-edge\"").and_then(|item| item.path(base));
    let bundle_keys = root.optional("bundle_keys").map_or_else(Vec::new, bundle_keys::read);
    let calibration = root.optional("calibration").and_then(|item| item.path(base));
    let threads = root.optional("threads").and_then(|item| item.whole(1..=MAX_THREADS));
    let recommended = board.as_ref().and_then(|board| board.recommended.threads);
    let camera = read_camera(&mut root, board.as_ref(), base);
    let budget = BudgetSection::read(root.optional_section("budget"));
    let alarm = root.optional_section("alarm");
    let memory = MemorySection::read(root.optional_section("memory"));
    let load = LoadSection::read(root.optional_section("load"));
    let learn = root
        .optional_section("learn")
        .and_then(|section| LearnSection::read(section, board.as_ref(), base));
    if !bundle_keys.is_empty() && learn.is_some() {
        let because = "beside `[learn]`: what the board learns itself has no signature";
        root.refuse(&["bundle_keys"], because, bundle_keys::EITHER);
    }
    let stays = StaysSection::read(root.optional_section("stays"));
    let tamper = TamperSection::read(root.optional_section("tamper"));
    let masks = root.sections("mask").into_iter().filter_map(mask::read).collect();
    let zones = zone::read_all(root.sections("zone"));
    let output = root
        .required_section("output")
        .and_then(|section| OutputSection::read(section, board.as_ref(), base, tamper.enabled));
    let input = root.optional_section("input");
    let by_command = output.as_ref().and_then(|output| output.mqtt.as_ref());
    let can_arm = input.as_ref().is_some_and(|input| input.has("arm"))
        || by_command.is_some_and(|mqtt| mqtt.commands);
    let input = InputSection::read(input, board.as_ref(), output.as_ref());
    let alarm = AlarmSection::read(alarm, can_arm);
    let web = root.optional_section("web").and_then(|section| WebSection::read(section, base));
    let watchdog = WatchdogPolicy::read(root.optional_section("watchdog"), board.as_ref());
    Some(Site {
        file: path.to_path_buf(),
        board: board?,
        bundle: bundle?,
        bundle_keys,
        calibration,
        threads: threads.or(recommended).unwrap_or(1).min(MAX_THREADS),
        camera: camera?,
        budget,
        alarm,
        memory,
        load,
        learn,
        stays,
        tamper,
        masks,
        zones,
        output: output?,
        input,
        watchdog,
        web,
    })
}

/// The site's `[camera]`, which replaces the board's as a whole.
fn read_camera(
    root: &mut Section<'_>,
    board: Option<&Board>,
    base: &Path,
) -> Option<CameraSection> {
    match board {
        Some(Board { camera: Some(usual), .. }) => match root.optional("camera") {
            Some(item) => CameraSection::read(item.section()?, base),
            None => Some(usual.clone()),
        },
        Some(_) => CameraSection::read(root.required_section("camera")?, base),
        None => CameraSection::read(root.optional_section("camera")?, base),
    }
}
