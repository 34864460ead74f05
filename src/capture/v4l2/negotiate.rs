//! The cheapest format, size and rate that serve the network.

use std::path::Path;

use v4l::format::FourCC;

use super::failure::failed;
use super::formats::{cost_per_pixel, pixel_format};
use super::transport::{Device, DeviceFormat, FormatDescription, RateRange, SizeRange};
use crate::capture::layout::Layout;
use crate::capture::{PixelFormat, SourceError, SourceErrorKind, V4l2Options};

/// A rate this much below the wanted one still counts as that rate: 29.97 for
/// 30.
const RATE_TOLERANCE: f64 = 0.03;

/// What the driver will deliver, read back from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Negotiated {
    pub format: PixelFormat,
    pub width_px: u32,
    pub height_px: u32,
    /// 0 for JPEGs.
    pub stride_bytes: usize,
    /// Bytes of a whole frame; `None` for JPEGs.
    pub frame_bytes: Option<usize>,
    /// `None` for a driver that does not say.
    pub fps: Option<f64>,
}

impl std::fmt::Display for Negotiated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { format, width_px, height_px, .. } = self;
        write!(f, "{width_px}x{height_px} {format}")?;
        match self.fps {
            Some(fps) => write!(f, " at {} fps", (fps * 100.0).round() / 100.0),
            None => Ok(()),
        }
    }
}

/// Sets format and rate of the camera at `node`, and believes only what the
/// driver then says.
///
/// # Errors
/// `Fatal` for settings that the camera does not offer; `Disconnected` for a
/// driver that fails, or does not keep to its own offers.
pub(super) fn negotiate(
    device: &mut dyn Device,
    node: &Path,
    options: &V4l2Options,
) -> Result<Negotiated, SourceError> {
    let failed = |step| move |error| failed(node, step, &error);
    let offers = device.formats().map_err(failed("listing its formats"))?;
    let choice = choose(device, options, &offers)?;
    let granted =
        device.set_format(choice.fourcc, choice.size_px).map_err(failed("setting the format"))?;
    let mut negotiated = check(&granted, &choice, options)?;
    let size_px = (granted.width_px, granted.height_px);
    let rates = device.rates(granted.fourcc, size_px).map_err(failed("listing its rates"))?;
    let fps = choose_rate(&rates, options);
    negotiated.fps = device.set_rate(fps).map_err(failed("setting the frame rate"))?;
    Ok(negotiated)
}

#[derive(Clone, Copy, Debug)]
struct Choice {
    fourcc: FourCC,
    format: PixelFormat,
    size_px: (u32, u32),
}

fn choose(
    device: &dyn Device,
    options: &V4l2Options,
    offers: &[FormatDescription],
) -> Result<Choice, SourceError> {
    let known = offers.iter().filter_map(|offer| Some((offer.fourcc, pixel_format(offer.fourcc)?)));
    let wanted = known.filter(|(_, format)| options.format.is_none_or(|only| only == *format));
    let wanted: Vec<_> = wanted.collect();
    if wanted.is_empty() {
        return Err(no_format(options, offers));
    }
    let mut best: Option<(Rank, Choice)> = None;
    let mut seen = Vec::new();
    for (fourcc, format) in wanted {
        let sizes = device.sizes(fourcc).unwrap_or_default();
        for size_px in candidates(&sizes, options) {
            let rates = device.rates(fourcc, size_px).unwrap_or_default();
            let rank = Rank::of(format, size_px, &rates, options);
            if best.as_ref().is_none_or(|(least, _)| rank.is_before(least)) {
                best = Some((rank, Choice { fourcc, format, size_px }));
            }
        }
        seen.extend(sizes);
    }
    best.map(|(_, choice)| choice).ok_or_else(|| no_size(options, &seen))
}

fn no_format(options: &V4l2Options, offers: &[FormatDescription]) -> SourceError {
    let names = offers.iter().map(|offer| match pixel_format(offer.fourcc) {
        Some(format) => format.to_string(),
        None => format!("{} ({})", offer.fourcc, offer.description),
    });
    let names = names.collect::<Vec<_>>().join(", ");
    SourceError::fatal(match options.format {
        Some(format) => format!("does not offer {format}; it offers: {names}"),
        None => format!(
            "offers no format that can be read here, only: {names}; use `source = \
             \"pipe\"` with a command that converts"
        ),
    })
}

fn no_size(options: &V4l2Options, sizes: &[SizeRange]) -> SourceError {
    let (width_px, height_px) = options.size_px.unwrap_or(options.needed_px);
    let mut names: Vec<String> = sizes.iter().map(describe).collect();
    names.dedup();
    SourceError::fatal(format!(
        "does not offer {width_px}x{height_px}; it offers: {}",
        names.join(", ")
    ))
}

fn describe(size: &SizeRange) -> String {
    let name = |(width_px, height_px): (u32, u32)| format!("{width_px}x{height_px}");
    if size.min_px == size.max_px {
        return name(size.min_px);
    }
    format!("{} to {}", name(size.min_px), name(size.max_px))
}

