//! Why a device node cannot be opened, and what would give access to it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const GROUP_READ_WRITE: u32 = 0o060;

/// What gives a user access to the device node at `path`, as one sentence:
/// the group that may use it, or the udev rule that makes one. `root` is `/`
/// but in tests.
pub fn remedy(root: &Path, path: &Path) -> String {
    let there = root.join(path.strip_prefix("/").unwrap_or(path));
    let group =
        fs::metadata(there).ok().filter(|m| m.mode() & GROUP_READ_WRITE == GROUP_READ_WRITE);
    match group.filter(|m| m.gid() != 0).and_then(|m| group_name(root, m.gid())) {
        Some(group) => format!(
            "add the user that runs normwatch to the group `{group}` (`sudo usermod -aG {group} \
             USER`), then start it again; in a login session, log out and in first"
        ),
        None => format!(
            "no group may use it: put the line `{}` into /etc/udev/rules.d/60-normwatch.rules, then \
             `udevadm control --reload && udevadm trigger`",
            udev_rule(path)
        ),
    }
}

/// The rule that gives the device's usual group access to it.
fn udev_rule(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let kind = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let (subsystem, group) = match kind {
        "gpiochip" => ("gpio", "gpio"),
        "video" => ("video4linux", "video"),
        "watchdog" => ("watchdog", "watchdog"),
        other => (other, "normwatch"),
    };
    format!("SUBSYSTEM==\"{subsystem}\", KERNEL==\"{kind}*\", GROUP=\"{group}\", MODE=\"0660\"")
}

fn group_name(root: &Path, gid: u32) -> Option<String> {
    let groups = fs::read_to_string(root.join("etc/group")).ok()?;
    let fields = groups.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let mut of_gid = fields.filter(|f| f.get(2).and_then(|n| n.parse().ok()) == Some(gid));
    of_gid.next().map(|fields| fields[0].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn node(mode: u32) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("dev")).unwrap();
        fs::create_dir_all(root.path().join("etc")).unwrap();
        let path = root.path().join("dev/gpiochip0");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        root
    }

    #[test]
    fn a_rule_where_no_group_may_use_it() {
        let root = node(0o600);
        let said = remedy(root.path(), Path::new("/dev/gpiochip0"));
        let rule = "SUBSYSTEM==\"gpio\", KERNEL==\"gpiochip*\", GROUP=\"gpio\", MODE=\"0660\"";
        assert!(said.contains(rule), "{said}");
        let said = remedy(root.path(), Path::new("/dev/video3"));
        assert!(said.contains("SUBSYSTEM==\"video4linux\", KERNEL==\"video*\""), "{said}");
    }

    #[test]
    fn the_group_where_one_may() {
        let root = node(0o660);
        let gid = fs::metadata(root.path().join("dev/gpiochip0")).unwrap().gid();
        fs::write(root.path().join("etc/group"), format!("a:x:9999:\npins:x:{gid}:\n")).unwrap();
        let said = remedy(root.path(), Path::new("/dev/gpiochip0"));
        assert_eq!(said.contains("the group `pins`"), gid != 0, "{said}");
    }
}
