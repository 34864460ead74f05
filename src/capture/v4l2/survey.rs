//! What cameras there are, for people.

use std::path::PathBuf;

use serde::Serialize;

use super::controls::plain_name;
use super::failure::cannot_open;
use super::formats::pixel_format;
use super::kernel::Kernel;
use super::transport::{ControlDescription, Device, Machine, NodeKind, RateRange};

/// One video node that delivers pictures, or one that could not be asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CameraReport {
    /// `/dev/video0`
    pub node: PathBuf,
    /// What the camera calls itself; a name for `camera.device`.
    pub card: String,
    pub driver: String,
    /// The port; a name for `camera.device`.
    pub bus: String,
    /// Links that lead here, under `/dev/v4l`: the best names for
    /// `camera.device`.
    pub links: Vec<PathBuf>,
    pub formats: Vec<FormatReport>,
    pub controls: Vec<ControlReport>,
    /// Why the node cannot be used, with the remedy; the lists are then
    /// incomplete.
    pub problem: Option<String>,
}

/// A pixel format that a camera offers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FormatReport {
    /// Four characters, as the kernel names it.
    pub fourcc: String,
    pub description: String,
    /// The word for `camera.format`; `None` for a format that this program
    /// does not read.
    pub name: Option<&'static str>,
    pub sizes: Vec<SizeReport>,
}

/// A size, or a range of sizes, of a format.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SizeReport {
    /// Smallest width and height.
    pub min_px: (u32, u32),
    /// Largest; equal to `min_px` for a single size.
    pub max_px: (u32, u32),
    /// Frames a second at the smallest size, each rate or both ends of a
    /// range, slowest first.
    pub rates_fps: Vec<f64>,
}

/// A control that a camera has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ControlReport {
    /// The key for `[camera.controls]`.
    pub name: String,
    pub min: i64,
    pub max: i64,
    pub step: u64,
    pub default: i64,
    /// `None` where the driver does not tell.
    pub value: Option<i32>,
    /// Choices of a menu: value and name.
    pub menu: Vec<(i64, String)>,
    pub read_only: bool,
}

/// Every camera of this machine, in the order of the nodes. Nodes that deliver
/// no pictures are left out; those that may not be opened are listed with
/// their `problem`. Opens each node for a moment and changes nothing.
pub fn survey() -> Vec<CameraReport> {
    survey_of(&Kernel)
}

pub(super) fn survey_of(machine: &dyn Machine) -> Vec<CameraReport> {
    let links = machine.links();
    let leading_to = |node: &PathBuf| {
        let here = links.iter().filter(|(_, target)| target == node);
        here.map(|(link, _)| link.clone()).collect()
    };
    let nodes = machine.nodes();
    let reports = nodes.into_iter().filter_map(|node| {
        let blank = CameraReport { links: leading_to(&node), node, ..CameraReport::default() };
        match machine.open(&blank.node) {
            Ok(device) => report(&*device, blank),
            Err(error) => {
                let problem = cannot_open(machine, &blank.node, &error);
                Some(CameraReport { problem: Some(problem), ..blank })
            }
        }
    });
    reports.collect()
}

fn report(device: &dyn Device, blank: CameraReport) -> Option<CameraReport> {
    let identity = match device.identity() {
        Ok(identity) => identity,
        Err(error) => {
            let problem = Some(format!("cannot be asked what it is: {error}"));
            return Some(CameraReport { problem, ..blank });
        }
    };
    let mut report =
        CameraReport { card: identity.card, driver: identity.driver, bus: identity.bus, ..blank };
    match identity.kind {
        NodeKind::Other => return None,
        NodeKind::Unsupported(why) => {
            report.problem = Some(format!("cannot be used: {why}"));
            return Some(report);
        }
        NodeKind::Capture => {}
    }
    match (formats(device), controls(device)) {
        (Ok(formats), Ok(controls)) => (report.formats, report.controls) = (formats, controls),
        (Err(error), _) | (_, Err(error)) => {
            report.problem = Some(format!("cannot be asked what it offers: {error}"));
        }
    }
    Some(report)
}

fn formats(device: &dyn Device) -> std::io::Result<Vec<FormatReport>> {
    let mut reports = Vec::new();
    for format in device.formats()? {
        let mut sizes = Vec::new();
        for size in device.sizes(format.fourcc)? {
            let rates = device.rates(format.fourcc, size.min_px)?;
            let rates_fps = rates_fps(&rates);
            sizes.push(SizeReport { min_px: size.min_px, max_px: size.max_px, rates_fps });
        }
        reports.push(FormatReport {
            fourcc: format.fourcc.to_string(),
            description: format.description,
            name: pixel_format(format.fourcc).map(|format| format.name()),
            sizes,
        });
    }
    Ok(reports)
}

fn rates_fps(rates: &[RateRange]) -> Vec<f64> {
    let mut fps: Vec<f64> = rates.iter().flat_map(|rate| [rate.min_fps, rate.max_fps]).collect();
    fps.sort_by(f64::total_cmp);
    fps.dedup();
    fps
}

fn controls(device: &dyn Device) -> std::io::Result<Vec<ControlReport>> {
    let described = device.controls()?;
    Ok(described.into_iter().map(|control| control_report(device, control)).collect())
}

fn control_report(device: &dyn Device, control: ControlDescription) -> ControlReport {
    ControlReport {
        name: plain_name(&control),
        min: control.min,
        max: control.max,
        step: control.step,
        default: control.default,
        value: device.control(control.id).ok(),
        menu: control.menu,
        read_only: control.is_read_only,
    }
}
