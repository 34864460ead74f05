//! Board files: those that are shipped, inheritance, and what goes wrong.

use std::fs;

use normwatch::capture::{PipeContent, PixelFormat};
use normwatch::config::{
    CameraSource, ConfigError, ExpanderAt, ExpanderChip, Site, list_boards, load_board,
};

use crate::{Workplace, boards, edited, load_text, shorthand};

fn load_from_boards(site: &str, files: &[(&str, &str)]) -> Result<Site, ConfigError> {
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    let place = Workplace::new(&files);
    fs::write(place.path("site.conf"), site).unwrap();
    place.load("site.conf", &[place.0.path().to_path_buf()])
}

#[test]
fn every_shipped_board_loads_and_runs_a_site() {
    let names = list_boards(&boards());
    assert!(names.iter().any(|name| name == "simulated"), "{names:?}");
    for name in names {
        let file = boards()[0].join(format!("{name}.toml"));
        let board = load_board(&file, &boards()).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((&board.name, &board.file), (&name, &file));
        assert!(!board.description.is_empty() && !board.description.contains('\n'), "{name}");
    }
    let site = load_text(&edited(1, "board = 'generic-x86-64'")).unwrap();
    assert!(site.board.gpio.line("ALARM").is_some());
    assert_eq!(site.board.target.as_deref(), Some("x86_64-unknown-linux-gnu"));
}

const BASE: &str = "description = 'base'\nnotes = ['n']\n[cpu]\ncores = 4\nfeatures = ['neon']\n\
    [camera]\nsource = 'pipe'\ncommand = ['./cam.sh']\nformat = 'grey'\nwidth_px = 64\nheight_px = 48\n\
    [gpio]\ndriver = 'gpiocdev'\nchip_label = 'a'\n[[gpio.line]]\nname = 'ALARM'\nheader_pin = 11\n";

fn site_on(board: &str) -> String {
    format!("board = '{board}'\nbundle = 'b'\n[output.alarm]\nline = 'ALARM'\n")
}

#[test]
fn boards_inherit_key_by_key() {
    let middle = "inherits = 'base'\n[cpu]\ncores = 2\n[gpio]\nchip_label = 'b'\n";
    let top = "description = 'top'\ninherits = 'middle'\nnotes = []\n";
    let files = [("base.toml", BASE), ("middle.toml", middle), ("top.toml", top)];
    let site = load_from_boards(&site_on("top"), &files).unwrap();
    let board = &site.board;
    assert_eq!((board.name.as_str(), board.description.as_str()), ("top", "top"));
    assert_eq!((board.cpu.cores, board.cpu.features.len()), (Some(2), 1));
    assert_eq!((board.gpio.chip_label.as_deref(), board.gpio.lines.len()), (Some("b"), 1));
    assert!(board.notes.is_empty());
    let CameraSource::Pipe { command, content } = &site.camera.source else { panic!("{site:?}") };
    let program = &command.argv[0];
    assert!(program.ends_with("/./cam.sh") && program.starts_with('/'), "{program}");
    let (format, stride_bytes) = (PixelFormat::Grey, None);
    let raw = PipeContent::Raw { format, width_px: 64, height_px: 48, stride_bytes };
    assert_eq!(*content, raw);
}

/// The board that the site names, the files beside it, the file to blame, and
/// the first problem in that file.
type BoardCase =
    (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);

