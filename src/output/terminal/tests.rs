//! The views on a made-up terminal that refuses what it does not know.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use super::grid::palette_index;
use super::*;

const SIZES: [(usize, usize); 8] =
    [(80, 24), (200, 60), (120, 30), (54, 20), (40, 12), (20, 24), (5, 3), (1, 1)];

/// A terminal that understands what the view may send, and nothing else.
struct Screen {
    columns: usize,
    rows: usize,
    cells: Vec<Vec<char>>,
    row: usize,
    column: usize,
    cursor_visible: bool,
    coloured: bool,
}

impl Screen {
    fn new((columns, rows): (usize, usize)) -> Self {
        let cells = vec![vec![' '; columns]; rows];
        Self { columns, rows, cells, row: 0, column: 0, cursor_visible: true, coloured: false }
    }

    fn feed(&mut self, text: &str) {
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            match c {
                '\x1b' => {
                    assert_eq!(rest.next(), Some('['));
                    let length = rest.as_str().find(|c: char| c.is_ascii_alphabetic()).unwrap();
                    let body: String = rest.by_ref().take(length).collect();
                    let action = rest.next().unwrap();
                    self.act(&body, action);
                }
                '\r' => self.column = 0,
                '\n' => self.line_feed(),
                c => self.put(c),
            }
        }
    }

    fn put(&mut self, c: char) {
        assert!(!c.is_control());
        assert!(self.column < self.columns, "a line is too long");
        self.cells[self.row][self.column] = c;
        self.column += 1;
    }

    fn line_feed(&mut self) {
        self.column = 0;
        if self.row + 1 < self.rows {
            self.row += 1;
        } else {
            self.cells.remove(0);
            self.cells.push(vec![' '; self.columns]);
        }
    }

    fn act(&mut self, body: &str, action: char) {
        let number = || body.parse::<usize>().unwrap();
        match (body, action) {
            ("?25", 'l') => self.cursor_visible = false,
            ("?25", 'h') => self.cursor_visible = true,
            ("?2026", 'h' | 'l') => {}
            ("", 'J') => self.cells[self.row + 1..].iter_mut().for_each(|row| row.fill(' ')),
            ("2", 'J') => self.cells.iter_mut().for_each(|row| row.fill(' ')),
            ("", 'H') => (self.row, self.column) = (0, 0),
            (_, 'A') => self.row = self.row.saturating_sub(number()),
            (_, 'B') => self.row = (self.row + number()).min(self.rows - 1),
            (_, 'G') => self.column = number() - 1,
            (_, 'm') => self.coloured |= body.len() > 1,
            _ => panic!("unexpected sequence {body}{action}"),
        }
    }

    fn text(&self) -> String {
        self.cells.iter().map(|row| row.iter().collect::<String>() + "\n").collect()
    }
}

/// Counts the writes and keeps them for the test to read.
#[derive(Clone, Default)]
struct Tape(Rc<RefCell<Vec<String>>>);

impl Tape {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.borrow_mut())
    }
}

impl io::Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().push(String::from_utf8(bytes.to_vec()).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn state<'a>(grey: &'a [u8], error: &'a [f32], history: &'a [Option<f32>]) -> LiveState<'a> {
    LiveState {
        title: "walkway \x1b[31m日本",
        frame: Picture { grey, width_px: 48, height_px: 32 },
        heat: Some(Heat { error, width_px: 8, height_px: 8, full_scale: 1.0 }),
        score: Some(4.56),
        enter_level: 3.85,
        exit_level: 2.9,
        history,
        state: "alarm",
        alarm_active: true,
        alarm_line_high: Some(true),
        fault_line_high: Some(false),
        frame_number: 122,
        frame_total: Some(360),
        time_s: 12.2,
        fps: 10.0,
        ms_per_frame: 4.25,
        truth: Some(true),
    }
}

fn grey(seed: usize) -> Vec<u8> {
    (0..48 * 32).map(|i| ((i * 7 + seed * 13) % 256) as u8).collect()
}

fn scores(count: usize) -> Vec<Option<f32>> {
    (0..count).map(|i| (i % 9 != 0).then_some((i % 60) as f32 * 0.1)).collect()
}

#[test]
fn no_size_is_exceeded_and_every_frame_is_one_write() {
    for size in SIZES {
        for colours in [Colours::True, Colours::Palette, Colours::None] {
            let tape = Tape::default();
            let mut screen = Screen::new(size);
            let terminal = TerminalSize { columns: size.0, rows: size.1 };
            let mut view = LiveView::new(tape.clone(), terminal, colours);
            for seed in 0..3 {
                let (pixels, history) = (grey(seed), scores(40 + 300 * seed));
                view.draw(&state(&pixels, &[0.7; 64], &history)).unwrap();
                let writes = tape.take();
                assert_eq!(writes.len(), 1);
                screen.feed(&writes[0]);
                assert!(!screen.cursor_visible);
            }
            assert_eq!(screen.coloured, colours != Colours::None);
        }
    }
}

#[test]
fn the_screen_names_state_levels_lines_and_truth() {
    let tape = Tape::default();
    let mut view = LiveView::new(tape.clone(), TerminalSize::default(), Colours::True);
    view.draw(&state(&grey(0), &[0.7; 64], &scores(90))).unwrap();
    let mut screen = Screen::new((80, 24));
    screen.feed(&tape.take().concat());
    let text = screen.text();
    for word in [
        "ALARM",
        "4.56",
        "exit 2.90  enter 3.85",
        "HIGH",
        "low",
        "anomaly",
        "123 of 360",
        "12.2 s",
        "▀",
        "█",
        "┄",
    ] {
        assert!(text.contains(word), "{word} is missing in\n{text}");
    }
    assert!(text.contains("walkway ?[31m??"));
}

