//! Scaling one plane of bytes, by tables built once.

use super::input::Resize;
use super::plane::Plane;

/// Scales planes of one size to another.
#[derive(Debug)]
pub(super) struct Resizer {
    source: (usize, usize),
    target: (usize, usize),
    method: Method,
}

#[derive(Debug)]
enum Method {
    Copy,
    Bilinear(Bilinear),
    Area(Area),
}

impl Resizer {
    /// Sizes are width and height, at least 1.
    pub fn new(source_px: (u32, u32), target: (usize, usize), resize: Resize) -> Self {
        let source = (source_px.0 as usize, source_px.1 as usize);
        let grows = target.0 > source.0 || target.1 > source.1;
        let method = match resize {
            _ if source == target => Method::Copy,
            Resize::Area if !grows => Method::Area(Area::new(source, target)),
            Resize::Bilinear | Resize::Area => Method::Bilinear(Bilinear::new(source, target)),
        };
        Self { source, target, method }
    }

    /// Pixels of one plane of the result.
    pub fn target_len(&self) -> usize {
        self.target.0 * self.target.1
    }

    /// Fills `out`, rows without padding. `plane` has the source size.
    pub fn resize(&mut self, plane: Plane<'_>, out: &mut [u8]) {
        debug_assert_eq!((plane.width, plane.height), self.source);
        debug_assert_eq!(out.len(), self.target_len());
        match &mut self.method {
            Method::Copy => {
                let rows = out.chunks_exact_mut(plane.width).enumerate();
                rows.for_each(|(y, out)| plane.copy_row(y, out));
            }
            Method::Bilinear(bilinear) => bilinear.resize(plane, out),
            Method::Area(area) => area.resize(plane, out),
        }
    }
}

/// Half-pixel centres, clamped edges, no antialiasing, in the fixed-point
/// arithmetic of OpenCV's 8-bit `INTER_LINEAR`: weights in 2048ths, a
/// horizontal pass that keeps all bits, a vertical pass that drops 4 bits of
/// the sums, 16 of the products and the last 2 with rounding.
#[derive(Debug)]
struct Bilinear {
    columns: Vec<Tap>,
    rows: Vec<Tap>,
    upper: Vec<i32>,
    lower: Vec<i32>,
}

/// Two source positions and their weights, which sum to [`ONE`].
#[derive(Clone, Copy, Debug)]
struct Tap {
    first: usize,
    second: usize,
    weights: [i32; 2],
}

const ONE: i32 = 2048;

fn taps(source: usize, target: usize) -> Vec<Tap> {
    let scale = 1.0 / (target as f64 / source as f64);
    let tap = |index: usize| {
        // OpenCV rounds the position to f32 before it takes the fraction.
        let position = ((index as f64 + 0.5) * scale - 0.5) as f32;
        let first = position.floor();
        let fraction = position - first;
        let weight = |share: f32| (share * ONE as f32).round_ties_even() as i32;
        let clamp = |position: f32| position.clamp(0.0, (source - 1) as f32) as usize;
        let weights = [weight(1.0 - fraction), weight(fraction)];
        Tap { first: clamp(first), second: clamp(first + 1.0), weights }
    };
    (0..target).map(tap).collect()
}

impl Bilinear {
    fn new(source: (usize, usize), target: (usize, usize)) -> Self {
        let (columns, rows) = (taps(source.0, target.0), taps(source.1, target.1));
        let (upper, lower) = (vec![0; target.0], vec![0; target.0]);
        Self { columns, rows, upper, lower }
    }

    fn resize(&mut self, plane: Plane<'_>, out: &mut [u8]) {
        let (mut in_upper, mut in_lower) = (None, None);
        for (tap, out) in self.rows.iter().zip(out.chunks_exact_mut(self.columns.len())) {
            if in_lower == Some(tap.first) {
                std::mem::swap(&mut self.upper, &mut self.lower);
                std::mem::swap(&mut in_upper, &mut in_lower);
            }
            if in_upper != Some(tap.first) {
                blend_columns(&self.columns, plane, tap.first, &mut self.upper);
                in_upper = Some(tap.first);
            }
            if in_lower != Some(tap.second) {
                blend_columns(&self.columns, plane, tap.second, &mut self.lower);
                in_lower = Some(tap.second);
            }
            let [upper_weight, lower_weight] = tap.weights;
            for ((out, upper), lower) in out.iter_mut().zip(&self.upper).zip(&self.lower) {
                let upper = (upper_weight * (upper >> 4)) >> 16;
                let lower = (lower_weight * (lower >> 4)) >> 16;
                *out = ((upper + lower + 2) >> 2) as u8;
            }
        }
    }
}

