use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use normwatch::model::Bundle;
use normwatch_host::cross;
use png::Decoder;

use super::*;
use crate::canvas::Canvas;
use crate::palette::{Ink, colours};

/// What a reader on a slow line waits for.
const MOST_BYTES: u64 = 300_000;

/// Frames and texts of a PNG.
fn read(path: &Path) -> (u32, BTreeMap<String, String>) {
    let file = fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let reader = Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
    let info = reader.info();
    let frames = info.animation_control.map_or(1, |control| control.num_frames);
    let texts = info.uncompressed_latin1_text.iter();
    (frames, texts.map(|text| (text.keyword.clone(), text.text.clone())).collect())
}

/// `cargo xtask pictures` was run since the model changed.
#[test]
fn the_pictures_of_the_documents_are_of_the_model_that_is_here() {
    let root = cross::root();
    let bundle = Bundle::load(&root.join("models/walkway-edge")).unwrap();
    for (name, animated) in [(FILM, true), (STILL, false)] {
        let path = root.join("docs/pictures").join(name);
        let (frames, texts) = read(&path);
        assert_eq!(frames > 1, animated, "{name}");
        assert_eq!(texts[file::SOURCE], source(&bundle.model_sha256()[..16]), "{name}");
        assert!(fs::metadata(&path).unwrap().len() < MOST_BYTES, "{name} is too large");
    }
}

#[test]
fn there_are_no_more_colours_than_a_palette_holds() {
    assert!(colours().len() <= 3 * 256 && colours().len().is_multiple_of(3));
    assert_eq!(&colours()[usize::from(Ink::Outline.index()) * 3..], [255, 255, 255]);
    assert!(palette::pixel(255, 1.0) < Ink::Ground.index());
    assert_ne!(palette::pixel(0, 0.0), palette::UNCHANGED);
}

/// A viewer that pastes each part over what was there has the frames again.
#[test]
fn a_film_shows_what_was_drawn() {
    let mut frames = vec![Canvas::new(40, 30); 3];
    frames[1].fill(5, 7, (4, 3), Ink::Alarm);
    frames[2].text(2, 2, canvas::Letters::Small, Ink::Words, "x");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("film.png");
    file::write(&path, &frames, 100, 900, "a test").unwrap();
    let mut reader =
        Decoder::new(std::io::BufReader::new(fs::File::open(&path).unwrap())).read_info().unwrap();
    let mut shown = vec![0; 40 * 30];
    for frame in &frames {
        let mut part = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut part).unwrap();
        let at = *reader.info().frame_control().unwrap();
        for y in 0..at.height {
            for x in 0..at.width {
                let colour = part[(y * at.width + x) as usize];
                if colour != palette::UNCHANGED {
                    shown[((at.y_offset + y) * 40 + at.x_offset + x) as usize] = colour;
                }
            }
        }
        assert_eq!(shown, frame.pixels);
    }
}
