//! What the machine says it is, and the board file that is for it.

use std::path::Path;

use super::files::read;
use crate::config::Board;

/// What the machine says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// The device tree's model, or the maker's name from the firmware.
    pub model: Option<String>,
    /// The device tree's `compatible`, the most particular first.
    pub compatible: Vec<String>,
    /// As in Rust's targets, for instance `aarch64`.
    pub arch: &'static str,
}

impl Machine {
    /// Reads below `root`, which is `/` but in tests.
    pub fn read(root: &Path) -> Self {
        let tree = |key: &str| read(root, Path::new("proc/device-tree").join(key));
        let firmware = || {
            let part = |key: &str| read(root, Path::new("sys/class/dmi/id").join(key));
            let parts: Vec<_> =
                ["sys_vendor", "product_name"].into_iter().filter_map(part).collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        };
        let compatible = tree("compatible").unwrap_or_default();
        Self {
            model: tree("model").or_else(firmware),
            compatible: compatible
                .split('\0')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            arch: std::env::consts::ARCH,
        }
    }
}

/// Kind and size of this machine in a few words, for figures that depend on it.
pub fn this_machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}-{}, {cores} cores", std::env::consts::ARCH, std::env::consts::OS)
}

/// The board that this machine is: the one that its device tree names most
/// particularly, else the one called `generic-…` for its kind of processor.
pub fn matching_board<'a>(boards: &'a [Board], machine: &Machine) -> Option<&'a Board> {
    let named = machine.compatible.iter().find_map(|name| {
        boards.iter().find(|board| board.compatible.iter().any(|ours| ours == name))
    });
    named.or_else(|| {
        boards.iter().find(|board| {
            let arch = board.target.as_ref().and_then(|target| target.split('-').next());
            let arch = arch.map(|arch| if arch.starts_with("armv7") { "arm" } else { arch });
            board.name.starts_with("generic-") && arch == Some(machine.arch)
        })
    })
}
