//! Release builds for the boards' targets: one environment, so that packages
//! and emulated boards share one set of compiled crates.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::shell;

/// A target that normwatch is released for.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    pub triple: &'static str,
    /// Debian's name of the architecture.
    pub debian_arch: &'static str,
    /// Prefix of the C compiler and the binary tools. tract assembles its
    /// kernels with the target's C compiler, so one is needed everywhere.
    pub gnu_prefix: &'static str,
    /// What links; rustc's own linker for static binaries, which brings their
    /// C library too.
    linker: &'static str,
    /// User-mode emulator and the folder with the target's C library.
    emulator: Option<(&'static str, Option<&'static str>)>,
    /// Debian packages that bring all of this.
    pub packages: &'static [&'static str],
}

pub const TARGETS: [Target; 4] = [
    Target {
        triple: "aarch64-unknown-linux-gnu",
        debian_arch: "arm64",
        gnu_prefix: "aarch64-linux-gnu-",
        linker: "aarch64-linux-gnu-gcc",
        emulator: Some(("qemu-aarch64", Some("/usr/aarch64-linux-gnu"))),
        packages: &["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", "qemu-user"],
    },
    Target {
        triple: "aarch64-unknown-linux-musl",
        debian_arch: "arm64",
        gnu_prefix: "aarch64-linux-gnu-",
        linker: "rust-lld",
        emulator: Some(("qemu-aarch64", None)),
        packages: &["gcc-aarch64-linux-gnu", "qemu-user"],
    },
    Target {
        triple: "armv7-unknown-linux-gnueabihf",
        debian_arch: "armhf",
        gnu_prefix: "arm-linux-gnueabihf-",
        linker: "arm-linux-gnueabihf-gcc",
        emulator: Some(("qemu-arm", Some("/usr/arm-linux-gnueabihf"))),
        packages: &["gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross", "qemu-user"],
    },
    Target {
        triple: "x86_64-unknown-linux-gnu",
        debian_arch: "amd64",
        gnu_prefix: "",
        linker: "gcc",
        emulator: None,
        packages: &["gcc", "binutils"],
    },
];

/// The target of this triple.
///
/// # Errors
/// normwatch is not released for it.
pub fn target(triple: &str) -> Result<&'static Target> {
    TARGETS.iter().find(|target| target.triple == triple).with_context(|| {
        let known: Vec<_> = TARGETS.iter().map(|target| target.triple).collect();
        format!("no release builds for `{triple}`: there are {}", known.join(", "))
    })
}

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let host = Path::new(env!("CARGO_MANIFEST_DIR"));
    host.ancestors().nth(2).unwrap_or(host).to_path_buf()
}

impl Target {
    /// The environment of every build for this target. Whatever it sets wins
    /// over the caller's own environment and cargo configuration.
    ///
    /// # Errors
    /// `rustc` does not start.
    pub fn env(&self) -> Result<Vec<(String, String)>> {
        let shouted = self.triple.to_uppercase().replace('-', "_");
        let snake = self.triple.replace('-', "_");
        let mut env = vec![
            (format!("CARGO_TARGET_{shouted}_LINKER"), self.linker.to_string()),
            (format!("CC_{snake}"), format!("{}gcc", self.gnu_prefix)),
            (format!("AR_{snake}"), format!("{}ar", self.gnu_prefix)),
            ("CARGO_ENCODED_RUSTFLAGS".into(), rustflags()?.join("\u{1f}")),
        ];
        if let Some(runner) = self.runner() {
            env.push((format!("CARGO_TARGET_{shouted}_RUNNER"), runner.join(" ")));
        }
        Ok(env)
    }

    /// Program and arguments that run a binary of this target here; `None`
    /// where it runs by itself.
    pub fn runner(&self) -> Option<Vec<&'static str>> {
        let (qemu, library) = self.emulator?;
        Some([qemu].into_iter().chain(library.into_iter().flat_map(|dir| ["-L", dir])).collect())
    }

    /// The folder with the target's C library, for the emulator.
    pub fn library(&self) -> Option<&'static str> {
        self.emulator.and_then(|(_, library)| library)
    }

    /// Where a build leaves the binary, its symbols still in it.
    pub fn binary(&self) -> PathBuf {
        target_dir().join(self.triple).join("release/normwatch")
    }

    /// Whether its binaries bring their C library along.
    pub fn is_static(&self) -> bool {
        self.triple.ends_with("-musl")
    }

    /// A binary tool of this target, for instance `strip`.
    pub fn tool(&self, name: &str) -> String {
        format!("{}{name}", self.gnu_prefix)
    }

    /// Fetches what the lockfile names, then builds the release binary without
    /// any network. Returns the binary, its symbols still in it.
    ///
    /// # Errors
    /// The toolchain is incomplete, or cargo fails.
    pub fn build(&self) -> Result<PathBuf> {
        self.build_program("normwatch")
    }

    /// The same for the program of any package that is named as its package.
    ///
    /// # Errors
    /// The toolchain is incomplete, or cargo fails.
    pub fn build_program(&self, name: &str) -> Result<PathBuf> {
        require_target(self)?;
        let env = self.env()?;
        let env: Vec<(&str, &str)> = env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        shell::run("cargo", &["fetch", "--locked", "--target", self.triple], &[])?;
        let package = ["--release", "--package", name, "--bin", name];
        let frozen = ["--target", self.triple, "--locked", "--offline"];
        shell::run("cargo", &[&["build"], &package[..], &frozen].concat(), &env)?;
        let binary = target_dir().join(self.triple).join("release").join(name);
        if !binary.is_file() {
            bail!("cargo built no {}", binary.display());
        }
        Ok(binary)
    }
}

