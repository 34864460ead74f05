//! JPEGs decoded here and by libjpeg-turbo, which is the truth: encoders,
//! sampling, scans, restarts and damage.
//!
//! What libjpeg-turbo warns of is not judged, but for a camera's habits, see [`HARMLESS`].

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use normwatch::capture::{Frame, PixelFormat};
use normwatch::preprocess::{Channels, InputSpec, Preprocessor, Resize};

/// Width, height and interleaved samples.
type Picture = (usize, usize, Vec<u8>);

/// Warnings of libjpeg-turbo with which JPEGs are taken where eight in a row have them,
/// and every unit came: a few bytes before a restart (0xd0 to 0xd7) or the end (0xd9),
/// nonsense about the coefficients of a sequential scan, a missing end marker. Whole
/// pictures of some cameras have them, and lose nothing by them.
const HARMLESS: [&str; 3] =
    ["extraneous bytes before marker 0xd", "Invalid SOS parameters", "Premature end of JPEG file"];

/// What libjpeg-turbo makes of a JPEG.
enum Truth {
    Whole(Picture),
    /// It gave no other warning than some of [`HARMLESS`].
    Warned(Picture),
    /// It warned of damage, or gave up.
    Damaged(String),
}

impl Truth {
    fn said(&self) -> &str {
        match self {
            Self::Damaged(said) => said,
            _ => "a harmless warning",
        }
    }
}

fn call(program: &str, args: &[&str], input: &[u8]) -> (Option<i32>, Vec<u8>, String) {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{program}: {e}: `cargo xtask setup` installs libjpeg-turbo"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // It may leave before it has read everything.
    let feed = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feed.join().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).trim().to_string();
    (output.status.code(), output.stdout, said)
}

fn truth(jpeg: &[u8], luma: bool) -> Truth {
    let args: &[&str] = if luma { &["-pnm", "-grayscale"] } else { &["-pnm"] };
    match call("djpeg", args, jpeg) {
        (Some(0), pnm, said) if said.is_empty() => Truth::Whole(read_pnm(&pnm)),
        // It has told of its first warning alone.
        (Some(2), pnm, said) if is_harmless(&said) => {
            let verbose = [args, &["-verbose", "-verbose", "-verbose"]].concat();
            let (_, _, all) = call("djpeg", &verbose, jpeg);
            let marks = ["Corrupt", "Invalid", "Premature", "Warning", "Inconsistent"];
            let mut warnings = all.lines().filter(|line| marks.iter().any(|m| line.contains(m)));
            match warnings.find(|line| !is_harmless(line)) {
                None => Truth::Warned(read_pnm(&pnm)),
                Some(warning) => Truth::Damaged(warning.to_owned()),
            }
        }
        (_, _, said) => Truth::Damaged(said),
    }
}

fn is_harmless(said: &str) -> bool {
    let is_other = ["0xd8", "0xda", "0xdb", "0xdc", "0xdd", "0xde", "0xdf"];
    HARMLESS.iter().any(|harmless| said.contains(harmless))
        && !is_other.iter().any(|marker| said.contains(marker))
}

fn read_pnm(pnm: &[u8]) -> Picture {
    let mut words = pnm.splitn(4, |byte| byte.is_ascii_whitespace());
    let mut word = || std::str::from_utf8(words.next().unwrap()).unwrap().to_string();
    let (_, width, height) = (word(), word().parse().unwrap(), word().parse().unwrap());
    let rest = words.next().unwrap();
    let data = rest.splitn(2, |byte| byte.is_ascii_whitespace()).nth(1).unwrap();
    (width, height, data.to_vec())
}

fn pnm((width, height, samples): &Picture) -> Vec<u8> {
    let kind = if samples.len() == width * height { 5 } else { 6 };
    let mut pnm = format!("P{kind}\n{width} {height}\n255\n").into_bytes();
    pnm.extend_from_slice(samples);
    pnm
}

fn ours(jpeg: &[u8], luma: bool, size: (usize, usize)) -> Result<Vec<u8>, String> {
    ours_of(1, jpeg, luma, size)
}