/// One size of each range: the configured one, or else the smallest that
/// covers what the network needs, or else the largest.
fn candidates(ranges: &[SizeRange], options: &V4l2Options) -> Vec<(u32, u32)> {
    let wanted = options.size_px.unwrap_or(options.needed_px);
    if ranges.is_empty() {
        return vec![wanted];
    }
    let sizes = ranges.iter().map(|range| nearest(range, wanted));
    sizes.filter(|size| options.size_px.is_none_or(|only| only == *size)).collect()
}

fn nearest(range: &SizeRange, wanted: (u32, u32)) -> (u32, u32) {
    let side = |min: u32, max: u32, step: u32, wanted: u32| {
        if wanted <= min {
            return min;
        }
        let steps = (wanted - min).div_ceil(step.max(1));
        min.saturating_add(steps.saturating_mul(step)).min(max)
    };
    (
        side(range.min_px.0, range.max_px.0, range.step_px.0, wanted.0),
        side(range.min_px.1, range.max_px.1, range.step_px.1, wanted.1),
    )
}

/// How well a format at a size serves: the rate matters most, because motion
/// at another rate is not what the network learnt; then detail; then effort.
#[derive(Clone, Copy, Debug)]
struct Rank {
    is_too_slow: bool,
    is_too_small: bool,
    effort: f64,
}

impl Rank {
    fn of(
        format: PixelFormat,
        size_px: (u32, u32),
        rates: &[RateRange],
        options: &V4l2Options,
    ) -> Self {
        let wanted_fps = options.fps.unwrap_or(options.needed_fps);
        let fast_enough = |rate: &RateRange| rate.max_fps >= wanted_fps * (1.0 - RATE_TOLERANCE);
        let pixels = f64::from(size_px.0) * f64::from(size_px.1);
        let is_too_small = size_px.0 < options.needed_px.0 || size_px.1 < options.needed_px.1;
        let cost = cost_per_pixel(format, options.luma);
        Self {
            is_too_slow: !rates.is_empty() && !rates.iter().any(fast_enough),
            is_too_small,
            effort: if is_too_small { cost / pixels } else { cost * pixels },
        }
    }

    fn is_before(&self, other: &Self) -> bool {
        let key = |rank: &Self| (rank.is_too_slow, rank.is_too_small);
        key(self).cmp(&key(other)).then(self.effort.total_cmp(&other.effort)).is_lt()
    }
}

/// The configured rate, as near as the camera has it. Without one: the slowest
/// that the network's rate divides, so that thinned frames stay evenly spaced;
/// failing that the fastest, where they are nearly so.
fn choose_rate(rates: &[RateRange], options: &V4l2Options) -> f64 {
    let wanted = options.fps.unwrap_or(options.needed_fps);
    let nearest = rates.iter().map(|rate| wanted.clamp(rate.min_fps, rate.max_fps));
    let nearest: Vec<f64> = nearest.collect();
    if options.fps.is_some() {
        let distance = |fps: &f64| (fps - wanted).abs();
        let best = nearest.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        return best.unwrap_or(wanted);
    }
    let is_multiple = |fps: &f64| {
        let times = (fps / wanted).round();
        times >= 1.0 && (fps / wanted - times).abs() <= RATE_TOLERANCE * times
    };
    let even = nearest.iter().copied().filter(is_multiple).min_by(f64::total_cmp);
    let fastest = rates.iter().map(|rate| rate.max_fps).max_by(f64::total_cmp);
    even.or(fastest).unwrap_or(wanted)
}

fn check(
    granted: &DeviceFormat,
    choice: &Choice,
    options: &V4l2Options,
) -> Result<Negotiated, SourceError> {
    let lost = |what: String| Err(SourceError::disconnected(what));
    let DeviceFormat { width_px, height_px, .. } = *granted;
    let format = match pixel_format(granted.fourcc) {
        Some(format) if options.format.is_none_or(|only| only == format) => format,
        _ => {
            let (asked, got) = (choice.format, granted.fourcc);
            return lost(format!("asked for {asked}, the driver made {got} of it"));
        }
    };
    if options.size_px.is_some_and(|only| only != (width_px, height_px)) {
        let (width, height) = choice.size_px;
        return lost(format!("asked for {width}x{height}, got {width_px}x{height_px}"));
    }
    if format == PixelFormat::Mjpeg {
        let (stride_bytes, frame_bytes, fps) = (0, None, None);
        return Ok(Negotiated { format, width_px, height_px, stride_bytes, frame_bytes, fps });
    }
    let stride = Some(granted.stride_bytes as usize).filter(|bytes| *bytes > 0);
    let layout = Layout::check(format, width_px, height_px, stride)
        .map_err(|error| error.with_kind(SourceErrorKind::Disconnected))?;
    let frame_bytes = layout.frame_bytes();
    if (granted.image_bytes as usize) < frame_bytes {
        let image_bytes = granted.image_bytes;
        return lost(format!(
            "the driver's buffers of {image_bytes} bytes are too small for {layout}"
        ));
    }
    Ok(Negotiated {
        format,
        width_px,
        height_px,
        stride_bytes: layout.stride_bytes,
        frame_bytes: Some(frame_bytes),
        fps: None,
    })
}
