//! What to do once there is a site file.

use std::fmt::Write;
use std::path::Path;

use super::draft::{Draft, name_of};
use crate::config::{CameraSource, Site};

const FOLDER: &str = "/etc/normwatch";

/// Of the first camera's service; a further one has its name behind it.
const STATE: &str = "/var/lib/normwatch";

/// Whoever learns and the service have files in common.
const USER: &str = "normwatch";

/// The commands that follow, in their order. `trains` says whether the toolchain's program
/// is there.
pub fn next_steps(draft: &Draft, site: &Site, trains: bool) -> String {
    let config = draft.file.display();
    let unit = service_of(&draft.file);
    let learner = site.learn.as_ref().and_then(|learn| learner_of(&draft.file, &learn.folder));
    let mut text = String::new();
    let mut step = |words: &str, command: &str| {
        let _ = writeln!(text, "\n{words}\n\n    {command}");
    };
    if matches!(site.camera.source, CameraSource::Rtsp(_))
        && let Some(unit) = &unit
    {
        for unit in std::iter::once(unit).chain(learner.as_ref()) {
            let folder = format!("/etc/systemd/system/{unit}.service.d");
            let copy = format!(
                "sudo install -D -t {folder} /usr/share/doc/normwatch/network-outputs.conf"
            );
            step(&format!("Give {unit} a network, for this camera:"), &copy);
        }
    }
    if let Some(learn) = &site.learn {
        if !trains {
            let install = "sudo apt install normwatch-toolchain";
            step("Install the program that trains:", install);
        }
        if !learn.folder.exists() {
            let folder = learn.folder.display();
            let owner = if unit.is_some() { USER } else { "$USER" };
            let make = format!("sudo install -d -o {owner} {folder}");
            step(
                "Make the folder for what is learnt, which the service shares its camera in:",
                &make,
            );
        }
        let learn = match unit {
            Some(_) => format!("sudo -u {USER} normwatch learn --config {config}"),
            None => format!("normwatch learn --config {config}"),
        };
        let (how, start) = match &learner {
            Some(learner) => {
                ("it goes on after a power cut", format!("sudo systemctl enable --now {learner}"))
            }
            None => ("so use `tmux` over ssh", learn.clone()),
        };
        let words = format!(
            "Start to learn: two days, unless you say otherwise, {how}. What the camera sees \
             meanwhile counts as normal:"
        );
        step(&words, &start);
        let status = format!("{learn} --status");
        step("How far it is, and at its end how to watch with it:", &status);
    } else {
        step(
            "Look at the machine with this site's eyes:",
            &format!("normwatch doctor --config {config}"),
        );
    }
    match unit {
        Some(unit) => {
            let start = format!("sudo systemctl enable --now {unit}");
            let words = if site.learn.is_some() { "Then watch:" } else { "Watch:" };
            step(words, &start);
        }
        None => step("Watch:", &format!("normwatch run --config {config}")),
    }
    text
}

/// The service that runs a site file, if one of the package's does: `normwatch`, or
/// `normwatch@yard` for `yard.toml`.
pub fn service_of(file: &Path) -> Option<String> {
    let absolute = std::path::absolute(file).ok()?;
    if absolute.parent() != Some(Path::new(FOLDER)) {
        return None;
    }
    Some(match name_of(file).as_str() {
        "site" => "normwatch".into(),
        name => format!("normwatch@{name}"),
    })
}

/// The service that learns for a site file: `normwatch-learn`, or `normwatch-learn@yard` for
/// `yard.toml`. It may write below the site's own state folder alone.
fn learner_of(file: &Path, folder: &Path) -> Option<String> {
    let (unit, state) = match service_of(file)?.strip_prefix("normwatch@") {
        None => ("normwatch-learn".into(), STATE.into()),
        Some(name) => (format!("normwatch-learn@{name}"), format!("{STATE}-{name}")),
    };
    folder.starts_with(&state).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_learns_below_the_state_folder_has_a_unit() {
        for (file, folder, expected) in [
            ("/etc/normwatch/site.toml", "/var/lib/normwatch/learnt", Some("normwatch-learn")),
            ("/etc/normwatch/site.toml", "/srv/learnt", None),
            (
                "/etc/normwatch/yard.toml",
                "/var/lib/normwatch-yard/learnt",
                Some("normwatch-learn@yard"),
            ),
            ("/etc/normwatch/yard.toml", "/var/lib/normwatch/learnt", None),
            ("/home/me/site.toml", "/var/lib/normwatch/learnt", None),
        ] {
            let unit = learner_of(Path::new(file), Path::new(folder));
            assert_eq!(unit.as_deref(), expected, "{file} {folder}");
        }
    }

    #[test]
    fn a_site_file_has_the_unit_that_reads_it() {
        for (file, expected) in [
            ("/etc/normwatch/site.toml", Some("normwatch")),
            ("/etc/normwatch/yard.toml", Some("normwatch@yard")),
            ("/home/me/site.toml", None),
        ] {
            assert_eq!(service_of(Path::new(file)).as_deref(), expected);
        }
    }
}
