//! A stretch of the trace, and its bytes.

use crate::alarm::Input;
use crate::checksum::sha256_hex;

/// What a stretch on the disk begins with.
const MAGIC: &[u8; 4] = b"NWT1";
/// Magic, length, checksum.
const FRAME_BYTES: usize = 16;
const HEADER_BYTES: usize = 50;

const SCORE: u64 = 0;
const QUIET: u64 = 1;
const INPUT: u64 = 2;

/// Inputs by their codes.
const INPUTS: [Input; 7] = [
    Input::Gap,
    Input::Blind,
    Input::Acknowledge,
    Input::Arm,
    Input::Disarm,
    Input::Motion(false),
    Input::Motion(true),
];

/// A stretch of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Chunk {
    /// The same in all stretches that one state machine saw.
    pub run: u64,
    /// By which scores can be compared, see [`super::Scale`].
    pub scale: u64,
    /// Whether the machine was armed when the stretch began.
    pub armed: bool,
    /// Whether the machine began with it.
    pub fresh: bool,
    pub begin_ms: u64,
    pub end_ms: u64,
    /// The date of `begin_ms`, milliseconds since 1970-01-01 UTC; 0 where there is none.
    pub unix_ms: u64,
    records: Vec<u8>,
    /// When the last record ended.
    written_ms: u64,
}

/// What the machine was told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Item {
    Told(u64, Input),
    /// Scores from here to there that matter to no budget.
    Quiet(u64, u64),
}

impl Chunk {
    pub fn begin(run: u64, scale: u64, begin_ms: u64, armed: bool, fresh: bool) -> Self {
        let (end_ms, written_ms) = (begin_ms, begin_ms);
        Self { run, scale, armed, fresh, begin_ms, end_ms, written_ms, ..Self::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Bytes that it takes in memory, about.
    pub fn bytes(&self) -> usize {
        self.records.len() + 128
    }

    /// Adds a score or another input; ticks are none.
    pub fn tell(&mut self, now_ms: u64, input: Input) {
        match input {
            Input::Score(score) if !score.is_nan() => {
                self.at(now_ms, SCORE);
                self.records.extend_from_slice(&score.to_le_bytes());
            }
            input => {
                let input = if matches!(input, Input::Score(_)) { Input::Blind } else { input };
                let Some(code) = INPUTS.iter().position(|known| *known == input) else { return };
                self.at(now_ms, INPUT);
                self.records.push(code as u8);
            }
        }
    }

    pub fn quiet(&mut self, first_ms: u64, last_ms: u64) {
        self.at(first_ms, QUIET);
        push_varint(&mut self.records, last_ms.saturating_sub(first_ms));
        self.written_ms = self.written_ms.max(last_ms);
        self.end_ms = self.written_ms;
    }

    fn at(&mut self, now_ms: u64, kind: u64) {
        let later_ms = now_ms.saturating_sub(self.written_ms);
        push_varint(&mut self.records, later_ms << 2 | kind);
        self.written_ms = self.written_ms.max(now_ms);
        self.end_ms = self.written_ms;
    }

    /// What was told, in order; ends where the bytes make no sense.
    pub fn items(&self) -> impl Iterator<Item = Item> + '_ {
        let mut bytes = self.records.as_slice();
        let mut now_ms = self.begin_ms;
        std::iter::from_fn(move || {
            let first = take_varint(&mut bytes)?;
            now_ms = now_ms.checked_add(first >> 2)?;
            match first & 3 {
                SCORE => {
                    let score = f32::from_le_bytes(take(&mut bytes)?);
                    Some(Item::Told(now_ms, Input::Score(score)))
                }
                QUIET => {
                    let first_ms = now_ms;
                    now_ms = now_ms.checked_add(take_varint(&mut bytes)?)?;
                    Some(Item::Quiet(first_ms, now_ms))
                }
                INPUT => {
                    let [code] = take(&mut bytes)?;
                    Some(Item::Told(now_ms, *INPUTS.get(usize::from(code))?))
                }
                _ => None,
            }
        })
    }

    /// As it stands in a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut payload = Vec::with_capacity(HEADER_BYTES + self.records.len());
        for number in
            [self.run, self.scale, self.begin_ms, self.end_ms, self.unix_ms, self.written_ms]
        {
            payload.extend_from_slice(&number.to_le_bytes());
        }
        payload.extend([u8::from(self.armed), u8::from(self.fresh)]);
        payload.extend_from_slice(&self.records);
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        bytes.extend_from_slice(check(&payload).as_bytes());
        bytes.extend_from_slice(&payload);
        bytes
    }

    /// Takes the first stretch off `bytes`; `None` where there is no whole one.
    pub fn take_from(bytes: &mut &[u8]) -> Option<Self> {
        let (frame, rest) = bytes.split_at_checked(FRAME_BYTES)?;
        let length = u32::from_le_bytes(frame[4..8].try_into().ok()?) as usize;
        let (payload, rest) = rest.split_at_checked(length)?;
        if &frame[..4] != MAGIC || check(payload).as_bytes() != &frame[8..] {
            return None;
        }
        let mut header = payload;
        let mut number = || take(&mut header).map(u64::from_le_bytes);
        let (run, scale, begin_ms) = (number()?, number()?, number()?);
        let (end_ms, unix_ms, written_ms) = (number()?, number()?, number()?);
        let [armed, fresh] = take::<2>(&mut header)?.map(|byte| byte == 1);
        *bytes = rest;
        let records = header.to_vec();
        Some(Self { run, scale, armed, fresh, begin_ms, end_ms, unix_ms, records, written_ms })
    }
}

fn check(payload: &[u8]) -> String {
    let mut digits = sha256_hex(payload);
    digits.truncate(8);
    digits
}

fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..9 {
        let [byte] = take(bytes)?;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_read_back_and_a_torn_stretch_is_none() {
        let mut chunk = Chunk::begin(7, 9, 1000, true, true);
        chunk.tell(1000, Input::Score(2.5));
        chunk.quiet(1100, 400_000);
        INPUTS.iter().for_each(|input| chunk.tell(400_100, *input));
        chunk.tell(400_050, Input::Score(f32::NAN));
        let mut told = vec![Item::Told(1000, Input::Score(2.5)), Item::Quiet(1100, 400_000)];
        told.extend(INPUTS.iter().map(|input| Item::Told(400_100, *input)));
        told.push(Item::Told(400_100, Input::Blind));
        assert_eq!(chunk.items().collect::<Vec<_>>(), told);
        let bytes = [chunk.to_bytes(), chunk.to_bytes()].concat();
        for cut in 0..bytes.len() {
            let mut rest = &bytes[..cut];
            let whole = std::iter::from_fn(|| Chunk::take_from(&mut rest)).collect::<Vec<_>>();
            assert_eq!(whole, vec![chunk.clone(); usize::from(cut >= bytes.len() / 2)]);
        }
        for place in 0..bytes.len() / 2 {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1;
            assert_eq!(Chunk::take_from(&mut &damaged[..]), None, "{place}");
        }
    }
}
