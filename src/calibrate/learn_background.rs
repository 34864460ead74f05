//! The background of normal footage, and what the slow term makes of it.

use super::background_file::{background_sha256, background_to_npz};
use super::stays::StaysCalibration;
use crate::score::{
    Background, LOOK_NS, Mask, Parts, Places, Reduction, Stays, usual_agreement, usual_detail,
};

/// Looks that are kept together, so that what lasts can be seen in them.
const RUN_LOOKS: usize = 64;
/// Runs that are kept; of longer footage, every second, fourth, and so on.
const MOST_RUNS: usize = 64;
/// The background is the median of about so many looks.
const MEDIAN_OF: usize = 400;
/// Fewer looks make no background.
const LEAST_LOOKS: usize = 24;

/// Normal footage, thinned: what a background is learnt from. It takes some 100 MiB
/// at most, however long the footage is.
#[derive(Clone, Debug)]
pub struct BackgroundFootage {
    reduction: Reduction,
    runs: Vec<Vec<Look>>,
    run: Vec<Look>,
    /// Of the runs, every so-manieth is kept.
    every: usize,
    run_number: usize,
    last_ns: Option<u64>,
}

#[derive(Clone, Debug)]
struct Look {
    at_ns: u64,
    picture: Vec<u8>,
}

impl BackgroundFootage {
    /// For a model's input; `None` where it is too small for a background.
    pub fn new(width_px: usize, height_px: usize) -> Option<Self> {
        let reduction = Reduction::new(width_px, height_px)?;
        let (runs, run) = (Vec::new(), Vec::new());
        Some(Self { reduction, runs, run, every: 1, run_number: 0, last_ns: None })
    }

    /// Takes a frame as the model sees it, planar u8. A time that runs backwards
    /// begins another clip.
    pub fn see(&mut self, frame: &[u8], timestamp_ns: u64) {
        match self.last_ns {
            Some(last_ns) if timestamp_ns < last_ns => self.end_run(),
            Some(last_ns) if timestamp_ns - last_ns < LOOK_NS - LOOK_NS / 10 => return,
            _ => {}
        }
        self.last_ns = Some(timestamp_ns);
        // Of a run that is not kept, the looks are only counted.
        let mut picture = Vec::new();
        if self.run_number.is_multiple_of(self.every) {
            picture = vec![0; self.reduction.pixels()];
            self.reduction.reduce(frame, &mut picture);
        }
        self.run.push(Look { at_ns: timestamp_ns, picture });
        if self.run.len() == RUN_LOOKS {
            self.end_run();
        }
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        let kept = run.first().is_some_and(|look| !look.picture.is_empty());
        if kept {
            self.runs.push(run);
        }
        self.run_number += 1;
        if self.runs.len() > MOST_RUNS {
            let mut number = 0;
            self.runs.retain(|_| {
                number += 1;
                number % 2 == 1
            });
            self.every *= 2;
        }
    }

    /// Learns the background and how far normal footage stays from it. Each half
    /// of the footage is compared with the background of the other half, since
    /// what a background was learnt from agrees with it better than what comes
    /// later.
    ///
    /// Returns the calibration with its background, and the background's file;
    /// `None` where the footage is too short.
    pub fn learn(mut self, mask: &Mask) -> Option<(StaysCalibration, Vec<u8>)> {
        self.end_run();
        let looks = self.runs.iter().map(Vec::len).sum::<usize>();
        if looks < LEAST_LOOKS {
            return None;
        }
        let (first, second) = halves(&self.runs, looks / 2);
        let mut ratios = Vec::new();
        for (own, other) in [(&first, &second), (&second, &first)] {
            let mut stays = Stays::new(background(self.reduction, other), mask);
            ratios.extend(own.iter().map(|run| course(&mut stays, run)));
        }
        let whole: Vec<&[Look]> = self.runs.iter().map(Vec::as_slice).collect();
        let background = background(self.reduction, &whole);
        let npz = background_to_npz(&background);
        let mut calibration = StaysCalibration::fit(&ratios);
        calibration.background_sha256 = background_sha256(&npz);
        calibration.background = Some(background);
        Some((calibration, npz))
    }
}

/// The runs up to so many looks, and the rest.
fn halves(runs: &[Vec<Look>], mut first: usize) -> (Vec<&[Look]>, Vec<&[Look]>) {
    let mut halves = (Vec::new(), Vec::new());
    for run in runs {
        let (before, after) = run.split_at(first.min(run.len()));
        first -= before.len();
        halves.0.extend((!before.is_empty()).then_some(before));
        halves.1.extend((!after.is_empty()).then_some(after));
    }
    halves
}

fn course(stays: &mut Stays, run: &[Look]) -> Vec<(u64, f64)> {
    stays.forget();
    let staying = |look: &Look| {
        stays.look_at_reduced(&look.picture).map(|staying| (look.at_ns, staying.ratio))
    };
    run.iter().filter_map(staying).collect()
}

