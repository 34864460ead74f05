//! The traits of `transport`, on the kernel's own interface.
//!
//! The `v4l` crate gives the structures, request numbers and the call. Its
//! `Handle` is not used: it opens without `O_CLOEXEC`, so that a child process
//! would keep the node busy, and panics if closing fails.

use std::fs;
use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use rustix::time::{ClockId, clock_gettime};
use v4l::format::FourCC;
use v4l::v4l_sys as sys;
use v4l::v4l2::vidioc;

use super::transport::{
    Clocks, ControlDescription, ControlKind, Device, DeviceFormat, Filled, FormatDescription,
    Identity, Machine, NodeKind, RateRange, Readiness, SizeRange,
};
use crate::capture::compare_natural;

const CAPTURE: u32 = sys::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_CAPTURE;
const MMAP: u32 = sys::v4l2_memory_V4L2_MEMORY_MMAP;

/// Enumerations stop here, whatever a driver says.
const MAX_ITEMS: u32 = 256;
const MAX_MENU_ITEMS: i64 = 64;

/// This machine.
#[derive(Debug)]
pub(super) struct Kernel;

impl Machine for Kernel {
    fn nodes(&self) -> Vec<PathBuf> {
        let mut nodes = entries(Path::new("/dev"));
        nodes.retain(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
            let number = name.strip_prefix("video").unwrap_or("");
            !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
        });
        nodes.sort_by(|a, b| compare_natural(a.as_os_str().as_bytes(), b.as_os_str().as_bytes()));
        nodes
    }

    fn links(&self) -> Vec<(PathBuf, PathBuf)> {
        let folders = ["/dev/v4l/by-id", "/dev/v4l/by-path"];
        let mut links: Vec<_> = folders
            .iter()
            .flat_map(|folder| entries(Path::new(folder)))
            .filter_map(|link| Some((link.clone(), link.canonicalize().ok()?)))
            .collect();
        links.sort();
        links
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        path.canonicalize()
    }

    fn open(&self, node: &Path) -> io::Result<Box<dyn Device>> {
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = rustix::fs::open(node, flags, Mode::empty())?;
        Ok(Box::new(Node { buffers: Vec::new(), fd }))
    }

    fn clocks(&self) -> Clocks {
        let before_ns = read_ns(ClockId::Monotonic);
        let boottime_ns = read_ns(ClockId::Boottime);
        let after_ns = read_ns(ClockId::Monotonic);
        Clocks { monotonic_ns: before_ns.midpoint(after_ns), boottime_ns }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).into_iter().flatten().flatten();
    listed.map(|entry| entry.path()).collect()
}

fn read_ns(id: ClockId) -> u64 {
    let now = clock_gettime(id);
    nanoseconds(now.tv_sec, now.tv_nsec, 1)
}

/// Negative parts count as 0. The kernel's types differ between targets.
fn nanoseconds(seconds: impl TryInto<u64>, rest: impl TryInto<u64>, rest_unit_ns: u64) -> u64 {
    let (seconds, rest) = (seconds.try_into().unwrap_or(0), rest.try_into().unwrap_or(0));
    seconds.saturating_mul(1_000_000_000).saturating_add(rest.saturating_mul(rest_unit_ns))
}

/// An open video node and its mapped buffers.
struct Node {
    /// Before the descriptor, so that they are unmapped before it is closed.
    buffers: Vec<Buffer>,
    fd: OwnedFd,
}

struct Buffer {
    mapping: Mapping,
    /// From [`Device::queue`] to the [`Device::dequeue`] that names it.
    is_queued: bool,
}

/// A buffer of the driver, mapped for reading.
struct Mapping {
    start: *mut std::ffi::c_void,
    length: usize,
}

// SAFETY: a mapping belongs to the process, not to the thread that made it.
unsafe impl Send for Mapping {}

impl Mapping {
    fn new(fd: &OwnedFd, length: usize, offset: u64) -> io::Result<Self> {
        let (read, shared) = (ProtFlags::READ, MapFlags::SHARED);
        // SAFETY: the kernel picks a free range of addresses, so no memory of
        // the program is replaced; `length` and `offset` are the driver's own.
        let start = unsafe { mmap(std::ptr::null_mut(), length, read, shared, fd, offset) }?;
        Ok(Self { start, length })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `start` and `length` are those of a successful `mmap` that
        // only this value knows; slices of it borrow the `Node` that holds it
        // and have ended.
        if let Err(error) = unsafe { munmap(self.start, self.length) } {
            log::debug!("a camera buffer could not be unmapped: {error}");
        }
    }
}

