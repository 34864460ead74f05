//! From components of fewer samples to rows of full width, and to RGB.
//!
//! The filters and the factors are those of the IJG library.

use super::component::Component;

/// One row at full width of a component that has 1 sample for `fold` pixels,
/// across and down. `out` is as wide as the picture.
pub(super) fn row(component: &Component, y: usize, fold: (usize, usize), out: &mut [u8]) {
    // Of a component of two columns nothing is interpolated across.
    let is_wide = component.width > 2;
    match fold {
        (1, 1) => out.copy_from_slice(&component.row(y)[..out.len()]),
        (2, 1) if is_wide => across(component.row(y), out),
        (1, 2) => {
            let (near, far) = neighbours(component, y);
            let bias = if y.is_multiple_of(2) { 1 } else { 2 };
            for (out, (&near, &far)) in out.iter_mut().zip(near.iter().zip(far)) {
                *out = ((3 * u32::from(near) + u32::from(far) + bias) >> 2) as u8;
            }
        }
        (2, 2) if is_wide => both(component, y, out),
        _ => {
            let row = component.row(y / fold.1);
            out.chunks_mut(fold.0).zip(row).for_each(|(out, &sample)| out.fill(sample));
        }
    }
}

/// The row of samples over a row of pixels, and the next nearest.
fn neighbours(component: &Component, y: usize) -> (&[u8], &[u8]) {
    let near = y / 2;
    let far = if y.is_multiple_of(2) { near.saturating_sub(1) } else { near + 1 };
    (component.row(near), component.row(far.min(component.height - 1)))
}

fn across(row: &[u8], out: &mut [u8]) {
    let sample = |x: usize| u32::from(row[x]);
    let last = row.len() - 1;
    for (x, out) in out.chunks_mut(2).enumerate() {
        let here = 3 * sample(x);
        out[0] = if x == 0 { row[0] } else { ((here + sample(x - 1) + 1) >> 2) as u8 };
        if let Some(out) = out.get_mut(1) {
            *out = if x == last { row[x] } else { ((here + sample(x + 1) + 2) >> 2) as u8 };
        }
    }
}

fn both(component: &Component, y: usize, out: &mut [u8]) {
    let (near, far) = neighbours(component, y);
    let last = near.len() - 1;
    let column = |x: usize| 3 * u32::from(near[x]) + u32::from(far[x]);
    let (mut before, mut here) = (column(0), column(0));
    for (x, out) in out.chunks_mut(2).enumerate() {
        let after = column((x + 1).min(last));
        out[0] = ((3 * here + before + 8) >> 4) as u8;
        if let Some(out) = out.get_mut(1) {
            *out = ((3 * here + after + 7) >> 4) as u8;
        }
        (before, here) = (here, after);
    }
}

/// Y, Cb and Cr of full range to RGB bytes.
pub(super) fn ycc_to_rgb([y, cb, cr]: [&[u8]; 3], out: &mut [u8]) {
    for (out, ((&y, &cb), &cr)) in out.chunks_exact_mut(3).zip(y.iter().zip(cb).zip(cr)) {
        let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
        let half = 1 << 15;
        let r = y + ((91_881 * cr + half) >> 16);
        let g = y + ((-22_554 * cb - 46_802 * cr + half) >> 16);
        let b = y + ((116_130 * cb + half) >> 16);
        out.copy_from_slice(&[r, g, b].map(|value| value.clamp(0, 255) as u8));
    }
}
