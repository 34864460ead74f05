//! A machine of scripted cameras with the kernel's queue rules.
//!
//! The rules are those of videobuf2: a buffer that the kernel owns cannot be
//! queued, nothing is handed back that was not queued, a stream needs buffers,
//! and formats do not change while there are any. A breach is `EINVAL` or
//! `EBUSY`, as in the kernel, and is remembered in [`World::breaches`].

mod device;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use rustix::io::Errno;

use self::device::Handle;
use super::transport::{
    Clocks, ControlDescription, Device, DeviceFormat, Identity, Machine, NodeKind, RateRange,
    SizeRange,
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
        Ok(Box::new(Handle::new(self.clone(), name)))
    }

    fn clocks(&self) -> Clocks {
        let world = self.world();
        let stamps = world.cameras.values().map(|camera| camera.stamp_ns);
        let monotonic_ns = stamps.max().unwrap_or(0) + 2_000_000;
        Clocks { monotonic_ns, boottime_ns: monotonic_ns + world.suspended_ns }
    }

    fn remedy(&self, node: &Path) -> String {
        format!("join the group of {}", node.display())
    }
}
