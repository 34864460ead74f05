//! How much memory this process takes.

use serde::Serialize;

/// Memory of this process that is in RAM, the program's own pages included; 0
/// where the kernel does not tell.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Resident {
    pub now_mb: f64,
    pub peak_mb: f64,
}

impl Resident {
    pub(super) fn now() -> Self {
        Self::parse(&std::fs::read_to_string("/proc/self/status").unwrap_or_default())
    }

    fn parse(status: &str) -> Self {
        let mb = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
            kib.unwrap_or(0.0) * 1024.0 / 1e6
        };
        Self { now_mb: mb("VmRSS:"), peak_mb: mb("VmHWM:") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_values_are_found() {
        let found = Resident::parse("Name:\tx\nVmHWM:\t   40000 kB\nVmRSS:\t   20000 kB\n");
        assert!((found.peak_mb - 40.96).abs() < 1e-9 && (found.now_mb - 20.48).abs() < 1e-9);
        assert_eq!(Resident::parse("").now_mb, 0.0);
    }
}
