//! Manual pages, completions and the reference of commands say what the program
//! says of itself.

use normwatch_manual::Program;

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
