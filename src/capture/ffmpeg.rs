//! The `ffmpeg` program: whether it is there, which release it is, and what it wants to
//! be called with.

use std::path::Path;
use std::process::{Command, Stdio};

/// What it is called in `PATH`.
pub const FFMPEG: &str = "ffmpeg";

/// A release, by its first two numbers; `None` of one that was built from a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Release(Option<(u32, u32)>);

impl Release {
    /// Asks the program.
    pub fn of(program: &str) -> Self {
        let said = Command::new(program).arg("-version").stdin(Stdio::null()).output();
        let said = said.map_or(Vec::new(), |said| said.stdout);
        Self::read(&String::from_utf8_lossy(&said))
    }

    fn read(said: &str) -> Self {
        let word = said.strip_prefix("ffmpeg version ").unwrap_or("");
        let mut numbers = word.trim_start_matches('n').split(|c: char| !c.is_ascii_digit());
        let mut number = || numbers.next().and_then(|number| number.parse::<u32>().ok());
        let first = number();
        Self(first.map(|first| (first, number().unwrap_or(0))))
    }

    /// Whether it is at least this one; one that nobody knows is taken to be new.
    pub fn is_from(self, first: u32, second: u32) -> bool {
        self.0.is_none_or(|release| release >= (first, second))
    }

    /// The option that keeps times: `-vsync` before 5.1, and no such option later.
    pub fn keeping_times(self) -> &'static str {
        if self.is_from(5, 1) { "-fps_mode" } else { "-vsync" }
    }
}

/// Whether the program is there: a path, or a name that is looked up in `PATH`.
pub fn is_installed(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    let search = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&search).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_release_is_asked_in_its_own_words() {
        for (said, option, is_five) in [
            ("ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright", "-vsync", false),
            ("ffmpeg version n5.0 Copyright", "-vsync", true),
            ("ffmpeg version 5.1.9-0+deb12u1 Copyright", "-fps_mode", true),
            ("ffmpeg version n7.1 Copyright", "-fps_mode", true),
            ("ffmpeg version N-118000-gabcdef Copyright", "-fps_mode", true),
            ("", "-fps_mode", true),
        ] {
            let release = Release::read(said);
            assert_eq!(
                (release.keeping_times(), release.is_from(5, 0)),
                (option, is_five),
                "{said}"
            );
        }
    }
}
