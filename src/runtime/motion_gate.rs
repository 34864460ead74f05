//! When the network may rest: nothing moves in the picture.

use super::slots::Slot;

/// Side of a cell, in model pixels.
const CELL_PX: usize = 8;
/// The network runs at least every so many frames, so that a score goes on
/// saying that it works.
const MOST_SKIPPED: usize = 9;

/// Says when nothing moves in the picture, so that the network may rest.
///
/// A frame is still if no cell of 8×8 model pixels differs by more than a few
/// grey levels, on average, from the last frame that was not; what creeps
/// therefore adds up until it counts. Sensor noise changes all cells alike, so
/// the lower quartile of the cells is taken off first. The network rests once
/// the whole window is still, and never for more than nine frames.
#[derive(Clone, Debug)]
pub struct MotionGate {
    limit_levels: f32,
    /// Still frames after which the window holds no motion.
    window: usize,
    width: usize,
    /// The frame that was the last to show motion.
    moved: Vec<u8>,
    still: usize,
    skipped: usize,
    cells: Vec<f32>,
}

impl MotionGate {
    /// Frames of `planes` × `height` × `width` bytes. `limit_levels` is a mean
    /// difference in a cell, of 255 grey levels, above 0; `past_frames` is how
    /// many frames the network sees.
    pub fn new(limit_levels: f32, past_frames: usize, width: usize, frame_len: usize) -> Self {
        Self {
            limit_levels,
            window: past_frames + 1,
            width,
            moved: Vec::with_capacity(frame_len),
            still: 0,
            skipped: 0,
            cells: Vec::with_capacity(frame_len / CELL_PX + 1),
        }
    }

    /// Whether the network need not run for this frame, the next one after the
    /// last that was asked about.
    pub fn rests(&mut self, frame: &Slot) -> bool {
        let moved = self.moved.is_empty() || self.largest_change(&frame.data) > self.limit_levels;
        if moved {
            self.still = 0;
            self.moved.clear();
            self.moved.extend_from_slice(&frame.data);
        } else {
            self.still += 1;
        }
        let rests = self.still >= self.window && self.skipped < MOST_SKIPPED;
        self.skipped = if rests { self.skipped + 1 } else { 0 };
        rests
    }

    /// Starts again, after a gap in the footage.
    pub fn forget(&mut self) {
        self.moved.clear();
        (self.still, self.skipped) = (0, 0);
    }

    /// The largest mean difference of a cell from the last moving frame, less
    /// what a quarter of the cells stays below.
    fn largest_change(&mut self, frame: &[u8]) -> f32 {
        self.cells.clear();
        let rows = CELL_PX * self.width;
        for (now, moved) in frame.chunks(rows).zip(self.moved.chunks(rows)) {
            for left in (0..self.width).step_by(CELL_PX) {
                self.cells.push(cell_change(now, moved, self.width, left));
            }
        }
        let quarter = self.cells.len() / 4;
        let (_, noise, _) = self.cells.select_nth_unstable_by(quarter, f32::total_cmp);
        let noise = *noise;
        self.cells.iter().fold(0.0, |largest: f32, &cell| largest.max(cell)) - noise
    }
}

fn cell_change(now: &[u8], before: &[u8], width: usize, left: usize) -> f32 {
    let (mut sum, mut count) = (0, 0);
    for (now, before) in now.chunks_exact(width).zip(before.chunks_exact(width)) {
        let end = (left + CELL_PX).min(width);
        let (now, before) = (&now[left..end], &before[left..end]);
        sum += now.iter().zip(before).map(|(&a, &b)| u32::from(a.abs_diff(b))).sum::<u32>();
        count += end - left;
    }
    sum as f32 / count as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 36;
    const HEIGHT: usize = 28;

    /// Noise of ±2 levels, and a square of eight pixels `brighter` than the
    /// rest.
    fn picture(number: usize, brighter: u8) -> Slot {
        let level = |index: usize| {
            let noise = (index * 31 + number * 17 + index * index % 7 * number) % 5;
            let (x, y) = (index % WIDTH, index / WIDTH);
            let inside = (8..16).contains(&x) && (16..24).contains(&y);
            98 + noise as u8 + if inside { brighter } else { 0 }
        };
        Slot { data: (0..WIDTH * HEIGHT).map(level).collect(), ..Slot::default() }
    }

    fn gate() -> MotionGate {
        MotionGate::new(3.0, 4, WIDTH, WIDTH * HEIGHT)
    }

    #[test]
    fn noise_rests_after_the_window_but_not_for_ever() {
        let mut gate = gate();
        let rests: Vec<bool> = (0..17).map(|n| gate.rests(&picture(n, 0))).collect();
        let expected: Vec<bool> = (0..17).map(|n| (5..14).contains(&n) || n > 14).collect();
        assert_eq!(rests, expected);
    }

    #[test]
    fn motion_wakes_at_once_and_until_it_has_left_the_window() {
        let mut gate = gate();
        (0..7).for_each(|n| {
            gate.rests(&picture(n, 0));
        });
        assert!(gate.rests(&picture(7, 0)));
        let rests: Vec<bool> = (8..16).map(|n| gate.rests(&picture(n, 30))).collect();
        assert_eq!(rests, [false, false, false, false, false, true, true, true]);
    }

    #[test]
    fn what_creeps_adds_up() {
        let mut gate = gate();
        let rests: Vec<bool> = (0..10).map(|n| gate.rests(&picture(n, 2 * n as u8))).collect();
        assert!(rests.iter().all(|rests| !rests), "{rests:?}");
    }

    #[test]
    fn a_gap_wakes() {
        let mut gate = gate();
        (0..7).for_each(|n| {
            gate.rests(&picture(n, 0));
        });
        gate.forget();
        assert!((7..12).all(|n| !gate.rests(&picture(n, 0))));
    }
}
