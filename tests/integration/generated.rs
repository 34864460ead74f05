//! What describes the program elsewhere is made from its own command line:
//! manual pages, completions, the reference of commands.

use std::fs;
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use clap_mangen::Man;

/// Set, the files are written instead of compared.
const UPDATE: &str = "NORMWATCH_UPDATE";
const PROGRAM: &str = "normwatch";

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
.BR systemctl (1),
.BR gpioinfo (1),
.BR v4l2\\-ctl (1)
";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a file of the repository with what it should hold.
fn holds(file: &Path, expected: &str) {
    let path = root().join(file);
    if std::env::var_os(UPDATE).is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is not what the program says of itself: run `{UPDATE}=1 cargo test --test integration \
         generated` and look at the difference",
        file.display()
    );
}

fn commands() -> Vec<clap::Command> {
    let mut all = normwatch::cli::command().bin_name(PROGRAM);
    all.build();
    let shown = all.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help");
    shown.cloned().collect()
}

fn page(man: &Man, more: &str) -> String {
    let mut text = Vec::new();
    man.render(&mut text).unwrap();
    String::from_utf8(text).unwrap() + more
}

#[test]
fn manual_pages_say_what_the_program_says() {
    let folder = Path::new("packaging/man").join(PROGRAM);
    let whole = Man::new(normwatch::cli::command()).date("@DATE@");
    holds(&folder.join(format!("{PROGRAM}.1")), &page(&whole, FILES));
    for command in commands() {
        let name = format!("{PROGRAM}-{}", command.get_name());
        let man = Man::new(command.display_name(name.clone())).title(&name).date("@DATE@");
        holds(&folder.join(format!("{name}.1")), &page(&man, ""));
    }
}

#[test]
fn completions_know_every_command() {
    for (shell, name) in [
        (Shell::Bash, format!("{PROGRAM}.bash")),
        (Shell::Zsh, format!("_{PROGRAM}")),
        (Shell::Fish, format!("{PROGRAM}.fish")),
    ] {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut normwatch::cli::command(), PROGRAM, &mut text);
        let text = String::from_utf8(text).unwrap();
        holds(&Path::new("packaging/completions").join(name), &text);
    }
}

#[test]
fn the_reference_of_commands_is_their_help() {
    let mut text = String::from(
        "# Commands of normwatch\n\nWhat `normwatch COMMAND --help` prints, for every command. Made \
         by a test\n(`NORMWATCH_UPDATE=1 cargo test --test integration generated`).\n",
    );
    let whole = normwatch::cli::command().bin_name(PROGRAM);
    for command in std::iter::once(whole).chain(commands()) {
        let name = command.get_bin_name().unwrap_or(PROGRAM).to_string();
        let help = command.term_width(80).render_long_help().to_string();
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        text += &format!("\n## {name}\n\n```text\n{}\n```\n", lines.join("\n"));
    }
    holds(Path::new("docs/ref/cli.md"), &text);
}
