//! Whole graphs on every instruction set of this machine against sums in
//! double precision.

mod guard;
mod networks;
mod oracle;
