//! Names of arrays in the released code, and in a RUN.

use anyhow::{Result, bail};

use crate::net::Weights;

/// Blocks of the released code and ours.
const BLOCKS: [(&str, &str); 11] = [
    ("encoder.moduleConv1", "enc1"),
    ("encoder.moduleConv2", "enc2"),
    ("encoder.moduleConv3", "enc3"),
    ("encoder.moduleConv4", "enc4"),
    ("decoder.moduleConv", "dec4"),
    ("decoder.moduleUpsample4", "up4"),
    ("decoder.moduleUpsample3", "up3"),
    ("decoder.moduleUpsample2", "up2"),
    ("decoder.moduleDeconv3", "dec3"),
    ("decoder.moduleDeconv2", "dec2"),
    ("decoder.moduleDeconv1", "gen"),
];
/// Positions in a block's `Sequential`; ReLU is at 2 and 5.
const STEPS: [(&str, &str); 5] =
    [("0", "conv1"), ("1", "norm1"), ("3", "conv2"), ("4", "norm2"), ("6", "conv3")];

/// Arrays that the released forward pass never uses.
pub fn is_ignored(name: &str) -> bool {
    name.starts_with("encoder.moduleBatchNorm.") || name.ends_with(".num_batches_tracked")
}

/// Gives every array the name that it has in a RUN.
///
/// # Errors
/// A name that is not of the published layout.
pub fn renamed(stored: Weights) -> Result<Weights> {
    let mut renamed = Weights::default();
    for (name, tensor) in stored.0 {
        let Some(ours) = own_name(&name) else {
            bail!("`{name}` is not an array of MNAD's layout")
        };
        renamed.insert(ours, tensor);
    }
    Ok(renamed)
}

fn own_name(name: &str) -> Option<String> {
    let (rest, part) = name.rsplit_once('.')?;
    let (block, step) = rest.rsplit_once('.')?;
    let block = BLOCKS.iter().find(|(theirs, _)| *theirs == block)?.1;
    let step = STEPS.iter().find(|(theirs, _)| *theirs == step)?.1;
    Some(format!("{block}.{step}.{part}"))
}

/// The name that an array of a RUN has in the published layout.
#[cfg(test)]
pub fn published_name(name: &str) -> Option<String> {
    let mut parts = name.split('.');
    let (block, step, part) = (parts.next()?, parts.next()?, parts.next()?);
    let block = BLOCKS.iter().find(|(_, ours)| *ours == block)?.0;
    let step = STEPS.iter().find(|(_, ours)| *ours == step)?.0;
    Some(format!("{block}.{step}.{part}"))
}
