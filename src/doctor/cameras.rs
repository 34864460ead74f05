//! Whether the site's camera, command or footage is there.

use super::report::Report;
use super::scope::Scope;
use crate::capture::{FFMPEG, is_installed};
use crate::config::{CameraSource, RtspSection};
use crate::secret::password;

const SUBJECT: &str = "camera";

pub(super) fn examine(scope: Scope<'_>, report: &mut Report) {
    let source = scope.site.map(|site| &site.camera.source);
    if let Some(CameraSource::Pipe { command, .. }) = source {
        pipe(&command.argv[0], report);
    }
    if let Some(CameraSource::Rtsp(section)) = source {
        rtsp(section, report);
    }
    if let Some(CameraSource::Folder { path, .. } | CameraSource::Video { path }) = source {
        if path.exists() {
            report.ok(SUBJECT, format!("the site plays {}", path.display()));
        } else {
            let text = format!("the site's footage {} is not there", path.display());
            report.error(SUBJECT, text, "correct `camera.path` in the site file");
        }
    }
    video(source, report);
}

/// Whether the program of a pipe is there.
fn pipe(program: &str, report: &mut Report) {
    if is_installed(program) {
        report.ok(SUBJECT, format!("the site's command `{program}` is there"));
    } else {
        let text = format!("the site's command `{program}` is not there");
        report.error(SUBJECT, text, "install it, or correct `camera.command` in the site file");
    }
}

/// Whether a network camera can be received, not whether it is there: it may be away.
fn rtsp(section: &RtspSection, report: &mut Report) {
    if is_installed(FFMPEG) {
        report.ok(SUBJECT, "ffmpeg is there, which receives the site's network camera");
    } else {
        let text = "the site's network camera is received by ffmpeg, which is not installed";
        report.error(SUBJECT, text, "apt install ffmpeg");
    }
    if let Some(file) = &section.password_file
        && let Err(error) = password(file)
    {
        let text = format!("the camera's password in {} cannot be used: {error}", file.display());
        report.error(SUBJECT, text, "correct the file that `camera.password_file` names");
    }
}

#[cfg(not(feature = "v4l2"))]
fn video(_: Option<&CameraSource>, report: &mut Report) {
    report.ok(SUBJECT, "this build cannot read V4L2 cameras");
}

#[cfg(feature = "v4l2")]
fn video(source: Option<&CameraSource>, report: &mut Report) {
    use crate::capture::v4l2::survey;

    let cameras = survey();
    let device = match source {
        Some(CameraSource::V4l2(section)) => Some(section.device.as_deref()),
        _ => None,
    };
    for camera in &cameras {
        match &camera.problem {
            None => report.ok(SUBJECT, describe(camera)),
            Some(problem) => {
                report.missing(device.is_some(), SUBJECT, describe(camera), problem.clone());
            }
        }
    }
    let usable = cameras.iter().filter(|camera| camera.problem.is_none()).count();
    match (device, source) {
        (Some(Some(name)), _) if !cameras.iter().any(|camera| is_called(camera, name)) => {
            let text = format!("the site's camera `{name}` is not there");
            report.error(SUBJECT, text, "connect it, or name another with `camera.device`");
        }
        (Some(None), _) if usable != 1 => {
            let text =
                format!("the site names no camera, but the number of usable ones is {usable}");
            report.error(SUBJECT, text, "connect exactly one, or name it with `camera.device`");
        }
        (None, None) if usable == 0 => {
            report.ok(SUBJECT, "no V4L2 camera; CSI cameras are read through `source = \"pipe\"`");
        }
        _ => {}
    }
    report.cameras = cameras;
}

#[cfg(feature = "v4l2")]
fn is_called(camera: &crate::capture::v4l2::CameraReport, name: &str) -> bool {
    let path = std::path::Path::new(name);
    camera.card == name
        || camera.bus == name
        || camera.node == path
        || camera.links.iter().any(|link| link == path)
}

#[cfg(feature = "v4l2")]
fn describe(camera: &crate::capture::v4l2::CameraReport) -> String {
    let mut text = camera.node.display().to_string();
    if !camera.card.is_empty() {
        text += &format!(" {} ({}, {})", camera.card, camera.driver, camera.bus);
    }
    for link in &camera.links {
        text += &format!("\n{}", link.display());
    }
    for format in &camera.formats {
        let name = format.name.map_or("not read here".to_owned(), |name| format!("`{name}`"));
        let sizes = format.sizes.iter().map(|size| {
            let ((w, h), (max_w, max_h)) = (size.min_px, size.max_px);
            if size.min_px == size.max_px {
                format!("{w}×{h}")
            } else {
                format!("{w}×{h} to {max_w}×{max_h}")
            }
        });
        let sizes: Vec<_> = sizes.collect();
        text += &format!("\n{} ({name}): {}", format.fourcc, sizes.join(", "));
    }
    text
}
