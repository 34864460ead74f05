//! The kernel's V4L2 interface as `v4l` expects it from `v4l2-sys-mit` 0.3.0.
//!
//! That crate runs bindgen, and so needs libclang, on every build host. Here
//! bindgen's output is checked in instead; see the README for how it was made.
//! It names C types by their Rust aliases and holds no layout assertions, so
//! one file serves 32-bit and 64-bit targets.

#![allow(clippy::all, dead_code)]
#![allow(non_camel_case_types, non_snake_case, non_upper_case_globals)]

include!("bindings.rs");

/// Seconds as the kernel's `timeval` has them.
pub type time_t = __time_t;
