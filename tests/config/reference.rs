//! `docs/ref/config.md` says what the loader does.

use normwatch::config::{GpioDriver, load_board};
use normwatch::score::MaskMode;

use crate::{MINIMAL, Workplace, boards, load_text};

const REFERENCE: &str = include_str!("../../docs/ref/config.md");

/// Each section of a site file, with a key that is not known there.
pub const EVERY_SECTION: &str = "x=1\n[camera]\nsource='folder'\nx=1\n[budget]\nx=1\n[alarm]\nx=1\n[memory]\nx=1\n\
        [load]\nx=1\n[learn]\nx=1\n[stays]\nx=1\n[tamper]\nx=1\n[[mask]]\nx=1\n[[zone]]\nx=1\n\
        [output]\nx=1\n[output.alarm]\nx=1\npattern={x=1}\n[output.fault]\nx=1\n\
        [output.changed]\nx=1\n[output.tampered]\nx=1\n\
        [output.events]\nx=1\n[[output.hook]]\nx=1\n[[output.webhook]]\nx=1\n\
        [output.ntfy]\nx=1\n[output.telegram]\nx=1\n[output.mqtt]\nx=1\n[output.modbus]\nx=1\n[watchdog]\nx=1\n\
        [input]\nx=1\n[input.acknowledge]\nx=1\n[input.arm]\nx=1\n[input.pir]\nx=1\n[web]\nx=1\n";

/// The TOML blocks of the reference, in order: site, then board.
pub fn reference_examples() -> Vec<String> {
    let blocks = REFERENCE.split("```toml\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_string()).collect()
}

#[test]
fn the_reference_example_parses_and_shows_the_defaults() {
    let examples = reference_examples();
    assert_eq!(examples.len(), 2);
    let place = Workplace::new(&[
        ("site.toml", examples[0].as_bytes()),
        ("my-board.toml", examples[1].as_bytes()),
    ]);
    let site = place.load("site.toml", &boards()).unwrap_or_else(|e| panic!("{e}"));
    let usual = load_text(MINIMAL).unwrap();
    assert_eq!((site.alarm, site.budget, site.memory), (usual.alarm, usual.budget, usual.memory));
    assert_eq!(site.camera.read_timeout_ms, usual.camera.read_timeout_ms);
    assert_eq!(site.watchdog, usual.watchdog);
    assert_eq!((site.load.motion_gate_levels, site.load.back_off_at_c), (Some(3.0), Some(80.0)));
    let button = site.input.acknowledge.unwrap();
    assert_eq!((button.line.as_str(), button.debounce_ms), ("ACK", 50));
    assert_eq!(site.masks[0].mode, MaskMode::Ignore);
    let board = load_board(&place.path("my-board.toml"), &boards());
    assert_eq!(board.unwrap_or_else(|e| panic!("{e}")).gpio.driver, GpioDriver::Gpiocdev);
}

/// Pages for people, with what stands in their TOML blocks: whole sites, boards, and
/// parts of a site.
const PAGES: [(&str, &str); 11] = [
    ("page", include_str!("../../docs/guide/page.md")),
    ("events", include_str!("../../docs/guide/events.md")),
    ("home-assistant", include_str!("../../docs/guide/home-assistant.md")),
    ("cameras", include_str!("../../docs/guide/cameras.md")),
    ("install", include_str!("../../docs/guide/install.md")),
    ("learn-on-the-board", include_str!("../../docs/guide/learn-on-the-board.md")),
    ("first-camera", include_str!("../../docs/guide/first-camera.md")),
    ("tuning", include_str!("../../docs/guide/tuning.md")),
    ("several-cameras", include_str!("../../docs/guide/several-cameras.md")),
    ("upgrade", include_str!("../../docs/guide/upgrade.md")),
    ("wiring", include_str!("../../docs/guide/wiring.md")),
];

#[test]
fn the_examples_of_the_guides_load() {
    let (mut sites, mut seen) = (0, 0);
    for (page, text) in PAGES {
        let mut own_boards = Vec::new();
        for block in text.split("```toml\n").skip(1) {
            let block = block.split("```").next().unwrap();
            seen += 1;
            let has = |key: &str| block.lines().any(|line| line.starts_with(key));
            if has("description =") {
                let place = Workplace::new(&[("b.toml", block.as_bytes())]);
                let board = load_board(&place.path("b.toml"), &boards());
                board.unwrap_or_else(|e| panic!("{page}: {block}{e}"));
                own_boards.push(block);
                continue;
            }
            if has("board =") {
                sites += 1;
                let mut files = vec![("site.toml", block.as_bytes())];
                files.extend(own_boards.iter().map(|b| ("yard.toml", b.as_bytes())));
                let place = Workplace::new(&files);
                let mut folders = boards();
                folders.insert(0, place.path("."));
                let site = place.load("site.toml", &folders);
                site.unwrap_or_else(|e| panic!("{page}: {block}{e}"));
                continue;
            }
            let mut whole = String::new();
            for (missing, text) in
                [("bundle =", "bundle = \"bundle\"\n"), ("board =", "board = \"simulated\"\n")]
            {
                whole += if has(missing) { "" } else { text };
            }
            whole += block;
            for (missing, text) in [
                ("[camera]", "[camera]\nsource = \"folder\"\npath = \"frames\"\n"),
                ("[output.alarm]", "[output.alarm]\nline = \"ALARM\"\n"),
            ] {
                whole += if has(missing) { "" } else { text };
            }
            load_text(&whole).unwrap_or_else(|e| panic!("{page}: {whole}{e}"));
        }
    }
    assert!(sites >= 2 && seen >= 10, "{sites} sites in {seen} examples");
}

/// The loader itself says which keys it knows.
#[test]
fn the_reference_names_every_key() {
    let board = "x=1\n[cpu]\nx=1\n[recommended]\nx=1\n[gpio]\nx=1\n[[gpio.line]]\nx=1\n\
        [watchdog]\nx=1\n[thermal]\nx=1\n";
    let place =
        Workplace::new(&[("site.toml", EVERY_SECTION.as_bytes()), ("b.toml", board.as_bytes())]);
    let site_error = place.load("site.toml", &boards()).unwrap_err();
    let board_error = load_board(&place.path("b.toml"), &boards()).unwrap_err();
    let mut sections = 0;
    for diagnostic in site_error.diagnostics.iter().chain(&board_error.diagnostics) {
        let Some(keys) = diagnostic.remedy.strip_prefix("keys known here: ") else { continue };
        sections += 1;
        for key in keys.split(", ") {
            let named =
                [format!("`{key}`"), format!("[{key}]"), format!(".{key}]"), format!("{{ {key} =")];
            assert!(named.iter().any(|n| REFERENCE.contains(n)), "{key} of {diagnostic}");
        }
    }
    assert_eq!(sections, 37);
}