/// What a camera's decoder says of a picture that comes so many times.
fn ours_of(
    times: usize,
    jpeg: &[u8],
    luma: bool,
    (width_px, height_px): (usize, usize),
) -> Result<Vec<u8>, String> {
    let channels = if luma { Channels::Luma } else { Channels::Rgb };
    let spec =
        InputSpec { width_px, height_px, channels, resize: Resize::Bilinear, relight: false };
    let mut planes = vec![0; spec.frame_len()];
    let frame = Frame {
        format: PixelFormat::Mjpeg,
        width_px: 0,
        height_px: 0,
        stride_bytes: 0,
        data: jpeg,
        timestamp_ns: 0,
        sequence: 0,
    };
    let mut preprocessor = Preprocessor::new(spec);
    let mut processed = || preprocessor.process(&frame, &mut planes);
    let last = (1..times).fold(processed(), |_, _| processed());
    last.map_err(|error| error.to_string())?;
    let pixels = width_px * height_px;
    let samples = planes.len() / pixels;
    Ok((0..planes.len()).map(|at| planes[at % samples * pixels + at / samples]).collect())
}

/// The largest difference in grey levels; pictures of another number of samples
/// differ altogether.
fn difference(found: &[u8], expected: &[u8]) -> u8 {
    match found.len() == expected.len() {
        true => found.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0),
        false if expected.len() * 3 == found.len() => {
            let grey: Vec<u8> = expected.iter().flat_map(|&grey| [grey; 3]).collect();
            difference(found, &grey)
        }
        false => u8::MAX,
    }
}

struct Random(u32);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % limit
    }
}

/// Gradients, an edge and noise, in colours.
fn scene(width: usize, height: usize) -> Picture {
    let mut random = Random(7);
    let mut samples = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let edge = if x > width / 2 && y > height / 3 { 90 } else { 0 };
            let noise = random.below(24);
            samples.extend(
                [3 * x + edge + noise, 255 - 2 * (y % 100), 5 * y + x + noise]
                    .map(|level| level.min(255) as u8),
            );
        }
    }
    (width, height, samples)
}

/// A frame of the demonstration's clip.
fn walkway() -> Picture {
    let path = "models/walkway-clip/frames/204/000100.jpg";
    let jpeg = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let (_, pnm, _) = call("djpeg", &["-pnm"], &jpeg);
    read_pnm(&pnm)
}

/// Sampling factors of Y, Cb and Cr.
const SAMPLINGS: [&str; 12] = [
    "1x1",
    "2x1",
    "1x2",
    "2x2",
    "4x1",
    "1x4",
    "4x2",
    "2x4",
    "1x2,1x2,1x2",
    "2x1,2x1,2x1",
    "2x2,2x1,1x2",
    "1x1,2x2,1x1",
];

/// Scan scripts of `cjpeg`; an empty one is the encoder's own order.
const SCANS: [(&str, &[&str], &str); 5] = [
    ("baseline", &[], ""),
    ("optimised", &["-optimize"], ""),
    ("progressive", &["-progressive"], ""),
    ("one by one", &[], "0;\n1;\n2;\n"),
    ("two and one", &[], "0,1;\n2;\n"),
];

const RESTARTS: [&[&str]; 3] = [&[], &["-restart", "1"], &["-restart", "3B"]];

struct Encoded {
    name: String,
    size: (usize, usize),
    jpeg: Vec<u8>,
}