#[test]
fn problems_in_boards_name_the_board_file() {
    let cases: [BoardCase; 7] = [
        (
            "a",
            &[("a.toml", "inherits = 'b'"), ("b.toml", "\ninherits = 'a'")],
            "b.toml",
            "2:12 `inherits` makes boards inherit each other in a loop: a → b → a",
        ),
        (
            "a",
            &[("a.toml", "inherits = 'a'")],
            "a.toml",
            "1:12 `inherits` makes boards inherit each other in a loop: a → a",
        ),
        (
            "a",
            &[("a.toml", "inherits = 'bass'"), ("base.toml", BASE)],
            "a.toml",
            "1:12 `inherits` = \"bass\" was not found ?base",
        ),
        (
            "a",
            &[("a.toml", "inherits = 'base'"), ("base.toml", "description = 'x'\n[gpoi]\n")],
            "base.toml",
            "2:2 unknown key `gpoi` ?gpio",
        ),
        (
            "a",
            &[("a.toml", "[gpio]\ndriver = 'sysfs'\n")],
            "a.toml",
            "1:1 missing key `description`",
        ),
        ("./none.toml", &[], "site.conf", "1:9 `board` = \"./none.toml\" is not a file"),
        ("none", &[], "site.conf", "1:9 `board` = \"none\" was not found"),
    ];
    for (name, files, file, expected) in cases {
        let error = load_from_boards(&site_on(name), files).unwrap_err();
        let found = error.diagnostics.iter().zip(shorthand(&error));
        let found: Vec<_> = found.filter(|(d, _)| d.file.ends_with(file)).collect();
        assert_eq!(found.first().map(|(_, text)| text.as_str()), Some(expected), "{error}");
    }
    let twice = format!("{BASE}[[gpio.line]]\nname = 'ALARM'\n");
    let error = load_from_boards(&site_on("a"), &[("a.toml", &twice)]).unwrap_err();
    assert_eq!(shorthand(&error), ["19:8 `gpio.line[1].name` is the name of an earlier line too"]);
}

#[test]
fn a_board_may_be_named_by_its_path() {
    let place = Workplace::new(&[("mine.toml", BASE.as_bytes())]);
    for name in ["./mine.toml", "mine.toml"] {
        fs::write(place.path("site.conf"), site_on(name)).unwrap();
        let site = place.load("site.conf", &[]).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(site.board.name, "mine");
    }
}

#[test]
fn a_line_may_be_a_pin_of_an_expander() {
    let line = |keys: &str| {
        let board = format!(
            "description = 'b'\n[gpio]\ndriver = 'gpiocdev'\n[[gpio.line]]\nname = 'ALARM'\n{keys}\n\
             [camera]\nsource = 'stdin'\nformat = 'y4m'\n"
        );
        load_from_boards(&site_on("a"), &[("a.toml", &board)])
    };
    let keys = "expander = 'mcp23017'\ni2c_bus = '/dev/i2c-1'\ni2c_address = 0x20\noffset = 15";
    let site = line(keys).unwrap();
    let alarm = site.board.gpio.line("ALARM").unwrap();
    let (chip, bus, address) = (ExpanderChip::Mcp23017, "/dev/i2c-1".into(), 0x20);
    assert_eq!(alarm.expander, Some(ExpanderAt { chip, bus, address }));
    assert_eq!(alarm.offset, Some(15));
    let with = |from: &str, to: &str| shorthand(&line(&keys.replace(from, to)).unwrap_err());
    for (from, to, expected) in [
        ("mcp23017", "mcp23018", "6:12 `gpio.line[0].expander` does not know `mcp23018` ?mcp23017"),
        ("mcp23017", "pcf8574", "9:10 `gpio.line[0].offset` is 15, out of range"),
        ("0x20", "0x80", "8:15 `gpio.line[0].i2c_address` is 128, out of range"),
        ("offset = 15", "", "4:1 missing key `gpio.line[0].offset`"),
        ("i2c_bus = '/dev/i2c-1'", "", "4:1 missing key `gpio.line[0].i2c_bus`"),
        (
            "expander = 'mcp23017'",
            "",
            "7:1 `gpio.line[0].i2c_bus` has no meaning without `expander`",
        ),
        (
            "offset = 15",
            "offset = 15\nchip_label = 'x'",
            "10:1 `gpio.line[0].chip_label` has no meaning with `expander`",
        ),
    ] {
        let found = with(from, to);
        assert_eq!(found.first().map(String::as_str), Some(expected), "{found:?}");
    }
}
