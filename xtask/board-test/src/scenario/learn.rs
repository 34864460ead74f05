//! The board learns its own camera, and nothing of it is lost for long.
//!
//! Each phase is killed once, and the machine is reset once in its middle; then the same
//! command is given again. What it says of itself must not go back.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::PATIENCE;
use super::site::SITE;
use crate::arch::Arch;
use crate::running::Board;

const FOLDER: &str = "/var/lib/normwatch/learnt";
const STATE: &str = "/var/lib/normwatch/learnt/state.toml";
const TRAINING: &str = "/var/lib/normwatch/learnt/run-1";
const LOG: &str = "/run/learn.log";

/// Seconds that the camera is observed, and that the new network settles: each long
/// enough for two states on the disk, which are a minute apart.
const LOOK_S: u32 = 150;

/// A step takes an emulated processor seconds, and to measure that takes it some more.
const TRAIN_STEPS: u32 = 8;

/// The phases take minutes on a processor that keeps up, and the emulated one may not.
const PHASE: Duration = Duration::from_secs(900);

/// Normal life: patterns that move, each for some seconds.
pub const LIFE: &str = "(while :; do for shown in '4 2' '10 4' '0 1' '20 5' '3 2' '7 3'; do \
     set -- $shown; board-hand control $camera test-pattern $1; board-hand control $camera \
     horizontal-movement $2; sleep 4; done; done) >/dev/null 2>&1 & life=$!";

/// What `learn --status --json` says.
#[derive(Debug, Deserialize)]
struct Status {
    phase: String,
    observed_s: f64,
    settled_s: f64,
    clips: usize,
}

/// From nothing but answers, `setup` makes a site file that learns.
///
/// # Errors
/// It does not, or what it makes is wrong.
pub fn set_up(board: &mut Board) -> Result<()> {
    let fault = match board.arch {
        Arch::Aarch64 => "PL061-5",
        Arch::X86_64 => "FAULT",
    };
    board.write(
        "/etc/normwatch/answers.toml",
        &format!(
            "board = \"virtual\"\ncamera = \"/dev/video0\"\nfault_line = \"{fault}\"\n\
             alarms_per_day = 1000.0\nlearn = true\n"
        ),
    )?;
    board.succeeds(LIFE, PATIENCE)?;
    board.succeeds("cat /etc/normwatch/answers.toml", PATIENCE)?;
    board.succeeds(
        &format!(
            "normwatch setup --answers /etc/normwatch/answers.toml --still /tmp/still.jpg \
             --config {SITE}"
        ),
        PATIENCE,
    )?;
    board.succeeds(&format!("sed -i '/^.learn.$/a arm_when_ready = true' {SITE}"), PATIENCE)?;
    board.succeeds(&format!("cat {SITE}; sync"), PATIENCE)?;
    board.succeeds(&format!("normwatch check --config-only --config {SITE}"), PATIENCE)?;
    begin(board)
}

/// # Errors
/// What was observed is lost, or the phase does not end.
pub fn observe(board: &mut Board) -> Result<()> {
    let mut seen = 0.0;
    for interrupt in [kill, reset] {
        let least = seen + 50.0;
        let what = format!("{least:.0} s of observation are on the disk");
        wait_learning(board, &what, &reached("observed_s", least))?;
        interrupt(board)?;
        let status = status(board, "observe")?;
        ensure!(status.observed_s >= least, "only {} s are left", status.observed_s);
        ensure!(status.clips > 0, "no clip is left");
        board.holds(&format!("{:.0} s and {} clips stay", status.observed_s, status.clips));
        seen = status.observed_s;
        begin(board)?;
    }
    wait_phase(board, "train")
}

/// # Errors
/// The training begins again, or does not end.
pub fn train(board: &mut Board) -> Result<()> {
    let stored = format!("test -e {TRAINING}/last.safetensors");
    wait_learning(board, "a checkpoint is on the disk", &stored)?;
    for interrupt in [kill, reset] {
        interrupt(board)?;
        status(board, "train")?;
        board.succeeds(&format!("rm -f {LOG}"), PATIENCE)?;
        begin(board)?;
        let goes_on = format!("grep -q 'going on in epoch' {LOG}");
        wait_learning(board, "the training goes on behind its checkpoint", &goes_on)?;
        board.succeeds(&format!("grep 'going on in epoch' {LOG}"), PATIENCE)?;
    }
    Ok(())
}

