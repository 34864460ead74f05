//! The boards of the folder `boards`, and their pages in `docs/boards`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use normwatch::capture::PipeContent;
use normwatch::config::{Board, CameraSource, GpioDriver, GpioLine, list_boards, load_board};

use crate::boards;

const TARGETS: [&str; 4] = [
    "aarch64-unknown-linux-gnu",
    "aarch64-unknown-linux-musl",
    "armv7-unknown-linux-gnueabihf",
    "x86_64-unknown-linux-gnu",
];

/// All boards with their text.
fn shipped() -> Vec<(Board, String)> {
    let read = |name: String| {
        let file = boards()[0].join(format!("{name}.toml"));
        let board = load_board(&file, &boards()).unwrap_or_else(|e| panic!("{e}"));
        (board, fs::read_to_string(file).unwrap())
    };
    list_boards(&boards()).into_iter().map(read).collect()
}

/// Boards for real hardware: what others inherit is none, nor is what only
/// simulates.
fn hardware() -> Vec<Board> {
    let all = shipped();
    let inherited = |name: &str| {
        let key = format!("inherits = \"{name}\"");
        all.iter().any(|(_, text)| text.contains(&key))
    };
    let real = all
        .iter()
        .filter(|(board, _)| board.gpio.driver == GpioDriver::Gpiocdev && !inherited(&board.name));
    real.map(|(board, _)| board.clone()).collect()
}

#[test]
fn the_promised_boards_are_there() {
    let names: Vec<_> = hardware().into_iter().map(|board| board.name).collect();
    let promised = [
        "generic-armv7",
        "jetson-nano",
        "jetson-orin-nano",
        "raspberry-pi-3",
        "raspberry-pi-4",
        "raspberry-pi-5",
        "raspberry-pi-zero-2w",
        "virtual",
    ];
    assert_eq!(names, promised);
}

#[test]
fn hardware_is_described_in_full() {
    for Board { name, target, cpu, recommended, gpio, watchdog, .. } in hardware() {
        assert!(TARGETS.contains(&target.as_deref().unwrap()), "{name}");
        assert!(!cpu.features.is_empty(), "{name}");
        let once: BTreeSet<_> = cpu.features.iter().collect();
        assert_eq!(once.len(), cpu.features.len(), "{name}");
        assert!(cpu.features.iter().all(|f| !f.contains(char::is_whitespace)), "{name}");
        let threads = recommended.threads.unwrap();
        assert!(cpu.cores.is_none_or(|cores| threads < cores), "{name}: none left for the camera");
        let presets = ["edge", "nano"];
        assert!(presets.contains(&recommended.preset.as_deref().unwrap()), "{name}");
        assert!(recommended.precision.is_some(), "{name}");
        assert!(["ALARM", "FAULT", "ACK"].iter().all(|line| gpio.line(line).is_some()), "{name}");
        assert!(watchdog.unwrap().device.starts_with("/dev"), "{name}");
    }
}

/// Chips are numbered anew by every kernel.
#[test]
fn lines_go_by_name_or_by_chip_label() {
    for (board, text) in shipped() {
        assert!(!text.contains("gpiochip"), "{}", board.name);
        let lines = &board.gpio.lines;
        let pins: Vec<_> = lines.iter().filter_map(|line| line.header_pin).collect();
        assert_eq!(pins.iter().collect::<BTreeSet<_>>().len(), pins.len(), "{}", board.name);
        for line in lines.iter().filter(|line| line.offset.is_some()) {
            let label = line.chip_label.as_ref().or(board.gpio.chip_label.as_ref());
            assert!(label.is_some(), "{}: {} is on no chip", board.name, line.name);
            assert_eq!(line.kernel_name, None, "{}: {} is named twice", board.name, line.name);
        }
    }
}

#[test]
fn camera_commands_deliver_the_size_that_is_declared() {
    let mut seen = 0;
    for board in hardware() {
        let Some(CameraSource::Pipe { command, content }) = board.camera.map(|c| c.source) else {
            continue;
        };
        let PipeContent::Raw { width_px, height_px, stride_bytes, .. } = content else {
            panic!("{}: {content:?}", board.name)
        };
        let line = command.argv.join(" ");
        let spoken = [
            format!("--width {width_px} --height {height_px} "),
            format!("width={width_px},height={height_px}' ! fdsink"),
        ];
        assert!(spoken.iter().any(|size| line.contains(size)), "{}: {line}", board.name);
        assert!(stride_bytes.is_some() || width_px % 128 == 0, "{}: padded rows", board.name);
        seen += 1;
    }
    assert_eq!(seen, 6);
}

#[test]
fn a_raspberry_pi_resets_within_15_seconds() {
    for board in hardware().iter().filter(|board| board.name.starts_with("raspberry-pi")) {
        assert_eq!(board.watchdog.as_ref().unwrap().max_timeout_s, Some(15), "{}", board.name);
    }
}

/// How a page shows a line.
fn row(board: &Board, line: &GpioLine) -> String {
    let chip = line.chip_label.as_ref().or(board.gpio.chip_label.as_ref());
    let kernel = match (line.offset, chip) {
        (Some(offset), Some(chip)) => format!("`{chip}`, offset {offset}"),
        _ => format!("`{}`", line.kernel_name.as_ref().unwrap_or(&line.name)),
    };
    let pin = line.header_pin.map_or("–".into(), |pin| pin.to_string());
    let note = line.note.as_deref().unwrap_or("");
    format!("| `{}` | {kernel} | {pin} | {note} |", line.name)
}

#[test]
fn every_board_has_a_page_that_says_what_its_file_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/boards");
    let index = fs::read_to_string(folder.join("README.md")).unwrap();
    let real = hardware();
    for (board, _) in shipped() {
        let file = format!("{}.md", board.name);
        let page = fs::read_to_string(folder.join(&file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(index.contains(&format!("({file})")), "the index lacks {file}");
        assert!(page.starts_with(&format!("# {}\n\n{}", board.name, board.description)), "{file}");
        if !real.iter().any(|other| other.name == board.name) {
            continue;
        }
        let shown = index.lines().find(|line| line.contains(&format!("({file})"))).unwrap();
        for name in ["ALARM", "FAULT"] {
            let pin = board.gpio.line(name).and_then(|line| line.header_pin);
            let pin = pin.map_or("–".into(), |pin| format!("pin {pin}"));
            assert!(shown.contains(&format!("| {pin} |")), "{file}: {name} is {pin}, not {shown}");
        }
        for line in &board.gpio.lines {
            let row = row(&board, line);
            assert!(page.lines().any(|text| text == row), "{file} lacks the row\n{row}");
        }
        let target = board.target.unwrap();
        assert!(page.contains(&format!("`{target}`")), "{file} lacks {target}");
        let told = if board.name == "virtual" { "Emulated" } else { "Not tried on the board" };
        assert!(page.contains(told), "{file} does not say: {told}");
    }
}
