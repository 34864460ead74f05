use std::path::Path;

use anyhow::{Context, Result, ensure};
use normwatch::model::InputSection;
use normwatch::preprocess::Preprocessor;
use normwatch::replay::{Clip, list_footage};

use crate::progress;

/// Past frames and the frame that followed them, as the network takes them.
#[derive(Clone, Debug)]
pub struct Sample {
    /// t frames one after the other, oldest first, planar u8.
    pub past: Vec<u8>,
    /// The frame to predict, planar u8.
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
    let frames: Vec<Vec<Vec<u8>>> = load(&clips, input)?;
    let span = input.frames + 1;
    let windows: Vec<&[Vec<u8>]> = frames.iter().flat_map(|clip| clip.windows(span)).collect();
    ensure!(
        !windows.is_empty(),
        "{}: no clip has the {span} frames that one sample takes",
        footage.iter().map(|p| p.as_ref().display().to_string()).collect::<Vec<_>>().join(", ")
    );
    let count = count.min(windows.len());
    let pick = |i: usize| windows[(2 * i + 1) * windows.len() / (2 * count)];
    let sample = |window: &[Vec<u8>]| Sample {
        past: window[..input.frames].concat(),
        next: window[input.frames].clone(),
    };
    Ok((0..count).map(|i| sample(pick(i))).collect())
}

fn load(clips: &[Clip], input: &InputSection) -> Result<Vec<Vec<Vec<u8>>>> {
    let bar = progress::bar("reading footage", clips.len() as u64);
    let mut all = Vec::new();
    for clip in clips {
        let mut source = clip.open(input.fps)?;
        let mut preprocessor = Preprocessor::new(input.spec());
        let mut frames = Vec::new();
        loop {
            match source.next_frame() {
                Ok(Some(frame)) => {
                    let mut out = vec![0; input.spec().frame_len()];
                    preprocessor
                        .process(&frame, &mut out)
                        .with_context(|| clip.path.display().to_string())?;
                    frames.push(out);
                }
                Ok(None) => break,
                // A gap: what follows is another clip.
                Err(error) if error.kind() == normwatch::capture::SourceErrorKind::FrameSkipped => {
                    eprintln!("skipped: {error}");
                    all.push(std::mem::take(&mut frames));
                }
                Err(error) => return Err(error.into()),
            }
        }
        all.push(frames);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(all)
}
