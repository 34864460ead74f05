//! Squared error as colour: one map for the report and the terminal.

/// Black, purple, orange, yellow: lightness (CIE L*) rises evenly from 0 to
/// 94, so the order survives colour blindness and a monochrome printer.
const STOPS: [[u8; 3]; 7] = [
    [0, 0, 0],
    [56, 12, 102],
    [123, 28, 134],
    [200, 56, 92],
    [239, 118, 40],
    [253, 180, 40],
    [255, 240, 130],
];

/// How opaque the strongest error is painted.
const FULL_OPACITY: f32 = 0.92;

/// Share of all values that the scale's top leaves above it.
const ABOVE_TOP: f64 = 0.001;

/// The colour of a strength from 0 to 1; NaN counts as 0.
pub fn colour(strength: f32) -> [u8; 3] {
    let position = clamp01(strength) * (STOPS.len() - 1) as f32;
    let low = (position as usize).min(STOPS.len() - 2);
    let part = position - low as f32;
    std::array::from_fn(|i| mix(STOPS[low][i], STOPS[low + 1][i], part))
}

/// How much of [`colour`] covers the frame: none at 0, and most from a third
/// of the scale on.
pub fn opacity(strength: f32) -> f32 {
    FULL_OPACITY * (clamp01(strength) * 3.0).min(1.0)
}

/// A grey pixel with an error of this strength painted over it.
pub fn over(grey: u8, strength: f32) -> [u8; 3] {
    let opacity = opacity(strength);
    colour(strength).map(|channel| mix(grey, channel, opacity))
}

/// The error that gets the brightest colour: what one value in a thousand
/// exceeds, so that a single stray pixel does not darken the rest. Never zero.
pub fn full_scale<'a>(maps: impl IntoIterator<Item = &'a [f32]>) -> f32 {
    let mut values: Vec<f32> =
        maps.into_iter().flatten().copied().filter(|v| v.is_finite()).collect();
    if values.is_empty() {
        return 1.0;
    }
    let rank = ((values.len() - 1) as f64 * (1.0 - ABOVE_TOP)).round() as usize;
    let top = *values.select_nth_unstable_by(rank, f32::total_cmp).1;
    if top > 0.0 { top } else { 1.0 }
}

fn clamp01(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
}

fn mix(from: u8, to: u8, part: f32) -> u8 {
    (f32::from(from) + (f32::from(to) - f32::from(from)) * part).round() as u8
}
