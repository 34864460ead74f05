//! Whether a picture is sharp and well lit, in plain words.

/// Rows and columns are judged at about this width: what a network sees is smaller still.
const JUDGED_WIDTH_PX: usize = 320;

/// Reach of the blur that a picture is compared with, in pixels to each side.
const REACH_PX: usize = 4;

/// Sharp pictures of surveillance cameras lie between 0.14 and 0.33, the same ones blurred
/// by a Gaussian of three pixels from 0.49 to 0.70.
const MOST_BLUR: f32 = 0.5;

const DARK: u8 = 16;
const BRIGHT: u8 = 250;
const DARK_MEAN: f32 = 40.0;
const MOST_CLIPPED: f32 = 0.25;
const LEAST_CONTRAST: u8 = 30;

/// What a grey picture is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// The blur effect of Crete and others (2007): 0 is sharp, 1 is all blur.
    pub blur: f32,
    /// Mean grey, 0 to 255.
    pub mean: f32,
    /// Shares of the pixels that are all but black, all but white.
    pub dark: f32,
    pub bright: f32,
    /// Between the 5 % and the 95 % points of the greys.
    pub contrast: u8,
}

impl Look {
    /// Of grey pixels row by row, `width_px` to a row.
    pub fn of(grey: &[u8], width_px: usize) -> Self {
        let width_px = width_px.max(1);
        let (small, small_width) = reduced(grey, width_px);
        let mut counts = [0_usize; 256];
        grey.iter().for_each(|value| counts[usize::from(*value)] += 1);
        let total = grey.len().max(1) as f32;
        let share =
            |range: std::ops::Range<usize>| counts[range].iter().sum::<usize>() as f32 / total;
        let mean = grey.iter().map(|value| f64::from(*value)).sum::<f64>() as f32 / total;
        let contrast = point(&counts, grey.len(), 0.95) - point(&counts, grey.len(), 0.05);
        Self {
            blur: blur(&small, small_width),
            mean,
            dark: share(0..usize::from(DARK)),
            bright: share(usize::from(BRIGHT)..256),
            contrast,
        }
    }

    /// One line on what was measured.
    pub fn describe(&self) -> String {
        format!(
            "sharpness {:.0} %, brightness {:.0} of 255, contrast {}, {:.0} % black, {:.0} % white",
            100.0 * (1.0 - self.blur),
            self.mean,
            self.contrast,
            100.0 * self.dark,
            100.0 * self.bright
        )
    }

    /// What to do about it; empty where the picture will do.
    pub fn advice(&self) -> Vec<&'static str> {
        let mut advice = Vec::new();
        if self.contrast < LEAST_CONTRAST {
            advice.push(
                "the picture shows next to nothing: take the cap or the foil off the lens, clean it, \
                 or switch the light on",
            );
        } else if self.blur > MOST_BLUR {
            advice.push(
                "the picture is blurred: turn the lens until edges are sharp, clean it, and see that \
                 nothing stands right in front of it",
            );
        }
        if self.mean < DARK_MEAN || self.dark > 2.0 * MOST_CLIPPED {
            advice.push(
                "it is too dark: more light, a longer exposure, or an infrared lamp if the camera \
                 sees infrared",
            );
        }
        if self.bright > MOST_CLIPPED {
            advice.push(
                "a large part is white: turn the camera away from sky, lamps or windows, or lower the \
                 exposure",
            );
        }
        advice
    }
}

/// Smaller by a whole factor, each pixel the mean of those that it covers.
fn reduced(grey: &[u8], width_px: usize) -> (Vec<f32>, usize) {
    let factor = (width_px / JUDGED_WIDTH_PX).max(1);
    let (columns, rows) = (width_px / factor, grey.len() / width_px / factor);
    let mut out = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            let covered = (0..factor).flat_map(|y| {
                let start = (row * factor + y) * width_px + column * factor;
                &grey[start..start + factor]
            });
            let sum: u32 = covered.map(|value| u32::from(*value)).sum();
            out.push(sum as f32 / (factor * factor) as f32);
        }
    }
    (out, columns.max(1))
}

