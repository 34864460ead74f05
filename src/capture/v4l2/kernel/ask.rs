//! What a node is, what it offers, and what it is set to.

use std::io;

use v4l::format::FourCC;
use v4l::v4l_sys as sys;
use v4l::v4l2::vidioc;

use super::CAPTURE;
use super::call::{Calls, is_end, text, zeroed};
use crate::capture::v4l2::transport::{
    DeviceFormat, FormatDescription, Identity, NodeKind, RateRange, SizeRange,
};

pub(super) fn identity(calls: &Calls) -> io::Result<Identity> {
    let mut found: sys::v4l2_capability = zeroed();
    calls.call(vidioc::VIDIOC_QUERYCAP, &mut found)?;
    let of_node = found.capabilities & sys::V4L2_CAP_DEVICE_CAPS != 0;
    let capabilities = if of_node { found.device_caps } else { found.capabilities };
    Ok(Identity {
        card: text(&found.card),
        driver: text(&found.driver),
        bus: text(&found.bus_info),
        kind: if is_converter(&found.driver) { NodeKind::Other } else { kind_of(capabilities) },
    })
}

pub(super) fn formats(calls: &Calls) -> io::Result<Vec<FormatDescription>> {
    calls.enumerate(
        vidioc::VIDIOC_ENUM_FMT,
        |index| sys::v4l2_fmtdesc { index, type_: CAPTURE, ..zeroed() },
        |found| {
            let description = text(&found.description);
            Some(FormatDescription { fourcc: FourCC::from(found.pixelformat), description })
        },
    )
}

pub(super) fn sizes(calls: &Calls, fourcc: FourCC) -> io::Result<Vec<SizeRange>> {
    let pixel_format = u32::from(fourcc);
    calls.enumerate(
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

pub(super) fn rates(
    calls: &Calls,
    fourcc: FourCC,
    size_px: (u32, u32),
) -> io::Result<Vec<RateRange>> {
    let pixel_format = u32::from(fourcc);
    let (width, height) = size_px;
    calls.enumerate(
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

pub(super) fn set_format(
    calls: &Calls,
    fourcc: FourCC,
    size_px: (u32, u32),
) -> io::Result<DeviceFormat> {
    let mut format = sys::v4l2_format { type_: CAPTURE, ..zeroed() };
    format.fmt.pix = sys::v4l2_pix_format {
        width: size_px.0,
        height: size_px.1,
        pixelformat: fourcc.into(),
        field: sys::v4l2_field_V4L2_FIELD_NONE,
        ..zeroed()
    };
    calls.call(vidioc::VIDIOC_S_FMT, &mut format)?;
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

pub(super) fn set_rate(calls: &Calls, fps: f64) -> io::Result<Option<f64>> {
    let mut parameters = sys::v4l2_streamparm { type_: CAPTURE, ..zeroed() };
    match calls.call(vidioc::VIDIOC_G_PARM, &mut parameters) {
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
    calls.call(vidioc::VIDIOC_S_PARM, &mut parameters)?;
    // SAFETY: as above.
    Ok(rate(unsafe { parameters.parm.capture }.timeperframe))
}

/// The image converter of Raspberry Pi 0 to 4 has nodes like a camera's, and only
/// gives back what somebody puts in.
fn is_converter(driver: &[u8]) -> bool {
    driver.starts_with(b"bcm2835-isp")
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
