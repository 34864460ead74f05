//! What lies beside the toolchain's program: guides, and the demonstration's clip.

use std::fs;

use anyhow::{Context, Result};
use normwatch_host::cross;

use super::super::stage::Stage;

const GUIDES: [&str; 3] = ["training.md", "bundles.md", "evaluation.md"];

/// A board that only watches does without its six megabytes.
const CLIP: &str = "models/walkway-clip";

pub fn lay_out(stage: &Stage) -> Result<()> {
    for guide in GUIDES {
        let from = cross::root().join("docs/guide").join(guide);
        stage.copy(&from, &format!("usr/share/doc/normwatch-toolchain/{guide}"), 0o644)?;
    }
    let clip = cross::root().join(CLIP);
    stage.copy(&clip.join("labels.json"), &place("labels.json"), 0o644)?;
    for folder in fs::read_dir(clip.join("frames")).context(CLIP)? {
        let folder = folder?;
        for frame in fs::read_dir(folder.path())? {
            let (folder, name) = (folder.file_name(), frame?.file_name());
            let file = format!("frames/{}/{}", folder.display(), name.display());
            stage.copy(&clip.join(&file), &place(&file), 0o644)?;
        }
    }
    Ok(())
}

fn place(file: &str) -> String {
    format!("usr/share/normwatch/{CLIP}/{file}")
}
