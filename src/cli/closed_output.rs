//! What happens when whoever reads standard output goes away.

use std::panic::{self, PanicHookInfo};
use std::process;

/// What a shell reports of a program that SIGPIPE ended.
const EXIT_CODE: i32 = 128 + 13;

/// Ends the program without a word when whoever reads its standard output has
/// closed it, as `head` does.
///
/// `println!` panics then, because Rust programs ignore SIGPIPE. To take the
/// signal itself would end a live run for a socket or a child that goes away.
pub fn end_quietly_on_closed_output() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if is_closed_output(info) {
            process::exit(EXIT_CODE);
        }
        usual(info);
    }));
}

/// By the text of the standard library's panic; it has no type to tell by.
fn is_closed_output(info: &PanicHookInfo<'_>) -> bool {
    info.payload().downcast_ref::<String>().is_some_and(|text| {
        text.starts_with("failed printing to stdout") && text.contains("Broken pipe")
    })
}
