//! The traits of `transport`, on the kernel's own interface.
//!
//! The `v4l` crate gives the structures, request numbers and the call. Its
//! `Handle` is not used: it opens without `O_CLOEXEC`, so that a child process
//! would keep the node busy, and panics if closing fails.

mod ask;
mod call;
mod controls;
mod mapping;

use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::fs::{Mode, OFlags};
use rustix::time::{ClockId, clock_gettime};
use v4l::format::FourCC;
use v4l::v4l_sys as sys;
use v4l::v4l2::vidioc;

use super::transport::{
    Clocks, ControlDescription, Device, DeviceFormat, Filled, FormatDescription, Identity, Machine,
    RateRange, Readiness, SizeRange,
};
use crate::capture::wake::Waited;
use crate::capture::{Wake, compare_natural};
use call::{Calls, zeroed};
use mapping::Mapping;

const CAPTURE: u32 = sys::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_CAPTURE;
const MMAP: u32 = sys::v4l2_memory_V4L2_MEMORY_MMAP;

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
        Ok(Box::new(Node { buffers: Vec::new(), calls: Calls(fd) }))
    }

    fn clocks(&self) -> Clocks {
        let before_ns = read_ns(ClockId::Monotonic);
        let boottime_ns = read_ns(ClockId::Boottime);
        let after_ns = read_ns(ClockId::Monotonic);
        Clocks { monotonic_ns: before_ns.midpoint(after_ns), boottime_ns }
    }

    fn remedy(&self, node: &Path) -> String {
        crate::access::remedy(Path::new("/"), node)
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
    calls: Calls,
}

struct Buffer {
    mapping: Mapping,
    /// From [`Device::queue`] to the [`Device::dequeue`] that names it.
    is_queued: bool,
}

impl Node {
    fn map(&mut self, index: u32) -> io::Result<()> {
        let mut buffer = sys::v4l2_buffer { index, type_: CAPTURE, memory: MMAP, ..zeroed() };
        self.calls.call(vidioc::VIDIOC_QUERYBUF, &mut buffer)?;
        // SAFETY: with the memory `MMAP` the kernel has written the offset.
        let offset = unsafe { buffer.m.offset };
        let mapping = Mapping::new(&self.calls.0, buffer.length as usize, offset.into())?;
        self.buffers.push(Buffer { mapping, is_queued: false });
        Ok(())
    }
}

impl Device for Node {
    fn identity(&self) -> io::Result<Identity> {
        ask::identity(&self.calls)
    }

    fn formats(&self) -> io::Result<Vec<FormatDescription>> {
        ask::formats(&self.calls)
    }

    fn sizes(&self, fourcc: FourCC) -> io::Result<Vec<SizeRange>> {
        ask::sizes(&self.calls, fourcc)
    }

    fn rates(&self, fourcc: FourCC, size_px: (u32, u32)) -> io::Result<Vec<RateRange>> {
        ask::rates(&self.calls, fourcc, size_px)
    }

    fn set_format(&mut self, fourcc: FourCC, size_px: (u32, u32)) -> io::Result<DeviceFormat> {
        ask::set_format(&self.calls, fourcc, size_px)
    }

    fn set_rate(&mut self, fps: f64) -> io::Result<Option<f64>> {
        ask::set_rate(&self.calls, fps)
    }

    fn controls(&self) -> io::Result<Vec<ControlDescription>> {
        controls::controls(&self.calls)
    }

    fn control(&self, id: u32) -> io::Result<i32> {
        controls::control(&self.calls, id)
    }

    fn set_control(&mut self, id: u32, value: i32) -> io::Result<()> {
        controls::set_control(&self.calls, id, value)
    }

    fn request_buffers(&mut self, count: u32) -> io::Result<u32> {
        self.buffers.clear();
        let mut request =
            sys::v4l2_requestbuffers { count, type_: CAPTURE, memory: MMAP, ..zeroed() };
        self.calls.call(vidioc::VIDIOC_REQBUFS, &mut request)?;
        if count > 0 {
            (0..request.count).try_for_each(|index| self.map(index))?;
        }
        Ok(request.count)
    }

