//! Manual pages, completions and the reference of commands say what the program
//! says of itself.

use normwatch_manual::Program;

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
