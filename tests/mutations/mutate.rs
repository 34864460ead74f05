//! Bytes and texts, changed at random.

/// What stands in the place of a number or a word of a text.
const ODD_WORDS: [&str; 26] = [
    "0",
    "-1",
    "1",
    "inf",
    "-inf",
    "nan",
    "1e300",
    "-1e300",
    "1e-300",
    "0.1",
    "65535",
    "65536",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "\"\"",
    "\"a\"",
    "[]",
    "{}",
    "true",
    "1979-05-27",
    "'''",
    "\"\\u0000\"",
    "[[[[[[[[]]]]]]]]",
];

/// Bytes that break what counts.
const ODD_BYTES: [u8; 9] = [0, 1, 0x7f, 0x80, 0xff, 0xfe, b'\n', b'"', 0xd8];

/// SplitMix64.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below the limit; 0 where there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { (self.next() % limit as u64) as usize }
    }
}

/// One of the seeds, changed in one to four places.
pub fn mutated(seeds: &[Vec<u8>], is_text: bool, dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seeds[dice.below(seeds.len())].clone();
    for _ in 0..1 + dice.below(4) {
        if is_text && dice.below(3) > 0 {
            change_text(&mut bytes, dice);
        } else {
            change_bytes(&mut bytes, seeds, dice);
        }
    }
    bytes
}

fn change_bytes(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut Dice) {
    let at = dice.below(bytes.len());
    let length = (1 + dice.below(64)).min(bytes.len() - at);
    match dice.below(8) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
        1 if !bytes.is_empty() => bytes[at] = ODD_BYTES[dice.below(ODD_BYTES.len())],
        // A size of two or four bytes, of either order.
        2 if at + 4 <= bytes.len() => {
            let odd = ODD_BYTES[dice.below(ODD_BYTES.len())];
            let width = 2 + 2 * dice.below(2);
            bytes[at..at + width].fill(odd);
        }
        3 => bytes.truncate(at),
        4 => drop(bytes.drain(at..at + length)),
        5 => {
            let copy = bytes[at..at + length].to_vec();
            let to = dice.below(bytes.len());
            bytes.splice(to..to, copy);
        }
        6 => {
            let other = &seeds[dice.below(seeds.len())];
            let from = dice.below(other.len());
            bytes.truncate(at);
            bytes.extend(&other[from..]);
        }
        _ => {
            let noise: Vec<u8> = (0..length).map(|_| dice.below(256) as u8).collect();
            bytes.splice(at..at, noise);
        }
    }
}

/// Changes a word behind `=`, or whole lines.
fn change_text(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return;
    }
    let (at, other) = (dice.below(lines.len()), dice.below(lines.len()));
    match dice.below(6) {
        0 => drop(lines.remove(at)),
        1 => lines.swap(at, other),
        2 => {
            let line = lines[other].clone();
            lines.insert(at, line);
        }
        _ => {
            let odd = ODD_WORDS[dice.below(ODD_WORDS.len())];
            let words: Vec<usize> =
                lines[at].match_indices(['=', ' ', ',', '[']).map(|(at, _)| at + 1).collect();
            let from = words.get(dice.below(words.len())).copied().unwrap_or(0);
            let rest = &lines[at][from..];
            let to = from + rest.find([',', ' ', ']']).unwrap_or(rest.len());
            lines[at].replace_range(from..to, odd);
        }
    }
    *bytes = lines.join("\n").into_bytes();
}
