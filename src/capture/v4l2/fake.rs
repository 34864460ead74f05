//! A machine of scripted cameras with the kernel's queue rules.
//!
//! The rules are those of videobuf2: a buffer that the kernel owns cannot be
//! queued, nothing is handed back that was not queued, a stream needs buffers,
//! and formats do not change while there are any. A breach is `EINVAL` or
//! `EBUSY`, as in the kernel, and is remembered in [`World::breaches`].

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rustix::io::Errno;
use v4l::format::FourCC;

use super::transport::{
    Clocks, ControlDescription, Device, DeviceFormat, Filled, FormatDescription, Identity, Machine,
    NodeKind, RateRange, Readiness, SizeRange,
};

pub fn errno(errno: Errno) -> io::Error {
    io::Error::from_raw_os_error(errno.raw_os_error())
}

/// What a camera does next, when asked for a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A whole frame.
    Frame,
    /// A frame with the driver's error flag.
    Damaged,
    /// A frame with only so many bytes.
    Short(usize),
    /// So many frames are lost before the next.
    Gap(u32),
    /// Nothing within the time limit.
    Silence,
    /// Ready, but then no buffer after all.
    Spurious,
    /// The kernel reports an error state and DQBUF this error.
    Fail(Errno),
    /// A signal interrupts the wait.
    Interrupt,
}

/// One video node.
#[derive(Clone, Debug)]
pub struct Camera {
    pub identity: Identity,
    pub offers: Vec<Offer>,
    pub controls: Vec<ControlDescription>,
    pub values: BTreeMap<u32, i32>,
    /// Controls in the order in which they were set.
    pub set: Vec<(u32, i32)>,
    /// `S_FMT` answers this, whatever was asked.
    pub stubborn: Option<DeviceFormat>,
    /// Padding of each row.
    pub padding_bytes: u32,
    pub grants: u32,
    pub script: VecDeque<Act>,
    /// Errors of single steps.
    pub open_error: Option<Errno>,
    pub on_error: Option<Errno>,
    pub off_error: Option<Errno>,
    pub has_stamps: bool,
    /// The stamp of the next frame.
    pub stamp_ns: u64,
    pub sequence: u32,
    pub asked_fps: Option<f64>,
    /// Somebody has its buffers.
    pub is_open: bool,
}

/// A format with sizes and rates.
#[derive(Clone, Debug)]
pub struct Offer {
    pub fourcc: &'static [u8; 4],
    pub sizes: Vec<SizeRange>,
    pub rates: Vec<RateRange>,
}

pub fn offer(fourcc: &'static [u8; 4], sizes: &[(u32, u32)], rates: &[f64]) -> Offer {
    Offer {
        fourcc,
        sizes: sizes.iter().map(|&(w, h)| SizeRange::single(w, h)).collect(),
        rates: rates.iter().map(|&fps| RateRange { min_fps: fps, max_fps: fps }).collect(),
    }
}

pub fn camera(card: &str, bus: &str, offers: Vec<Offer>) -> Camera {
    let (card, bus, driver) = (card.into(), bus.into(), "fake".into());
    Camera {
        identity: Identity { card, bus, driver, kind: NodeKind::Capture },
        offers,
        controls: Vec::new(),
        values: BTreeMap::new(),
        set: Vec::new(),
        stubborn: None,
        padding_bytes: 0,
        grants: 32,
        script: VecDeque::new(),
        open_error: None,
        on_error: None,
        off_error: None,
        has_stamps: true,
        stamp_ns: 1_000_000_000,
        sequence: 0,
        asked_fps: None,
        is_open: false,
    }
}

/// All that the tests look at and change.
#[derive(Debug, Default)]
pub struct World {
    pub cameras: BTreeMap<String, Camera>,
    pub links: Vec<(PathBuf, PathBuf)>,
    pub suspended_ns: u64,
    /// Rules that were broken.
    pub breaches: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct FakeMachine(Arc<Mutex<World>>);

impl FakeMachine {
    pub fn with(cameras: Vec<(&str, Camera)>) -> Self {
        let cameras = cameras.into_iter().map(|(node, camera)| (node.to_string(), camera));
        let world = World { cameras: cameras.collect(), ..World::default() };
        Self(Arc::new(Mutex::new(world)))
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    pub fn play(&self, node: &str, acts: &[Act]) {
        self.world().cameras.get_mut(node).unwrap().script.extend(acts);
    }

    pub fn assert_kept_the_rules(&self) {
        assert_eq!(self.world().breaches, Vec::<String>::new());
    }
}

impl Machine for FakeMachine {
    fn nodes(&self) -> Vec<PathBuf> {
        self.world().cameras.keys().map(PathBuf::from).collect()
    }

    fn links(&self) -> Vec<(PathBuf, PathBuf)> {
        self.world().links.clone()
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        let world = self.world();
        if let Some((_, node)) = world.links.iter().find(|(link, _)| link == path) {
            return Ok(node.clone());
        }
        match world.cameras.contains_key(path.to_str().unwrap()) {
            true => Ok(path.to_path_buf()),
            false => Err(errno(Errno::NOENT)),
        }
    }

