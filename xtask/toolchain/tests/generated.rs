//! Manual pages, completions and the reference of commands say what the program
//! says of itself.

use std::path::Path;

use normwatch_manual::{Program, misunderstood};

const MORE: &str = ".SH SEE ALSO
.BR normwatch (1)
";

#[test]
fn the_program_is_described_as_it_is() {
    let program = Program {
        name: "normwatch-toolchain",
        command: normwatch_toolchain::cli::command(),
        more: MORE,
        reference: "docs/ref/toolchain.md",
        test: "cargo test --test generated",
    };
    program.check();
}

#[test]
fn the_program_understands_the_commands_in_the_documents() {
    let command = normwatch_toolchain::cli::command();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    // The runtime has a `calibrate` of its own.
    for (call, except) in [(&["cargo", "xtask"][..], &[][..]), (&["normwatch"], &["calibrate"])] {
        let told = misunderstood(root, &command, call, except);
        assert!(told.is_empty(), "{}", told.join("\n"));
    }
}
