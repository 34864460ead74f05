//! A swaying camera's pictures are moved back to where it usually looks.

use normwatch::capture::{Frame, PixelFormat};
use normwatch::preprocess::{Channels, Edges, InputSpec, Preprocessor, Resize};
use normwatch::replay::list_footage;

const SPEC: InputSpec = InputSpec {
    width_px: 128,
    height_px: 128,
    channels: Channels::Luma,
    resize: Resize::Bilinear,
    relight: false,
};

type Size = (u32, u32);

fn frame(data: &[u8], (width_px, height_px): Size) -> Frame<'_> {
    let stride_bytes = width_px as usize;
    let format = PixelFormat::Grey;
    Frame { format, width_px, height_px, stride_bytes, timestamp_ns: 0, sequence: 0, data }
}

/// Grey pictures of the demonstration's clip, in their own size.
fn clip(count: usize) -> (Vec<Vec<u8>>, Size) {
    let clips = list_footage("models/walkway-clip".as_ref()).unwrap();
    let mut source = clips[0].open(10.0).unwrap();
    let mut size = (0, 0);
    let pictures = (0..count).map(|_| {
        let frame = source.next_frame().unwrap().unwrap();
        size = (frame.width_px, frame.height_px);
        let (width_px, height_px) = (size.0 as usize, size.1 as usize);
        let mut grey = vec![0; width_px * height_px];
        let spec = InputSpec { width_px, height_px, ..SPEC };
        Preprocessor::new(spec).process(&frame, &mut grey).unwrap();
        grey
    });
    let pictures = pictures.collect();
    (pictures, size)
}

/// The picture with its content `x` to the right and `y` down, edges repeated.
fn slipped(picture: &[u8], (width, height): Size, (x, y): (i32, i32)) -> Vec<u8> {
    let (width, height) = (width as i32, height as i32);
    let row = |row: i32| &picture[((row - y).clamp(0, height - 1) * width) as usize..];
    let rows = (0..height).map(row);
    rows.flat_map(|row| (0..width).map(|column| row[(column - x).clamp(0, width - 1) as usize]))
        .collect()
}

/// Pseudo-random whole numbers from −2 to 2.
struct Sway(u32);

impl Sway {
    fn next(&mut self) -> i32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((self.0 >> 16) % 5) as i32 - 2
    }
}

fn unmoved(picture: &[u8], size: Size) -> Vec<u8> {
    let mut out = vec![0; SPEC.frame_len()];
    Preprocessor::new(SPEC).process(&frame(picture, size), &mut out).unwrap();
    out
}

/// Pictures after which the middle of the sway is known.
const SETTLING: usize = 64;

/// Slips that were found and should have been, against the first picture's and against
/// the middle.
fn swaying(first: (i32, i32), count: usize) -> Vec<[(i32, i32); 3]> {
    let (pictures, size) = clip(count);
    let mut steady = Preprocessor::new(SPEC).steadied(true);
    let mut out = vec![0; SPEC.frame_len()];
    let mut sway = Sway(12345);
    let see = |(index, picture): (usize, &Vec<u8>)| {
        let (x, y) = if index == 0 { first } else { (sway.next(), sway.next()) };
        steady.process(&frame(&slipped(picture, size, (x, y)), size), &mut out).unwrap();
        if first == (0, 0) {
            assert_like(&out, &unmoved(picture, size), steady.edges(), index);
        }
        [steady.moved_px(), (x - first.0, y - first.1), (x, y)]
    };
    pictures.iter().enumerate().map(see).collect()
}

fn assert_like(found: &[u8], wanted: &[u8], edges: Edges, index: usize) {
    let mut wanted = wanted.to_vec();
    edges.for_each_run(&mut wanted, SPEC.width_px, |start, run| {
        run.copy_from_slice(&found[start..start + run.len()]);
    });
    assert!(found == wanted, "picture {index} differs beside its edges {edges:?}");
}

#[test]
fn a_sway_is_taken_back_to_the_byte() {
    for [found, wanted, _] in swaying((0, 0), 300) {
        assert_eq!(found, wanted);
    }
}

#[test]
fn a_sway_that_begins_at_its_outermost_position_comes_to_its_middle() {
    for (index, [found, from_first, wanted]) in swaying((2, -2), 300).into_iter().enumerate() {
        // A picture here and there cannot be told, and does not count.
        if index + 1 < SETTLING {
            assert_eq!(found, from_first, "{index}");
        } else if index > SETTLING + 20 {
            assert_eq!(found, wanted, "{index}");
        }
    }
}

