//! What the user typed to call this program.

/// Set by `normwatch` and `cargo xtask`, which hand commands over, to what the
/// user typed.
const INVOKED_AS: &str = "NORMWATCH_INVOKED_AS";

/// The program's own name.
pub const NAME: &str = "normwatch-toolchain";

/// What the user types before a command's name.
pub fn invoked_as() -> String {
    std::env::var(INVOKED_AS).unwrap_or_else(|_| NAME.into())
}