fn background(reduction: Reduction, runs: &[&[Look]]) -> Background {
    let looks: Vec<&[u8]> = runs.iter().copied().flatten().map(|l| l.picture.as_slice()).collect();
    let some: Vec<&[u8]> = looks.iter().step_by(looks.len().div_ceil(MEDIAN_OF)).copied().collect();
    let mut values = vec![0; some.len()];
    let median = |pixel: usize| {
        values.iter_mut().zip(&some).for_each(|(value, picture)| *value = picture[pixel]);
        let middle = values.len() / 2;
        *values.select_nth_unstable(middle).1
    };
    let picture: Vec<u8> = (0..reduction.pixels()).map(median).collect();
    let mut places = Places::new(reduction, &picture);
    let mut parts = Parts::new(reduction, &picture);
    let differences: Vec<Vec<f32>> =
        some.iter().map(|picture| places.compare(picture).to_vec()).collect();
    let shown: Vec<_> = some.iter().map(|picture| parts.values(picture)).collect();
    let column = |part: usize, of: fn(&crate::score::PartValues, usize) -> f32| -> Vec<f32> {
        shown.iter().map(|values| of(values, part)).collect()
    };
    let count = differences[0].len();
    let spread = |place: usize| {
        let mut values: Vec<f32> = differences.iter().map(|by_place| by_place[place]).collect();
        values.sort_by(f32::total_cmp);
        values[(values.len() - 1) * 4 / 5]
    };
    let parts = 0..shown[0].agreement.len();
    Background {
        reduction,
        spread: (0..count).map(spread).collect(),
        structure: parts
            .clone()
            .map(|part| usual_agreement(&mut column(part, |values, part| values.agreement[part])))
            .collect(),
        detail: parts
            .map(|part| {
                usual_detail(
                    &mut column(part, |values, part| values.detail[part]),
                    &mut column(part, |values, part| values.fine[part]),
                    &mut column(part, |values, part| values.coarse[part]),
                )
            })
            .collect(),
        picture,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::Sign;

    const SIDE: usize = 64;

    /// Static blocks with noise, and at times something that passes.
    fn frame(number: usize, passes: bool) -> Vec<u8> {
        let level = |i: usize| {
            let (x, y) = (i % SIDE, i / SIDE);
            let block = (x / 7 * 41 + y / 5 * 29) % 120 + 60;
            let noise = (i * 31 + number * 17 + i * number % 7) % 5;
            let thing = passes && (20..32).contains(&x) && (20..32).contains(&y);
            let chequer = if (x / 3 + y / 3).is_multiple_of(2) { 20 } else { 230 };
            if thing { chequer } else { (block + noise) as u8 }
        };
        (0..SIDE * SIDE).map(level).collect()
    }

    #[test]
    fn what_passes_is_no_part_of_the_background_and_what_stays_is_news() {
        let mask = Mask::everything(SIDE, SIDE);
        let mut footage = BackgroundFootage::new(SIDE, SIDE).unwrap();
        for number in 0..240 {
            footage.see(&frame(number, number % 9 == 0), number as u64 * LOOK_NS);
        }
        let (calibration, npz) = footage.learn(&mask).unwrap();
        assert_eq!(calibration.background_sha256, background_sha256(&npz));
        let background = calibration.background.clone().unwrap();
        background.check().unwrap();
        let plain = frame(1, false);
        let off = |(a, b): (&u8, &u8)| a.abs_diff(*b);
        assert!(background.picture.iter().zip(&plain).map(off).max().unwrap() <= 4);
        let rule = calibration.rule(1.0);
        let mut stays = Stays::new(background, &mask);
        let mut signs = |thing: bool| {
            let looks = (0..40).filter_map(|n| stays.look(&frame(n, thing), n as u64 * LOOK_NS));
            let last = looks.last().unwrap();
            stays.forget();
            rule.judge(last.ratio).0
        };
        assert_eq!(signs(false), Sign::Absent);
        assert_eq!(signs(true), Sign::Present);
    }

    #[test]
    fn long_footage_is_thinned_by_whole_runs_and_short_footage_refused() {
        let mut footage = BackgroundFootage::new(SIDE, SIDE).unwrap();
        let picture = frame(0, false);
        for number in 0..(MOST_RUNS * RUN_LOOKS * 3) as u64 {
            footage.see(&picture, number * LOOK_NS);
        }
        assert!(footage.runs.len() <= MOST_RUNS && footage.every >= 2);
        assert!(footage.runs.iter().all(|run| run.len() == RUN_LOOKS));
        let mut short = BackgroundFootage::new(SIDE, SIDE).unwrap();
        (0..20).for_each(|number| short.see(&picture, number * LOOK_NS));
        assert!(short.learn(&Mask::everything(SIDE, SIDE)).is_none());
        assert!(BackgroundFootage::new(16, 16).is_none());
    }
}
