//! Finding a camera by its name, again and again.

use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::failure::cannot_open;
use super::transport::{Device, Identity, Machine, NodeKind};
use crate::capture::SourceError;

/// A camera that was found and is open.
pub(super) struct Found {
    pub node: PathBuf,
    pub identity: Identity,
    pub device: Box<dyn Device>,
}

/// Opens the camera that `name` names: a path, a card name or a bus; without a
/// name, the only camera. `before` is who it was when it was last open.
///
/// A `/dev/videoN` means the camera that was there first: when the same camera
/// comes back under another number it is followed, and another one in its
/// place is refused.
///
/// # Errors
/// `Disconnected` while there is no such camera, or no permission; `Fatal` for
/// a name that cannot mean one camera.
pub(super) fn find(
    machine: &dyn Machine,
    name: Option<&str>,
    before: Option<&Identity>,
) -> Result<Found, SourceError> {
    match name {
        Some(path) if path.starts_with('/') => by_path(machine, Path::new(path), before),
        _ => by_name(machine, name),
    }
}

fn by_path(
    machine: &dyn Machine,
    path: &Path,
    before: Option<&Identity>,
) -> Result<Found, SourceError> {
    // A link of one's own means what it leads to; a number, whatever had it at first.
    let is_number = path.to_str().and_then(|path| path.strip_prefix("/dev/video"));
    let is_number = is_number.is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()));
    let before = before.filter(|_| is_number);
    let found = match (open_path(machine, path), before) {
        (Ok(found), None) => found,
        (Ok(found), Some(before)) if found.identity.same_place(before) => found,
        (Ok(found), Some(before)) => again(machine, before)?.ok_or_else(|| {
            SourceError::disconnected(format!(
                "{} is now `{}`, not `{}`, which is gone: connect it again, or restart to \
                 watch with the new camera",
                path.display(),
                found.identity.card,
                before.card
            ))
        })?,
        (Err(error), Some(before)) => again(machine, before)?.ok_or(error)?,
        (Err(error), None) => return Err(error),
    };
    usable(machine, found)
}

fn open_path(machine: &dyn Machine, path: &Path) -> Result<Found, SourceError> {
    let node = machine.resolve(path).map_err(|error| {
        let cameras = list(machine);
        SourceError::disconnected(format!("no camera at {}: {error}; {cameras}", path.display()))
    })?;
    open(machine, node)
}

fn open(machine: &dyn Machine, node: PathBuf) -> Result<Found, SourceError> {
    let device = machine
        .open(&node)
        .map_err(|error| SourceError::disconnected(cannot_open(machine, &node, &error)))?;
    match device.identity() {
        Ok(identity) => Ok(Found { node, identity, device }),
        Err(error) if error.raw_os_error() == Some(Errno::NOTTY.raw_os_error()) => {
            Err(SourceError::fatal(format!(
                "{} is not a video device: name a camera; {}",
                node.display(),
                list(machine)
            )))
        }
        Err(error) => Err(SourceError::disconnected(error.to_string()).of(node.display())),
    }
}

/// The camera by card and bus or, in another port, the only one of its card.
fn again(machine: &dyn Machine, before: &Identity) -> Result<Option<Found>, SourceError> {
    let mut same_card: Vec<Found> =
        cameras(machine).into_iter().filter(|found| found.identity.card == before.card).collect();
    if let Some(i) = same_card.iter().position(|found| found.identity.same_place(before)) {
        return Ok(Some(same_card.swap_remove(i)));
    }
    Ok(if same_card.len() == 1 { same_card.pop() } else { None })
}

fn by_name(machine: &dyn Machine, name: Option<&str>) -> Result<Found, SourceError> {
    let mut found = cameras(machine);
    if let Some(name) = name {
        found.retain(|found| found.identity.card == name || found.identity.bus == name);
    }
    match (found.len(), name) {
        (1, _) => Ok(found.swap_remove(0)),
        (0, Some(name)) => {
            Err(SourceError::disconnected(format!("no camera `{name}`; {}", list(machine))))
        }
        (0, None) => Err(SourceError::disconnected(list(machine))),
        (_, Some(name)) => Err(SourceError::fatal(format!(
            "`{name}` is the name of several cameras: name one by its path or bus; {}",
            list(machine)
        ))),
        (_, None) => Err(SourceError::fatal(format!(
            "there are several cameras: name one with `camera.device`; {}",
            list(machine)
        ))),
    }
}

/// All nodes that deliver pictures and may be opened.
fn cameras(machine: &dyn Machine) -> Vec<Found> {
    let opened = machine.nodes().into_iter().filter_map(|node| open(machine, node).ok());
    opened.filter(|found| found.identity.kind == NodeKind::Capture).collect()
}

/// Refuses nodes without pictures, with the node that has them.
fn usable(machine: &dyn Machine, found: Found) -> Result<Found, SourceError> {
    let Found { node, identity, .. } = &found;
    let node = node.display();
    match identity.kind {
        NodeKind::Capture => Ok(found),
        NodeKind::Unsupported(why) => Err(SourceError::fatal(format!(
            "{node} (`{}`) cannot be used: {why}; use `source = \"pipe\"` with a command that \
             can",
            identity.card
        ))),
        NodeKind::Other => {
            let sibling = cameras(machine).into_iter().find(|it| it.identity.bus == identity.bus);
            let remedy = match sibling {
                Some(sibling) => format!("use {}", sibling.node.display()),
                None => list(machine),
            };
            Err(SourceError::fatal(format!(
                "{node} (`{}`) delivers no pictures, only metadata or the like: {remedy}",
                identity.card
            )))
        }
    }
}

/// The cameras that there are, as part of a message.
fn list(machine: &dyn Machine) -> String {
    let mut denied = None;
    let mut names = Vec::new();
    for node in machine.nodes() {
        match machine.open(&node) {
            Err(error) => denied = Some(cannot_open(machine, &node, &error)),
            Ok(device) => {
                let identity = device.identity().ok();
                let camera = identity.filter(|identity| identity.kind == NodeKind::Capture);
                names.extend(camera.map(|Identity { card, bus, .. }| {
                    format!("{} (`{card}`, bus `{bus}`)", node.display())
                }));
            }
        }
    }
    match (names.is_empty(), denied) {
        (false, _) => format!("cameras here: {}", names.join(", ")),
        (true, Some(denied)) => denied,
        (true, None) => "there is no camera on this machine: is it plugged in, and its driver \
                         loaded?"
            .into(),
    }
}
