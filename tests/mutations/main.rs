//! Everything that the program reads, changed at random: no panic, no memory without
//! limit, no hang. One binary alone, because it counts the memory of the whole process.
//!
//! The seeds are the files in `corpus`, and what is made here. `cargo xtask mutate
//! --cases N` plays as many as one likes; a case is repeated by its seed.

#![cfg(feature = "runtime")]

mod memory;
mod mutate;
mod seeds;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mutate::Dice;
use targets::{TARGETS, Target};

/// Cases of the run that every test of the repository includes, over all targets.
const FEW: u64 = 3000;
/// A case that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(20);

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect(variable))
}

#[test]
fn what_is_read_is_read_or_refused() {
    let cases = number("NORMWATCH_MUTATIONS", FEW).div_ceil(TARGETS.len() as u64);
    let seed = number("NORMWATCH_MUTATIONS_SEED", 1);
    let case = Arc::<AtomicU64>::default();
    watch_for_hangs(case.clone());
    println!(
        "{:<14} {:>7} {:>9} {:>8} {:>12}",
        "target", "cases", "accepted", "refused", "largest kB"
    );
    let mut failures = Vec::new();
    for (number, target) in TARGETS.iter().enumerate() {
        failures.extend(attack(target, cases, seed ^ ((number as u64) << 32), &case));
    }
    // Ends the thread that looks for hangs.
    case.store(u64::MAX, Ordering::Release);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Mutated cases of one target; what went wrong, with the number to repeat it.
fn attack(target: &Target, cases: u64, seed: u64, case: &AtomicU64) -> Vec<String> {
    let ground = targets::Ground::new();
    let seeds = seeds::of(target.name, ground.path());
    assert!(!seeds.is_empty(), "no seeds for {}", target.name);
    let (mut accepted, mut largest, mut failures) = (0, 0, Vec::new());
    for seed_file in &seeds {
        let _ = (target.read)(&ground, seed_file);
    }
    for number in 0..cases {
        case.fetch_add(1, Ordering::AcqRel);
        let mut dice = Dice::new(seed.wrapping_add(number));
        let bytes = mutate::mutated(&seeds, target.is_text, &mut dice);
        memory::begin();
        let read = catch_unwind(AssertUnwindSafe(|| (target.read)(&ground, &bytes)));
        let peak = memory::peak();
        largest = largest.max(peak);
        let name = target.name;
        match read {
            Ok(is_accepted) => accepted += u64::from(is_accepted),
            Err(_) => failures.push(format!("{name}: case {number} of seed {seed} panics")),
        }
        if peak > memory::LIMIT {
            failures.push(format!("{name}: case {number} of seed {seed} asks for {peak} bytes"));
        }
        if failures.last().is_some_and(|f| f.contains(&format!("case {number} "))) {
            keep(name, number, &bytes);
        }
    }
    let (name, refused) = (target.name, cases - accepted);
    println!("{name:<14} {cases:>7} {accepted:>9} {refused:>8} {:>12}", largest / 1000);
    failures
}

/// Leaves the bytes of a failure where they can be put into the corpus.
fn keep(target: &str, number: u64, bytes: &[u8]) {
    let path = std::env::temp_dir().join(format!("normwatch-mutation-{target}-{number}"));
    if std::fs::write(&path, bytes).is_ok() {
        println!("{}", path.display());
    }
}

fn watch_for_hangs(case: Arc<AtomicU64>) {
    thread::spawn(move || {
        let (mut last, mut since) = (0, Instant::now());
        loop {
            thread::sleep(Duration::from_millis(200));
            let now = case.load(Ordering::Acquire);
            match now {
                u64::MAX => return,
                _ if now != last => (last, since) = (now, Instant::now()),
                _ if since.elapsed() > LONGEST => {
                    eprintln!("case {now} of all hangs: it took longer than {LONGEST:?}");
                    process::exit(3);
                }
                _ => {}
            }
        }
    });
}