    fn open(&self, node: &Path) -> io::Result<Box<dyn Device>> {
        let name = node.to_str().unwrap().to_string();
        let mut world = self.world();
        let camera = world.cameras.get_mut(&name).ok_or(errno(Errno::NOENT))?;
        if let Some(error) = camera.open_error {
            return Err(errno(error));
        }
        Ok(Box::new(Handle {
            machine: self.clone(),
            node: name,
            buffers: Vec::new(),
            queue: VecDeque::new(),
            is_streaming: false,
            format: None,
            owns: false,
        }))
    }

    fn clocks(&self) -> Clocks {
        let world = self.world();
        let stamps = world.cameras.values().map(|camera| camera.stamp_ns);
        let monotonic_ns = stamps.max().unwrap_or(0) + 2_000_000;
        Clocks { monotonic_ns, boottime_ns: monotonic_ns + world.suspended_ns }
    }
}

struct Handle {
    machine: FakeMachine,
    node: String,
    buffers: Vec<Buffer>,
    /// The kernel's, oldest first.
    queue: VecDeque<u32>,
    is_streaming: bool,
    format: Option<DeviceFormat>,
    /// Has the camera's buffers: nobody else may.
    owns: bool,
}

struct Buffer {
    bytes: Vec<u8>,
    is_kernels: bool,
}

impl Handle {
    fn with<R>(&self, f: impl FnOnce(&mut Camera) -> io::Result<R>) -> io::Result<R> {
        let mut world = self.machine.world();
        world.cameras.get_mut(&self.node).map_or(Err(errno(Errno::NODEV)), f)
    }

    fn breach<R>(&self, rule: &str, error: Errno) -> io::Result<R> {
        self.machine.world().breaches.push(rule.to_string());
        Err(errno(error))
    }

    fn next_act(&self) -> io::Result<Option<Act>> {
        self.with(|camera| Ok(camera.script.front().copied()))
    }
}

fn tight_row_bytes(fourcc: FourCC, width_px: u32) -> u32 {
    super::formats::pixel_format(fourcc)
        .and_then(|format| format.row_bytes(width_px))
        .map_or(0, |bytes| bytes as u32)
}

impl Device for Handle {
    fn identity(&self) -> io::Result<Identity> {
        self.with(|camera| Ok(camera.identity.clone()))
    }

    fn formats(&self) -> io::Result<Vec<FormatDescription>> {
        self.with(|camera| {
            let offers = camera.offers.iter().map(|offer| FormatDescription {
                fourcc: FourCC::new(offer.fourcc),
                description: "scripted".into(),
            });
            Ok(offers.collect())
        })
    }

    fn sizes(&self, fourcc: FourCC) -> io::Result<Vec<SizeRange>> {
        self.with(|camera| {
            let offer = camera.offers.iter().find(|offer| *offer.fourcc == fourcc.repr);
            Ok(offer.map(|offer| offer.sizes.clone()).unwrap_or_default())
        })
    }

    fn rates(&self, fourcc: FourCC, _: (u32, u32)) -> io::Result<Vec<RateRange>> {
        self.with(|camera| {
            let offer = camera.offers.iter().find(|offer| *offer.fourcc == fourcc.repr);
            Ok(offer.map(|offer| offer.rates.clone()).unwrap_or_default())
        })
    }

    fn set_format(&mut self, fourcc: FourCC, size_px: (u32, u32)) -> io::Result<DeviceFormat> {
        if !self.buffers.is_empty() {
            return self.breach("S_FMT with buffers allocated", Errno::BUSY);
        }
        let format = self.with(|camera| {
            if let Some(stubborn) = camera.stubborn {
                return Ok(stubborn);
            }
            let stride = tight_row_bytes(fourcc, size_px.0);
            let stride_bytes = if stride > 0 { stride + camera.padding_bytes } else { 0 };
            let image_bytes = super::formats::pixel_format(fourcc)
                .and_then(|format| format.padded_bytes(size_px.1, stride_bytes as usize))
                .map_or(size_px.0 * size_px.1, |bytes| bytes as u32);
            let (width_px, height_px) = size_px;
            Ok(DeviceFormat { fourcc, width_px, height_px, stride_bytes, image_bytes })
        })?;
        self.format = Some(format);
        Ok(format)
    }

    fn set_rate(&mut self, fps: f64) -> io::Result<Option<f64>> {
        self.with(|camera| {
            camera.asked_fps = Some(fps);
            Ok(Some(fps))
        })
    }

    fn controls(&self) -> io::Result<Vec<ControlDescription>> {
        self.with(|camera| Ok(camera.controls.clone()))
    }

    fn control(&self, id: u32) -> io::Result<i32> {
        self.with(|camera| camera.values.get(&id).copied().ok_or(errno(Errno::INVAL)))
    }

    fn set_control(&mut self, id: u32, value: i32) -> io::Result<()> {
        self.with(|camera| {
            camera.set.push((id, value));
            camera.values.insert(id, value);
            Ok(())
        })
    }

