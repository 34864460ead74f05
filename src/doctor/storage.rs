//! Whether the folder of the event log has room and can be written.

use std::path::Path;

use rustix::fs::{StatVfsMountFlags, statvfs};

use super::report::Report;
use super::scope::Scope;
use crate::output::CappedFile;

const SUBJECT: &str = "storage";

pub(super) fn examine(scope: Scope<'_>, report: &mut Report) {
    let Some(events) = scope.site.and_then(|site| site.output.events.as_ref()) else { return };
    let folder = events.path.parent().filter(|p| !p.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let shown = folder.display();
    let Ok(space) = statvfs(folder) else {
        let text = format!("the folder of the event log, {shown}, is not there");
        report.error(SUBJECT, text, "create it, or correct `output.events.path` in the site file");
        return;
    };
    if space.f_flag.contains(StatVfsMountFlags::RDONLY) {
        let text = format!("the folder of the event log, {shown}, is read-only");
        report.error(SUBJECT, text, "set `output.events.path` to a folder that can be written");
        return;
    }
    if let Err(error) = CappedFile::probe(&events.path) {
        let text = format!("the event log {} cannot be written: {error}", events.path.display());
        report.error(SUBJECT, text, "correct `output.events.path`, or who may write there");
        return;
    }
    let free_bytes = space.f_bavail.saturating_mul(space.f_frsize);
    let text = format!("{} MiB free for the event log in {shown}", free_bytes >> 20);
    if free_bytes < 2 * u64::from(events.max_bytes) {
        report.warn(SUBJECT, text, "free some space: events that cannot be written are lost");
    } else {
        report.ok(SUBJECT, text);
    }
}
