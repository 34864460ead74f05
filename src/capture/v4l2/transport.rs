//! What this room asks of the kernel, as traits.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use v4l::format::FourCC;

use crate::capture::Wake;

/// The machine: its video nodes and its clocks.
pub(super) trait Machine: Send + Sync {
    /// `/dev/video*`, in natural order.
    fn nodes(&self) -> Vec<PathBuf>;

    /// Links under `/dev/v4l/by-id` and `by-path`, each with the node that it
    /// leads to.
    fn links(&self) -> Vec<(PathBuf, PathBuf)>;

    /// The node that a path leads to.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf>;

    fn open(&self, node: &Path) -> io::Result<Box<dyn Device>>;

    fn clocks(&self) -> Clocks;

    /// What would give the user access to a node, as one sentence.
    fn remedy(&self, node: &Path) -> String;
}

/// One instant on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clocks {
    /// `CLOCK_MONOTONIC`, which stands still while the machine is suspended.
    /// V4L2 stamps frames with it.
    pub monotonic_ns: u64,
    /// `CLOCK_BOOTTIME`, the program's own.
    pub boottime_ns: u64,
}

/// An open video node. Errors carry the kernel's `errno`.
///
/// Buffers belong to the kernel from [`Device::queue`] to the
/// [`Device::dequeue`] that names them, and to us otherwise.
pub(super) trait Device: Send {
    fn identity(&self) -> io::Result<Identity>;

    /// All capture formats, the driver's favourite first.
    fn formats(&self) -> io::Result<Vec<FormatDescription>>;

    /// Empty for a driver that does not say.
    fn sizes(&self, fourcc: FourCC) -> io::Result<Vec<SizeRange>>;

    /// Frames a second; empty for a driver that does not say.
    fn rates(&self, fourcc: FourCC, size_px: (u32, u32)) -> io::Result<Vec<RateRange>>;

    /// Asks for a format and returns what the driver made of it.
    fn set_format(&mut self, fourcc: FourCC, size_px: (u32, u32)) -> io::Result<DeviceFormat>;

    /// Asks for a rate and returns what the driver made of it; `None` for a
    /// driver without rates.
    fn set_rate(&mut self, fps: f64) -> io::Result<Option<f64>>;

    fn controls(&self) -> io::Result<Vec<ControlDescription>>;

    fn control(&self, id: u32) -> io::Result<i32>;

    fn set_control(&mut self, id: u32, value: i32) -> io::Result<()>;

    /// Allocates and maps buffers; returns how many the driver granted. 0
    /// unmaps and frees them.
    fn request_buffers(&mut self, count: u32) -> io::Result<u32>;

    fn queue(&mut self, index: u32) -> io::Result<()>;

    /// Never waits: `WouldBlock` without a filled buffer.
    fn dequeue(&mut self) -> io::Result<Filled>;

    /// Waits until a buffer is filled, the device fails, or the time is over.
    fn wait(&self, timeout: Duration, wake: &Wake) -> io::Result<Readiness>;

    fn stream_on(&mut self) -> io::Result<()>;

    fn stream_off(&mut self) -> io::Result<()>;

    /// The whole mapping of a buffer that is ours; empty for any other.
    fn buffer(&self, index: u32) -> &[u8];
}

/// Who a device is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub card: String,
    pub driver: String,
    pub bus: String,
    pub kind: NodeKind,
}

impl Identity {
    /// Whether both are nodes of one camera on one port.
    pub fn same_place(&self, other: &Self) -> bool {
        self.card == other.card && self.bus == other.bus
    }
}

/// What a node is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NodeKind {
    /// Delivers pictures by streaming.
    Capture,
    /// Delivers pictures in a way that this program does not speak.
    Unsupported(&'static str),
    /// Delivers none: metadata, output, codec.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FormatDescription {
    pub fourcc: FourCC,
    pub description: String,
}

/// Sizes from `min` to `max` in steps; a single size where both are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SizeRange {
    pub min_px: (u32, u32),
    pub max_px: (u32, u32),
    pub step_px: (u32, u32),
}

impl SizeRange {
    pub fn single(width_px: u32, height_px: u32) -> Self {
        let size = (width_px, height_px);
        Self { min_px: size, max_px: size, step_px: (1, 1) }
    }
}

/// Frames a second from `min` to `max`; a single rate where both are equal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RateRange {
    pub min_fps: f64,
    pub max_fps: f64,
}

/// A format as the driver has set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DeviceFormat {
    pub fourcc: FourCC,
    pub width_px: u32,
    pub height_px: u32,
    /// 0 for compressed formats, and with some drivers for tight rows.
    pub stride_bytes: u32,
    pub image_bytes: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ControlDescription {
    pub id: u32,
    /// As the kernel has it: `White Balance Temperature`.
    pub name: String,
    pub kind: ControlKind,
    pub min: i64,
    pub max: i64,
    pub step: u64,
    pub default: i64,
    pub is_read_only: bool,
    /// Choices of a menu: value and name.
    pub menu: Vec<(i64, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ControlKind {
    Whole,
    Flag,
    Menu,
    Button,
    /// Wider than 32 bits, text, or an array.
    Other,
}

/// A buffer that the kernel has handed back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Filled {
    pub index: u32,
    pub used_bytes: usize,
    /// The driver says that the contents are damaged.
    pub is_damaged: bool,
    pub sequence: u32,
    /// `CLOCK_MONOTONIC`; `None` where the driver does not say.
    pub stamp_ns: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    TimedOut,
    /// Somebody asked for the end of the wait.
    Woken,
    Filled,
    /// The kernel reports an error state; [`Device::dequeue`] may say which.
    Failed,
}
