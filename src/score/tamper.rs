//! How much of the view is lost: parts of the picture that no longer have the
//! structure, or the detail, of the background.

use super::background::{Background, PARTS, Reduction};

/// A part has lost its structure, or its detail, when less than this share of
/// the usual is left.
const LEAST_SHARE: f32 = 0.5;
/// Normal pictures must agree so well with the background for a part to count.
const LEAST_AGREEMENT: f32 = 0.6;
/// With fewer parts that count there is no telling.
const LEAST_PARTS: usize = 12;
/// Mean squared gradient that sensor noise has, in squared grey levels.
const NOISE: f32 = 0.25;
/// Squared grey levels of fine detail and of coarse contrast that a part must
/// have for its detail to count.
const LEAST_DETAIL: f32 = 4.0;
const LEAST_CONTRAST: f32 = 8.0;
/// Added to the contrast, so that noise in a plain part is not detail.
const PLAIN: f32 = 4.0;
/// Half the side of the window that coarse contrast is measured against.
const COARSE: usize = 8;

const COUNT: usize = PARTS * PARTS;

/// What a picture's parts show.
#[derive(Clone, Copy, Debug)]
pub struct PartValues {
    /// How well the structure agrees with the background's, −1 to 1.
    pub agreement: [f32; COUNT],
    /// Fine detail over coarse contrast.
    pub detail: [f32; COUNT],
    /// Squared grey levels of both.
    pub fine: [f32; COUNT],
    pub coarse: [f32; COUNT],
}

/// Compares the structure of pictures with a background's, part by part.
///
/// Structure is the direction of edges at half the reduced picture's size, with
/// brighter and darker side exchangeable: light changes their strength, infrared
/// light also which side is brighter, and neither where they run. Detail is what a
/// 3×3 mean takes away, over what it leaves.
#[derive(Clone, Debug)]
pub struct Parts {
    reduction: Reduction,
    /// Doubled directions of the background's edges, times their strength.
    usual: Vec<[f32; 2]>,
    usual_energy: [f32; COUNT],
    half: Vec<f32>,
    smooth: Vec<f32>,
    edges: Vec<[f32; 2]>,
    fine_row: Vec<f32>,
    mean: Vec<f32>,
    rows: Vec<f32>,
}

impl Parts {
    /// # Panics
    /// When `usual` is not a reduced picture.
    pub fn new(reduction: Reduction, usual: &[u8]) -> Self {
        assert_eq!(usual.len(), reduction.pixels(), "a reduced picture");
        let half = vec![0.0; (reduction.width_px() / 2) * (reduction.height_px() / 2)];
        let mut parts = Self {
            reduction,
            usual: vec![[0.0; 2]; half.len()],
            usual_energy: [0.0; COUNT],
            smooth: half.clone(),
            edges: vec![[0.0; 2]; half.len()],
            half,
            fine_row: vec![0.0; reduction.width_px()],
            mean: vec![0.0; reduction.pixels()],
            rows: vec![0.0; reduction.pixels()],
        };
        parts.find_edges(usual);
        std::mem::swap(&mut parts.usual, &mut parts.edges);
        let energies = parts.usual.iter().map(|[a, b]| a * a + b * b);
        for (index, energy) in energies.enumerate() {
            parts.usual_energy[part_of(index, parts.half_px())] += energy;
        }
        parts
    }

    fn half_px(&self) -> (usize, usize) {
        (self.reduction.width_px() / 2, self.reduction.height_px() / 2)
    }

    /// How well each part's structure agrees, −1 to 1.
    pub fn agreement(&mut self, picture: &[u8]) -> [f32; COUNT] {
        self.find_edges(picture);
        let size = self.half_px();
        let (mut both, mut energy, mut pixels) = ([0.0; COUNT], [0.0; COUNT], [0.0; COUNT]);
        for (index, (now, usual)) in self.edges.iter().zip(&self.usual).enumerate() {
            let part = part_of(index, size);
            both[part] += now[0] * usual[0] + now[1] * usual[1];
            energy[part] += now[0] * now[0] + now[1] * now[1];
            pixels[part] += 1.0;
        }
        std::array::from_fn(|part| {
            let noise = NOISE * pixels[part];
            both[part] / ((energy[part] + noise) * (self.usual_energy[part] + noise)).sqrt()
        })
    }

