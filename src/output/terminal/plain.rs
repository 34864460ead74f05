//! The run as lines, for pipes, logs and dumb terminals.

use std::io::{self, Write};

use super::screen::harmless;
use super::view::{LiveState, View};

/// The run as lines: one per change of state or line, and a sign of life.
pub struct PlainView<W: Write> {
    out: W,
    every_s: f64,
    last: Option<Seen>,
    next_progress_s: f64,
}

#[derive(Clone, PartialEq)]
struct Seen {
    state: String,
    alarm_line_high: Option<bool>,
    fault_line_high: Option<bool>,
}

impl<W: Write> PlainView<W> {
    /// A view that also prints a line per `every_s` seconds of footage; not
    /// above zero means never.
    pub fn new(out: W, every_s: f64) -> Self {
        let every_s = if every_s > 0.0 { every_s } else { f64::INFINITY };
        Self { out, every_s, last: None, next_progress_s: every_s }
    }
}

impl<W: Write> View for PlainView<W> {
    fn draw(&mut self, state: &LiveState) -> io::Result<()> {
        let seen = Seen {
            state: state.state.to_owned(),
            alarm_line_high: state.alarm_line_high,
            fault_line_high: state.fault_line_high,
        };
        let changed = self.last.as_ref() != Some(&seen);
        let due = state.time_s >= self.next_progress_s;
        if due {
            self.next_progress_s =
                (state.time_s / self.every_s).floor() * self.every_s + self.every_s;
        }
        if !changed && !due {
            return Ok(());
        }
        let before =
            self.last.replace(seen).map(|last| last.state).filter(|last| last != state.state);
        writeln!(self.out, "{}", line(state, before.as_deref()))?;
        self.out.flush()
    }

    fn finish(&mut self, summary: &str) -> io::Result<()> {
        for line in summary.lines() {
            writeln!(self.out, "{}", line.chars().map(harmless).collect::<String>())?;
        }
        self.out.flush()
    }
}

fn line(state: &LiveState, before: Option<&str>) -> String {
    let level =
        |high: Option<bool>| high.map_or("unknown", |high| if high { "high" } else { "low" });
    let change = before
        .map_or_else(|| state.state.to_owned(), |before| format!("{before} → {}", state.state));
    let score = state.score.filter(|s| !s.is_nan()).map_or("–".to_owned(), |s| format!("{s:.2}"));
    let total = state.frame_total.map_or(String::new(), |total| format!(" of {total}"));
    let truth = state
        .truth
        .map_or("", |abnormal| if abnormal { "  truth anomaly" } else { "  truth normal" });
    format!(
        "{:8.1} s  frame {}{total}  {change}  score {score}  alarm line {}  fault line {}{truth}  {:.1} ms per frame",
        state.time_s,
        state.frame_number + 1,
        level(state.alarm_line_high),
        level(state.fault_line_high),
        state.ms_per_frame,
    )
}
