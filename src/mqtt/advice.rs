//! What would keep the output from working, as far as this machine shows it.

use std::fs;
use std::path::Path;

use super::secret::password;
use crate::config::MqttSection;

/// Where a service's unit is, and where drop-ins for it are.
const UNITS: [&str; 2] = ["/lib/systemd/system", "/usr/lib/systemd/system"];
const DROP_INS: [&str; 3] = ["/etc/systemd/system", "/run/systemd/system", "/lib/systemd/system"];
const UNIT: &str = "normwatch.service";

/// What is wrong, in sentences for people; empty where nothing is.
pub fn concerns(section: &MqttSection) -> Vec<String> {
    let secret = section.password_file.as_deref().and_then(|path| {
        let error = password(path).err()?;
        Some(format!(
            "`password_file` of [output.mqtt] cannot be used: {}: {error}; nothing would be \
             published",
            path.display()
        ))
    });
    let network = has_no_network(&UNITS.map(Path::new), &DROP_INS.map(Path::new)).then(|| {
        "the installed service has no network, and [output.mqtt] needs one: copy \
         /usr/share/doc/normwatch/network.conf to /etc/systemd/system/normwatch.service.d"
            .to_owned()
    });
    secret.into_iter().chain(network).collect()
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
        let network = include_str!("../../packaging/systemd/network.conf");
        fs::write(own.join("network.conf"), network).unwrap();
        assert!(!lacks());
    }
}
