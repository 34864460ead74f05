//! Estimates the cycles of our inner loops with LLVM's models of the cores.

use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::cores::Core;
use super::loops::{self, Loop};
use normwatch_host::apt;
use normwatch_host::apt::Apt;
use normwatch_host::cache::Cache;
use normwatch_host::cross::Target;

/// What a core makes of one of our inner loops, as LLVM models it: everything
/// in the first cache, branches foreseen.
#[derive(Debug, Serialize)]
pub(super) struct Estimate {
    pub core: Core,
    pub kernel: &'static str,
    /// Of the loop in the binary.
    pub address: String,
    pub instructions: usize,
    pub multiplies: usize,
    pub cycles_per_iteration: f64,
    pub macs_per_cycle: f64,
    /// Of the multiplies alone, none waiting for another.
    pub peak_macs_per_cycle: f64,
    pub share_of_peak: f64,
}

/// An inner loop of ours, known by the instruction that it multiplies with.
struct Kernel {
    name: &'static str,
    /// The one that the peak is taken of comes first.
    multiplies: &'static [&'static str],
    /// The lanes that they write.
    lanes: &'static str,
    /// Multiply-accumulates of one of them.
    macs: usize,
    /// Its operands with an accumulator of its own, `{}`.
    operands: &'static str,
    cores: &'static [Core],
}

const KERNELS: [Kernel; 3] = [
    Kernel {
        name: "f32 panel",
        multiplies: &["fmla"],
        lanes: "4s",
        macs: 4,
        operands: "v{}.4s, v30.4s, v31.s[0]",
        cores: &Core::MODELLED,
    },
    Kernel {
        name: "int8 tile, words",
        multiplies: &["smlal", "smlal2"],
        lanes: "4s",
        macs: 4,
        operands: "v{}.4s, v30.4h, v15.h[0]",
        cores: &[Core::CortexA53, Core::CortexA72],
    },
    Kernel {
        name: "int8 tile, SDOT",
        multiplies: &["sdot"],
        lanes: "4s",
        macs: 16,
        operands: "v{}.4s, v30.16b, v31.4b[0]",
        cores: &[Core::CortexA76],
    },
];

/// The first in Debian 12 and 13 alike that has tables of Neoverse N1.
const PACKAGE: &str = "llvm-19";

const ITERATIONS: usize = 100;

/// Accumulators for the peak: enough to hide every latency.
const INDEPENDENT: usize = 24;

/// Estimates our inner loops in a release binary.
///
/// # Errors
/// LLVM cannot be had, or the binary lacks a loop.
pub(super) fn estimate(
    cache: &Cache,
    target: &Target,
    binary: &Path,
    cores: &[Core],
) -> Result<Vec<Estimate>> {
    let llvm = Llvm::prepare(cache)?;
    let loops = disassembled(target, binary)?;
    let mut estimates = Vec::new();
    for kernel in &KERNELS {
        let found = kernel.find(&loops).with_context(|| {
            format!("{} has no loop of {}", binary.display(), kernel.multiplies[0])
        })?;
        for &core in cores.iter().filter(|core| kernel.cores.contains(core)) {
            let cycles = llvm.cycles(core, &found.source())? / ITERATIONS as f64;
            let alone = llvm.cycles(core, &kernel.alone())? / ITERATIONS as f64;
            estimates.push(kernel.estimate(core, found, cycles, alone));
        }
    }
    Ok(estimates)
}

impl Kernel {
    /// The loop with most multiplies, and of those the shortest.
    fn find<'a>(&self, loops: &'a [Loop]) -> Option<&'a Loop> {
        let rank = |l: &&Loop| (self.count(l), std::cmp::Reverse(l.len()));
        loops.iter().max_by_key(rank).filter(|l| self.count(l) > 0)
    }

    fn count(&self, found: &Loop) -> usize {
        found.count(self.multiplies, self.lanes)
    }

    /// Multiplies and nothing else.
    fn alone(&self) -> String {
        let one = |register: usize| {
            let operands = self.operands.replace("{}", &register.to_string());
            format!("{}\t{operands}\n", self.multiplies[0])
        };
        (0..INDEPENDENT).map(one).collect()
    }

    /// `cycles` of an iteration, `alone` of the multiplies without the rest.
    fn estimate(&self, core: Core, found: &Loop, cycles: f64, alone: f64) -> Estimate {
        let multiplies = self.count(found);
        let macs_per_cycle = (multiplies * self.macs) as f64 / cycles;
        let peak_macs_per_cycle = (INDEPENDENT * self.macs) as f64 / alone;
        Estimate {
            core,
            kernel: self.name,
            address: format!("{:#x}", found.address()),
            instructions: found.len(),
            multiplies,
            cycles_per_iteration: cycles,
            macs_per_cycle,
            peak_macs_per_cycle,
            share_of_peak: macs_per_cycle / peak_macs_per_cycle,
        }
    }
}