fn encoded(folder: &Path) -> Vec<Encoded> {
    let mut all = Vec::new();
    let mut add = |name: String, picture: &Picture, args: &[&str]| {
        let (status, jpeg, said) = call("cjpeg", args, &pnm(picture));
        // More blocks in a unit than JPEG allows, for instance.
        if status == Some(0) {
            all.push(Encoded { name, size: (picture.0, picture.1), jpeg });
        } else {
            assert!(said.contains("ampling") || said.contains("MCU"), "{name}: {said}");
        }
    };
    let pictures = [scene(77, 53), scene(16, 32), scene(3, 5), scene(1, 1), scene(130, 9)];
    for (number, picture) in pictures.iter().enumerate() {
        for (sampling, (order, args, script)) in
            SAMPLINGS.iter().flat_map(|s| SCANS.iter().map(move |scan| (s, scan)))
        {
            let restarts = if number == 0 { &RESTARTS[..] } else { &RESTARTS[2..] };
            for restart in restarts {
                let quality = ["-quality", ["90", "35", "100"][(number + order.len()) % 3]];
                let mut args = [&quality[..], &["-sample", sampling], args, restart].concat();
                let file = folder.join("script");
                if !script.is_empty() {
                    std::fs::write(&file, script).unwrap();
                    args.extend(["-scans", file.to_str().unwrap()]);
                }
                let name = format!("{}x{} {sampling} {order} {restart:?}", picture.0, picture.1);
                add(name, picture, &args);
            }
        }
        for restart in RESTARTS {
            for args in [&["-grayscale"][..], &["-grayscale", "-progressive"], &["-rgb"]] {
                let name = format!("{}x{} {args:?} {restart:?}", picture.0, picture.1);
                add(name, picture, &[args, restart].concat());
            }
        }
    }
    add("walkway".into(), &walkway(), &["-quality", "85", "-restart", "1"]);
    all
}

#[test]
fn whole_pictures_are_those_of_libjpeg() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = encoded(folder.path());
    for Encoded { name, size, jpeg } in &pictures {
        for luma in [true, false] {
            let Truth::Whole((_, _, expected)) = truth(jpeg, luma) else {
                panic!("{name}: libjpeg refuses it");
            };
            if luma && name.contains("-rgb") {
                continue; // Luma of RGB is this program's own.
            }
            let found = ours(jpeg, luma, *size).unwrap_or_else(|e| panic!("{name}: {e}"));
            let difference = difference(&found, &expected);
            assert_eq!(difference, 0, "{name}, luma {luma}");
        }
    }
    assert!(pictures.len() > 400, "{}", pictures.len());
}

/// Cuts the scan data at restart markers; the first part is the header.
fn intervals(jpeg: &[u8]) -> Vec<&[u8]> {
    let scan = jpeg.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
    let mut cuts = vec![0];
    cuts.extend(
        (scan..jpeg.len() - 1)
            .filter(|&at| jpeg[at] == 0xFF && (0xD0..=0xD7).contains(&jpeg[at + 1])),
    );
    cuts.push(jpeg.len());
    cuts.windows(2).map(|cut| &jpeg[cut[0]..cut[1]]).collect()
}

/// A way to spoil the data of a scan: what kind, and the spoilt JPEG.
fn damage(jpeg: &[u8], random: &mut Random) -> (&'static str, Vec<u8>) {
    let scan = jpeg.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap() + 14;
    let room = jpeg.len() - 2 - scan;
    let mut spoilt = jpeg.to_vec();
    let at = scan + random.below(room);
    match random.below(6) {
        0 => {
            let parts = intervals(jpeg);
            if parts.len() > 3 {
                let lost = 1 + random.below(parts.len() - 2);
                let kept = parts.iter().enumerate().filter(|(at, _)| *at != lost);
                return ("interval lost", kept.flat_map(|(_, part)| *part).copied().collect());
            }
            spoilt[at] ^= 1 << random.below(8);
            ("bit", spoilt)
        }
        1 => {
            spoilt[at] ^= 1 << random.below(8);
            ("bit", spoilt)
        }
        2 => {
            spoilt.drain(at..(at + 1 + random.below(200)).min(jpeg.len() - 2));
            ("bytes lost", spoilt)
        }
        3 => {
            let copy = jpeg[at..(at + 1 + random.below(40)).min(jpeg.len() - 2)].to_vec();
            spoilt.splice(at..at, copy);
            ("bytes twice", spoilt)
        }
        4 => {
            let end = (at + 512).min(jpeg.len() - 2);
            spoilt[at..end].fill(0);
            ("zeros", spoilt)
        }
        _ => {
            spoilt.truncate(at);
            spoilt.extend([0xFF, 0xD9]);
            ("cut", spoilt)
        }
    }
}

