//! Whether the packaged service may use the network.

use std::fs;
use std::path::{Path, PathBuf};

/// Where systemd looks for units and their drop-ins.
const FOLDERS: [&str; 4] = ["etc", "run", "usr/lib", "lib"];
const UNIT: &str = "systemd/system/normwatch.service";

/// What to do on a machine whose service has no network although something of the site
/// needs it; `None` without a service, and where its files let it. `root` is `/` but in
/// tests.
pub(super) fn lack(root: &Path) -> Option<String> {
    let units: Vec<PathBuf> = FOLDERS.iter().map(|folder| root.join(folder).join(UNIT)).collect();
    let is_there = units.iter().any(|unit| unit.exists());
    let files = units.iter().cloned().chain(units.iter().flat_map(|unit| drop_ins(unit)));
    let lets = |file: PathBuf| fs::read_to_string(file).is_ok_and(|text| lets_out(&text));
    let is_let = files.into_iter().any(lets);
    (is_there && !is_let).then(|| {
        "the packaged service has no network, and this site needs it: copy \
         /usr/share/doc/normwatch/network-outputs.conf to \
         /etc/systemd/system/normwatch.service.d/, then `systemctl daemon-reload`"
            .into()
    })
}

fn drop_ins(unit: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(unit.with_extension("service.d")).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.path());
    files.filter(|file| file.extension().is_some_and(|ending| ending == "conf")).collect()
}

/// Whether a unit's file allows what the packaged one does not.
fn lets_out(text: &str) -> bool {
    let mut families =
        text.lines().filter_map(|line| line.trim().strip_prefix("RestrictAddressFamilies="));
    families.any(|families| families.split_whitespace().any(|one| one == "AF_INET"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packaged_unit_has_no_network_and_its_drop_in_gives_it_one() {
        let packaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/systemd");
        let root = tempfile::tempdir().unwrap();
        assert_eq!(lack(root.path()), None, "no service, nothing to say");
        let units = root.path().join("lib/systemd/system");
        fs::create_dir_all(&units).unwrap();
        fs::copy(packaging.join("normwatch.service"), units.join("normwatch.service")).unwrap();
        assert!(lack(root.path()).unwrap().contains("network-outputs.conf"));
        let drop_ins = root.path().join("etc/systemd/system/normwatch.service.d");
        fs::create_dir_all(&drop_ins).unwrap();
        let drop_in = packaging.join("network-outputs.conf");
        fs::copy(&drop_in, drop_ins.join("network-outputs.conf.off")).unwrap();
        assert!(lack(root.path()).is_some());
        fs::copy(&drop_in, drop_ins.join("override.conf")).unwrap();
        assert_eq!(lack(root.path()), None, "whatever it is called");
    }
}
