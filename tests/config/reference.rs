//! `docs/ref/config.md` says what the loader does.

use normwatch::config::{GpioDriver, load_board};
use normwatch::score::MaskMode;

use crate::{MINIMAL, Workplace, boards, load_text};

const REFERENCE: &str = include_str!("../../docs/ref/config.md");

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

/// The site file of the README, and the cameras of their guide on a site's least.
#[test]
fn the_examples_of_readme_and_cameras_load() {
    let readme = include_str!("../../README.md");
    let start = readme.find("    board = ").expect("an indented site file");
    let indented = readme[start..].lines().take_while(|l| l.is_empty() || l.starts_with("    "));
    let site: Vec<&str> = indented.map(str::trim_start).collect();
    load_text(&site.join("\n")).unwrap_or_else(|e| panic!("{e}"));
    let cameras = include_str!("../../docs/guide/cameras.md");
    let blocks: Vec<&str> = cameras.split("```toml\n").skip(1).collect();
    assert_eq!(blocks.len(), 4);
    for block in blocks {
        let camera = block.split("```").next().unwrap();
        let rest = "[output.alarm]\nline = \"ALARM\"\n";
        let text = format!("board = \"simulated\"\nbundle = \"bundle\"\n{camera}{rest}");
        load_text(&text).unwrap_or_else(|e| panic!("{camera}{e}"));
    }
}

/// The loader itself says which keys it knows.
#[test]
fn the_reference_names_every_key() {
    let site = "x=1\n[camera]\nsource='folder'\nx=1\n[budget]\nx=1\n[alarm]\nx=1\n[memory]\nx=1\n\
        [load]\nx=1\n[stays]\nx=1\n[tamper]\nx=1\n[[mask]]\nx=1\n\
        [output]\nx=1\n[output.alarm]\nx=1\npattern={x=1}\n[output.fault]\nx=1\n\
        [output.events]\nx=1\n[watchdog]\nx=1\n[input]\nx=1\n\
        [input.acknowledge]\nx=1\n[input.arm]\nx=1\n[input.pir]\nx=1\n";
    let board = "x=1\n[cpu]\nx=1\n[recommended]\nx=1\n[gpio]\nx=1\n[[gpio.line]]\nx=1\n\
        [watchdog]\nx=1\n[thermal]\nx=1\n";
    let place = Workplace::new(&[("site.toml", site.as_bytes()), ("b.toml", board.as_bytes())]);
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
    assert_eq!(sections, 26);
}
