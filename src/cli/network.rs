//! Whether the packaged service has the network that a site asks for.

use std::fs;
use std::path::Path;

use crate::config::Site;

/// Where a service's unit is, and where drop-ins for it are.
const UNITS: [&str; 2] = ["/lib/systemd/system", "/usr/lib/systemd/system"];
const DROP_INS: [&str; 3] = ["/etc/systemd/system", "/run/systemd/system", "/lib/systemd/system"];
const UNIT: &str = "normwatch.service";

const EXAMPLE: &str = "/usr/share/doc/normwatch/network-outputs.conf";

/// A site that needs the network, on a machine whose service has none.
pub(super) fn is_lacking(site: &Site) -> Option<String> {
    let output = &site.output;
    let needs = output.notify.needs_network() || output.mqtt.is_some() || site.web.is_some();
    let lacks = needs && has_no_network(&UNITS.map(Path::new), &DROP_INS.map(Path::new));
    lacks.then(|| {
        format!(
            "the packaged service has no network, and this site needs one: copy {EXAMPLE} to \
             {}/{UNIT}.d, then `systemctl daemon-reload`",
            DROP_INS[0]
        )
    })
}

/// Whether a unit of ours is installed that no drop-in gives a network.
fn has_no_network(units: &[&Path], drop_ins: &[&Path]) -> bool {
    let gives = |text: &str| {
        text.lines()
            .any(|line| line.starts_with("RestrictAddressFamilies=") && line.contains("AF_INET"))
    };
    let Some(unit) = units.iter().find_map(|f| fs::read_to_string(f.join(UNIT)).ok()) else {
        return false;
    };
    let restricted = unit.lines().any(|line| line.starts_with("RestrictAddressFamilies="));
    let entries = drop_ins.iter().filter_map(|f| fs::read_dir(f.join(format!("{UNIT}.d"))).ok());
    let texts = entries.flatten().filter_map(|file| fs::read_to_string(file.ok()?.path()).ok());
    restricted && !gives(&unit) && !texts.into_iter().any(|text| gives(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_without_a_network_is_told_of_until_a_drop_in_gives_it_one() {
        let folder = tempfile::tempdir().unwrap();
        let [units, drop_ins] = ["units", "etc"].map(|name| folder.path().join(name));
        let lacks = || has_no_network(&[&units], &[&drop_ins]);
        fs::create_dir_all(&units).unwrap();
        assert!(!lacks(), "no service is installed");
        let shipped = include_str!("../../packaging/systemd/normwatch.service");
        fs::write(units.join(UNIT), shipped).unwrap();
        assert!(lacks());
        let own = drop_ins.join("normwatch.service.d");
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join("other.conf"), "[Service]\nNice=5\n").unwrap();
        assert!(lacks());
        let network = include_str!("../../packaging/systemd/network-outputs.conf");
        fs::write(own.join("network-outputs.conf"), network).unwrap();
        assert!(!lacks());
    }
}