/// Checks that binaries for a target can be built here, and installs nothing.
///
/// # Errors
/// Names what is missing and the command that brings it.
pub fn require_target(target: &Target) -> Result<()> {
    let remedy = "run `cargo xtask setup --cross`, then this again";
    if !has_rust_target(target.triple) {
        bail!("Rust's library for {} is not installed; {remedy}", target.triple);
    }
    if !is_complete(target) {
        let packages = target.packages.join(" ");
        bail!("the tools for {} ({packages}) are not installed; {remedy}", target.triple);
    }
    Ok(())
}

/// Whether Rust's library for a target is installed.
pub fn has_rust_target(triple: &str) -> bool {
    let installed = shell::output("rustup", &["target", "list", "--installed"]);
    if let Some(list) = installed {
        return list.lines().any(|line| line == triple);
    }
    let folder = shell::output("rustc", &["--print", "target-libdir", "--target", triple]);
    folder.is_some_and(|folder| Path::new(folder.trim()).is_dir())
}

/// Whether compiler, C library, binary tools and emulator are there.
pub fn is_complete(target: &Target) -> bool {
    let starts = |program: &str| shell::output(program, &["--version"]).is_some();
    let links = target.is_static() || {
        let start = shell::output(&target.tool("gcc"), &["-print-file-name=crt1.o"]);
        start.is_some_and(|path| path.trim().contains('/'))
    };
    let tools = ["gcc", "ar", "strip", "readelf"];
    let emulates = target.runner().is_none_or(|runner| starts(runner[0]));
    links && emulates && tools.iter().all(|tool| starts(&target.tool(tool)))
}

/// Where cargo builds.
pub fn target_dir() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Flags that take this machine's paths out of what is built. The workspace's
/// own path is not among them: cargo names its files relative to it, and a flag
/// that differs from one checkout to the next would forbid to share builds.
fn rustflags() -> Result<Vec<String>> {
    let Some(version) = shell::output("rustc", &["-vV"]) else {
        bail!("`rustc` does not start: install Rust, see https://rustup.rs");
    };
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: "));
    let mut flags = Vec::new();
    if let (Some(commit), Some(sysroot)) = (commit, shell::output("rustc", &["--print", "sysroot"]))
    {
        let sources = format!("{}/lib/rustlib/src/rust", sysroot.trim());
        flags.push(format!("--remap-path-prefix={sources}=/rustc/{commit}"));
    }
    for registry in registries() {
        flags.push(format!("--remap-path-prefix={}=/cargo", registry.display()));
    }
    Ok(flags)
}

/// Where cargo unpacks crates, one folder for each registry.
fn registries() -> Vec<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let entries = home.and_then(|home| home.join("registry/src").read_dir().ok());
    let mut folders: Vec<PathBuf> =
        entries.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    folders.sort();
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_tools_by_target() {
        let env = target("armv7-unknown-linux-gnueabihf").unwrap().env().unwrap();
        let value = |key: &str| env.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        assert_eq!(
            value("CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER"),
            Some("arm-linux-gnueabihf-gcc")
        );
        assert_eq!(value("CC_armv7_unknown_linux_gnueabihf"), Some("arm-linux-gnueabihf-gcc"));
        assert_eq!(
            value("CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_RUNNER"),
            Some("qemu-arm -L /usr/arm-linux-gnueabihf")
        );
    }

    #[test]
    fn flags_do_not_depend_on_the_checkout() {
        let root = format!("{}/", root().display());
        assert!(rustflags().unwrap().iter().all(|flag| !flag.contains(&root)));
    }

    #[test]
    fn an_unknown_target_is_answered_with_the_known_ones() {
        let error = target("riscv64gc-unknown-linux-gnu").unwrap_err().to_string();
        assert!(error.contains("aarch64-unknown-linux-gnu"), "{error}");
    }
}