/// By kind of damage: what both refuse, what both take, and what only we refuse.
#[test]
fn what_libjpeg_warns_of_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(1);
    let mut table = std::collections::BTreeMap::<&str, [u32; 3]>::new();
    let mut reasons = std::collections::BTreeMap::<String, u32>::new();
    let pictures = encoded(folder.path());
    let (mut wrong, mut missed) = (String::new(), 0);
    for Encoded { name, size, jpeg } in pictures.iter().filter(|e| e.size.0 > 16) {
        for _ in 0..if name == "walkway" { 200 } else { 6 } {
            let (kind, spoilt) = damage(jpeg, &mut random);
            let row = table.entry(kind).or_default();
            match (truth(&spoilt, false), ours(&spoilt, false, *size)) {
                (Truth::Damaged(_) | Truth::Warned(_), Err(_)) => row[0] += 1,
                (Truth::Whole((_, _, expected)), Ok(found)) => {
                    row[1] += 1;
                    let difference = difference(&found, &expected);
                    if difference > 0 {
                        missed += 1;
                        let _ = writeln!(wrong, "{name}, {kind}: {difference} levels apart");
                    }
                }
                (warned, Ok(_)) => {
                    missed += 1;
                    let said = warned.said();
                    let _ = writeln!(wrong, "{name}, {kind}: taken; libjpeg: {said}");
                }
                (Truth::Whole(_), Err(reason)) => {
                    row[2] += 1;
                    *reasons.entry(reason).or_default() += 1;
                }
            }
        }
    }
    println!("{:<14} {:>12} {:>10} {:>12}", "damage", "both refuse", "both take", "we refuse");
    for (kind, [both, neither, we]) in &table {
        println!("{kind:<14} {both:>12} {neither:>10} {we:>12}");
    }
    println!("refused by us alone: {reasons:#?}");
    assert_eq!(missed, 0, "{wrong}");
    // Codes that no encoder writes, which libjpeg passes over in silence.
    assert!(table.values().map(|row| row[2]).sum::<u32>() < pictures.len() as u32, "{reasons:?}");
}

#[test]
fn a_lost_restart_interval_is_damage_wherever_it_is() {
    let (_, jpeg, _) = call("cjpeg", &["-quality", "85", "-restart", "1"], &pnm(&walkway()));
    let size = (walkway().0, walkway().1);
    let parts = intervals(&jpeg);
    assert!(parts.len() > 8);
    assert!(ours(&jpeg, true, size).is_ok());
    for lost in 1..parts.len() - 1 {
        let kept = parts.iter().enumerate().filter(|(at, _)| *at != lost);
        let spoilt: Vec<u8> = kept.flat_map(|(_, part)| *part).copied().collect();
        let error = ours(&spoilt, true, size).unwrap_err();
        assert!(error.contains("damaged JPEG"), "{lost}: {error}");
    }
}

#[test]
fn the_habits_of_sound_cameras_are_learnt_and_come_out_as_libjpegs() {
    let args = ["-quality", "85", "-restart", "1"];
    let (_, jpeg, _) = call("cjpeg", &args, &pnm(&walkway()));
    let size = (walkway().0, walkway().1);
    let parts = intervals(&jpeg);
    // As Logitech's cameras write them.
    let filled = |parts: &[&[u8]], at_end: &[u8]| {
        let mut out = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            if at > 1 {
                out.extend(&[0x5A, 0x17, 0, 0x80, 1, 2, 3, 4, 5][..1 + at % 9]);
            }
            out.extend_from_slice(part);
        }
        out.splice(out.len() - 2..out.len() - 2, at_end.iter().copied());
        out
    };
    let mut odd_scan = jpeg.clone();
    let scan = odd_scan.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
    // The last coefficient, after a pair for each component.
    odd_scan[scan + 6 + 2 * usize::from(jpeg[scan + 4])] = 0;
    for (name, odd) in [
        ("restarts", filled(&parts, &[])),
        ("the end", filled(&parts[..], &[0x42])),
        ("scan header", odd_scan),
        ("no end", jpeg[..jpeg.len() - 2].to_vec()),
    ] {
        for luma in [true, false] {
            let Truth::Warned((_, _, expected)) = truth(&odd, luma) else {
                panic!("{name}: not one of the exceptions");
            };
            assert!(ours_of(7, &odd, luma, size).is_err(), "{name}");
            let found = ours_of(8, &odd, luma, size).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(difference(&found, &expected), 0, "{name}");
        }
    }
}
