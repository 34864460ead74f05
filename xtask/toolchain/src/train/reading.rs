//! Reads the footage of a training, and decides whether its light jumps or flickers.

use std::path::PathBuf;

use anyhow::Result;
use normwatch::model::InputSection;

use super::footage::Footage;

/// Reads the footage. Where its light flickers, `input.relight` becomes false and the pictures
/// stay as they came; a setting that `is_settled` stays.
///
/// # Errors
/// As [`Footage::read`].
pub fn read(paths: &[PathBuf], input: &mut InputSection, is_settled: bool) -> Result<Footage> {
    let bar = normwatch_progress::bar("reading", "frames", 0);
    let mut footage = Footage::read(paths, input, &bar)?;
    if footage.flickers() && !is_settled {
        eprintln!(
            "the light jumps in {} of {} frames: it flickers here, and is left as it is",
            footage.light_jumps,
            footage.frame_count()
        );
        input.relight = false;
        bar.reset();
        footage = Footage::read(paths, input, &bar)?;
    }
    bar.finish_and_clear();
    report_skipped(&footage);
    Ok(footage)
}

fn report_skipped(footage: &Footage) {
    const NAMED: usize = 8;
    for why in footage.skipped.iter().take(NAMED) {
        eprintln!("skipped {why}");
    }
    if footage.skipped.len() > NAMED {
        eprintln!("… {} frames were skipped in all", footage.skipped.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{footage, lit_footage};
    use crate::net::Preset;

    fn input(relight: bool) -> InputSection {
        let nano = Preset::Nano.values().input;
        InputSection { width_px: 32, height_px: 32, relight, ..nano }
    }

    /// The jumps found, whether they are taken out in the end, and the hash of the frames.
    fn outcome(folder: &std::path::Path, relight: bool, is_settled: bool) -> (u64, bool, String) {
        let mut input = input(relight);
        let footage = read(&[folder.to_path_buf()], &mut input, is_settled).unwrap();
        (footage.light_jumps, input.relight, footage.sha256())
    }

    #[test]
    fn a_light_that_jumps_now_and_then_is_evened_and_one_that_flickers_is_left() {
        let calm = footage(120, 32);
        let jumps = lit_footage(120, 32, |frame| if frame < 60 { 1.0 } else { 0.7 });
        let flickers = lit_footage(120, 32, |frame| if frame / 5 % 2 == 0 { 1.0 } else { 0.7 });
        let (found, relight, _) = outcome(calm.path(), true, false);
        assert_eq!((found, relight), (0, true));
        let (found, relight, evened) = outcome(jumps.path(), true, false);
        assert_eq!((found, relight), (1, true));
        assert_ne!(evened, outcome(jumps.path(), false, false).2);
        let (found, relight, left) = outcome(flickers.path(), true, false);
        assert_eq!((found, relight), (0, false));
        assert_eq!(left, outcome(flickers.path(), false, false).2);
        let (found, relight, _) = outcome(flickers.path(), true, true);
        assert!(found > 20 && relight, "{found}");
    }
}
