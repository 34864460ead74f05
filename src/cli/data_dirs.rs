//! Where boards, models and the demonstration are looked for.

use std::path::{Path, PathBuf};

/// Folders that may hold `boards`, `models` and the demonstration, in order:
/// `$NORMWATCH_DATA`, the folders above the program, where packages put them, and the
/// working folder, which may be anybody's.
pub(super) fn data_dirs() -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> =
        std::env::var_os("NORMWATCH_DATA").map(PathBuf::from).into_iter().collect();
    if let Ok(program) = std::env::current_exe() {
        dirs.extend(program.ancestors().skip(1).take(4).map(Path::to_path_buf));
    }
    dirs.push(PathBuf::from("/usr/share/normwatch"));
    dirs.push(PathBuf::from("."));
    dirs
}

/// Where boards are looked up for a site file: beside it, then in the data
/// folders.
pub(super) fn board_dirs(site_file: &Path) -> Vec<PathBuf> {
    let beside = site_file.parent().map(Path::to_path_buf);
    beside.into_iter().chain(data_dirs()).map(|dir| dir.join("boards")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_working_folder_does_not_stand_in_for_what_was_installed() {
        let dirs = data_dirs();
        assert_eq!(dirs.iter().position(|dir| dir == Path::new(".")), Some(dirs.len() - 1));
        let boards = board_dirs(Path::new("/etc/normwatch/site.toml"));
        assert_eq!(boards[0], Path::new("/etc/normwatch/boards"));
    }
}
