//! What the mutations begin with: the corpus, and sound inputs that are made here.

use std::fs;
use std::path::Path;

const SIDE_PX: usize = 32;

/// Seeds of a target; of the scratch folder the files of a bundle.
pub fn of(target: &str, ground: &Path) -> Vec<Vec<u8>> {
    let bundle = |file: &str| vec![fs::read(ground.join("bundle").join(file)).unwrap()];
    let mut seeds = match target {
        "manifest" => bundle("manifest.toml"),
        "memory" => bundle("memory.npy"),
        "golden" => bundle("golden.npz"),
        "encoder" => bundle("encoder.onnx"),
        "decoder" => bundle("decoder.onnx"),
        "jpeg" => jpegs(),
        "png" => pngs(),
        "y4m" => vec![y4m()],
        "raw pipe" => vec![(0..6).flat_map(grey).collect()],
        "event log" => vec![event_log()],
        _ => Vec::new(),
    };
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutations/corpus");
    let folder = corpus.join(target.replace(' ', "-"));
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = files.map(|entry| entry.path()).collect();
    files.sort();
    seeds.extend(files.iter().map(|file| fs::read(file).unwrap()));
    seeds
}

fn grey(frame: usize) -> Vec<u8> {
    (0..SIDE_PX * SIDE_PX).map(|at| (at * 7 + frame * 13 + at / SIDE_PX * 3) as u8).collect()
}

fn jpegs() -> Vec<Vec<u8>> {
    use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
    let kinds = [
        (ColorType::Luma, 1, false, SamplingFactor::R_4_4_4, 0),
        (ColorType::Rgb, 3, false, SamplingFactor::R_4_2_0, 0),
        (ColorType::Rgb, 3, false, SamplingFactor::R_4_2_2, 2),
        (ColorType::Rgb, 3, true, SamplingFactor::R_4_4_4, 0),
    ];
    let encoded = |(color, planes, progressive, sampling, restart): (_, usize, _, _, u16)| {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 80);
        encoder.set_progressive(progressive);
        encoder.set_sampling_factor(sampling);
        encoder.set_restart_interval(restart);
        let pixels: Vec<u8> = (0..48 * 40 * planes).map(|at| (at * 11 % 251) as u8).collect();
        encoder.encode(&pixels, 48, 40, color).unwrap();
        bytes
    };
    kinds.into_iter().map(encoded).collect()
}

fn pngs() -> Vec<Vec<u8>> {
    use png::{BitDepth, ColorType};
    let kinds = [
        (ColorType::Grayscale, BitDepth::Eight, 1),
        (ColorType::Rgba, BitDepth::Eight, 4),
        (ColorType::Rgb, BitDepth::Sixteen, 6),
    ];
    let encoded = |(color, depth, bytes_a_pixel): (_, _, usize)| {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 32, 32);
        encoder.set_color(color);
        encoder.set_depth(depth);
        let pixels: Vec<u8> =
            (0..32 * 32 * bytes_a_pixel).map(|at| (at * 11 % 251) as u8).collect();
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        bytes
    };
    kinds.into_iter().map(encoded).collect()
}

fn y4m() -> Vec<u8> {
    let mut stream = b"YUV4MPEG2 W32 H32 F10:1 Ip A1:1 Cmono\n".to_vec();
    for frame in 0..4 {
        stream.extend(b"FRAME\n");
        stream.extend(grey(frame));
    }
    stream
}

fn event_log() -> Vec<u8> {
    let line = |n: usize| format!("{{\"unix_ms\":{n},\"event\":\"sighted\",\"time_ms\":{n}}}\n");
    (0..20).map(line).collect::<String>().into_bytes()
}
