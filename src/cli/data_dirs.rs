//! Where boards, models and the demonstration are looked for.

use std::path::{Path, PathBuf};

/// Folders that may hold `boards`, `models` and the demonstration, nearest
/// first: `$NORMWATCH_DATA`, the working folder, the folders above the
/// program, and where packages put them.
pub(super) fn data_dirs() -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> =
        std::env::var_os("NORMWATCH_DATA").map(PathBuf::from).into_iter().collect();
    dirs.push(PathBuf::from("."));
    if let Ok(program) = std::env::current_exe() {
        dirs.extend(program.ancestors().skip(1).take(4).map(Path::to_path_buf));
    }
    dirs.push(PathBuf::from("/usr/share/normwatch"));
    dirs
}

/// Where boards are looked up for a site file: beside it, then in the data
/// folders.
pub(super) fn board_dirs(site_file: &Path) -> Vec<PathBuf> {
    let beside = site_file.parent().map(Path::to_path_buf);
    beside.into_iter().chain(data_dirs()).map(|dir| dir.join("boards")).collect()
}
