//! What lies beside the program that watches: boards, an example bundle, the
//! site file, a hardened service, access to devices.

use anyhow::Result;
use normwatch::config::Board;
use normwatch_host::cross;

use super::super::stage::Stage;
use super::{files, name, template};

/// The bundle in the package: made on synthetic footage, under our own licence.
const BUNDLE: &str = "walkway-edge";
pub const SITE: &str = "etc/normwatch/site.toml";
/// Packages that no library tells of.
pub const DEPENDS: [&str; 2] = ["systemd", "udev"];
/// To watch and to learn: one camera, and one more for each further site file.
const UNITS: [&str; 4] = [
    "normwatch.service",
    "normwatch@.service",
    "normwatch-learn.service",
    "normwatch-learn@.service",
];
pub const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

pub fn lay_out(stage: &Stage, board: &Board) -> Result<()> {
    let root = cross::root();
    let packaging = root.join("packaging");
    let share = "usr/share/normwatch";
    for file in files(&root.join("boards"))? {
        stage.copy(&file, &format!("{share}/boards/{}", name(&file)), 0o644)?;
    }
    for file in files(&root.join("models").join(BUNDLE))? {
        stage.copy(&file, &format!("{share}/models/{BUNDLE}/{}", name(&file)), 0o644)?;
    }
    stage.write(SITE, site(board)?, 0o644)?;
    let (units, systemd) = ("lib/systemd/system", packaging.join("systemd"));
    for unit in UNITS {
        stage.copy(&systemd.join(unit), &format!("{units}/{unit}"), 0o644)?;
        if let Some(drop_in) = drop_in(&board.name) {
            stage.copy(&systemd.join(drop_in), &format!("{units}/{unit}.d/{drop_in}"), 0o644)?;
        }
    }
    // Beside the documents: whoever wants it copies it.
    let network = "network-outputs.conf";
    stage.copy(&systemd.join(network), &format!("usr/share/doc/normwatch/{network}"), 0o644)?;
    stage.copy(&systemd.join("sysusers.conf"), "usr/lib/sysusers.d/normwatch.conf", 0o644)?;
    let rules = "60-normwatch.rules";
    let from = packaging.join("udev").join(rules);
    stage.copy(&from, &format!("lib/udev/rules.d/{rules}"), 0o644)?;
    let documents = "usr/share/doc/normwatch";
    stage.copy(&root.join("docs/ref/config.md"), &format!("{documents}/config.md"), 0o644)
}

/// The example site file for a board.
pub fn site(board: &Board) -> Result<String> {
    let site = template("normwatch", "site.toml")?.replace("@BOARD@", &board.name);
    let camera = || template("normwatch", "camera.toml");
    Ok(if board.camera.is_some() { site } else { site + &camera()? })
}

/// More devices for the camera program of a family of boards.
fn drop_in(board: &str) -> Option<&'static str> {
    let families = [("raspberry-pi", "raspberry-pi.conf"), ("jetson", "jetson.conf")];
    families.iter().find(|(family, _)| board.starts_with(family)).map(|(_, file)| *file)
}
