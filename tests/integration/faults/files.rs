//! Files that are missing, damaged, or changed while the program runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use normwatch_faults::took;

use super::watch::{Camera, Watch, kill, site};
use crate::common::{Bench, stderr};

/// A run that has to end by itself, naming the file, before a line is taken.
fn refused(row: &str, damage: impl Fn(&Bench), file: &str, codes: &[i32]) {
    let bench = site(Camera::Folder);
    damage(&bench);
    let begun = Instant::now();
    let out = bench.run(&["run", "--config", "site.toml", "--for-s", "20"]);
    let reacted = begun.elapsed();
    let code = out.status.code().unwrap();
    assert!(codes.contains(&code), "exit code {code}: {}", stderr(&out));
    assert!(stderr(&out).contains(file), "{}", stderr(&out));
    assert!(!bench.path("events.jsonl").exists(), "it began to watch");
    assert!(fs::read(bench.path("wd")).unwrap().is_empty(), "it armed the watchdog");
    took(row, reacted);
}

/// The file of the bundle whose name begins so.
fn in_bundle(bench: &Bench, begin: &str) -> String {
    let names = fs::read_dir(bench.path("bundle")).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.find(|name| name.starts_with(begin)).unwrap_or_else(|| panic!("no {begin}"))
}

const FILES: [&str; 5] =
    ["encoder.onnx", "decoder.onnx", "memory.npy", "golden.npz", "calibration"];

fn change(bench: &Bench, file: &str, how: impl Fn(&mut Vec<u8>)) {
    let path = bench.path(file);
    let mut bytes = fs::read(&path).unwrap();
    how(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_bundle_that_is_missing_is_named() {
    let damage = |bench: &Bench| fs::rename(bench.path("bundle"), bench.path("away")).unwrap();
    refused("bundle-missing", damage, "bundle", &[3, 5]);
}

#[test]
fn a_file_of_a_bundle_that_is_cut_is_named() {
    for file in FILES {
        let damage = |b: &Bench| {
            change(b, &format!("bundle/{}", in_bundle(b, file)), |bytes| {
                bytes.truncate(bytes.len() / 2)
            })
        };
        refused("bundle-cut", damage, file, &[3]);
    }
}

#[test]
fn a_flipped_bit_in_a_bundle_is_named() {
    for file in FILES {
        let damage = |b: &Bench| {
            change(b, &format!("bundle/{}", in_bundle(b, file)), |bytes| {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            });
        };
        refused("bundle-bit", damage, file, &[3]);
    }
}

#[test]
fn a_bundle_without_the_sites_signature_is_refused() {
    // Of no bundle here, but a key.
    let key = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    let damage = |bench: &Bench| {
        change(bench, "site.toml", |bytes| {
            *bytes = [format!("bundle_keys = [\"{key}\"]\n").as_bytes(), &bytes[..]].concat();
        });
    };
    refused("bundle-unsigned", damage, "signed.txt: is not there", &[3]);
    let signed_by_another = |bench: &Bench| {
        damage(bench);
        fs::write(bench.path("bundle/signed.txt"), "normwatch bundle 1\n").unwrap();
        fs::write(bench.path("bundle/signed.txt.minisig"), "nonsense").unwrap();
    };
    refused("bundle-unsigned", signed_by_another, "is not a signature of signed.txt", &[3]);
}

/// As two learnings leave them, the second one damaged by `damage`.
fn learnt_twice(damage: impl Fn(&Path)) -> Bench {
    let bench = site(Camera::Folder);
    for generation in ["learnt/gen-1", "learnt/gen-2"] {
        fs::create_dir_all(bench.path(generation)).unwrap();
        for entry in fs::read_dir(bench.path("bundle")).unwrap() {
            let file = entry.unwrap();
            fs::copy(file.path(), bench.path(generation).join(file.file_name())).unwrap();
        }
    }
    symlink("gen-2", bench.path("learnt/current")).unwrap();
    change(&bench, "site.toml", |bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        *bytes = text.replace("\"bundle\"", "\"learnt/current\"").into_bytes();
    });
    damage(&bench.path("learnt/gen-2"));
    bench
}

#[test]
fn where_the_newest_learnt_bundle_is_damaged_the_one_before_watches() {
    let damages: [fn(&Path); 3] = [
        |newest| fs::write(newest.join("encoder.onnx"), "").unwrap(),
        |newest| fs::remove_file(newest.join("manifest.toml")).unwrap(),
        |newest| fs::remove_dir_all(newest).unwrap(),
    ];
    for damage in damages {
        let mut watch = Watch::begin_in("bundle-older", learnt_twice(damage), &[]);
        watch.reacts("the older bundle", |watch| {
            watch.log().contains("generation 1, watches instead")
        });
        watch.ends();
    }
    let bench = learnt_twice(|newest| fs::write(newest.join("memory.npy"), "").unwrap());
    fs::write(bench.path("learnt/gen-1/memory.npy"), "").unwrap();
    let done = bench.run(&["run", "--config", "site.toml", "--for-s", "20"]);
    assert_eq!(done.status.code(), Some(3), "{}", stderr(&done));
    assert!(stderr(&done).contains("nor can generation 1 watch"), "{}", stderr(&done));
}

#[test]
fn a_calibration_of_another_model_is_refused() {
    let damage = |bench: &Bench| {
        let own = format!("bundle/{}", in_bundle(bench, "calibration"));
        fs::copy(bench.path(&own), bench.path("other.toml")).unwrap();
        change(bench, "other.toml", |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let at = text.find("model_sha256 = \"").unwrap() + 16;
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
        });
        change(bench, "site.toml", |bytes| {
            *bytes = [b"calibration = \"other.toml\"\n", &bytes[..]].concat();
        });
    };
    refused("calibration-foreign", damage, "other.toml", &[3]);
}