#[test]
fn a_camera_that_is_opened_again_has_the_view_that_it_had() {
    let (pictures, size) = clip(20);
    let mut before = Preprocessor::new(SPEC).steadied(true);
    let mut out = vec![0; SPEC.frame_len()];
    pictures.iter().for_each(|p| before.process(&frame(p, size), &mut out).unwrap());
    let slip = slipped(&pictures[19], size, (3, -2));
    let mut again = Preprocessor::new(SPEC).steadied(true);
    again.follow(before);
    again.process(&frame(&slip, size), &mut out).unwrap();
    assert_eq!(again.moved_px(), (3, -2), "its first picture is not where it looks");
}

#[test]
fn people_and_changes_of_light_are_no_sway() {
    let (pictures, size) = clip(300);
    let mut steady = Preprocessor::new(SPEC).steadied(true);
    let mut out = vec![0; SPEC.frame_len()];
    for (index, picture) in pictures.iter().enumerate() {
        // A cloud passes.
        let light = 1.0 - 0.3 * (index as f32 / 30.0).sin().max(0.0);
        let lit: Vec<u8> = picture.iter().map(|&level| (f32::from(level) * light) as u8).collect();
        steady.process(&frame(&lit, size), &mut out).unwrap();
        assert_eq!((steady.moved_px(), steady.edges()), ((0, 0), Edges::default()), "{index}");
        assert!(out == unmoved(&lit, size), "picture {index} was changed");
    }
}

#[test]
fn another_hour_is_brought_to_the_usual_light() {
    let (pictures, size) = clip(5);
    let mut out = vec![0; SPEC.frame_len()];
    let mut plain = Preprocessor::new(SPEC);
    plain.process(&frame(&pictures[0], size), &mut out).unwrap();
    let mut evened = Preprocessor::new(SPEC).evened(Some(plain.light()));
    for picture in &pictures {
        let dim: Vec<u8> = picture.iter().map(|&v| (f32::from(v) * 0.7).round() as u8).collect();
        evened.process(&frame(&dim, size), &mut out).unwrap();
        assert!(evened.light().mean < 0.75 * plain.light().mean, "what the camera gave");
        let far = out.iter().zip(unmoved(picture, size)).map(|(&a, b)| a.abs_diff(b)).max();
        assert!(far <= Some(3), "{far:?} grey levels");
    }
}

#[test]
fn a_turned_camera_stays_turned() {
    let (pictures, size) = clip(40);
    let mut steady = Preprocessor::new(SPEC).steadied(true);
    let mut out = vec![0; SPEC.frame_len()];
    for (index, picture) in pictures.iter().enumerate() {
        let slip = if index < 20 { (0, 0) } else { (40, -25) };
        let picture = slipped(picture, size, slip);
        steady.process(&frame(&picture, size), &mut out).unwrap();
        assert_eq!(steady.moved_px(), (0, 0), "{index}");
        assert!(out == unmoved(&picture, size), "picture {index} was changed");
    }
}

#[test]
fn other_footage_has_another_view() {
    let (pictures, size) = clip(2);
    let mut steady = Preprocessor::new(SPEC).steadied(true);
    let mut out = vec![0; SPEC.frame_len()];
    let slips = [(0, 0), (3, 0)].map(|slip| slipped(&pictures[0], size, slip));
    let moved = |steady: &mut Preprocessor, out: &mut Vec<u8>| {
        steady.process(&frame(&slips[0], size), out).unwrap();
        steady.process(&frame(&slips[1], size), out).unwrap();
        steady.moved_px()
    };
    assert_eq!(moved(&mut steady, &mut out), (3, 0));
    steady.forget_view();
    steady.process(&frame(&slips[1], size), &mut out).unwrap();
    assert_eq!(steady.moved_px(), (0, 0));
}

#[test]
fn every_size_and_three_planes_will_do() {
    let pixels: Vec<u8> = (0..60 * 44 * 3).map(|i: u32| (i * i / 7 % 251) as u8).collect();
    for (width_px, height_px) in [(1, 1), (2, 40), (17, 3), (18, 17), (33, 31), (60, 44)] {
        for channels in [Channels::Luma, Channels::Rgb] {
            let spec = InputSpec { width_px, height_px, channels, ..SPEC };
            let mut steady = Preprocessor::new(spec).steadied(true);
            let mut out = vec![0; spec.frame_len()];
            for _ in 0..3 {
                let rgb = Frame {
                    format: PixelFormat::Rgb24,
                    stride_bytes: 180,
                    ..frame(&pixels, (60, 44))
                };
                steady.process(&rgb, &mut out).unwrap();
                assert_eq!(steady.moved_px(), (0, 0), "{spec:?}");
            }
        }
    }
}
