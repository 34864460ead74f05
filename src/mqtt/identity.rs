//! Who this board is to a broker and to Home Assistant.

use std::fs;

use sha2::{Digest, Sha256};

/// What the output says of this site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Name of the site file without its ending.
    pub site: String,
    /// Name of the board, for people.
    pub board: String,
    /// Version of the program.
    pub version: String,
    /// Whether the board learns its own camera.
    pub learns: bool,
}

/// Files with a name of the machine, the best first.
const MACHINE_FILES: [&str; 3] =
    ["/etc/machine-id", "/var/lib/dbus/machine-id", "/proc/sys/kernel/hostname"];

impl Identity {
    /// Twelve hexadecimal digits for this site on this machine. The machine's id itself
    /// is nobody else's business.
    pub fn digest(&self) -> String {
        let read = |file| fs::read_to_string(file).ok().filter(|text| !text.trim().is_empty());
        let machine = MACHINE_FILES.into_iter().find_map(read).unwrap_or_default();
        digest(&machine, &self.site)
    }
}

fn digest(machine: &str, site: &str) -> String {
    let sum = Sha256::digest(format!("normwatch mqtt\n{}\n{site}", machine.trim()));
    sum.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// A name with nothing but letters, digits, `_` and `-`, as topics and ids of Home
/// Assistant want it.
pub fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let slug: String = name.chars().take(64).map(plain).collect();
    if slug.is_empty() { "site".into() } else { slug }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sites_and_two_machines_are_four_clients() {
        let all = [("a\n", "x"), ("a\n", "y"), ("b\n", "x"), ("b\n", "y")];
        let mut digests: Vec<String> = all.iter().map(|(m, s)| digest(m, s)).collect();
        assert_eq!(digest("a", "x"), digests[0]);
        assert!(digests.iter().all(|d| d.len() == 12));
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), 4);
    }

    #[test]
    fn a_slug_is_a_part_of_a_topic() {
        assert_eq!(slug("Hof 2/#+ä"), "Hof_2____");
        assert_eq!(slug(""), "site");
    }
}