    fn queue(&mut self, index: u32) -> io::Result<()> {
        let mut request = sys::v4l2_buffer { index, type_: CAPTURE, memory: MMAP, ..zeroed() };
        self.calls.call(vidioc::VIDIOC_QBUF, &mut request)?;
        if let Some(buffer) = self.buffers.get_mut(index as usize) {
            buffer.is_queued = true;
        }
        Ok(())
    }

    fn dequeue(&mut self) -> io::Result<Filled> {
        let mut filled = sys::v4l2_buffer { type_: CAPTURE, memory: MMAP, ..zeroed() };
        self.calls.call(vidioc::VIDIOC_DQBUF, &mut filled)?;
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

    fn wait(&self, timeout: Duration, wake: &Wake) -> io::Result<Readiness> {
        let bad = PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL;
        Ok(match wake.wait(self.calls.0.as_fd(), timeout)? {
            Waited::TimedOut => Readiness::TimedOut,
            Waited::Woken => Readiness::Woken,
            Waited::Ready(flags) if flags.intersects(bad) => Readiness::Failed,
            Waited::Ready(_) => Readiness::Filled,
        })
    }

    fn stream_on(&mut self) -> io::Result<()> {
        self.calls.call(vidioc::VIDIOC_STREAMON, &mut (CAPTURE as std::ffi::c_int))
    }

    fn stream_off(&mut self) -> io::Result<()> {
        self.calls.call(vidioc::VIDIOC_STREAMOFF, &mut (CAPTURE as std::ffi::c_int))?;
        // Stopping hands every buffer back.
        self.buffers.iter_mut().for_each(|buffer| buffer.is_queued = false);
        Ok(())
    }

    fn buffer(&self, index: u32) -> &[u8] {
        match self.buffers.get(index as usize) {
            Some(Buffer { mapping, is_queued: false }) => {
                // SAFETY: the driver only writes to queued buffers; this one
                // is not, and `queue` needs `self` mutably, which the slice
                // prevents.
                unsafe { mapping.bytes() }
            }
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;

    use super::*;

    /// Every request is sent with the structure that it was made for, and a
    /// device that knows none of them is an error, or a driver without lists.
    #[test]
    fn a_device_that_is_no_camera_refuses_every_call() {
        let fd = rustix::fs::open("/dev/null", OFlags::RDWR, Mode::empty()).unwrap();
        let mut node = Node { buffers: Vec::new(), calls: Calls(fd) };
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
        assert!(notty(node.calls.call(vidioc::VIDIOC_S_PARM, &mut parameters).unwrap_err()));
        let mut item: sys::v4l2_querymenu = zeroed();
        assert!(notty(node.calls.call(vidioc::VIDIOC_QUERYMENU, &mut item).unwrap_err()));
        assert!(node.buffer(0).is_empty());
    }

    #[test]
    fn waiting_ends_with_the_time_or_the_device() {
        let (reader, mut writer) = io::pipe().unwrap();
        let node = Node { buffers: Vec::new(), calls: Calls(reader.into()) };
        let (timeout, wake) = (Duration::from_millis(5), Wake::new());
        assert_eq!(node.wait(timeout, &wake).unwrap(), Readiness::TimedOut);
        io::Write::write_all(&mut writer, b"x").unwrap();
        assert_eq!(node.wait(timeout, &wake).unwrap(), Readiness::Filled);
        drop(writer);
        assert_eq!(node.wait(timeout, &wake).unwrap(), Readiness::Failed);
        wake.raise();
        assert_eq!(node.wait(timeout, &wake).unwrap(), Readiness::Woken);
    }

    #[test]
    fn mapped_bytes_are_lent_while_they_are_ours() {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, &[7; 8192]).unwrap();
        let fd = OwnedFd::from(file);
        let mapping = Mapping::new(&fd, 4096, 4096).unwrap();
        let mut node =
            Node { buffers: vec![Buffer { mapping, is_queued: false }], calls: Calls(fd) };
        assert_eq!(node.buffer(0), [7; 4096]);
        node.buffers[0].is_queued = true;
        assert!(node.buffer(0).is_empty());
        assert!(Mapping::new(&node.calls.0, 0, 0).is_err());
    }
}
