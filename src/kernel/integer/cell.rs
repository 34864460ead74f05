//! What a map of integers holds for each value: a signed byte, an unsigned byte
//! or a word, whichever the vector unit multiplies.

use super::super::arena::Number;

/// An 8-bit integer q as the maps of a vector unit hold it: so that the unit
/// multiplies what it loads.
pub(in crate::kernel) trait Cell: Number + Ord + Send + Sync + 'static {
    /// What is added to q.
    const OFFSET: i32;

    fn of(integer: i8) -> Self;

    fn integer(self) -> i8;

    /// Of q + [`Cell::OFFSET`], which is in the cell's range.
    fn stored(value: i32) -> Self;
}

/// For units that multiply signed bytes.
impl Cell for i8 {
    const OFFSET: i32 = 0;

    fn of(integer: i8) -> Self {
        integer
    }

    fn integer(self) -> i8 {
        self
    }

    fn stored(value: i32) -> Self {
        value as i8
    }
}

/// For units that multiply unsigned by signed bytes: q + 128.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub(in crate::kernel) struct Unsigned(u8);

// SAFETY: a number.
unsafe impl Number for Unsigned {}

impl Cell for Unsigned {
    const OFFSET: i32 = 128;

    fn of(integer: i8) -> Self {
        Self(integer as u8 ^ 0x80)
    }

    fn integer(self) -> i8 {
        (self.0 ^ 0x80) as i8
    }

    fn stored(value: i32) -> Self {
        Self(value as u8)
    }
}

/// For units that multiply words.
impl Cell for i16 {
    const OFFSET: i32 = 0;

    fn of(integer: i8) -> Self {
        integer.into()
    }

    fn integer(self) -> i8 {
        self as i8
    }

    fn stored(value: i32) -> Self {
        value as i16
    }
}

/// Which [`Cell`] a plan's maps hold.
#[allow(dead_code, reason = "no architecture has a unit for each")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::kernel) enum CellKind {
    Signed,
    Unsigned,
    Word,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_hold_integers_in_their_order() {
        fn check<C: Cell>() {
            for integer in i8::MIN..=i8::MAX {
                assert_eq!(C::of(integer).integer(), integer);
                assert!(C::stored(i32::from(integer) + C::OFFSET) == C::of(integer));
                assert!(integer == i8::MIN || C::of(integer - 1) < C::of(integer));
            }
        }
        check::<i8>();
        check::<Unsigned>();
        check::<i16>();
    }
}