fn blend_columns(columns: &[Tap], plane: Plane<'_>, y: usize, out: &mut [i32]) {
    let (row, step) = (plane.row(y), plane.step_bytes);
    for (out, tap) in out.iter_mut().zip(columns) {
        let [first, second] = tap.weights;
        let (left, right) = (row[tap.first * step], row[tap.second * step]);
        *out = first * i32::from(left) + second * i32::from(right);
    }
}

/// The mean over the source area of each target pixel, exact in integers and
/// rounded half up.
#[derive(Debug)]
struct Area {
    columns: Vec<Span>,
    rows: Vec<Span>,
    /// Units in a whole span along each axis, multiplied.
    units: u64,
    /// A row of the source.
    row: Vec<u8>,
    row_sums: Vec<u32>,
    sums: Vec<u64>,
}

/// The source pixels under one target pixel. Lengths count in units, of which
/// a source pixel has `whole`.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    /// One past the last source pixel; at least `start + 1`.
    end: usize,
    first: u32,
    /// 0 where the first pixel is also the last.
    last: u32,
    whole: u32,
}

/// One span per target pixel, and the units in each.
fn spans(source: usize, target: usize) -> (Vec<Span>, u64) {
    let divisor = greatest_common_divisor(source, target);
    let (length, whole) = (source / divisor, target / divisor);
    let span = |index: usize| {
        let (from, to) = (index * length, (index + 1) * length);
        let (start, end) = (from / whole, to.div_ceil(whole));
        let first = ((start + 1) * whole).min(to) - from;
        let last = if end - start == 1 { 0 } else { to - (end - 1) * whole };
        Span { start, end, first: first as u32, last: last as u32, whole: whole as u32 }
    };
    ((0..target).map(span).collect(), length as u64)
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

impl Area {
    fn new(source: (usize, usize), target: (usize, usize)) -> Self {
        let (columns, column_units) = spans(source.0, target.0);
        let (rows, row_units) = spans(source.1, target.1);
        let units = column_units * row_units;
        let (row_sums, sums) = (vec![0; target.0], vec![0; target.0]);
        Self { columns, rows, units, row: vec![0; source.0], row_sums, sums }
    }

    fn resize(&mut self, plane: Plane<'_>, out: &mut [u8]) {
        for (span, out) in self.rows.iter().zip(out.chunks_exact_mut(self.columns.len())) {
            self.sums.fill(0);
            for y in span.start..span.end {
                plane.copy_row(y, &mut self.row);
                add_columns(&self.columns, &self.row, &mut self.row_sums);
                let weight = u64::from(span.weight(y));
                for (sum, row_sum) in self.sums.iter_mut().zip(&self.row_sums) {
                    *sum += weight * u64::from(*row_sum);
                }
            }
            for (out, sum) in out.iter_mut().zip(&self.sums) {
                *out = ((sum + self.units / 2) / self.units) as u8;
            }
        }
    }
}

impl Span {
    fn weight(&self, position: usize) -> u32 {
        if position == self.start {
            self.first
        } else if position + 1 == self.end {
            self.last
        } else {
            self.whole
        }
    }
}

/// At most 255 x the source width, which a `u32` holds for every width that a
/// frame can have in memory.
fn add_columns(columns: &[Span], row: &[u8], out: &mut [u32]) {
    for (out, span) in out.iter_mut().zip(columns) {
        let under = &row[span.start..span.end];
        let edges =
            span.first * u32::from(under[0]) + span.last * u32::from(under[under.len() - 1]);
        let inner = under.get(1..under.len() - 1).unwrap_or(&[]);
        *out = edges + span.whole * inner.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    }
}

#[cfg(test)]
mod tests;