#[test]
fn an_update_ends_in_the_same_screen_as_a_fresh_drawing() {
    let (first, second) = (grey(1), grey(2));
    let (before, after) = (scores(20), scores(70));
    let mut quiet = state(&first, &[0.0; 64], &before);
    (quiet.state, quiet.alarm_active, quiet.score) = ("warm-up", false, None);
    let last = state(&second, &[0.4; 64], &after);
    let show = |states: &[LiveState]| {
        let tape = Tape::default();
        let mut view = LiveView::new(tape.clone(), TerminalSize::default(), Colours::None);
        states.iter().for_each(|state| view.draw(state).unwrap());
        let mut screen = Screen::new((80, 24));
        screen.feed(&tape.take().concat());
        screen.text()
    };
    assert_eq!(show(&[quiet, last]), show(&[last]));
}

#[test]
fn an_unchanged_state_costs_next_to_nothing() {
    let tape = Tape::default();
    let mut view = LiveView::new(tape.clone(), TerminalSize::default(), Colours::True);
    let (pixels, history) = (grey(0), scores(90));
    view.draw(&state(&pixels, &[0.7; 64], &history)).unwrap();
    assert!(tape.take()[0].len() > 1000);
    view.draw(&state(&pixels, &[0.7; 64], &history)).unwrap();
    assert!(tape.take()[0].len() < 30);
}

#[test]
fn the_cursor_comes_back_when_finished_and_when_dropped() {
    let tape = Tape::default();
    let mut view = LiveView::new(tape.clone(), TerminalSize::default(), Colours::True);
    view.draw(&state(&grey(0), &[0.7; 64], &scores(9))).unwrap();
    let mut screen = Screen::new((80, 24));
    screen.feed(&tape.take().concat());
    view.finish("1 alarm\nreport in out/report.html").unwrap();
    screen.feed(&tape.take().concat());
    assert!(screen.cursor_visible);
    assert!(
        screen.text().contains("1 alarm") && screen.text().contains("report in out/report.html")
    );
    drop(view);
    assert!(tape.take().is_empty());

    let mut view = LiveView::new(tape.clone(), TerminalSize::default(), Colours::True);
    view.draw(&state(&grey(0), &[0.7; 64], &scores(9))).unwrap();
    drop(view);
    assert!(tape.take().concat().ends_with("\x1b[?25h"));
}

#[test]
fn a_new_size_starts_on_a_clean_screen() {
    let tape = Tape::default();
    let mut view = LiveView::new(tape.clone(), TerminalSize::default(), Colours::True);
    view.draw(&state(&grey(0), &[0.7; 64], &scores(9))).unwrap();
    tape.take();
    view.resize(TerminalSize::default()).unwrap();
    assert!(tape.take().is_empty());
    view.resize(TerminalSize { columns: 40, rows: 12 }).unwrap();
    view.draw(&state(&grey(0), &[0.7; 64], &scores(9))).unwrap();
    let mut screen = Screen::new((40, 12));
    screen.feed(&tape.take().concat());
    assert!(screen.text().contains("ALARM"));
}

#[test]
fn impossible_input_is_drawn_as_far_as_it_goes() {
    let history = [Some(f32::NAN), Some(f32::INFINITY), Some(-3.0), None];
    let mut odd = state(&[1, 2, 3], &[f32::NAN; 2], &history);
    odd.frame.width_px = usize::MAX;
    (odd.score, odd.enter_level, odd.exit_level) = (Some(f32::NAN), 0.0, f32::NAN);
    for size in SIZES {
        let tape = Tape::default();
        let terminal = TerminalSize { columns: size.0, rows: size.1 };
        LiveView::new(tape.clone(), terminal, Colours::Palette).draw(&odd).unwrap();
        Screen::new(size).feed(&tape.take().concat());
    }
}

#[test]
fn lines_are_printed_on_changes_and_at_intervals_only() {
    let tape = Tape::default();
    let mut view = PlainView::new(tape.clone(), 5.0);
    let pixels = grey(0);
    let mut now = state(&pixels, &[], &[]);
    for frame in 0..120 {
        (now.frame_number, now.time_s) = (frame, frame as f64 / 10.0);
        now.state = if (30..40).contains(&frame) { "alarm" } else { "idle" };
        now.alarm_line_high = Some(now.state == "alarm");
        view.draw(&now).unwrap();
    }
    view.finish("done").unwrap();
    let text = tape.take().concat();
    let starts: Vec<&str> =
        text.lines().map(|line| line.split("  frame").next().unwrap().trim()).collect();
    assert_eq!(starts, ["0.0 s", "3.0 s", "4.0 s", "5.0 s", "10.0 s", "done"]);
    assert!(text.contains("idle → alarm") && text.contains("alarm → idle"));
    assert!(text.contains("alarm line high") && !text.contains('\x1b'));
}

#[test]
fn the_environment_chooses_the_colours() {
    assert_eq!(Colours::choose("", "truecolor"), Colours::True);
    assert_eq!(Colours::choose("", "24bit"), Colours::True);
    assert_eq!(Colours::choose("", ""), Colours::Palette);
    assert_eq!(Colours::choose("1", "truecolor"), Colours::None);
}

#[test]
fn palette_greys_rise_and_colours_land_in_the_cube() {
    let greys: Vec<u8> = (4..=246).map(|v| palette_index([v; 3])).collect();
    assert!(greys.is_sorted() && greys[0] == 232 && greys.last() == Some(&255));
    assert_eq!(palette_index([0; 3]), 16);
    assert_eq!(palette_index([255; 3]), 231);
    assert_eq!(palette_index([255, 0, 0]), 196);
    assert_eq!(palette_index([95, 135, 175]), 67);
}
