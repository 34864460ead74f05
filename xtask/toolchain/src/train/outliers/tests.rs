//! One clip whose only motion is a bar.

use super::*;
use crate::net::Preset;
use crate::train::augment::Augmentation;
use crate::train::batches::augmented;
use crate::train::footage::ClipFrames;
use crate::train::motion::motion_floor;

/// One clip of 24×24 px with a bar of two columns that moves by a pixel a
/// frame, on grey.
fn samples(frames: usize) -> Samples {
    let values = Preset::Nano.values();
    let mut input = values.input;
    (input.width_px, input.height_px) = (24, 24);
    let frame = |at: usize| {
        (0..24 * 24).map(move |i| if (i % 24 + 24 - at % 24) % 24 < 2 { 250 } else { 90 })
    };
    let clip =
        ClipFrames { name: "1".into(), segments: vec![(0..frames).flat_map(frame).collect()] };
    Samples::new(vec![clip], WindowShape::new(&values.network, input))
}

fn hurrying(share: f64) -> Augmentation {
    Augmentation { skip_frames: Some(share), ..Augmentation::default() }
}

#[test]
fn a_clip_is_played_faster_up_to_the_same_frame() {
    let samples = samples(20);
    let len = samples.shape().frame_len();
    let frame = |at: usize| samples.window(at)[..len].to_vec();
    // Window 7 shows frames 7 to 10 and asks for 11.
    assert_eq!(samples.played(7, 1).unwrap(), samples.window(7)[..4 * len]);
    assert_eq!(samples.played(7, 3).unwrap(), [frame(1), frame(4), frame(7), frame(10)].concat());
    assert_eq!(samples.played(7, 4), None, "the clip begins two frames too late");
}

#[test]
fn what_moves_stands_out_from_noise() {
    let shape = samples(20).shape();
    let noise = |i: usize| 100 + (i * 7919 % 13) as u8;
    let noisy: Vec<u8> = (0..10 * shape.frame_len()).map(noise).collect();
    let change = motion(&noisy, &shape)[0];
    assert!((motion_floor(&[noisy], &shape) / change - 3.0).abs() < 0.5);
    assert_eq!(motion_floor(&[vec![5; 10 * shape.frame_len()]], &shape), 1.0);
    assert_eq!(motion_floor(&[], &shape), 1.0);
}

#[test]
fn outliers_come_last_with_their_own_cells() {
    let samples = samples(40);
    let indices: Vec<usize> = (12..20).collect();
    let mut regional = 0;
    for step in 0..20 {
        let at = (1, step);
        let (batch, outliers) = augmented(&samples, &indices, &hurrying(0.5), at);
        let outliers = outliers.unwrap();
        assert_eq!((batch.windows, batch.input.len()), (8, 8 * 4 * 24 * 24));
        assert_eq!(outliers.cells.len(), 8 * 9);
        let windows: Vec<&[Cell]> = outliers.cells.chunks_exact(9).collect();
        let (usual, hurried) = windows.split_at(8 - outliers.windows);
        assert!(!usual.is_empty() && !usual.concat().contains(&Cell::Abnormal));
        assert!(usual.iter().all(|cells| cells.contains(&Cell::Moving)));
        regional += hurried.iter().filter(|cells| cells.contains(&Cell::Aside)).count();
        let (_, again) = augmented(&samples, &indices, &hurrying(0.5), at);
        assert_eq!(again, Some(outliers));
    }
    assert!(regional > 10, "{regional}");
}

#[test]
fn the_first_window_stays_and_a_clip_that_has_just_begun_as_well() {
    let samples = samples(40);
    let count = |indices: &[usize]| {
        let (_, outliers) = augmented(&samples, indices, &hurrying(0.99), (1, 1));
        outliers.unwrap().windows
    };
    assert_eq!(count(&[20, 21, 22, 23]), 3);
    assert_eq!(count(&[20, 0, 1, 2]), 0);
    let plain = Augmentation::default();
    assert_eq!(augmented(&samples, &[20, 21], &plain, (1, 1)).1, None);
}

#[test]
fn cells_next_to_the_region_are_on_no_side() {
    let region = Region { x: [1, 3], y: [0, 1] };
    assert_eq!(region.side_of(1, 0), Side::Inside);
    assert_eq!(region.side_of(0, 0), Side::Across);
    assert_eq!(region.side_of(3, 1), Side::Across);
    assert_eq!(region.side_of(4, 0), Side::Outside);
    assert_eq!(region.side_of(1, 2), Side::Outside);
    assert_eq!(region.columns_px(7), Some(8..24));
    assert_eq!(region.columns_px(8), None);
}
