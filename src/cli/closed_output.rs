//! What happens when standard output cannot be written. Where other panics go.

use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::process;

use super::error::Error;
use super::logger;

/// What a shell reports of a program that SIGPIPE ended.
const CLOSED_EXIT_CODE: i32 = 128 + 13;

/// Ends the program without a word when whoever reads its standard output has
/// closed it, as `head` does, and with an error when it cannot be written
/// otherwise, as on a full disk.
///
/// `println!` panics then, because Rust programs ignore SIGPIPE. To take the
/// signal itself would end a live run for a socket or a child that goes away.
pub fn end_quietly_on_closed_output() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        end_on_closed_output(info);
        if !logger::say_panic(info) {
            usual(info);
        }
    }));
}

/// By the text of the standard library's panic; it has no type to tell by.
fn end_on_closed_output(info: &PanicHookInfo<'_>) {
    let Some(text) = info.payload().downcast_ref::<String>() else { return };
    let Some(reason) = text.strip_prefix("failed printing to stdout: ") else { return };
    if reason.contains("Broken pipe") {
        process::exit(CLOSED_EXIT_CODE);
    }
    let error = Error::output(io::Error::other(reason.to_owned()));
    logger::say(format!("error: {error}"));
    logger::flush();
    process::exit(error.exit_code().into());
}

/// Hands on what standard output still holds back.
pub(super) fn flush_output() -> Result<(), Error> {
    match io::stdout().flush() {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => process::exit(CLOSED_EXIT_CODE),
        flushed => flushed.map_err(Error::output),
    }
}
