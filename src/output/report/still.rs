//! Stills: the frame, and the frame with its error painted over it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jpeg_encoder::{ColorType, Encoder};
use maud::{Markup, html};

use super::content::{ClipReport, Still};
use super::heat;
use super::numbers::{coordinate, moment};

const JPEG_QUALITY: u8 = 88;

/// The still's tag: A to Z, then numbers.
pub(super) fn letter(index: usize) -> String {
    match u8::try_from(index) {
        Ok(i @ 0..26) => char::from(b'A' + i).to_string(),
        _ => (index + 1).to_string(),
    }
}

/// All stills of a clip on one scale, and the scale.
pub(super) fn figures(clip: &ClipReport, clip_index: usize) -> Markup {
    let full = heat::full_scale(clip.stills.iter().map(|still| still.heat.as_slice()));
    html! {
        @if !clip.stills.is_empty() {
            h3 { "The worst moments" }
            (colour_bar(full, clip_index))
            @for (i, still) in clip.stills.iter().enumerate() {
                (figure(clip, still, i, full))
            }
        }
    }
}

fn figure(clip: &ClipReport, still: &Still, index: usize, full: f32) -> Markup {
    let when = moment(clip.seconds(still.frame), clip.duration_s());
    html! {
        figure {
            @if let Some(pair) = pictures(still, full) {
                (pair)
            } @else {
                p.quiet { "There is no picture for this frame." }
            }
            figcaption {
                b.tag { (letter(index)) }
                " "
                span.when { (when) ", frame " (still.frame) }
                " "
                (still.caption)
            }
        }
    }
}

fn pictures(still: &Still, full: f32) -> Option<Markup> {
    if !consistent(still) {
        return None;
    }
    let plain = data_url(&still.grey, still, ColorType::Luma)?;
    let painted = data_url(&painted(still, full), still, ColorType::Rgb)?;
    let outlines = html! { (truth_outline(still)) (worst_outline(still)) };
    Some(html! {
        div.pair {
            (picture(still, &plain, "The frame", Markup::default()))
            (picture(still, &painted, "Prediction error over the frame", outlines))
        }
    })
}

fn consistent(still: &Still) -> bool {
    let pixels = |width: usize, height: usize| width.checked_mul(height).filter(|n| *n > 0);
    pixels(still.width_px, still.height_px) == Some(still.grey.len())
        && pixels(still.heat_width_px, still.heat_height_px) == Some(still.heat.len())
}

fn picture(still: &Still, data_url: &str, label: &str, outlines: Markup) -> Markup {
    let (width, height) = (still.width_px, still.height_px);
    html! {
        svg viewBox={ "0 0 " (width) " " (height) } role="img" aria-label=(label) {
            image href=(data_url) width=(width) height=(height) {}
            (outlines)
        }
    }
}

fn data_url(pixels: &[u8], still: &Still, colours: ColorType) -> Option<String> {
    let (width, height) =
        (u16::try_from(still.width_px).ok()?, u16::try_from(still.height_px).ok()?);
    let mut jpeg = Vec::new();
    Encoder::new(&mut jpeg, JPEG_QUALITY).encode(pixels, width, height, colours).ok()?;
    Some(format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg)))
}

fn painted(still: &Still, full: f32) -> Vec<u8> {
    let mut out = Vec::with_capacity(still.grey.len() * 3);
    for (i, grey) in still.grey.iter().enumerate() {
        let x = (i % still.width_px) as f32 + 0.5;
        let y = (i / still.width_px) as f32 + 0.5;
        let error = interpolated(still, x / still.width_px as f32, y / still.height_px as f32);
        out.extend(heat::over(*grey, error / full));
    }
    out
}

/// The heat map at a place given in parts of its width and height, bilinear.
fn interpolated(still: &Still, x: f32, y: f32) -> f32 {
    let (left, right, part_x) = neighbours(x, still.heat_width_px);
    let (above, below, part_y) = neighbours(y, still.heat_height_px);
    let row = |y: usize| {
        let at = |x: usize| still.heat[y * still.heat_width_px + x];
        at(left) + (at(right) - at(left)) * part_x
    };
    row(above) + (row(below) - row(above)) * part_y
}

fn neighbours(place: f32, count: usize) -> (usize, usize, f32) {
    let position = (place * count as f32 - 0.5).clamp(0.0, (count - 1) as f32);
    let low = position as usize;
    (low, (low + 1).min(count - 1), position - low as f32)
}

fn worst_outline(still: &Still) -> Markup {
    let scale_x = still.width_px as f64 / still.heat_width_px as f64;
    let scale_y = still.height_px as f64 / still.heat_height_px as f64;
    let place = still.worst_block.map(|block| {
        let [x, y, width, height] = block.map(|v| v as f64);
        [x * scale_x, y * scale_y, width * scale_x, height * scale_y]
    });
    html! { @if let Some(place) = place { (outline("worst", place)) } }
}

fn truth_outline(still: &Still) -> Markup {
    let place = still.truth_box.map(|place| place.map(|v| v as f64));
    html! { @if let Some(place) = place { (outline("true", place)) } }
}

/// A light line on a dark one, so that it shows on any ground.
fn outline(class: &str, place: [f64; 4]) -> Markup {
    let [x, y, width, height] = place.map(coordinate);
    html! {
        @for layer in ["under", "line"] {
            rect.(class).(layer) x=(x) y=(y) width=(width) height=(height) {}
        }
    }
}

/// The colours over mid-grey with the errors they stand for, and the outlines.
fn colour_bar(full: f32, clip_index: usize) -> Markup {
    const STEPS: usize = 24;
    let ramp = format!("heat{clip_index}");
    html! {
        div.key {
            span {
                "squared error\u{a0} 0"
                svg.ramp viewBox="0 0 200 12" preserveAspectRatio="none" aria-hidden="true" {
                    defs {
                        linearGradient #(ramp) {
                            @for i in 0..=STEPS {
                                (stop(i as f32 / STEPS as f32))
                            }
                        }
                    }
                    rect width="200" height="12" fill={ "url(#" (ramp) ")" } {}
                }
                "≥ " (significant(full))
            }
            (outline_key("worst", "worst block"))
            (outline_key("true", "truth"))
        }
    }
}

fn stop(strength: f32) -> Markup {
    let [r, g, b] = heat::over(128, strength);
    html! {
        stop offset=(format!("{strength:.3}")) stop-color=(format!("#{r:02x}{g:02x}{b:02x}")) {}
    }
}

fn outline_key(class: &str, name: &str) -> Markup {
    html! {
        span {
            svg.swatch viewBox="0 0 30 14" aria-hidden="true" {
                (outline(class, [4.0, 2.0, 22.0, 10.0]))
            }
            (name)
        }
    }
}

/// Two significant digits.
fn significant(value: f32) -> String {
    let decimals = (1.0 - value.log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{value:.decimals$}")
}
