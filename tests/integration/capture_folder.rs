//! Folders of images as a source.

use std::fs;
use std::path::Path;

use jpeg_encoder::{ColorType, Encoder};
use normwatch::capture::{
    FolderSource, FrameSource, PixelFormat, SourceError, SourceErrorKind, list_clips,
};

fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels = vec![100; usize::from(width) * usize::from(height)];
    Encoder::new(&mut bytes, 90).encode(&pixels, width, height, ColorType::Luma).unwrap();
    bytes
}

fn png(pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixels.len() as u32 / 3, 1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    bytes
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn fatal<T: std::fmt::Debug>(result: Result<T, SourceError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Fatal, "{error}");
    error.to_string()
}

#[test]
fn images_come_in_natural_order_at_the_given_rate() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "frame10.JPG", &jpeg(2, 1));
    write(folder.path(), "frame2.png", &png(&[1, 2, 3, 4, 5, 6]));
    write(folder.path(), "frame1.jpeg", &jpeg(2, 1));
    write(folder.path(), "notes.txt", b"not an image");
    let mut source = FolderSource::open(folder.path(), 25.0).unwrap();
    assert_eq!(source.len(), 3);
    assert!(source.describe().contains("3 images at 25 fps"));
    assert!(source.frame_path(2).unwrap().ends_with("frame10.JPG"));
    assert_eq!(source.frame_path(3), None);

    let first = source.next_frame().unwrap().unwrap();
    assert_eq!((first.format, first.width_px, first.height_px), (PixelFormat::Mjpeg, 2, 1));
    assert_eq!((first.data, first.timestamp_ns, first.sequence), (&jpeg(2, 1)[..], 0, 0));
    let second = source.next_frame().unwrap().unwrap();
    assert_eq!((second.format, second.width_px, second.height_px), (PixelFormat::Rgb24, 2, 1));
    assert_eq!((second.data, second.stride_bytes), (&[1, 2, 3, 4, 5, 6][..], 6));
    assert_eq!((second.timestamp_ns, second.sequence), (40_000_000, 1));
    assert_eq!(source.next_frame().unwrap().unwrap().format, PixelFormat::Mjpeg);
    assert_eq!(source.next_frame().unwrap(), None);
    assert_eq!(source.next_frame().unwrap(), None);
}

#[test]
fn unreadable_files_are_skipped_and_keep_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let whole = png(&[1, 2, 3]);
    write(folder.path(), "0.png", &whole[..whole.len() / 2]);
    write(folder.path(), "1.jpg", b"");
    write(folder.path(), "2.jpg", &jpeg(8, 8)[..30]);
    std::os::unix::fs::symlink("nowhere", folder.path().join("3.png")).unwrap();
    write(folder.path(), "4.png", &whole);
    let mut source = FolderSource::open(folder.path(), 10.0).unwrap();
    for name in ["0.png", "1.jpg", "2.jpg", "3.png"] {
        let error = source.next_frame().unwrap_err();
        assert_eq!(error.kind(), SourceErrorKind::FrameSkipped);
        assert!(error.to_string().contains(name), "{error}");
    }
    let frame = source.next_frame().unwrap().unwrap();
    assert_eq!((frame.sequence, frame.timestamp_ns), (4, 400_000_000));
    assert_eq!(frame.data, [1, 2, 3]);
}

#[test]
fn contents_decide_what_a_picture_is() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "0.png", &jpeg(2, 1));
    write(folder.path(), "1.jpg", &png(&[1, 2, 3, 4, 5, 6]));
    write(folder.path(), "2.jpg", b"a note");
    let mut source = FolderSource::open(folder.path(), 10.0).unwrap();
    assert_eq!(source.next_frame().unwrap().unwrap().format, PixelFormat::Mjpeg);
    assert_eq!(source.next_frame().unwrap().unwrap().format, PixelFormat::Rgb24);
    let error = source.next_frame().unwrap_err().to_string();
    assert!(error.ends_with("2.jpg: neither a JPEG nor a PNG, whatever its name says"), "{error}");
}

#[test]
fn hidden_files_are_no_frames_and_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..3 {
        write(folder.path(), &format!("{number}.jpg"), &jpeg(8, 8));
        write(folder.path(), &format!("._{number}.jpg"), b"\0\x05\x16\x07");
    }
    let mut source = FolderSource::open(folder.path(), 10.0).unwrap();
    assert_eq!((source.len(), source.hidden_files()), (3, 3));
    assert!(source.describe().ends_with("3 images at 10 fps, 3 hidden files left out"));
    for sequence in 0..3 {
        assert_eq!(source.next_frame().unwrap().unwrap().sequence, sequence);
    }
}

#[test]
fn one_odd_picture_does_not_disable_the_rest() {
    for odd in ["a_thumb.jpg", "f3_thumb.jpg", "z.jpg"] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), odd, &jpeg(8, 8));
        (0..100).for_each(|n| write(folder.path(), &format!("f{n}.jpg"), &jpeg(16, 8)));
        let mut source = FolderSource::open(folder.path(), 10.0).unwrap();
        let frames: Vec<_> = (0..101).map(|_| source.next_frame().map(|_| ())).collect();
        let skipped: Vec<_> = frames.iter().filter_map(|frame| frame.as_ref().err()).collect();
        assert_eq!(skipped.len(), 1, "{odd}");
        assert!(skipped[0].to_string().ends_with(&format!("{odd}: 8x8, most are 16x8")));
    }
}

#[test]
fn folders_without_images_are_fatal_and_say_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let text = fatal(FolderSource::open(folder.path().join("none"), 10.0));
    assert!(text.contains("none: No such file"), "{text}");
    let text = fatal(FolderSource::open(folder.path(), 10.0));
    assert!(text.contains("holds no images: name a folder"), "{text}");
    for clip in ["clip10", "clip2", "empty"] {
        fs::create_dir(folder.path().join(clip)).unwrap();
    }
    write(folder.path(), "clip10/0.jpg", &jpeg(8, 8));
    write(folder.path(), "clip2/0.jpg", &jpeg(8, 8));
    let text = fatal(FolderSource::open(folder.path(), 10.0));
    assert!(text.ends_with("this is a folder of clips; name one of: clip2, clip10"), "{text}");
    for fps in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let text = fatal(FolderSource::open(folder.path().join("clip2"), fps));
        assert!(text.contains("frames per second"), "{text}");
    }
}

#[test]
fn clips_are_found_in_folders_and_datasets() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    assert!(fatal(list_clips(root)).contains("holds no images"));
    assert!(fatal(list_clips(root.join("none"))).contains("No such file"));
    write(root, "frames/10/000.jpg", &jpeg(8, 8));
    write(root, "frames/9/000.jpg", &jpeg(8, 8));
    write(root, "labels/readme.txt", b"");
    let names = |path: &Path| -> Vec<String> {
        list_clips(path).unwrap().into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(root), ["9", "10"]);
    assert_eq!(names(&root.join("frames")), ["9", "10"]);
    assert_eq!(names(&root.join("frames/9")), ["9"]);
    assert_eq!(names(&root.join("frames/9/../10/.")), ["10"]);
    let (_, path) = list_clips(root).unwrap().remove(1);
    assert_eq!(FolderSource::open(path, 10.0).unwrap().len(), 1);
}
