//! Takes evenly spread samples from normal footage.

use std::collections::VecDeque;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use normwatch::capture::{Frame, SourceError, SourceErrorKind};
use normwatch::model::InputSection;
use normwatch::preprocess::Preprocessor;
use normwatch::replay::{Clip, list_footage};

/// Past frames and the frame that followed them, as the network takes them.
/// For a network that reconstructs, both are the same frame.
#[derive(Clone, Debug)]
pub struct Sample {
    /// t frames one after the other, oldest first, planar u8.
    pub past: Vec<u8>,
    /// The frame to answer with, planar u8.
    pub next: Vec<u8>,
}

/// Reads `count` samples, spread evenly over all that the footage holds; all
/// of them where it holds fewer. The same footage gives the same samples.
///
/// # Errors
/// Footage that cannot be read, or that is shorter than one sample.
pub fn read(
    footage: &[impl AsRef<Path>],
    input: &InputSection,
    count: usize,
) -> Result<Vec<Sample>> {
    let mut clips = Vec::new();
    for path in footage {
        clips.extend(list_footage(path.as_ref())?);
    }
    let span = input.past_span() + 1;
    // A first look counts, so that the second one keeps no more than it gives.
    let bar = normwatch_progress::bar("counting frames", "clips", clips.len() as u64);
    let mut windows = 0;
    for clip in &clips {
        let mut run = 0;
        each_frame(clip, input, |frame| {
            run = if frame.is_ok() { run + 1 } else { 0 };
            windows += usize::from(run >= span);
            Ok(())
        })?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    ensure!(
        windows > 0,
        "{}: no clip has the {span} frames that one sample takes",
        footage.iter().map(|p| p.as_ref().display().to_string()).collect::<Vec<_>>().join(", ")
    );
    let count = count.min(windows);
    let mut picks = (0..count).map(|i| (2 * i + 1) * windows / (2 * count)).peekable();
    let bar = normwatch_progress::bar("reading footage", "clips", clips.len() as u64);
    let (mut samples, mut window) = (Vec::with_capacity(count), 0);
    for clip in &clips {
        let mut preprocessor = Preprocessor::new(input.spec()).steadied(true);
        let mut recent: VecDeque<Vec<u8>> = VecDeque::new();
        each_frame(clip, input, |frame| {
            let frame = match frame {
                Ok(frame) => frame,
                Err(error) => {
                    eprintln!("skipped: {error}");
                    // What follows a gap is another clip.
                    recent.clear();
                    return Ok(());
                }
            };
            if recent.len() == span {
                recent.pop_front();
            }
            let mut out = vec![0; input.spec().frame_len()];
            preprocessor.process(&frame, &mut out)?;
            recent.push_back(out);
            if recent.len() == span {
                if picks.next_if_eq(&window).is_some() {
                    samples.push(sample(&recent, input.frame_spacing));
                }
                window += 1;
            }
            Ok(())
        })?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(samples)
}

fn sample(window: &VecDeque<Vec<u8>>, spacing: usize) -> Sample {
    let next = window.back().cloned().unwrap_or_default();
    if spacing == 0 {
        return Sample { past: next.clone(), next };
    }
    let past = window.iter().take(window.len() - 1).step_by(spacing).flatten().copied().collect();
    Sample { past, next }
}

/// Hands every frame of a clip on, and why one could not be read.
fn each_frame(
    clip: &Clip,
    input: &InputSection,
    mut each: impl FnMut(Result<Frame<'_>, SourceError>) -> Result<()>,
) -> Result<()> {
    let at = || clip.path.display().to_string();
    let mut source = clip.open(input.fps)?;
    loop {
        match source.next_frame() {
            Ok(Some(frame)) => each(Ok(frame)).with_context(at)?,
            Ok(None) => return Ok(()),
            Err(error) if error.kind() == SourceErrorKind::FrameSkipped => each(Err(error))?,
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use normwatch::preprocess::{Channels, Resize};

    use super::*;
    use crate::fixture::footage;

    #[test]
    fn samples_are_spread_over_the_footage_and_have_no_gaps() {
        let folder = footage(14, 16);
        std::fs::write(folder.path().join("clip/0004.png"), b"no image").unwrap();
        let input = InputSection {
            width_px: 16,
            height_px: 16,
            channels: Channels::Luma,
            frames: 3,
            frame_spacing: 1,
            fps: 10.0,
            resize: Resize::Bilinear,
            relight: false,
        };
        // Frames 0 to 3 hold one window, 5 to 13 hold six.
        let all = read(&[folder.path()], &input, 100).unwrap();
        assert_eq!(all.len(), 7);
        let len = input.spec().frame_len();
        for pair in all[1..].windows(2) {
            assert_eq!(pair[1].past[..2 * len], pair[0].past[len..]);
            assert_eq!(pair[1].past[2 * len..], pair[0].next);
        }
        assert_ne!(all[1].past[..len], all[0].next);
        let two = read(&[folder.path()], &input, 2).unwrap();
        assert_eq!((&two[0].next, &two[1].next), (&all[1].next, &all[5].next));
        let spaced = InputSection { frames: 2, frame_spacing: 4, ..input };
        let spaced = read(&[folder.path()], &spaced, 100).unwrap();
        assert_eq!(spaced.len(), 1);
        assert_eq!(spaced[0].past, [&all[1].past[..len], &all[2].next].concat());
        assert_eq!(spaced[0].next, all[6].next);
        let itself = InputSection { frames: 1, frame_spacing: 0, ..input };
        let itself = read(&[folder.path()], &itself, 100).unwrap();
        assert_eq!(itself.len(), 13);
        assert!(itself.iter().all(|sample| sample.past == sample.next));
        assert!(read(&[folder.path()], &InputSection { frames: 9, ..input }, 2).is_err());
    }
}