    fn request_buffers(&mut self, count: u32) -> io::Result<u32> {
        if count > 0 && self.is_streaming {
            return self.breach("REQBUFS while streaming", Errno::BUSY);
        }
        let owns = self.owns;
        let granted = self.with(|camera| {
            if camera.is_open && !owns {
                return Err(errno(Errno::BUSY));
            }
            camera.is_open = count > 0;
            Ok(count.min(camera.grants))
        })?;
        self.owns = count > 0;
        let bytes = self.format.map_or(0, |format| format.image_bytes as usize);
        let buffer = || Buffer { bytes: vec![0; bytes], is_kernels: false };
        self.queue.clear();
        self.buffers = (0..granted).map(|_| buffer()).collect();
        Ok(granted)
    }

    fn queue(&mut self, index: u32) -> io::Result<()> {
        match self.buffers.get_mut(index as usize) {
            None => self.breach("QBUF of a buffer that there is not", Errno::INVAL),
            Some(buffer) if buffer.is_kernels => {
                self.breach("QBUF of a buffer that the kernel owns", Errno::INVAL)
            }
            Some(buffer) => {
                buffer.is_kernels = true;
                self.queue.push_back(index);
                Ok(())
            }
        }
    }

    fn dequeue(&mut self) -> io::Result<Filled> {
        if !self.is_streaming {
            return self.breach("DQBUF without a stream", Errno::INVAL);
        }
        let act = self.next_act()?;
        if !matches!(act, None | Some(Act::Frame | Act::Damaged | Act::Short(_))) {
            self.with(|camera| Ok(camera.script.pop_front()))?;
        }
        match act {
            Some(Act::Fail(error)) => return Err(errno(error)),
            None | Some(Act::Spurious | Act::Silence | Act::Interrupt | Act::Gap(_)) => {
                return Err(errno(Errno::AGAIN));
            }
            Some(Act::Frame | Act::Damaged | Act::Short(_)) => {}
        }
        let Some(index) = self.queue.pop_front() else { return Err(errno(Errno::AGAIN)) };
        let buffer = &mut self.buffers[index as usize];
        buffer.is_kernels = false;
        let length = buffer.bytes.len();
        let filled = {
            let mut world = self.machine.world();
            let camera = world.cameras.get_mut(&self.node).ok_or(errno(Errno::NODEV))?;
            camera.script.pop_front();
            let sequence = camera.sequence;
            camera.sequence = sequence.wrapping_add(1);
            camera.stamp_ns += 100_000_000;
            buffer.bytes.fill(sequence as u8);
            Filled {
                index,
                used_bytes: if let Some(Act::Short(bytes)) = act { bytes } else { length },
                is_damaged: act == Some(Act::Damaged),
                sequence,
                stamp_ns: camera.has_stamps.then_some(camera.stamp_ns),
            }
        };
        Ok(filled)
    }

    fn wait(&self, timeout: Duration) -> io::Result<Readiness> {
        if !self.is_streaming || self.queue.is_empty() {
            return Ok(Readiness::Failed);
        }
        loop {
            match self.next_act() {
                Err(_) => return Ok(Readiness::Failed),
                Ok(Some(Act::Gap(frames))) => self.with(|camera| {
                    camera.script.pop_front();
                    camera.sequence = camera.sequence.wrapping_add(frames);
                    Ok(())
                })?,
                Ok(Some(Act::Interrupt)) => {
                    self.with(|camera| Ok(camera.script.pop_front()))?;
                    return Err(errno(Errno::INTR));
                }
                Ok(None | Some(Act::Silence)) => {
                    self.with(|camera| Ok(camera.script.pop_front()))?;
                    std::thread::sleep(timeout);
                    return Ok(Readiness::TimedOut);
                }
                Ok(Some(Act::Fail(_))) => return Ok(Readiness::Failed),
                Ok(Some(_)) => return Ok(Readiness::Filled),
            }
        }
    }

    fn stream_on(&mut self) -> io::Result<()> {
        if self.buffers.is_empty() {
            return self.breach("STREAMON without buffers", Errno::INVAL);
        }
        self.with(|camera| camera.on_error.map_or(Ok(()), |error| Err(errno(error))))?;
        self.is_streaming = true;
        Ok(())
    }

    fn stream_off(&mut self) -> io::Result<()> {
        self.with(|camera| camera.off_error.map_or(Ok(()), |error| Err(errno(error))))?;
        self.is_streaming = false;
        self.queue.clear();
        self.buffers.iter_mut().for_each(|buffer| buffer.is_kernels = false);
        Ok(())
    }

    fn buffer(&self, index: u32) -> &[u8] {
        match self.buffers.get(index as usize) {
            Some(buffer) if !buffer.is_kernels => &buffer.bytes,
            _ => &[],
        }
    }
}

impl Drop for Handle {
    /// As closing the descriptor does.
    fn drop(&mut self) {
        if let (true, Some(camera)) = (self.owns, self.machine.world().cameras.get_mut(&self.node))
        {
            camera.is_open = false;
        }
    }
}
