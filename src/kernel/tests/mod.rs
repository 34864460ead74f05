//! Whole graphs on every instruction set of this machine against sums in
//! double precision, and against sums of integers to the last bit.

mod guard;
mod integers;
mod networks;
mod oracle;
