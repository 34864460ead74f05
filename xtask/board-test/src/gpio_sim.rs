//! Builds the kernel module that simulates GPIO lines.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::arch::Arch;
use normwatch_host::unpack;

const SOURCES: [&str; 3] =
    ["drivers/gpio/gpio-sim.c", "drivers/gpio/gpiolib.h", "kernel/irq/irq_sim.c"];

/// Two objects in one module: Debian's kernel exports no `irq_sim`.
const KBUILD: &str = "obj-m := gpio-sim.o\ngpio-sim-objs := gpio-sim-core.o irq_sim.o\n";

/// Builds the module `gpio-sim`, which Debian's kernel leaves out, from the
/// packages of its headers and build tools, and from the files that
/// [`unpack_source`] has left in `source`.
///
/// # Errors
/// Compiler or `make` are missing or fail; all that they said is in the error.
pub fn build(
    arch: Arch,
    release: &str,
    headers: &[PathBuf],
    source: &Path,
    work: &Path,
    module: &Path,
) -> Result<()> {
    for package in headers {
        unpack::deb(package, work)?;
    }
    let build = work.join("module");
    fs::create_dir(&build)?;
    fs::copy(source.join("gpio-sim.c"), build.join("gpio-sim-core.c"))?;
    fs::copy(source.join("gpiolib.h"), build.join("gpiolib.h"))?;
    let irq_sim = fs::read_to_string(source.join("irq_sim.c"))?;
    fs::write(build.join("irq_sim.c"), inside_a_module(&irq_sim))?;
    fs::write(build.join("Kbuild"), KBUILD)?;
    make(arch, &relocated(work, release)?, &build)?;
    let strip = Command::new(arch.strip()).arg("-g").arg(build.join("gpio-sim.ko")).status();
    let strip = strip.with_context(|| format!("cannot start `{}`", arch.strip()))?;
    ensure!(strip.success(), "{} failed: {strip}", arch.strip());
    fs::copy(build.join("gpio-sim.ko"), module)?;
    Ok(())
}

/// Unpacks the module's source files out of the kernel's source package.
///
/// # Errors
/// They are not in it.
pub fn unpack_source(package: &Path, to: &Path) -> Result<()> {
    let name = package.file_name().unwrap_or_default().to_string_lossy();
    let tree = name.split('_').next().unwrap_or_default();
    let members = SOURCES.map(|file| format!("{tree}/{file}"));
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    unpack::archive_in_deb(package, &format!("./usr/src/{tree}.tar.xz"), &members, to)?;
    for member in members {
        let name = Path::new(member).file_name().unwrap_or_default();
        fs::rename(to.join(member), to.join(name))
            .with_context(|| format!("cannot rename {member}"))?;
    }
    fs::remove_dir_all(to.join(tree)).with_context(|| format!("cannot remove {tree}"))
}

/// A module may not export what it holds itself, and `irq_to_desc` is not
/// exported to modules.
fn inside_a_module(irq_sim: &str) -> String {
    irq_sim
        .lines()
        .filter(|line| !line.starts_with("EXPORT_SYMBOL_GPL"))
        .map(|line| match line.split_once("irq_to_desc(") {
            Some((before, rest)) => match rest.split_once(')') {
                Some((irq, after)) => {
                    format!("{before}irq_data_to_desc(irq_get_irq_data({irq})){after}\n")
                }
                None => format!("{line}\n"),
            },
            None => format!("{line}\n"),
        })
        .collect()
}

/// The folder of the headers, whose Makefile names the place where Debian
/// installs it: turned to where they are.
fn relocated(work: &Path, release: &str) -> Result<PathBuf> {
    let headers = work.join("usr/src").join(format!("linux-headers-{release}"));
    let makefile = headers.join("Makefile");
    let text = fs::read_to_string(&makefile)
        .with_context(|| format!("cannot read {}", makefile.display()))?;
    let here = format!("include {}/usr/src/", work.display());
    fs::write(&makefile, text.replace("include /usr/src/", &here))?;
    Ok(headers)
}

fn make(arch: Arch, headers: &Path, build: &Path) -> Result<()> {
    let output = Command::new("make")
        .arg("-C")
        .arg(headers)
        .arg(format!("M={}", build.display()))
        .args(arch.kbuild())
        .arg("modules")
        .output()
        .context("cannot start `make`: install the packages make and gcc")?;
    ensure!(
        output.status.success(),
        "the module gpio-sim does not build:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interrupt_simulator_is_made_to_fit_a_module() {
        let source = "x = irq_to_desc(irq);\nEXPORT_SYMBOL_GPL(irq_sim);\nint y;\n";
        assert_eq!(
            inside_a_module(source),
            "x = irq_data_to_desc(irq_get_irq_data(irq));\nint y;\n"
        );
    }
}
