//! An open node of a scripted camera, with the buffers that the kernel would
//! keep for it.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use rustix::io::Errno;
use v4l::format::FourCC;

use super::super::transport::{
    ControlDescription, Device, DeviceFormat, Filled, FormatDescription, Identity, RateRange,
    Readiness, SizeRange,
};
use super::{Act, Camera, FakeMachine, errno};
use crate::capture::Wake;

pub(super) struct Handle {
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
    pub fn new(machine: FakeMachine, node: String) -> Self {
        Self {
            machine,
            node,
            buffers: Vec::new(),
            queue: VecDeque::new(),
            is_streaming: false,
            format: None,
            owns: false,
        }
    }

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
    super::super::formats::pixel_format(fourcc)
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
            let image_bytes = super::super::formats::pixel_format(fourcc)
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

    fn wait(&self, timeout: Duration, wake: &Wake) -> io::Result<Readiness> {
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
                    let woken = wake.sleep(timeout);
                    return Ok(if woken { Readiness::Woken } else { Readiness::TimedOut });
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
