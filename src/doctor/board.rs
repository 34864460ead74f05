//! Whether the board file is for this machine.

use super::machine::Machine;
use super::report::Report;
use super::scope::Scope;

const SUBJECT: &str = "board";

pub(super) fn examine(scope: Scope<'_>, machine: &Machine, report: &mut Report) {
    let model = machine.model.as_deref().unwrap_or("a machine that does not say what it is");
    let Some(board) = scope.board else {
        report.warn(
            SUBJECT,
            format!("{model}: no board file matches this machine"),
            "name one with `--board`, or write one: see the folder `boards`",
        );
        return;
    };
    let text = format!("{model}; board file {}: {}", board.name, board.description);
    let foreign = !board.compatible.is_empty()
        && !machine.compatible.iter().any(|name| board.compatible.contains(name));
    if foreign {
        let wanted = board.compatible.join(" or ");
        report.warn(SUBJECT, text, format!("that file is for {wanted}: is it the right one?"));
    } else {
        report.ok(SUBJECT, text);
    }
}
