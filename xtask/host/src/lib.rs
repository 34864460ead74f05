//! What a developer's machine has, and how the tools of this repository call
//! it: programs, cross compilers and emulators, Debian's packages, Python.
//!
//! It knows neither the runtime nor the toolchain, so that it compiles in
//! seconds.

pub mod apt;
pub mod cache;
pub mod cross;
pub mod python;
pub mod shell;
pub mod unpack;
