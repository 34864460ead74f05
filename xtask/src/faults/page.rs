//! The fault table as a page of the documents.

use normwatch_faults::{Measured, Row, Times};

const HEAD: &str = "\
# What happens when something fails

Each row is a fault that a test brings about. The rows are `xtask/faults/rows.toml`; the times
were measured by the tests that the rows name, on one machine while it ran other tests. `cargo
xtask faults` provokes all of them again and prints the times; a row fails when the program takes
longer than *within* says. `--write` writes this page.

- **Within** and **measured** are from the fault to the first thing that the program is said to
  do. Where it goes on as if nothing had been, it is the time to the second sign of life to the
  hardware watchdog after the fault, and the fault line must not drop for three seconds.
  *Again* is from the fault, or from its end where it does not end by itself, until the fault line
  is active again.
- **Alarm line**, **fault line**: *stays* as it was; *drops, returns*: inactive, and active again
  afterwards; *safe*: at its safe level; *not taken*: the program ends before it takes a line;
  *not driven*: nobody drives it any more, and wiring, guard and watchdogs count. No row raises an
  alarm.
- Rows with *board test* need real lines, cameras or watchdogs of a kernel: the step of that name
  in [the virtual board](guide/virtual-board.md). No time is stated for them, because an emulator's
  says nothing of a board.
";

/// The whole page.
pub fn render(rows: &[Row], times: &Times) -> String {
    let mut page = HEAD.to_owned();
    let mut group = "";
    for row in rows {
        if row.group != group {
            group = &row.group;
            page += &format!(
                "\n## {group}\n\n| fault | injected by | what normwatch does | within | measured | \
                 alarm line | fault line | lost |\n|---|---|---|---|---|---|---|---|\n"
            );
        }
        page += &line(row, times.get(&row.id));
    }
    page
}

fn line(row: &Row, times: Option<&Measured>) -> String {
    let shown = match (&row.board, times) {
        (Some(step), _) => format!("board test: *{step}*"),
        (None, times) => times.map(measured).unwrap_or_default(),
    };
    let Row { fault, injected, does, alarm_line, fault_line, lost, .. } = row;
    let within = limits(row);
    format!(
        "| {fault} | {injected} | {does} | {within} | {shown} | {alarm_line} | {fault_line} | \
         {lost} |\n"
    )
}

/// Within what time it has to react.
pub fn limits(row: &Row) -> String {
    match (row.within_ms, row.again_within_ms) {
        (None, _) => "–".into(),
        (Some(ms), None) => seconds(ms),
        (Some(ms), Some(again)) => format!("{}; again {}", seconds(ms), seconds(again)),
    }
}

/// Within what time it has reacted.
pub fn measured(times: &Measured) -> String {
    match times.again_ms {
        None => seconds(times.reacted_ms),
        Some(again) => format!("{}; again {}", seconds(times.reacted_ms), seconds(again)),
    }
}

fn seconds(ms: u64) -> String {
    match ms {
        0..1000 => format!("{ms} ms"),
        1000..10_000 => format!("{:.1} s", ms as f64 / 1e3),
        _ => format!("{:.0} s", ms as f64 / 1e3),
    }
}