fn disassembled(target: &Target, binary: &Path) -> Result<Vec<Loop>> {
    let tool = target.tool("objdump");
    let mut objdump = Command::new(&tool)
        .args(["-d", "--no-show-raw-insn"])
        .arg(binary)
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{tool}`: run `cargo xtask setup --cross`"))?;
    let output = objdump.stdout.take().context("a pipe from objdump")?;
    let loops = loops::innermost(BufReader::new(output), "normwatch")?;
    let status = objdump.wait()?;
    ensure!(status.success(), "{tool} cannot read {}", binary.display());
    Ok(loops)
}

/// Debian's LLVM, unpacked in the cache.
struct Llvm {
    folder: PathBuf,
}

impl Llvm {
    fn prepare(cache: &Cache) -> Result<Self> {
        let folder = cache.folder(PACKAGE, |to| {
            let apt = Apt::new(cache.root().join("apt"))?;
            apt.update()?;
            let name = format!("{PACKAGE}:amd64");
            let mut packages = apt.closure(&[&name]).with_context(|| {
                format!("the estimate of inner loops needs Debian's package {PACKAGE}")
            })?;
            // The host's own, as it has to fit the host's program loader.
            packages.retain(|package| package.name != "libc6");
            apt::fetch(&apt, &packages, to)
        })?;
        Ok(Self { folder })
    }

    /// Cycles of all iterations of some assembly.
    fn cycles(&self, core: Core, source: &str) -> Result<f64> {
        let libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"];
        let libraries = libraries.map(|path| self.folder.join(path).display().to_string());
        let program = self.folder.join("usr/lib").join(PACKAGE).join("bin/llvm-mca");
        let mut mca = Command::new(&program)
            .args(["-mtriple=aarch64-linux-gnu", "-mattr=+dotprod"])
            .arg(format!("-mcpu={}", model(core)))
            .arg(format!("-iterations={ITERATIONS}"))
            .env("LD_LIBRARY_PATH", libraries.join(":"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        // It reads all before it writes.
        mca.stdin.take().context("a pipe to llvm-mca")?.write_all(source.as_bytes())?;
        let output = mca.wait_with_output()?;
        ensure!(output.status.success(), "llvm-mca refuses a loop for {}", core.name());
        total_cycles(&String::from_utf8_lossy(&output.stdout))
            .context("llvm-mca names no total of cycles")
    }
}

/// Whose tables to take. LLVM 19 models Cortex-A76 as it does A72, with half of
/// its multipliers; Neoverse N1 is A76's sibling for servers.
fn model(core: Core) -> &'static str {
    match core {
        Core::CortexA76 => "neoverse-n1",
        core => core.name(),
    }
}

fn total_cycles(text: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix("Total Cycles:"))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loops(text: &str) -> Vec<Loop> {
        loops::innermost(text.as_bytes(), "f").unwrap()
    }

    #[test]
    fn a_loop_is_measured_against_its_multiplies_alone() {
        let text = "0 <f>:\n 0:\tldr\tq0, [x1]\n 4:\tsdot\tv1.4s, v0.16b, v2.4b[0]\n \
                    8:\tsdot\tv3.4s, v0.16b, v2.4b[1]\n c:\tb.ne\t0 <f>\n \
                    10:\tsdot\tv3.4s, v0.16b, v2.4b[1]\n 14:\tb.ne\t10 <f+0x10>\n";
        let loops = loops(text);
        let found = KERNELS[2].find(&loops).unwrap();
        let estimate = KERNELS[2].estimate(Core::CortexA76, found, 2.0, 12.0);
        assert_eq!((estimate.instructions, estimate.multiplies), (4, 2));
        assert_eq!((estimate.macs_per_cycle, estimate.peak_macs_per_cycle), (16.0, 32.0));
        assert_eq!(estimate.share_of_peak, 0.5);
        assert!(KERNELS[0].find(&loops).is_none());
    }

    #[test]
    fn the_multiplies_alone_do_not_wait_for_each_other() {
        let source = KERNELS[0].alone();
        let first = source.lines().next().unwrap();
        assert_eq!(first, "fmla\tv0.4s, v30.4s, v31.s[0]");
        let mut lines: Vec<_> = source.lines().collect();
        lines.dedup();
        assert_eq!(lines.len(), INDEPENDENT);
    }

    #[test]
    fn the_total_is_read() {
        let text = "Iterations:        100\nTotal Cycles:      6417\nTotal uOps:  7800\n";
        assert_eq!(total_cycles(text), Some(6417.0));
        assert_eq!(total_cycles("error: unknown"), None);
    }
}
