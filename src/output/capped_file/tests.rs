//! Files that are full, gone, torn, or not files at all.

use rustix::fs::{CWD, FileType as NodeType, Mode, mknodat};

use super::*;

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    (folder, path)
}

fn refusal(path: &Path) -> String {
    let probed = CappedFile::probe(path).unwrap_err().to_string();
    assert_eq!(CappedFile::new(path, 100).append(b"x\n").unwrap_err().to_string(), probed);
    probed
}

#[test]
fn goes_on_where_a_full_disk_stopped_it_between_two_files() {
    let (folder, path) = folder();
    let mut file = CappedFile::new(&path, 8);
    file.append(b"first\n").unwrap();
    fs::rename(&path, folder.path().join("events.jsonl.1")).unwrap();
    file.append(b"second\n").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"second\n");
    assert_eq!(fs::read(folder.path().join("events.jsonl.1")).unwrap(), b"first\n");
}

#[test]
fn keeps_the_last_lines_within_the_cap() {
    let (folder, path) = folder();
    fs::write(&path, "old\n").unwrap();
    let mut file = CappedFile::new(&path, 20);
    for i in 0..10 {
        file.append(format!("line {i}\n").as_bytes()).unwrap();
    }
    file.sync().unwrap();
    let now = fs::read_to_string(&path).unwrap();
    let aside = fs::read_to_string(folder.path().join("events.jsonl.1")).unwrap();
    assert!(now.len() <= 20 && aside.len() <= 20, "{now:?} {aside:?}");
    assert!(now.ends_with("line 9\n"), "{now:?}");
}

#[test]
fn half_a_line_is_ended_before_the_next() {
    let (_folder, path) = folder();
    fs::write(&path, "whole\nha").unwrap();
    let mut file = CappedFile::new(&path, 100);
    file.append(b"next\n").unwrap();
    file.append(b"last\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "whole\nha\nnext\nlast\n");
}

#[test]
fn a_removed_file_is_begun_again_and_a_replaced_one_gone_on_with() {
    let (folder, path) = folder();
    let mut file = CappedFile::new(&path, 100);
    file.append(b"lost\n").unwrap();
    fs::remove_file(&path).unwrap();
    file.append(b"first\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "first\n");
    let other = folder.path().join("other");
    fs::write(&other, "other\n").unwrap();
    fs::rename(&other, &path).unwrap();
    file.append(b"second\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "other\nsecond\n");
}

#[test]
fn a_folder_that_comes_later_is_enough() {
    let (folder, _) = folder();
    let path = folder.path().join("later/events.jsonl");
    let mut file = CappedFile::new(&path, 100);
    assert_eq!(file.append(b"lost\n").unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(CappedFile::probe(&path).unwrap_err().kind(), ErrorKind::NotFound);
    fs::create_dir(folder.path().join("later")).unwrap();
    CappedFile::probe(&path).unwrap();
    file.append(b"first\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "first\n");
}

#[test]
fn what_is_not_a_regular_file_is_left_alone_at_once() {
    let (folder, path) = folder();
    mknodat(CWD, &path, NodeType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    assert_eq!(refusal(&path), "is a named pipe, not a regular file");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("elsewhere", &link).unwrap();
    assert_eq!(refusal(&link), "is a symbolic link, not a regular file");
    assert_eq!(refusal(folder.path()), "is a folder, not a regular file");
    assert_eq!(refusal(Path::new("/dev/null")), "is a device, not a regular file");
    let mut device = CappedFile::new(Path::new("/dev/null"), 0);
    device.append(b"x\n").unwrap_err();
    assert!(!Path::new("/dev/null.1").exists(), "a device was moved aside");
}

#[test]
fn two_writers_do_not_share_a_file() {
    let (_folder, path) = folder();
    let (mut first, mut second) = (CappedFile::new(&path, 100), CappedFile::new(&path, 100));
    first.append(b"first\n").unwrap();
    assert!(second.append(b"lost\n").unwrap_err().to_string().contains("another normwatch"));
    CappedFile::probe(&path).unwrap();
    drop(first);
    second.append(b"second\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "first\nsecond\n");
}
