//! Describes the machine that the figures come from.

use serde::Serialize;

/// What a figure cannot be read without.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    cpu: String,
    logical_cpus: usize,
    arch: &'static str,
    /// The flags that kernels are chosen by.
    flags: Vec<String>,
    /// Runnable processes in the mean over the last minute, this run included.
    load: Option<f64>,
}

const FLAGS: [&str; 13] = [
    "avx2",
    "fma",
    "avx512f",
    "avx512vl",
    "avx512_vnni",
    "avx_vnni",
    "amx_int8",
    "neon",
    "asimd",
    "asimddp",
    "asimdhp",
    "i8mm",
    "sve",
];

impl Machine {
    pub(super) fn find() -> Self {
        let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let (cpu, flags) = parse(&text);
        Self {
            cpu,
            logical_cpus: std::thread::available_parallelism().map_or(1, usize::from),
            arch: std::env::consts::ARCH,
            flags,
            load: load.split_whitespace().next().and_then(|word| word.parse().ok()),
        }
    }

    pub(super) fn print(&self) {
        println!("{}, {} × {}: {}", self.cpu, self.logical_cpus, self.arch, self.flags.join(" "));
        if let Some(load) = self.load {
            println!("load average {load:.1}");
        }
    }
}

/// Name and flags of the first core.
fn parse(text: &str) -> (String, Vec<String>) {
    let value = |keys: &[&str]| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            keys.contains(&key.trim()).then(|| value.trim().to_owned())
        })
    };
    let name = value(&["model name", "Model", "CPU part"]).unwrap_or_else(|| "unknown CPU".into());
    let flags = value(&["flags", "Features"]).unwrap_or_default();
    let has = |flag: &&str| flags.split_whitespace().any(|word| word == *flag);
    (name, FLAGS.into_iter().filter(has).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_cpuinfo_are_read() {
        let (name, flags) = parse("model name\t: AMD EPYC\nflags\t\t: fpu fma avx2 avx5\n");
        assert_eq!((name.as_str(), flags.join(" ").as_str()), ("AMD EPYC", "avx2 fma"));
        let (name, flags) = parse("Features : fp asimd asimddp\nCPU part\t: 0xd0b\n");
        assert_eq!((name.as_str(), flags.join(" ").as_str()), ("0xd0b", "asimd asimddp"));
    }
}
