//! Whether the packaged service may use the network.

use std::fs;
use std::path::{Path, PathBuf};

/// Where systemd looks for units and their drop-ins.
const FOLDERS: [&str; 4] = ["etc", "run", "usr/lib", "lib"];
const UNITS: &str = "systemd/system";

/// What to do on a machine whose service `unit` (`normwatch` or `normwatch@yard`) has no
/// network although something of the site needs it; `None` without a service, and where its
/// files let it. `root` is `/` but in tests.
pub(super) fn lack(root: &Path, unit: &str) -> Option<String> {
    // What is written for all of a template counts for each.
    let template = unit.split_once('@').map(|(name, _)| format!("{name}@"));
    let names = [Some(unit.to_owned()), template];
    let names: Vec<String> = names.into_iter().flatten().collect();
    let of = |folder: &&str| -> Vec<PathBuf> {
        let folder = root.join(folder).join(UNITS);
        names.iter().map(|name| folder.join(format!("{name}.service"))).collect()
    };
    let units: Vec<PathBuf> = FOLDERS.iter().flat_map(of).collect();
    let is_there = units.iter().any(|unit| unit.exists());
    let files = units.iter().cloned().chain(units.iter().flat_map(|unit| drop_ins(unit)));
    let lets = |file: PathBuf| fs::read_to_string(file).is_ok_and(|text| lets_out(&text));
    let is_let = files.into_iter().any(lets);
    (is_there && !is_let).then(|| {
        format!(
            "the packaged service has no network, and this site needs it: copy \
             /usr/share/doc/normwatch/network-outputs.conf to \
             /etc/systemd/system/{unit}.service.d/, then `systemctl daemon-reload`"
        )
    })
}

fn drop_ins(unit: &Path) -> Vec<PathBuf> {
    let mut folder = unit.as_os_str().to_os_string();
    folder.push(".d");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
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
        assert_eq!(lack(root.path(), "normwatch"), None, "no service, nothing to say");
        let units = root.path().join("lib/systemd/system");
        fs::create_dir_all(&units).unwrap();
        fs::copy(packaging.join("normwatch.service"), units.join("normwatch.service")).unwrap();
        assert!(lack(root.path(), "normwatch").unwrap().contains("network-outputs.conf"));
        let drop_ins = root.path().join("etc/systemd/system/normwatch.service.d");
        fs::create_dir_all(&drop_ins).unwrap();
        let drop_in = packaging.join("network-outputs.conf");
        fs::copy(&drop_in, drop_ins.join("network-outputs.conf.off")).unwrap();
        assert!(lack(root.path(), "normwatch").is_some());
        fs::copy(&drop_in, drop_ins.join("override.conf")).unwrap();
        assert_eq!(lack(root.path(), "normwatch"), None, "whatever it is called");
        assert_eq!(lack(root.path(), "normwatch@yard"), None, "no such service");
        fs::copy(packaging.join("normwatch@.service"), units.join("normwatch@.service")).unwrap();
        let told = lack(root.path(), "normwatch@yard").unwrap();
        assert!(told.contains("/normwatch@yard.service.d/"), "{told}");
        for folder in ["normwatch@.service.d", "normwatch@yard.service.d"] {
            let drop_ins = root.path().join("etc/systemd/system").join(folder);
            fs::create_dir_all(&drop_ins).unwrap();
            fs::copy(&drop_in, drop_ins.join("network.conf")).unwrap();
            assert_eq!(lack(root.path(), "normwatch@yard"), None, "{folder}");
            fs::remove_dir_all(drop_ins).unwrap();
        }
    }
}