    /// Everything about each part.
    pub fn values(&mut self, picture: &[u8]) -> PartValues {
        let agreement = self.agreement(picture);
        let (fine, coarse) = self.bands(picture);
        let detail = std::array::from_fn(|part| fine[part] / (coarse[part] + PLAIN));
        PartValues { agreement, detail, fine, coarse }
    }

    fn find_edges(&mut self, picture: &[u8]) {
        let (width, height) = self.half_px();
        let full = self.reduction.width_px();
        for (y, row) in self.half.chunks_exact_mut(width).enumerate() {
            let (upper, lower) = picture[2 * y * full..].split_at(full);
            for (x, out) in row.iter_mut().enumerate() {
                let at = 2 * x;
                let sum = u16::from(upper[at]) + u16::from(upper[at + 1]);
                *out = f32::from(sum + u16::from(lower[at]) + u16::from(lower[at + 1])) * 0.25;
            }
        }
        mean_3x3(&self.half, width, &mut self.smooth);
        self.edges.fill([0.0; 2]);
        for y in 1..height - 1 {
            for x in 1..width - 1 {
                let at = y * width + x;
                let across = 0.5 * (self.smooth[at + 1] - self.smooth[at - 1]);
                let down = 0.5 * (self.smooth[at + width] - self.smooth[at - width]);
                let strength = (across * across + down * down).sqrt() + 1e-6;
                let doubled = [across * across - down * down, 2.0 * across * down];
                self.edges[at] = doubled.map(|value| value / strength);
            }
        }
    }

    /// Mean squares of fine detail and of coarse contrast by part.
    fn bands(&mut self, picture: &[u8]) -> ([f32; COUNT], [f32; COUNT]) {
        let (width, height) = (self.reduction.width_px(), self.reduction.height_px());
        let (mut fine, mut coarse, mut pixels) = ([0.0; COUNT], [0.0; COUNT], [0.0; COUNT]);
        self.rows.iter_mut().zip(picture).for_each(|(level, &byte)| *level = f32::from(byte));
        mean_3x3(&self.rows, width, &mut self.mean);
        for (index, (&level, mean)) in self.rows.iter().zip(&self.mean).enumerate() {
            let part = part_of(index, (width, height));
            fine[part] += (level - mean) * (level - mean);
            pixels[part] += 1.0;
        }
        // Sums along the rows of the wide window, then down its columns.
        for (row, out) in self.mean.chunks_exact(width).zip(self.rows.chunks_exact_mut(width)) {
            let at = |x: isize| row[x.clamp(0, width as isize - 1) as usize];
            let mut sum: f32 = (-(COARSE as isize)..=COARSE as isize).map(at).sum();
            for (x, out) in out.iter_mut().enumerate() {
                *out = sum;
                let x = x as isize;
                sum += at(x + COARSE as isize + 1) - at(x - COARSE as isize);
            }
        }
        let row = |y: isize| {
            let y = y.clamp(0, height as isize - 1) as usize;
            y * width..(y + 1) * width
        };
        self.fine_row.fill(0.0);
        for y in -(COARSE as isize)..=COARSE as isize {
            let sums = self.fine_row.iter_mut().zip(&self.rows[row(y)]);
            sums.for_each(|(sum, value)| *sum += value);
        }
        let area = ((2 * COARSE + 1) * (2 * COARSE + 1)) as f32;
        for y in 0..height {
            for (x, sum) in self.fine_row.iter().enumerate() {
                let index = y * width + x;
                let contrast = self.mean[index] - sum / area;
                coarse[part_of(index, (width, height))] += contrast * contrast;
            }
            let (enter, leave) =
                (row(y as isize + COARSE as isize + 1), row(y as isize - COARSE as isize));
            let change = self.rows[enter].iter().zip(&self.rows[leave]);
            for (sum, (new, old)) in self.fine_row.iter_mut().zip(change) {
                *sum += new - old;
            }
        }
        for part in 0..COUNT {
            fine[part] /= pixels[part];
            coarse[part] /= pixels[part];
        }
        (fine, coarse)
    }
}

/// The part that a pixel of a picture of this width and height lies in.
fn part_of(index: usize, (width, height): (usize, usize)) -> usize {
    let (x, y) = (index % width, index / width);
    y * PARTS / height * PARTS + x * PARTS / width
}

