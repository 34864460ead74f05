//! A command of a site file: a program and its arguments, without a shell.

use std::path::Path;

use super::reader::Item;
use super::trust::{TRUST_REMEDY, Trust};

/// A program with a folder in its name is a path from `base`; any other is looked up
/// in `PATH`.
pub(super) fn read_argv(item: Item<'_>, base: &Path) -> Option<Vec<String>> {
    let mut argv = item.clone().texts()?;
    let Some(program) = argv.first_mut() else {
        item.invalid("is empty", "name a program and its arguments, each a string of its own");
        return None;
    };
    if program.contains('/') {
        *program = base.join(&*program).to_string_lossy().into_owned();
    }
    if let Some(flaw) = Trust::of_this_process().and_then(|trust| trust.flaw_of_command(&argv)) {
        item.invalid(&format!("is not run by root: {flaw}"), TRUST_REMEDY);
        return None;
    }
    Some(argv)
}