#[test]
fn a_site_file_with_a_mistake_is_named() {
    let damage = |bench: &Bench| change(bench, "site.toml", |bytes| bytes.extend(b"[camrea]\n"));
    refused("site-wrong", damage, "site.toml", &[2]);
}

/// A site whose service reloads, and what its file says.
fn reloading(row: &str) -> (Watch, String) {
    let watch = Watch::begin_in(row, site(Camera::Folder), &["--reload-on-sighup"]);
    let text = fs::read_to_string(watch.bench.path("site.toml")).unwrap();
    (watch, text)
}

#[test]
fn a_wrong_site_file_is_not_reloaded() {
    let (mut watch, text) = reloading("reload-wrong");
    let wrongs = [
        text.clone() + "[camrea]\n",
        text.replace("\"bundle\"", "\"elsewhere\""),
        text.replace("[camera]", "[budget]\nalarms_per_day = 0.0001\n[camera]\nfps = 1"),
    ];
    for wrong in wrongs {
        fs::write(watch.bench.path("site.toml"), wrong).unwrap();
        let said = |watch: &Watch| watch.log().matches("the watch goes on as it was").count();
        let before = said(&watch);
        watch.strike(|watch| kill("-HUP", &watch.child));
        watch.reacts("a refusal", |watch| said(watch) > before);
        assert_eq!(watch.fault_line(), [true], "{}", watch.log());
    }
    watch.carries_on();
    watch.ends();
}

#[test]
fn a_right_site_file_is_reloaded() {
    let (mut watch, text) = reloading("reload-right");
    let changed = text.replace("events.jsonl", "other.jsonl");
    fs::write(watch.bench.path("site.toml"), changed).unwrap();
    // The next one to open it begins an empty one.
    let wd = watch.bench.path("wd");
    fs::remove_file(&wd).unwrap();
    fs::write(&wd, "").unwrap();
    watch.strike(|watch| kill("-HUP", &watch.child));
    let other = watch.bench.path("other.jsonl");
    let has = |part: &str| fs::read_to_string(&other).is_ok_and(|text| text.contains(part));
    let watches = "\"line\":\"fault\",\"active\":true";
    watch.reacts("the other log", |_| has(watches));
    assert_eq!(watch.fault_line(), [true, false], "{}", watch.log());
    watch.wait("a watchdog that is armed again", || !fs::read(&wd).unwrap().is_empty());
    watch.ends();
}

#[test]
fn files_that_change_while_it_watches_are_the_next_runs() {
    let mut watch = Watch::begin("files-changed", Camera::Folder);
    watch.strike(|watch| {
        change(&watch.bench, "bundle/encoder.onnx", Vec::clear);
        fs::remove_file(watch.bench.path("bundle/memory.npy")).unwrap();
        fs::write(watch.bench.path("site.toml"), "nonsense").unwrap();
    });
    watch.carries_on();
    watch.ends();
}

/// Wherever the power is cut, the bundle is the old one or the new one, or is refused
/// with the file's name; and the next calibration mends it.
#[test]
fn a_calibration_that_is_killed_leaves_a_bundle() {
    let bench = site(Camera::Folder);
    let calibrate = ["calibrate", "--bundle", "bundle", "--frames", "normal"];
    let begun = Instant::now();
    assert!(bench.run(&calibrate).status.success());
    let whole = begun.elapsed();
    for cut in 0..12 {
        let mut child =
            bench.command(&calibrate).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(whole.mul_f64(0.85 + f64::from(cut) * 0.02).min(Duration::from_secs(20)));
        let _ = child.kill();
        child.wait().unwrap();
        let begun = Instant::now();
        let out = bench.run(&["check", "--config", "site.toml"]);
        let code = out.status.code().unwrap();
        assert_eq!(code, 0, "cut {cut}: {}", stderr(&out));
        took("calibration-cut", begun.elapsed());
    }
}
