//! Bundles that are listed, swapped, kept and removed.

use super::*;

const BUNDLE: &str = "models/walkway-edge";

/// A folder with these generations; even ones have levels.
fn learnt(numbers: &[u32]) -> (tempfile::TempDir, Generations) {
    let folder = tempfile::tempdir().unwrap();
    let generations = Generations::new(folder.path());
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(BUNDLE).join("manifest.toml");
    let text = fs::read_to_string(manifest).unwrap();
    for &number in numbers {
        let draft = folder.path().join("draft");
        fs::create_dir(&draft).unwrap();
        let mut text = text.clone();
        if !number.is_multiple_of(2) {
            let lines = text.lines().filter(|line| !line.contains("calibration"));
            text = lines.collect::<Vec<_>>().join("\n");
        }
        fs::write(draft.join("manifest.toml"), text).unwrap();
        generations.adopt(&draft, number).unwrap();
    }
    (folder, generations)
}

fn numbers(generations: &Generations) -> Vec<u32> {
    generations.list().unwrap().iter().map(|generation| generation.number).collect()
}

#[test]
fn what_was_learnt_is_listed_in_order() {
    let (folder, generations) = learnt(&[10, 2, 3]);
    fs::create_dir(folder.path().join("gen-4")).unwrap();
    fs::create_dir(folder.path().join("draft-11-f32")).unwrap();
    let all = generations.list().unwrap();
    assert_eq!(numbers(&generations), [2, 3, 10], "an empty folder is not a bundle");
    assert_eq!(all.iter().map(|g| g.calibrated).collect::<Vec<_>>(), [true, false, true]);
    assert!(all.iter().all(|g| !g.current && !g.pinned && g.preset == "edge"));
    assert_eq!(generations.next().unwrap(), 11);
    let none = Generations::new(&folder.path().join("nowhere"));
    assert_eq!((none.list().unwrap().len(), none.next().unwrap()), (0, 1));
}

#[test]
fn the_current_one_is_swapped_and_taken_back() {
    let (folder, generations) = learnt(&[2, 3, 4]);
    assert_eq!(generations.current(), None);
    assert!(generations.rollback().unwrap_err().to_string().contains("no bundle yet"));
    generations.switch_to(2).unwrap();
    generations.switch_to(4).unwrap();
    assert_eq!(generations.current(), Some(4));
    assert!(generations.current_path().join("manifest.toml").is_file());
    // What a power cut has left of a swap is in nobody's way.
    symlink("gen-2", folder.path().join("current.part")).unwrap();
    assert_eq!(generations.rollback().unwrap(), 2, "3 has no levels");
    assert!(generations.rollback().unwrap_err().to_string().contains("oldest"));
    let unsettled = generations.switch_to(3).unwrap_err().to_string();
    assert!(unsettled.contains("has not settled"), "{unsettled}");
    let unknown = generations.switch_to(9).unwrap_err().to_string();
    assert!(unknown.contains("there are: 2, 3, 4"), "{unknown}");
    assert_eq!(generations.current(), Some(2));
}

#[test]
fn two_are_kept_and_none_that_watches_goes() {
    let (_folder, generations) = learnt(&[2, 4, 6, 8]);
    generations.pin(2).unwrap();
    assert_eq!(generations.current(), Some(2));
    let refused = generations.switch_to(8).unwrap_err().to_string();
    assert!(refused.contains("generation 2 is pinned"), "{refused}");
    assert_eq!(generations.prune().unwrap(), [4, 6]);
    assert_eq!(numbers(&generations), [2, 8]);
    generations.release().unwrap();
    generations.release().unwrap();
    generations.switch_to(8).unwrap();
    assert_eq!((generations.current(), generations.pinned()), (Some(8), None));
    assert!(generations.prune().unwrap().is_empty());
}