/// # Errors
/// The proof cannot be made again.
pub fn prove(board: &mut Board) -> Result<()> {
    for interrupt in [kill, reset] {
        // In one command: the proof takes seconds.
        board.succeeds(
            &format!("until {} && pidof normwatch-toolchain; do sleep 0.1; done", is_in("prove")),
            PHASE,
        )?;
        interrupt(board)?;
        status(board, "prove")?;
        board.succeeds(&format!("ls {FOLDER}"), PATIENCE)?;
        begin(board)?;
    }
    wait_phase(board, "settle")
}

/// # Errors
/// What was judged is lost, or the levels are not found.
pub fn settle(board: &mut Board) -> Result<()> {
    let mut judged = 0.0;
    for interrupt in [kill, reset] {
        let least = judged + 50.0;
        let what = format!("{least:.0} s of judging are on the disk");
        wait_learning(board, &what, &reached("settled_s", least))?;
        interrupt(board)?;
        let status = status(board, "settle")?;
        ensure!(status.settled_s >= least, "only {} s are left", status.settled_s);
        board.holds(&format!("{:.0} s stay", status.settled_s));
        judged = status.settled_s;
        begin(board)?;
    }
    wait_phase(board, "watch")?;
    board.succeeds("wait $learner", PATIENCE)?;
    board.succeeds(&format!("cat {LOG}"), PATIENCE)?;
    board.succeeds(&format!("normwatch bundle list --config {SITE}"), PATIENCE)?;
    Ok(())
}

/// Gives the command that learns. It is the same one every time.
fn begin(board: &mut Board) -> Result<()> {
    board.succeeds(
        &format!(
            "normwatch learn --config {SITE} --observe {LOOK_S}s --settle {LOOK_S}s \
             --train-steps {TRAIN_STEPS} >>{LOG} 2>&1 & learner=$!"
        ),
        PATIENCE,
    )?;
    Ok(())
}

fn kill(board: &mut Board) -> Result<()> {
    board.run("kill -KILL $learner; wait $learner", PATIENCE)?;
    board.wait_for("nothing that it started is left", "! pidof normwatch-toolchain", PATIENCE)
}

fn reset(board: &mut Board) -> Result<()> {
    board.reset()?;
    board.succeeds(LIFE, PATIENCE)?;
    Ok(())
}

/// What the program says of its learning; it must be in this phase.
fn status(board: &mut Board, phase: &str) -> Result<Status> {
    let command = format!("normwatch learn --config {SITE} --status");
    board.succeeds(&command, PATIENCE)?;
    let text = board.look(&format!("{command} --json"))?;
    let json = &text[text.find('{').context("--json prints no object")?..];
    let status: Status = serde_json::from_str(json).context("--json prints something else")?;
    ensure!(status.phase == phase, "it is in `{}`, not in `{phase}`", status.phase);
    Ok(status)
}

fn wait_phase(board: &mut Board, phase: &str) -> Result<()> {
    wait_learning(board, &format!("it comes to `{phase}`"), &is_in(phase))
}

/// Waits for what a learning is to come to; one that has ended will not.
fn wait_learning(board: &mut Board, what: &str, condition: &str) -> Result<()> {
    let or_ended = format!("{{ {condition}; }} || ! kill -0 $learner");
    board.wait_for(what, &or_ended, PHASE)?;
    if board.look(condition).is_err() {
        board.run(&format!("tail -n 5 {LOG}"), PATIENCE)?;
        bail!("`learn` has ended before {what}");
    }
    Ok(())
}

fn is_in(phase: &str) -> String {
    format!("grep -q 'phase = \"{phase}\"' {STATE}")
}

/// A command that succeeds once a number of the state is so large.
fn reached(key: &str, least: f64) -> String {
    format!("awk '/^{key} /{{ found = $3 >= {least:.0} }} END {{ exit !found }}' {STATE}")
}
