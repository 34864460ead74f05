//! Many frames through whole stations in one process, while whatever a station touches
//! goes wrong at random: memory, descriptors, threads and processes stay as they are.
//!
//! `cargo xtask soak --frames N` plays as many as one likes. The model is told that it
//! was made for 1000 frames a second, so that an hour of a camera takes half a minute.

#![cfg(feature = "runtime")]

mod dice;
mod ground;
mod mischief;
mod usage;

use std::sync::Arc;
use std::time::{Duration, Instant};

use normwatch::alarm::Input;
use normwatch::clock::Clock;
use normwatch::config::load_site;
use normwatch::runtime::Shutdown;
use normwatch::station::{Plan, Station};

use dice::Dice;
use ground::{Camera, Ground};
use mischief::{Mischief, UnsteadyDate};
use usage::{Growth, Usage};

/// Frames of the run that every test of the repository includes.
const SHORT: u64 = 20_000;
/// A run of a station is over by then, whatever becomes of its camera.
const LONGEST: Duration = Duration::from_secs(6);

/// What all stations came to.
#[derive(Debug, Default)]
struct Sum {
    runs: u64,
    frames: u64,
    judged: u64,
    skipped: u64,
    reopened: u64,
    failed: u64,
    events_dropped: u64,
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect(variable))
}

#[test]
fn nothing_grows_however_much_goes_wrong() {
    let frames = number("NORMWATCH_SOAK_FRAMES", SHORT);
    let seed = number("NORMWATCH_SOAK_SEED", 1);
    let (ground, mut dice) = (Ground::new(), Dice::new(seed));
    let (mut sum, mut samples) = (Sum::default(), Vec::new());
    let (begun, mut told) = (Instant::now(), Instant::now());
    while sum.frames < frames {
        watch(&ground, &mut dice, frames - sum.frames, &mut sum);
        samples.push((sum.frames, Usage::settled(ground.path())));
        if told.elapsed() > Duration::from_secs(60) {
            told = Instant::now();
            println!("{} frames: {:?}", sum.frames, samples.last().unwrap().1);
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("seed {seed}, {seconds:.0} s, {:.0} frames a second", sum.frames as f64 / seconds);
    println!("{sum:?}");
    assert!(sum.judged > sum.frames / 4, "too little was judged for it to tell anything");
    let growth = Growth::of(&samples);
    println!("{growth}");
    assert!(growth.is_flat(), "{growth}");
}

/// One station, from its lines to its end, and the mischief beside it.
fn watch(ground: &Ground, dice: &mut Dice, at_most: u64, sum: &mut Sum) {
    let camera = dice.of(&[Camera::Folder, Camera::Folder, Camera::Raw, Camera::Y4m]);
    let budget = (200 + dice.below(2300)).min(at_most.max(50));
    ground.restore(camera);
    let site = load_site(&ground.file("site.toml"), &[Ground::boards()]).unwrap();
    let date = Arc::new(UnsteadyDate::default());
    let clock: Arc<dyn Clock> = date.clone();
    let shutdown = Shutdown::new();
    let mut station = Station::open(&site, Plan::load(&site).unwrap(), clock, None).unwrap();
    if dice.below(2) == 0 {
        station = station.leaving_by(|| panic!("a station had to be left behind"));
    }
    let mut mischief = Mischief::begin(ground, dice.next(), date);
    let (begun, mut judged) = (Instant::now(), 0);
    let mut inputs_dice = Dice::new(dice.next());
    let inputs = || {
        if begun.elapsed() > LONGEST {
            shutdown.request();
        }
        let inputs = [Input::Acknowledge, Input::Disarm, Input::Arm];
        (inputs_dice.below(2000) == 0).then(|| inputs_dice.of(&inputs))
    };
    let each = |_: &_| {
        judged += 1;
        if judged >= budget {
            shutdown.request();
        }
    };
    let done = station.run(&shutdown, inputs, each);
    mischief.end();
    sum.runs += 1;
    match done {
        Ok(report) => {
            sum.frames += report.live.counts.taken;
            sum.skipped += report.live.counts.skipped;
            sum.reopened += report.live.reopened;
            sum.events_dropped += report.events_dropped;
        }
        Err(_) => {
            sum.frames += judged;
            sum.failed += 1;
        }
    }
    sum.judged += judged;
}
