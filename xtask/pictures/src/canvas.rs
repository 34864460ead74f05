//! A sheet of pixels that letters, lines and camera frames are drawn on.

use std::convert::Infallible;

use embedded_graphics::Drawable;
use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::ascii::{FONT_6X13, FONT_10X20};
use embedded_graphics::pixelcolor::{Gray8, GrayColor};
use embedded_graphics::primitives::{Line, Primitive, PrimitiveStyle, Rectangle};
use embedded_graphics::text::{Baseline, Text};

use crate::palette::Ink;

/// Pixels row by row, each a number of the palette.
#[derive(Clone, Debug, PartialEq)]
pub struct Canvas {
    pub width_px: usize,
    pub height_px: usize,
    pub pixels: Vec<u8>,
}

/// Size of letters.
#[derive(Clone, Copy, Debug)]
pub enum Letters {
    Small,
    Large,
}

impl Canvas {
    pub fn new(width_px: usize, height_px: usize) -> Self {
        Self { width_px, height_px, pixels: vec![Ink::Ground.index(); width_px * height_px] }
    }

    pub fn set(&mut self, x: i32, y: i32, colour: u8) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x < self.width_px && y < self.height_px {
            self.pixels[y * self.width_px + x] = colour;
        }
    }

    pub fn text(&mut self, x: i32, y: i32, letters: Letters, ink: Ink, text: &str) {
        let font = match letters {
            Letters::Small => &FONT_6X13,
            Letters::Large => &FONT_10X20,
        };
        let style = MonoTextStyle::new(font, colour(ink));
        let text = Text::with_baseline(text, Point::new(x, y), style, Baseline::Top);
        let Ok(_) = text.draw(self);
    }

    pub fn fill(&mut self, x: i32, y: i32, size: (u32, u32), ink: Ink) {
        self.shape(x, y, size, PrimitiveStyle::with_fill(colour(ink)));
    }

    pub fn outline(&mut self, x: i32, y: i32, size: (u32, u32), ink: Ink) {
        self.shape(x, y, size, PrimitiveStyle::with_stroke(colour(ink), 2));
    }

    fn shape(&mut self, x: i32, y: i32, size: (u32, u32), style: PrimitiveStyle<Gray8>) {
        let area = Rectangle::new(Point::new(x, y), Size::new(size.0, size.1));
        let Ok(()) = area.into_styled(style).draw(self);
    }

    pub fn line(&mut self, from: (i32, i32), to: (i32, i32), width_px: u32, ink: Ink) {
        let style = PrimitiveStyle::with_stroke(colour(ink), width_px);
        let line = Line::new(Point::new(from.0, from.1), Point::new(to.0, to.1));
        let Ok(()) = line.into_styled(style).draw(self);
    }
}

/// The palette's number travels as a grey.
fn colour(ink: Ink) -> Gray8 {
    Gray8::new(ink.index())
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.width_px as u32, self.height_px as u32)
    }
}

impl DrawTarget for Canvas {
    type Color = Gray8;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<Self::Color>>,
    {
        for Pixel(at, colour) in pixels {
            self.set(at.x, at.y, colour.luma());
        }
        Ok(())
    }
}