/// The worse of both directions.
fn blur(grey: &[f32], width_px: usize) -> f32 {
    let rows = grey.chunks_exact(width_px).map(<[f32]>::to_vec);
    let columns =
        (0..width_px).map(|x| grey.iter().skip(x).step_by(width_px).copied().collect::<Vec<_>>());
    blur_along(rows).max(blur_along(columns))
}

/// How little a further blur takes from the differences of neighbours.
fn blur_along(lines: impl Iterator<Item = Vec<f32>>) -> f32 {
    let (mut all, mut lost) = (0.0_f64, 0.0_f64);
    for line in lines {
        let blurred = blurred(&line);
        for (sharp, soft) in line.windows(2).zip(blurred.windows(2)) {
            let difference = (sharp[1] - sharp[0]).abs();
            all += f64::from(difference);
            lost += f64::from((difference - (soft[1] - soft[0]).abs()).max(0.0));
        }
    }
    if all > 0.0 { ((all - lost) / all) as f32 } else { 1.0 }
}

fn blurred(line: &[f32]) -> Vec<f32> {
    let mean = |at: usize| {
        let near = &line[at.saturating_sub(REACH_PX)..(at + REACH_PX + 1).min(line.len())];
        near.iter().sum::<f32>() / near.len() as f32
    };
    (0..line.len()).map(mean).collect()
}

/// The grey below which this share of the pixels lies.
fn point(counts: &[usize; 256], total: usize, share: f32) -> u8 {
    let wanted = (share * total as f32) as usize;
    let mut sum = 0;
    let found = counts.iter().position(|count| {
        sum += count;
        sum > wanted
    });
    found.unwrap_or(255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE_PX: usize = 96;

    /// Boxes of many greys, as a street has them.
    fn street() -> Vec<u8> {
        let pixel = |i: usize| {
            let (x, y) = (i % SIDE_PX, i / SIDE_PX);
            (40 + (x / 7 * 37 + y / 9 * 53) % 170) as u8
        };
        (0..SIDE_PX * SIDE_PX).map(pixel).collect()
    }

    fn advice(grey: &[u8]) -> String {
        Look::of(grey, SIDE_PX).advice().join("; ")
    }

    #[test]
    fn a_good_picture_needs_no_advice() {
        assert_eq!(advice(&street()), "");
    }

    #[test]
    fn a_blurred_picture_is_told() {
        let mut picture: Vec<f32> = street().iter().map(|value| f32::from(*value)).collect();
        for _ in 0..2 {
            let rows: Vec<f32> = picture.chunks_exact(SIDE_PX).flat_map(blurred).collect();
            let column = |x: usize| {
                blurred(&rows.iter().skip(x).step_by(SIDE_PX).copied().collect::<Vec<_>>())
            };
            let columns: Vec<Vec<f32>> = (0..SIDE_PX).map(column).collect();
            picture = (0..SIDE_PX * SIDE_PX).map(|i| columns[i % SIDE_PX][i / SIDE_PX]).collect();
        }
        let grey: Vec<u8> = picture.iter().map(|value| *value as u8).collect();
        assert!(advice(&grey).contains("blurred"), "{:?}", Look::of(&grey, SIDE_PX));
    }

    #[test]
    fn too_little_and_too_much_light_are_told() {
        let dark: Vec<u8> = street().iter().map(|value| value / 7).collect();
        assert!(advice(&dark).contains("too dark"), "{}", advice(&dark));
        let bright: Vec<u8> = street().iter().map(|value| value.saturating_mul(2)).collect();
        assert!(advice(&bright).contains("white"), "{}", advice(&bright));
        assert!(advice(&[90; SIDE_PX * SIDE_PX]).contains("next to nothing"));
    }

    #[test]
    fn a_large_picture_is_judged_at_the_size_that_counts() {
        let large: Vec<u8> = (0..SIDE_PX * 4)
            .flat_map(|y| {
                (0..SIDE_PX * 8).map(move |x| (40 + (x / 24 * 37 + y / 24 * 53) % 170) as u8)
            })
            .collect();
        let look = Look::of(&large, SIDE_PX * 8);
        assert!(look.blur < MOST_BLUR, "{look:?}");
        assert_eq!(Look::of(&[], 0).contrast, 0);
    }
}
