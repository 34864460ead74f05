//! The processor: its cores, its vector units and the kernels for them.

use super::files::read;
use super::report::Report;
use super::scope::Scope;
use crate::kernel::Isa;

const SUBJECT: &str = "processor";

/// Features that say something about the speed of a network.
const TELLING: [&str; 14] = [
    "neon",
    "asimd",
    "asimddp",
    "asimdhp",
    "fphp",
    "i8mm",
    "bf16",
    "sve",
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "avx512f",
    "avx512_vnni",
];

pub(super) fn examine(scope: Scope<'_>, report: &mut Report) {
    let text = read(scope.root, "proc/cpuinfo").unwrap_or_default();
    let cores = text.lines().filter(|line| key(line) == "processor").count();
    let features = features(&text);
    let telling: Vec<_> = TELLING.into_iter().filter(|f| features.contains(f)).collect();
    let shown = match telling.as_slice() {
        [] => "the kernel lists no vector unit".to_owned(),
        names => names.join(" "),
    };
    report.ok(SUBJECT, format!("{} with {cores} cores: {shown}", std::env::consts::ARCH));
    match Isa::choose() {
        Ok(isa) => report.ok(SUBJECT, format!("kernels: {isa}")),
        Err(error) => report.error(SUBJECT, error.to_string(), "correct or unset that variable"),
    }
    let Some(board) = scope.board else { return };
    let missing: Vec<_> =
        board.cpu.features.iter().filter(|f| !features.contains(&f.as_str())).cloned().collect();
    if !missing.is_empty() {
        let text =
            format!("the board file lists {}, which this processor lacks", missing.join(" "));
        report.warn(SUBJECT, text, "is it the right board file?");
    }
    if let Some(promised) = board.cpu.cores.filter(|promised| *promised as usize > cores) {
        let text = format!("the board file says {promised} cores, but {cores} are running");
        report.warn(SUBJECT, text, "is it the right board file? Are processors switched off?");
    }
}

fn key(line: &str) -> &str {
    line.split(':').next().unwrap_or_default().trim()
}

fn features(cpuinfo: &str) -> Vec<&str> {
    let line = cpuinfo.lines().find(|line| matches!(key(line), "flags" | "Features"));
    let words = line.and_then(|line| line.split_once(':')).map(|(_, words)| words);
    words.unwrap_or_default().split_whitespace().collect()
}
