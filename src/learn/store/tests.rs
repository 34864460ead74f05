//! A store that is bounded, goes on after a cut, and gives way to a full disk.

use super::*;
use crate::capture::{FolderSource, FrameSource, list_clips};
use crate::config::Preset;
use crate::learn::place::input_of;
use crate::learn::sketch::Sketcher;

const FRAMES: usize = 6;

/// Clip `n` of a scene in which somebody walks, each time elsewhere.
fn clip(n: usize) -> (Vec<Vec<u8>>, Sketch) {
    let spec = input_of(Preset::Nano).spec();
    let (w, h) = (spec.width_px, spec.height_px);
    let frame = |t: usize| -> Vec<u8> {
        let pixel = |i: usize| {
            let (x, y) = (i % w, i / w);
            let inside = x.abs_diff(8 + 9 * t) < 6 && y.abs_diff(n * 17 % h) < 9;
            if inside { 40 + (n % 9 * 20) as u8 } else { (x + y / 2 + n % 3) as u8 }
        };
        (0..w * h).map(pixel).collect()
    };
    let frames: Vec<Vec<u8>> = (0..FRAMES).map(frame).collect();
    let hour = (n % 24) as u8;
    let sketch = Sketcher::new(spec).sketch(frames.iter().map(Vec::as_slice), hour);
    (frames, sketch)
}

fn open(folder: &Path, max_bytes: u64) -> Store {
    Store::open(folder, input_of(Preset::Nano), max_bytes).unwrap()
}

fn offer(store: &mut Store, n: usize) -> Offered {
    let (frames, sketch) = clip(n);
    store.offer(&frames, sketch, 0).unwrap()
}

fn fill(store: &mut Store, clips: std::ops::Range<usize>) {
    for n in clips {
        offer(store, n);
    }
}

/// What the files take, as a file system counts.
fn on_disk(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let size = |path: PathBuf| match path.is_dir() {
        true => BLOCK_BYTES + on_disk(&path),
        false => path.metadata().unwrap().len().next_multiple_of(BLOCK_BYTES),
    };
    entries.map(size).sum()
}

#[test]
fn a_store_stays_within_its_bound_and_is_ordinary_footage() {
    let folder = tempfile::tempdir().unwrap();
    let max_bytes = 1 << 20;
    let mut store = open(folder.path(), max_bytes);
    assert_eq!(offer(&mut store, 0), Offered::Kept);
    let mut source = FolderSource::open(folder.path().join("clip-000001"), 10.0).unwrap();
    for wanted in &clip(0).0 {
        assert_eq!(source.next_frame().unwrap().unwrap().data, wanted, "without loss");
    }
    for n in 1..60 {
        offer(&mut store, n);
        assert!(store.bytes() <= max_bytes);
    }
    // `recording.toml` is beside the clips.
    assert_eq!(on_disk(folder.path()), store.bytes() + BLOCK_BYTES);
    let clips = list_clips(folder.path()).unwrap();
    assert!(clips.len() == store.clips() && clips.len() > 10, "{}", clips.len());
}

#[test]
fn a_store_goes_on_with_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path(), 1 << 20);
    fill(&mut store, 0..30);
    let (clips, bytes) = (store.clips(), store.bytes());
    drop(store);
    let mut store = open(folder.path(), 1 << 20);
    assert_eq!((store.clips(), store.bytes(), store.dropped()), (clips, bytes, 0));
    fill(&mut store, 30..40);
    let other = tempfile::tempdir().unwrap();
    let mut unbroken = open(other.path(), 1 << 20);
    fill(&mut unbroken, 0..40);
    assert_eq!(store.clips(), unbroken.clips(), "the same choice, broken or not");
    let smaller = open(folder.path(), 1 << 19);
    assert!(smaller.bytes() <= 1 << 19 && smaller.clips() > 0);
}

/// After each write and each rename of a clip, the machine loses its power.
#[test]
fn a_clip_that_a_power_cut_interrupts_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path(), 1 << 20);
    offer(&mut store, 0);
    offer(&mut store, 1);
    drop(store);
    let second = folder.path().join("clip-000002");
    for kept in 0..FRAMES {
        let part = folder.path().join(PART);
        fs::create_dir(&part).unwrap();
        for index in 0..kept {
            let name = format!("{index:06}.png");
            fs::copy(second.join(&name), part.join(&name)).unwrap();
        }
        let store = open(folder.path(), 1 << 20);
        assert_eq!((store.clips(), store.dropped()), (2, 0));
        assert!(!part.exists());
    }
    // Names whose contents never reached the disk.
    let intact: Vec<(PathBuf, Vec<u8>)> = fs::read_dir(&second)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    for (path, bytes) in &intact {
        fs::create_dir_all(&second).unwrap();
        intact.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        let store = open(folder.path(), 1 << 20);
        assert_eq!((store.clips(), store.dropped()), (1, 1), "{}", path.display());
        assert!(!second.exists());
    }
}

#[test]
fn a_full_disk_makes_the_store_smaller() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path(), 64 << 20);
    fill(&mut store, 0..60);
    let full: Write = |path, bytes| {
        fs::write(path, &bytes[..bytes.len() / 2])?;
        Err(io::ErrorKind::StorageFull.into())
    };
    store.write = full;
    let before = (store.clips(), store.bytes());
    let Offered::DiskFull { max_bytes } = offer(&mut store, 61) else { panic!("it was kept") };
    assert!(store.bytes() <= max_bytes && max_bytes < before.1 && store.clips() < before.0);
    assert!(!folder.path().join(PART).exists());
    // There is room again.
    store.write = |path, bytes| fs::write(path, bytes);
    offer(&mut store, 62);
    assert!(store.bytes() <= max_bytes, "it stays as small");
    // And none at all.
    store.write = full;
    let error = loop {
        let (frames, sketch) = clip(store.clips() + 100);
        match store.offer(&frames, sketch, 0) {
            Ok(Offered::DiskFull { .. } | Offered::Known) => store.shelf.take_most_redundant(),
            Ok(Offered::Kept) => panic!("nothing can be written"),
            Err(error) => break error.to_string(),
        };
    };
    assert!(error.contains(&folder.path().display().to_string()), "{error}");
}

#[test]
fn pictures_of_another_size_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path(), 1 << 20);
    let error = Store::open(folder.path(), input_of(Preset::Edge), 1 << 20).unwrap_err();
    assert!(error.to_string().contains("96x96 at 10 fps, and this would be 128x128"), "{error}");
    assert!(error.to_string().contains("learn.preset"), "{error}");
}
