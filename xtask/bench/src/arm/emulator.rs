//! Runs a program in qemu with a plugin that counts its instructions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;

use super::cores::Core;
use normwatch_host::{cross, shell};

/// Instructions that were executed, all and by class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    pub all: u64,
    /// Loads and stores.
    pub memory: u64,
    /// Vectors and floating point.
    pub vector: u64,
    /// Branches and system calls.
    pub branch: u64,
    pub other: u64,
}

/// qemu's user-mode emulator with our plugin.
pub(super) struct Emulator {
    plugin: PathBuf,
}

impl Emulator {
    /// Compiles the plugin.
    ///
    /// # Errors
    /// A C compiler or the emulator is not there.
    pub(super) fn prepare() -> Result<Self> {
        for core in [Core::CortexA7, Core::CortexA53] {
            let (program, _) = qemu(core);
            if shell::output(program, &["--version"]).is_none() {
                bail!("`{program}` does not start: install Debian's package qemu-user");
            }
        }
        let folder = cross::target_dir().join("bench/arm");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let plugin = folder.join("count.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/arm/count.c");
        let status = Command::new("gcc")
            .args(["-O2", "-Wall", "-shared", "-fPIC", "-o"])
            .args([&plugin, &source])
            .status()
            .context("cannot start `gcc`: install Debian's package gcc")?;
        ensure!(status.success(), "gcc does not compile {}", source.display());
        Ok(Self { plugin })
    }

    /// A command that runs a program on one core below a root, and writes the
    /// marks to `log`. What the emulator is to hand on as arguments follows.
    pub(super) fn command(&self, core: Core, root: &Path, log: &Path, program: &Path) -> Command {
        let (emulator, argument) = qemu(core);
        let mut command = Command::new(emulator);
        command.args(["-cpu", core.name(), "-L"]).arg(root);
        let plugin = format!("{}{argument}", self.plugin.display());
        command.args(["-plugin", &plugin, "-d", "plugin", "-D"]).arg(log);
        command.arg(program);
        // Those of this machine hold its own libraries.
        command.env_remove("LD_LIBRARY_PATH").env_remove("LD_PRELOAD");
        command
    }
}

/// The emulator for a core, and what it hands on to the plugin.
fn qemu(core: Core) -> (&'static str, &'static str) {
    match core {
        Core::CortexA7 => ("qemu-arm", ",a32=on"),
        _ => ("qemu-aarch64", ""),
    }
}

/// Of predictions that stand between two marks each, the one of the fewest
/// instructions: whatever another thread of the program did meanwhile only
/// adds.
///
/// # Errors
/// The log cannot be read, or does not hold twice as many marks.
pub(super) fn counted(log: &Path, predictions: usize) -> Result<Counts> {
    let text = fs::read_to_string(log).with_context(|| format!("cannot read {}", log.display()))?;
    fewest(&text, predictions).with_context(|| format!("in {}", log.display()))
}

fn fewest(text: &str, predictions: usize) -> Result<Counts> {
    let marks: Vec<Counts> = text.lines().filter_map(mark).collect();
    ensure!(
        marks.len() == 2 * predictions && predictions > 0,
        "{} marks around {predictions} predictions",
        marks.len()
    );
    let between = marks.chunks_exact(2).map(|pair| Counts {
        all: pair[1].all - pair[0].all,
        memory: pair[1].memory - pair[0].memory,
        vector: pair[1].vector - pair[0].vector,
        branch: pair[1].branch - pair[0].branch,
        other: pair[1].other - pair[0].other,
    });
    between.min_by_key(|counts| counts.all).context("no prediction")
}

/// A line of the plugin: `mark ALL MEMORY VECTOR BRANCH OTHER`.
fn mark(line: &str) -> Option<Counts> {
    let numbers: Vec<u64> =
        line.strip_prefix("mark ")?.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [all, memory, vector, branch, other] = numbers[..] else { return None };
    Some(Counts { all, memory, vector, branch, other })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "mark 100 10 20 30 40\nmark 260 20 40 80 120\nsomething else\n\
                       mark 300 30 50 90 130\nmark 350 40 70 100 140\n";

    #[test]
    fn what_lies_outside_of_the_marks_does_not_count() {
        let expected = Counts { all: 50, memory: 10, vector: 20, branch: 10, other: 10 };
        assert_eq!(fewest(LOG, 2).unwrap(), expected);
    }

    #[test]
    fn a_mark_too_many_or_too_few_is_an_error() {
        assert!(fewest(LOG, 1).is_err() && fewest(LOG, 3).is_err() && fewest("", 0).is_err());
    }

    /// Marks around a loop of 1000 turns: load, multiply, subtract, branch.
    const A64: &str = ".globl _start\n_start: mov x8, 173\nsvc 0\nmov x1, 1000\n\
                       1: ldr q0, [sp]\nfmul v1.4s, v0.4s, v0.4s\nsubs x1, x1, 1\nb.ne 1b\n\
                       svc 0\nmov x0, 0\nmov x8, 93\nsvc 0\n";
    const A32: &str = ".globl _start\n.arm\n.fpu neon\n_start: mov r7, #64\nsvc 0\nmov r1, #1000\n\
                       1: vld1.32 {d0-d1}, [sp]\nvmul.f32 q1, q0, q0\nsubs r1, r1, #1\nbne 1b\n\
                       svc 0\nmov r0, #0\nmov r7, #1\nsvc 0\n";

    #[test]
    fn the_plugin_counts_a_loop_to_the_last_instruction() {
        let emulator = Emulator::prepare().unwrap();
        for (core, text) in [(Core::CortexA53, A64), (Core::CortexA7, A32)] {
            let dir = tempfile::tempdir().unwrap();
            let (source, program) = (dir.path().join("a.s"), dir.path().join("a"));
            fs::write(&source, text).unwrap();
            let gcc = format!("{}gcc", cross::target(core.triple()).unwrap().gnu_prefix);
            let built = Command::new(gcc)
                .args(["-nostdlib", "-static", "-o"])
                .args([&program, &source])
                .status();
            assert!(built.unwrap().success());
            let log = dir.path().join("log");
            let mut command = emulator.command(core, dir.path(), &log, &program);
            assert!(command.status().unwrap().success());
            let counts = counted(&log, 1).unwrap();
            assert_eq!((counts.memory, counts.vector), (1000, 1000), "{core:?}");
            // With the first instruction and the system call at the end.
            assert_eq!((counts.other, counts.branch, counts.all), (1001, 1001, 4002));
        }
    }
}
