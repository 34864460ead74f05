//! What lies beside the toolchain's program: nothing but guides.

use anyhow::Result;
use normwatch_host::cross;

use super::super::stage::Stage;

const GUIDES: [&str; 3] = ["training.md", "bundles.md", "evaluation.md"];

pub fn lay_out(stage: &Stage) -> Result<()> {
    for guide in GUIDES {
        let from = cross::root().join("docs/guide").join(guide);
        stage.copy(&from, &format!("usr/share/doc/normwatch-toolchain/{guide}"), 0o644)?;
    }
    Ok(())
}
