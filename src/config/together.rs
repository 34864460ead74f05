//! What two sites of one machine must not both have: a line, a file, a port.

use std::path::Path;

use super::board::{GpioDriver, GpioLine};
use super::camera::CameraSource;
use super::diagnostic::{ConfigError, Diagnostic};
use super::site::Site;
use super::watchdog::HardwareWatchdogUse;

/// Something of a site that only one program can have.
struct Claim {
    key: &'static str,
    /// Where it is, the same for whoever means the same thing.
    what: String,
    remedy: &'static str,
}

/// Compares `site` with another one that is to run on the same machine at the same time:
/// lines, camera, event log and folder, page, learning, hardware watchdog.
///
/// # Errors
/// Everything that both claim; the keys are those of `site`.
pub fn conflicts(site: &Site, other: &Site) -> Result<(), ConfigError> {
    let theirs = claims(other);
    let both = claims(site)
        .into_iter()
        .filter(|ours| theirs.iter().any(|theirs| theirs.what == ours.what));
    let diagnostics: Vec<_> = both.map(|claim| diagnostic(site, other, claim)).collect();
    match diagnostics.is_empty() {
        true => Ok(()),
        false => Err(ConfigError { diagnostics, omitted: 0 }),
    }
}

fn diagnostic(site: &Site, other: &Site, claim: Claim) -> Diagnostic {
    Diagnostic {
        file: site.file.display().to_string(),
        line: None,
        column: None,
        key: claim.key.into(),
        problem: format!(
            "`{}`: {} is claimed by {} too",
            claim.key,
            claim.what,
            other.file.display()
        ),
        remedy: claim.remedy.into(),
        suggestion: None,
        quote: None,
        is_unread: false,
    }
}

fn claims(site: &Site) -> Vec<Claim> {
    let mut claims = lines(site);
    let mut claim = |key, what: String, remedy| claims.push(Claim { key, what, remedy });
    let folder = "give each site a folder of its own";
    if let Some(device) = camera(&site.camera.source) {
        claim("camera", device, "one program has a camera at a time: name another one");
    }
    if let Some(events) = &site.output.events {
        claim("output.events.path", file("the event log", &events.path), folder);
        if let Some(kept) = &events.folder {
            claim("output.events.folder", file("the folder of events", &kept.path), folder);
        }
    }
    if let Some(learn) = &site.learn {
        claim("learn.folder", file("the folder of the learning", &learn.folder), folder);
    }
    if let Some(web) = &site.web {
        let port = format!("port {}", web.listen.port());
        claim("web.listen", port, "give each page a port of its own");
        if let Some(kept) = &web.folder {
            claim("web.folder", file("the folder of the page", kept), folder);
        }
    }
    if let Some(watchdog) = &site.board.watchdog
        && site.watchdog.hardware != HardwareWatchdogUse::Off
    {
        let what = file("the hardware watchdog", &watchdog.device);
        claim("watchdog.hardware", what, "set `hardware = \"off\"` in `[watchdog]` of all but one");
    }
    claims
}

fn file(what: &str, path: &Path) -> String {
    let real = path.canonicalize().or_else(|_| std::path::absolute(path));
    format!("{what} {}", real.unwrap_or_else(|_| path.into()).display())
}

/// What the source is, where only one program can read it.
fn camera(source: &CameraSource) -> Option<String> {
    match source {
        CameraSource::V4l2(section) => match section.device.as_deref() {
            Some(device) if device.starts_with('/') => Some(file("the camera", Path::new(device))),
            Some(name) => Some(format!("the camera {name}")),
            None => Some("the only V4L2 camera".into()),
        },
        // The camera's own command: a second one of the same finds it taken.
        CameraSource::Pipe { command, .. } => Some(format!("the camera of {:?}", command.argv)),
        CameraSource::Folder { .. }
        | CameraSource::Video { .. }
        | CameraSource::Stdin { .. }
        | CameraSource::Rtsp(_) => None,
    }
}

fn lines(site: &Site) -> Vec<Claim> {
    let remedy = "give each site lines of its own: another line of the board, or a board file \
        that inherits this one and names more";
    let (output, input) = (&site.output, &site.input);
    let wanted = [
        ("output.alarm.line", Some(&output.alarm.line)),
        ("output.fault.line", output.fault.as_ref().map(|one| &one.line)),
        ("output.changed.line", output.changed.as_ref().map(|one| &one.line)),
        ("output.tampered.line", output.tampered.as_ref().map(|one| &one.line)),
        ("input.acknowledge.line", input.acknowledge.as_ref().map(|one| &one.line)),
        ("input.arm.line", input.arm.as_ref().map(|one| &one.line)),
        ("input.pir.line", input.pir.as_ref().map(|pir| &pir.contact.line)),
    ];
    let named = wanted.into_iter().filter_map(|(key, name)| Some((key, name?)));
    named
        .filter_map(|(key, name)| {
            let what = place(site, site.board.gpio.line(name)?);
            Some(Claim { key, what, remedy })
        })
        .collect()
}

/// Two board files may call one line differently; the kernel calls it once.
fn place(site: &Site, line: &GpioLine) -> String {
    let gpio = &site.board.gpio;
    let chip = line.chip_label.as_ref().or(gpio.chip_label.as_ref());
    let chip = chip.map(|label| format!(" of chip {label}")).unwrap_or_default();
    match (gpio.driver, line.offset) {
        (GpioDriver::Simulated, _) => format!("the simulated line {}", line.name),
        (GpioDriver::Gpiocdev, Some(offset)) => format!("GPIO line {offset}{chip}"),
        (GpioDriver::Gpiocdev, None) => {
            let name = line.kernel_name.as_ref().unwrap_or(&line.name);
            format!("GPIO line {name}{chip}")
        }
    }
}