/// Structures that the kernel reads and writes.
///
/// # Safety
/// All bytes zero is a value of the type, and so is whatever the kernel writes
/// into it: integers, arrays and unions of integers. The kernel follows no
/// pointer in it for single-planar capture with mapped buffers.
unsafe trait Argument: Copy {}

// SAFETY: `#[repr(C)]` structures of integers, and unions of such. Those with
// a pointer in a union, `v4l2_format` and `v4l2_buffer`, are only sent with
// the type `CAPTURE` and the memory `MMAP`, for which the kernel does not look
// at it; a pointer of any bits is a value while nobody follows it.
unsafe impl Argument for sys::v4l2_capability {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_fmtdesc {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_frmsizeenum {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_frmivalenum {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_format {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_streamparm {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_query_ext_ctrl {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_querymenu {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_control {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_requestbuffers {}
// SAFETY: as above.
unsafe impl Argument for sys::v4l2_buffer {}
// SAFETY: an integer.
unsafe impl Argument for std::ffi::c_int {}

fn zeroed<T: Argument>() -> T {
    // SAFETY: by the contract of `Argument`.
    unsafe { mem::zeroed() }
}

impl Node {
    /// One call, repeated while signals interrupt it.
    ///
    /// # Panics
    /// If the request was made for a structure of another size.
    fn call<T: Argument>(&self, request: vidioc::_IOC_TYPE, argument: &mut T) -> io::Result<()> {
        let size = (request >> 16) & 0x3fff;
        assert_eq!(size as usize, size_of::<T>(), "request {request:#x} takes another structure");
        loop {
            let pointer = std::ptr::from_mut(argument).cast();
            // SAFETY: the kernel reads and writes as many bytes as the request
            // says, which were just compared with those of `argument`; by the
            // contract of `Argument` it follows no pointer in them and leaves
            // a valid value. The descriptor is open while `self` lives.
            match unsafe { v4l::v4l2::ioctl(self.fd.as_raw_fd(), request, pointer) } {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Asks for items 0, 1, … until the kernel says that there are no more. A
    /// driver without this enumeration has none.
    fn enumerate<T: Argument, R>(
        &self,
        request: vidioc::_IOC_TYPE,
        mut ask: impl FnMut(u32) -> T,
        mut read: impl FnMut(&T) -> Option<R>,
    ) -> io::Result<Vec<R>> {
        let mut items = Vec::new();
        for index in 0..MAX_ITEMS {
            let mut argument = ask(index);
            match self.call(request, &mut argument) {
                Ok(()) => items.extend(read(&argument)),
                Err(error) if is_end(&error) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(items)
    }

    fn menu(&self, control: &sys::v4l2_query_ext_ctrl) -> Vec<(i64, String)> {
        let has_names = control.type_ == sys::v4l2_ctrl_type_V4L2_CTRL_TYPE_MENU;
        let last = control.maximum.min(control.minimum.saturating_add(MAX_MENU_ITEMS));
        let mut items = Vec::new();
        for value in control.minimum..=last {
            let index = u32::try_from(value).unwrap_or(0);
            let mut item = sys::v4l2_querymenu { id: control.id, index, ..zeroed() };
            // Menus have holes: the kernel refuses the choices in them.
            if self.call(vidioc::VIDIOC_QUERYMENU, &mut item).is_err() {
                continue;
            }
            let choice = item.__bindgen_anon_1;
            // SAFETY: both fields are integers, and the whole union was zero
            // before the kernel wrote to it. The structure is packed, so the
            // union was copied out of it first.
            let name =
                unsafe { if has_names { text(&choice.name) } else { choice.value.to_string() } };
            items.push((value, name));
        }
        items
    }

    fn describe(&self, control: &sys::v4l2_query_ext_ctrl) -> ControlDescription {
        use sys::{
            V4L2_CTRL_FLAG_READ_ONLY, v4l2_ctrl_type_V4L2_CTRL_TYPE_BOOLEAN as FLAG,
            v4l2_ctrl_type_V4L2_CTRL_TYPE_BUTTON as BUTTON,
            v4l2_ctrl_type_V4L2_CTRL_TYPE_INTEGER as WHOLE,
            v4l2_ctrl_type_V4L2_CTRL_TYPE_INTEGER_MENU as WHOLE_MENU,
            v4l2_ctrl_type_V4L2_CTRL_TYPE_MENU as MENU,
        };
        let kind = match control.type_ {
            _ if control.nr_of_dims > 0 => ControlKind::Other,
            WHOLE => ControlKind::Whole,
            FLAG => ControlKind::Flag,
            MENU | WHOLE_MENU => ControlKind::Menu,
            BUTTON => ControlKind::Button,
            _ => ControlKind::Other,
        };
        let name: Vec<u8> = control.name.iter().map(|&c| c as u8).collect();
        ControlDescription {
            id: control.id,
            name: text(&name),
            kind,
            min: control.minimum,
            max: control.maximum,
            step: control.step,
            default: control.default_value,
            is_read_only: control.flags & V4L2_CTRL_FLAG_READ_ONLY != 0,
            menu: if kind == ControlKind::Menu { self.menu(control) } else { Vec::new() },
        }
    }

    fn map(&mut self, index: u32) -> io::Result<()> {
        let mut buffer = sys::v4l2_buffer { index, type_: CAPTURE, memory: MMAP, ..zeroed() };
        self.call(vidioc::VIDIOC_QUERYBUF, &mut buffer)?;
        // SAFETY: with the memory `MMAP` the kernel has written the offset.
        let offset = unsafe { buffer.m.offset };
        let mapping = Mapping::new(&self.fd, buffer.length as usize, offset.into())?;
        self.buffers.push(Buffer { mapping, is_queued: false });
        Ok(())
    }
}

/// How drivers say that an enumeration has ended or does not exist.
fn is_end(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let is = |errno: Errno| error.raw_os_error() == Some(errno.raw_os_error());
    is(Errno::INVAL) || is(Errno::NOTTY) || is(Errno::NODATA)
}

/// The text before the first NUL.
fn text(bytes: &[u8]) -> String {
    let length = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..length]).trim().to_string()
}

fn kind_of(capabilities: u32) -> NodeKind {
    let has = |flag: u32| capabilities & flag != 0;
    if has(sys::V4L2_CAP_VIDEO_CAPTURE) && has(sys::V4L2_CAP_STREAMING) {
        NodeKind::Capture
    } else if has(sys::V4L2_CAP_VIDEO_CAPTURE) {
        NodeKind::Unsupported("it does not stream into mapped buffers")
    } else if has(sys::V4L2_CAP_VIDEO_CAPTURE_MPLANE) {
        NodeKind::Unsupported("its driver speaks the multi-planar interface only")
    } else {
        NodeKind::Other
    }
}

fn rate(interval: sys::v4l2_fract) -> Option<f64> {
    let fps = f64::from(interval.denominator) / f64::from(interval.numerator);
    (fps.is_finite() && fps > 0.0).then_some(fps)
}

impl Device for Node {
    fn identity(&self) -> io::Result<Identity> {
        let mut found: sys::v4l2_capability = zeroed();
        self.call(vidioc::VIDIOC_QUERYCAP, &mut found)?;
        let of_node = found.capabilities & sys::V4L2_CAP_DEVICE_CAPS != 0;
        let capabilities = if of_node { found.device_caps } else { found.capabilities };
        Ok(Identity {
            card: text(&found.card),
            driver: text(&found.driver),
            bus: text(&found.bus_info),
            kind: kind_of(capabilities),
        })
    }

    fn formats(&self) -> io::Result<Vec<FormatDescription>> {
        self.enumerate(
            vidioc::VIDIOC_ENUM_FMT,
            |index| sys::v4l2_fmtdesc { index, type_: CAPTURE, ..zeroed() },
            |found| {
                let description = text(&found.description);
                Some(FormatDescription { fourcc: FourCC::from(found.pixelformat), description })
            },
        )
    }

    fn sizes(&self, fourcc: FourCC) -> io::Result<Vec<SizeRange>> {
        let pixel_format = u32::from(fourcc);
        self.enumerate(
            vidioc::VIDIOC_ENUM_FRAMESIZES,
            |index| sys::v4l2_frmsizeenum { index, pixel_format, ..zeroed() },
            |found| {
                let size = found.__bindgen_anon_1;
                if found.type_ == sys::v4l2_frmsizetypes_V4L2_FRMSIZE_TYPE_DISCRETE {
                    // SAFETY: all fields are integers, and were zero before.
                    let size = unsafe { size.discrete };
                    return Some(SizeRange::single(size.width, size.height));
                }
                if found.index > 0 {
                    return None;
                }
                // SAFETY: as above.
                let size = unsafe { size.stepwise };
                Some(SizeRange {
                    min_px: (size.min_width, size.min_height),
                    max_px: (size.max_width, size.max_height),
                    step_px: (size.step_width.max(1), size.step_height.max(1)),
                })
            },
        )
    }

    fn rates(&self, fourcc: FourCC, size_px: (u32, u32)) -> io::Result<Vec<RateRange>> {
        let pixel_format = u32::from(fourcc);
        let (width, height) = size_px;
        self.enumerate(
            vidioc::VIDIOC_ENUM_FRAMEINTERVALS,
            |index| sys::v4l2_frmivalenum { index, pixel_format, width, height, ..zeroed() },
            |found| {
                let interval = found.__bindgen_anon_1;
                if found.type_ == sys::v4l2_frmivaltypes_V4L2_FRMIVAL_TYPE_DISCRETE {
                    // SAFETY: all fields are integers, and were zero before.
                    let fps = rate(unsafe { interval.discrete })?;
                    return Some(RateRange { min_fps: fps, max_fps: fps });
                }
                if found.index > 0 {
                    return None;
                }
                // SAFETY: as above.
                let interval = unsafe { interval.stepwise };
                let (min_fps, max_fps) = (rate(interval.max)?, rate(interval.min)?);
                Some(RateRange { min_fps, max_fps })
            },
        )
    }

    fn set_format(&mut self, fourcc: FourCC, size_px: (u32, u32)) -> io::Result<DeviceFormat> {
        let mut format = sys::v4l2_format { type_: CAPTURE, ..zeroed() };
        format.fmt.pix = sys::v4l2_pix_format {
            width: size_px.0,
            height: size_px.1,
            pixelformat: fourcc.into(),
            field: sys::v4l2_field_V4L2_FIELD_NONE,
            ..pix_zeroed()
        };
        self.call(vidioc::VIDIOC_S_FMT, &mut format)?;
        // SAFETY: the fields of `pix` are integers; for the type `CAPTURE` the
        // kernel has written them.
        let pix = unsafe { format.fmt.pix };
        Ok(DeviceFormat {
            fourcc: FourCC::from(pix.pixelformat),
            width_px: pix.width,
            height_px: pix.height,
            stride_bytes: pix.bytesperline,
            image_bytes: pix.sizeimage,
        })
    }

    fn set_rate(&mut self, fps: f64) -> io::Result<Option<f64>> {
        let mut parameters = sys::v4l2_streamparm { type_: CAPTURE, ..zeroed() };
        match self.call(vidioc::VIDIOC_G_PARM, &mut parameters) {
            Err(error) if is_end(&error) => return Ok(None),
            result => result?,
        }
        // SAFETY: the fields of `capture` are integers; for the type `CAPTURE`
        // the kernel has written them.
        let mut capture = unsafe { parameters.parm.capture };
        if capture.capability & sys::V4L2_CAP_TIMEPERFRAME == 0 {
            return Ok(None);
        }
        let denominator = (fps * 1000.0).round().clamp(1.0, f64::from(u32::MAX)) as u32;
        capture.timeperframe = sys::v4l2_fract { numerator: 1000, denominator };
        parameters.parm.capture = capture;
        self.call(vidioc::VIDIOC_S_PARM, &mut parameters)?;
        // SAFETY: as above.
        Ok(rate(unsafe { parameters.parm.capture }.timeperframe))
    }

    fn controls(&self) -> io::Result<Vec<ControlDescription>> {
        let mut controls = Vec::new();
        let mut last = 0;
        for _ in 0..MAX_ITEMS {
            let id = last | sys::V4L2_CTRL_FLAG_NEXT_CTRL;
            let mut found = sys::v4l2_query_ext_ctrl { id, ..zeroed() };
            match self.call(vidioc::VIDIOC_QUERY_EXT_CTRL, &mut found) {
                Err(error) if is_end(&error) => break,
                result => result?,
            }
            if found.id <= last {
                break;
            }
            last = found.id;
            let is_heading = found.type_ == sys::v4l2_ctrl_type_V4L2_CTRL_TYPE_CTRL_CLASS;
            if !is_heading && found.flags & sys::V4L2_CTRL_FLAG_DISABLED == 0 {
                controls.push(self.describe(&found));
            }
        }
        Ok(controls)
    }

    fn control(&self, id: u32) -> io::Result<i32> {
        let mut control = sys::v4l2_control { id, value: 0 };
        self.call(vidioc::VIDIOC_G_CTRL, &mut control)?;
        Ok(control.value)
    }

    fn set_control(&mut self, id: u32, value: i32) -> io::Result<()> {
        self.call(vidioc::VIDIOC_S_CTRL, &mut sys::v4l2_control { id, value })
    }

    fn request_buffers(&mut self, count: u32) -> io::Result<u32> {
        self.buffers.clear();
        let mut request =
            sys::v4l2_requestbuffers { count, type_: CAPTURE, memory: MMAP, ..zeroed() };
        self.call(vidioc::VIDIOC_REQBUFS, &mut request)?;
        if count > 0 {
            (0..request.count).try_for_each(|index| self.map(index))?;
        }
        Ok(request.count)
    }

    fn queue(&mut self, index: u32) -> io::Result<()> {
        let mut request = sys::v4l2_buffer { index, type_: CAPTURE, memory: MMAP, ..zeroed() };
        self.call(vidioc::VIDIOC_QBUF, &mut request)?;
        if let Some(buffer) = self.buffers.get_mut(index as usize) {
            buffer.is_queued = true;
        }
        Ok(())
    }

    fn dequeue(&mut self) -> io::Result<Filled> {
        let mut filled = sys::v4l2_buffer { type_: CAPTURE, memory: MMAP, ..zeroed() };
        self.call(vidioc::VIDIOC_DQBUF, &mut filled)?;
        let buffer = self.buffers.get_mut(filled.index as usize).ok_or_else(|| {
            io::Error::other(format!("the driver handed back buffer {}, unknown", filled.index))
        })?;
        buffer.is_queued = false;
        let clock = filled.flags & sys::V4L2_BUF_FLAG_TIMESTAMP_MASK;
        let stamp = filled.timestamp;
        let stamp_ns = nanoseconds(stamp.tv_sec, stamp.tv_usec, 1000);
        let has_stamp = clock == sys::V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC && stamp_ns > 0;
        Ok(Filled {
            index: filled.index,
            used_bytes: filled.bytesused as usize,
            is_damaged: filled.flags & sys::V4L2_BUF_FLAG_ERROR != 0,
            sequence: filled.sequence,
            stamp_ns: has_stamp.then_some(stamp_ns),
        })
    }

    fn wait(&self, timeout: Duration) -> io::Result<Readiness> {
        let mut fds = [PollFd::from_borrowed_fd(self.fd.as_fd(), PollFlags::IN)];
        let timeout = Timespec::try_from(timeout).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
        match poll(&mut fds, Some(&timeout)) {
            Ok(0) => Ok(Readiness::TimedOut),
            Ok(_) => {
                let bad = PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL;
                let failed = fds[0].revents().intersects(bad);
                Ok(if failed { Readiness::Failed } else { Readiness::Filled })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn stream_on(&mut self) -> io::Result<()> {
        self.call(vidioc::VIDIOC_STREAMON, &mut (CAPTURE as std::ffi::c_int))
    }

    fn stream_off(&mut self) -> io::Result<()> {
        self.call(vidioc::VIDIOC_STREAMOFF, &mut (CAPTURE as std::ffi::c_int))?;
        // Stopping hands every buffer back.
        self.buffers.iter_mut().for_each(|buffer| buffer.is_queued = false);
        Ok(())
    }

    fn buffer(&self, index: u32) -> &[u8] {
        match self.buffers.get(index as usize) {
            Some(Buffer { mapping, is_queued: false }) => {
                // SAFETY: the range is mapped, readable and initialised by the
                // kernel as long as `mapping` lives, which `self` outlives.
                // Nobody writes to it: the driver only writes to queued
                // buffers, this one is not, and `queue` needs `self` mutably,
                // which the slice prevents.
                unsafe { std::slice::from_raw_parts(mapping.start.cast(), mapping.length) }
            }
            _ => &[],
        }
    }
}

fn pix_zeroed() -> sys::v4l2_pix_format {
    // SAFETY: integers, and a union of integers.
    unsafe { mem::zeroed() }
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    /// Every request is sent with the structure that it was made for, and a
    /// device that knows none of them is an error, or a driver without lists.
    #[test]
    fn a_device_that_is_no_camera_refuses_every_call() {
        let fd = rustix::fs::open("/dev/null", OFlags::RDWR, Mode::empty()).unwrap();
        let mut node = Node { buffers: Vec::new(), fd };
        let notty = |error: io::Error| error.raw_os_error() == Some(25);
        let fourcc = FourCC::new(b"YUYV");
        assert!(notty(node.identity().unwrap_err()));
        assert!(node.formats().unwrap().is_empty());
        assert!(node.sizes(fourcc).unwrap().is_empty());
        assert!(node.rates(fourcc, (4, 4)).unwrap().is_empty());
        assert!(notty(node.set_format(fourcc, (4, 4)).unwrap_err()));
        assert_eq!(node.set_rate(10.0).unwrap(), None);
        assert!(node.controls().unwrap().is_empty());
        assert!(notty(node.control(1).unwrap_err()));
        assert!(notty(node.set_control(1, 1).unwrap_err()));
        assert!(notty(node.request_buffers(4).unwrap_err()));
        assert!(notty(node.map(0).unwrap_err()));
        assert!(notty(node.queue(0).unwrap_err()));
        assert!(notty(node.dequeue().unwrap_err()));
        assert!(notty(node.stream_on().unwrap_err()));
        assert!(notty(node.stream_off().unwrap_err()));
        let mut parameters: sys::v4l2_streamparm = zeroed();
        assert!(notty(node.call(vidioc::VIDIOC_S_PARM, &mut parameters).unwrap_err()));
        let mut item: sys::v4l2_querymenu = zeroed();
        assert!(notty(node.call(vidioc::VIDIOC_QUERYMENU, &mut item).unwrap_err()));
        assert!(node.buffer(0).is_empty());
    }

    #[test]
    fn waiting_ends_with_the_time_or_the_device() {
        let (reader, mut writer) = io::pipe().unwrap();
        let node = Node { buffers: Vec::new(), fd: reader.into() };
        let timeout = Duration::from_millis(5);
        assert_eq!(node.wait(timeout).unwrap(), Readiness::TimedOut);
        io::Write::write_all(&mut writer, b"x").unwrap();
        assert_eq!(node.wait(timeout).unwrap(), Readiness::Filled);
        drop(writer);
        assert_eq!(node.wait(timeout).unwrap(), Readiness::Failed);
    }

    #[test]
    fn mapped_bytes_are_lent_while_they_are_ours() {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, &[7; 8192]).unwrap();
        let fd = OwnedFd::from(file);
        let mapping = Mapping::new(&fd, 4096, 4096).unwrap();
        let mut node = Node { buffers: vec![Buffer { mapping, is_queued: false }], fd };
        assert_eq!(node.buffer(0), [7; 4096]);
        node.buffers[0].is_queued = true;
        assert!(node.buffer(0).is_empty());
        assert!(Mapping::new(&node.fd, 0, 0).is_err());
    }

    #[test]
    fn names_end_at_the_first_nul() {
        assert_eq!(text(b"HD Webcam \0old bytes"), "HD Webcam");
        assert_eq!(text(&[b'x'; 32]), "x".repeat(32));
        assert_eq!(text(b"\xff\0"), "\u{fffd}");
    }
}
