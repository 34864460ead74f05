//! Whether root may obey a file: not where somebody else could have written it.

use std::env;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const GROUP_WRITE: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
/// In such a folder each may remove what is their own alone.
const STICKY: u32 = 0o1000;

/// For messages about a flaw.
pub(super) const TRUST_REMEDY: &str =
    "give it to root (`chown root`, `chmod go-w`), or run normwatch as another user";

/// Whose files are obeyed.
#[derive(Clone, Debug)]
pub(super) struct Trust {
    uids: Vec<u32>,
    gids: Vec<u32>,
}

impl Trust {
    /// Root trusts itself and whoever became root by `sudo`. `None` for everybody
    /// else, who may run as themselves what they like.
    pub fn of_this_process() -> Option<Self> {
        let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        let number = |name| env::var(name).ok().and_then(|text| text.parse().ok());
        let with = |number: Option<u32>| std::iter::once(0).chain(number).collect();
        is_root.then(|| Self { uids: with(number("SUDO_UID")), gids: with(number("SUDO_GID")) })
    }

    /// Who else could have written the file, or put another into its folder: which of
    /// the two is to blame, and why. `None` also where there is no such file.
    pub fn flaw(&self, path: &Path) -> Option<String> {
        let stated = std::path::absolute(path).ok()?;
        let real = stated.canonicalize().ok()?;
        let ways: [&Path; 2] = [&stated, &real];
        let places = ways.into_iter().flat_map(|way| way.ancestors().take(2));
        places.filter_map(|place| Some((place, fs::metadata(place).ok()?))).find_map(
            |(place, metadata)| {
                self.flaw_of(&metadata).map(|flaw| format!("{} {flaw}", place.display()))
            },
        )
    }

    fn flaw_of(&self, place: &Metadata) -> Option<String> {
        let mode = place.mode();
        if !self.uids.contains(&place.uid()) {
            return Some(format!("belongs to the user {}", place.uid()));
        }
        if place.is_dir() && mode & STICKY != 0 {
            return None;
        }
        if mode & OTHERS_WRITE != 0 {
            return Some("may be written by everybody".into());
        }
        let by_group = mode & GROUP_WRITE != 0 && !self.gids.contains(&place.gid());
        by_group.then(|| format!("may be written by the group {}", place.gid()))
    }

    /// The same for a command: its program, wherever `PATH` has it, and scripts that
    /// it is given.
    pub fn flaw_of_command(&self, argv: &[String]) -> Option<String> {
        let program = argv.first().map(PathBuf::from)?;
        let program = if program.components().count() > 1 { program } else { in_path(&program)? };
        let scripts = argv[1..].iter().map(PathBuf::from).filter(|path| is_script(path));
        std::iter::once(program).chain(scripts).find_map(|file| self.flaw(&file))
    }
}

fn in_path(program: &Path) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn is_script(path: &Path) -> bool {
    let named = path.extension().is_some_and(|ending| ending == "sh" || ending == "py");
    fs::metadata(path).is_ok_and(|file| file.is_file() && (named || file.mode() & 0o111 != 0))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Trusts root and whoever runs the tests.
    fn trust(folder: &Path) -> Trust {
        Trust { uids: vec![0, fs::metadata(folder).unwrap().uid()], gids: vec![] }
    }

    #[test]
    fn what_others_may_write_is_not_obeyed() {
        let folder = tempfile::tempdir().unwrap();
        let (inner, file) = (folder.path().join("a"), folder.path().join("a/site.toml"));
        fs::create_dir(&inner).unwrap();
        fs::write(&file, "").unwrap();
        let trust = trust(folder.path());
        let flaw = |folder_mode, file_mode| {
            set(&inner, folder_mode);
            set(&file, file_mode);
            trust.flaw(&file)
        };
        assert_eq!(flaw(0o755, 0o644), None);
        assert_eq!(flaw(0o1777, 0o640), None, "as /tmp");
        assert!(flaw(0o755, 0o646).unwrap().contains("site.toml may be written by everybody"));
        assert!(flaw(0o755, 0o664).unwrap().contains("by the group"));
        assert!(flaw(0o777, 0o644).unwrap().ends_with("a may be written by everybody"));
        set(&inner, 0o755);
        let link = folder.path().join("link.toml");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        set(&file, 0o666);
        assert!(trust.flaw(&link).is_some(), "what a link leads to counts");
        assert_eq!(trust.flaw(&folder.path().join("none")), None);
        let stranger = Trust { uids: vec![4_000_000_000], gids: vec![] };
        assert!(stranger.flaw(&link).unwrap().contains("belongs to the user"));
    }

    #[test]
    fn programs_and_scripts_of_a_command_count() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("camera.sh");
        fs::write(&script, "").unwrap();
        let trust = trust(folder.path());
        let command = ["sh".to_owned(), script.to_str().unwrap().to_owned()];
        set(&script, 0o644);
        assert_eq!(trust.flaw_of_command(&command), None);
        set(&script, 0o666);
        assert!(trust.flaw_of_command(&command).is_some());
        assert!(trust.flaw_of_command(&command[1..]).is_some());
        assert_eq!(trust.flaw_of_command(&["no-such-program".to_owned()]), None);
    }
}
