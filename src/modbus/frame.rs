//! The two requests of Modbus that a coil needs, and their answers, as bytes over TCP.

use std::fmt;

/// Header, function and the longest data that an answer of ours has.
pub const LONGEST_ANSWER: usize = 7 + 5;

const HEADER: usize = 7;
const READ_COILS: u8 = 1;
const WRITE_COIL: u8 = 5;
const EXCEPTION: u8 = 0x80;
const ON: u16 = 0xff00;

/// What is asked of the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    Write { coil: u16, on: bool },
    Read { coil: u16 },
}

/// A request with what tells its answer from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    pub number: u16,
    pub unit: u8,
    pub request: Request,
}

/// An answer that is not the one to the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The relay refuses, with this code.
    Exception(u8),
    /// It is no Modbus, or the answer to something else.
    Foreign,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Exception(1) => "it has no coils (exception 1)",
            Self::Exception(2) => "it has no such coil (exception 2): correct `coil`",
            Self::Exception(3) => "it takes no such value (exception 3)",
            Self::Exception(10 | 11) => "there is no such unit behind it: correct `unit`",
            Self::Exception(code) => return write!(f, "it refuses with exception {code}"),
            Self::Foreign => "its answer is none to what was asked: is it a Modbus TCP device?",
        };
        f.write_str(what)
    }
}

impl Call {
    /// The bytes to send.
    pub fn bytes(&self) -> [u8; 12] {
        let (function, coil, value) = match self.request {
            Request::Write { coil, on } => (WRITE_COIL, coil, if on { ON } else { 0 }),
            Request::Read { coil } => (READ_COILS, coil, 1),
        };
        let [n1, n0] = self.number.to_be_bytes();
        let [c1, c0] = coil.to_be_bytes();
        let [v1, v0] = value.to_be_bytes();
        [n1, n0, 0, 0, 0, 6, self.unit, function, c1, c0, v1, v0]
    }

    /// How many bytes of the answer are still to come behind these; `None` when they are
    /// the beginning of none of ours.
    pub fn missing(&self, answer: &[u8]) -> Option<usize> {
        let Some(length) = answer.get(4..6) else { return Some(HEADER + 2 - answer.len()) };
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let whole = HEADER - 1 + length;
        let fits = (HEADER + 2..=LONGEST_ANSWER).contains(&whole) && answer.len() <= whole;
        fits.then(|| whole - answer.len())
    }

    /// Whether the coil is on, by a whole answer.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn answered(&self, answer: &[u8]) -> Result<bool, Refusal> {
        let own = self.bytes();
        let head = answer.get(..HEADER + 1).ok_or(Refusal::Foreign)?;
        let is_ours = head[..4] == own[..4] && head[6] == self.unit;
        let (function, data) = (head[HEADER], &answer[HEADER + 1..]);
        if !is_ours || self.missing(answer) != Some(0) {
            return Err(Refusal::Foreign);
        }
        match (self.request, data) {
            (_, [code]) if function == own[HEADER] | EXCEPTION => Err(Refusal::Exception(*code)),
            (Request::Write { on, .. }, data) if function == WRITE_COIL && *data == own[8..] => {
                Ok(on)
            }
            (Request::Read { .. }, [1, bits]) if function == READ_COILS => Ok(bits & 1 != 0),
            _ => Err(Refusal::Foreign),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WRITE: Call =
        Call { number: 0x0102, unit: 7, request: Request::Write { coil: 300, on: true } };
    const READ: Call = Call { number: 9, unit: 1, request: Request::Read { coil: 0 } };

    #[test]
    fn requests_are_those_of_the_specification() {
        assert_eq!(WRITE.bytes(), [1, 2, 0, 0, 0, 6, 7, 5, 1, 44, 0xff, 0]);
        assert_eq!(READ.bytes(), [0, 9, 0, 0, 0, 6, 1, 1, 0, 0, 0, 1]);
    }

    #[test]
    fn only_the_answer_to_the_call_counts() {
        assert_eq!(WRITE.answered(&WRITE.bytes()), Ok(true));
        assert_eq!(READ.answered(&[0, 9, 0, 0, 0, 4, 1, 1, 1, 0xfe]), Ok(false));
        assert_eq!(READ.answered(&[0, 9, 0, 0, 0, 4, 1, 1, 1, 1]), Ok(true));
        let exception = [0, 9, 0, 0, 0, 3, 1, 0x81, 2];
        assert_eq!(READ.answered(&exception), Err(Refusal::Exception(2)));
        assert!(Refusal::Exception(2).to_string().contains("`coil`"));
        for at in [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11] {
            let mut answer = WRITE.bytes();
            answer[at] ^= 1;
            assert_eq!(WRITE.answered(&answer), Err(Refusal::Foreign), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_read_past_or_waited_for_without_end(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            for call in [WRITE, READ] {
                if let Some(missing) = call.missing(&bytes) {
                    prop_assert!(bytes.len() + missing <= LONGEST_ANSWER);
                }
                let _ = call.answered(&bytes);
            }
        }

        #[test]
        fn an_answer_is_complete_when_its_last_byte_has_come(cut in 0usize..12) {
            let answer = WRITE.bytes();
            prop_assert!(WRITE.missing(&answer[..cut]).unwrap() > 0);
            prop_assert_eq!(WRITE.missing(&answer), Some(0));
        }
    }
}