fn mean_3x3(from: &[f32], width: usize, to: &mut [f32]) {
    let height = from.len() / width;
    for y in 0..height {
        let near = [y.saturating_sub(1), y, (y + 1).min(height - 1)];
        let [above, here, below] = near.map(|y| &from[y * width..(y + 1) * width]);
        let column = |x: usize| above[x] + here[x] + below[x];
        for (x, out) in to[y * width..(y + 1) * width].iter_mut().enumerate() {
            let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
            *out = (column(left) + column(x) + column(right)) / 9.0;
        }
    }
}

/// What normal footage says of a part: its usual agreement, or 0 where that is
/// too small to be missed. `agreements` in any order; it must not be empty.
pub fn usual_agreement(agreements: &mut [f32]) -> f32 {
    let usual = rarely_below(agreements);
    if usual > LEAST_AGREEMENT { usual } else { 0.0 }
}

/// A part's usual detail, or 0 where it has none to lose.
pub fn usual_detail(details: &mut [f32], fine: &mut [f32], coarse: &mut [f32]) -> f32 {
    let counts = median(fine) > LEAST_DETAIL && median(coarse) > LEAST_CONTRAST;
    if counts { rarely_below(details) } else { 0.0 }
}

fn rarely_below(values: &mut [f32]) -> f32 {
    values.sort_by(f32::total_cmp);
    values[values.len() / 20]
}

fn median(values: &mut [f32]) -> f32 {
    values.sort_by(f32::total_cmp);
    values[values.len() / 2]
}

/// The share of the view that is lost.
#[derive(Clone, Debug)]
pub struct Tamper {
    background: Background,
    parts: Parts,
    picture: Vec<u8>,
    structure_counts: usize,
    detail_counts: usize,
    looks: u64,
    /// Share of the parts without their detail, at the last look that asked.
    blurred: f32,
    last_ns: Option<u64>,
}

/// From one look to the next; every second one asks for the detail too.
const LOOK_NS: u64 = 250_000_000;

impl Tamper {
    /// `None` where too little of the view has structure or detail to be known by.
    pub fn new(background: Background) -> Option<Self> {
        let counts = |values: &[f32]| values.iter().filter(|value| **value > 0.0).count();
        let (structure_counts, detail_counts) =
            (counts(&background.structure), counts(&background.detail));
        (structure_counts.max(detail_counts) >= LEAST_PARTS).then(|| Self {
            parts: Parts::new(background.reduction, &background.picture),
            picture: vec![0; background.reduction.pixels()],
            structure_counts,
            detail_counts,
            looks: 0,
            blurred: 0.0,
            last_ns: None,
            background,
        })
    }

    /// The share of the view, 0 to 1, that a frame (planar u8) has lost: of the
    /// structure or of the detail, whichever is more. `None` when the last look
    /// is not long enough ago.
    pub fn look(&mut self, frame: &[u8], timestamp_ns: u64) -> Option<f32> {
        let due = |last| timestamp_ns.saturating_sub(last) >= LOOK_NS - LOOK_NS / 5;
        if !self.last_ns.is_none_or(due) {
            return None;
        }
        self.last_ns = Some(timestamp_ns);
        self.background.reduction.reduce(frame, &mut self.picture);
        let detailed = self.looks.is_multiple_of(2);
        self.looks += 1;
        let agreement = if detailed {
            let values = self.parts.values(&self.picture);
            self.blurred = lost(&values.detail, &self.background.detail, self.detail_counts);
            values.agreement
        } else {
            self.parts.agreement(&self.picture)
        };
        let gone = lost(&agreement, &self.background.structure, self.structure_counts);
        Some(gone.max(self.blurred))
    }

    /// Forgets the last look: other pictures follow.
    pub fn forget(&mut self) {
        (self.last_ns, self.looks, self.blurred) = (None, 0, 0.0);
    }
}

fn lost(now: &[f32], usual: &[f32], counts: usize) -> f32 {
    let is_lost = |(now, usual): &(&f32, &f32)| **usual > 0.0 && **now < LEAST_SHARE * **usual;
    if counts < LEAST_PARTS {
        return 0.0;
    }
    now.iter().zip(usual).filter(is_lost).count() as f32 / counts as f32
}

#[cfg(test)]
mod tests;
