//! Manual pages, completions and the reference of commands say what the program
//! says of itself.

use std::path::Path;

use normwatch_manual::{Program, misunderstood};

const FILES: &str = ".SH FILES
.TP
.I /etc/normwatch/site.toml
The site file: board, camera, model bundle, budget of false alarms a day, outputs.
.TP
.I /usr/share/normwatch/boards
Boards, by name.
.TP
.I /usr/share/normwatch/models
The example bundle.
.TP
.I /var/lib/normwatch
The service's state: the event log.
.SH SEE ALSO
.BR normwatch\\-toolchain (1),
.BR systemctl (1),
.BR gpioinfo (1),
.BR v4l2\\-ctl (1)
";

#[test]
fn the_program_is_described_as_it_is() {
    let program = Program {
        name: "normwatch",
        command: normwatch::cli::command(),
        more: FILES,
        reference: "docs/ref/cli.md",
        test: "cargo test --test integration generated",
    };
    program.check();
}

#[test]
fn the_program_understands_the_commands_in_the_documents() {
    let command = normwatch::cli::command();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for call in [&["normwatch"][..], &["cargo", "run", "--"]] {
        let told = misunderstood(root, &command, call, &[]);
        assert!(told.is_empty(), "{}", told.join("\n"));
    }
}
