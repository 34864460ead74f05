//! What describes a program elsewhere, made from its own command line: manual
//! pages, completions, the reference of its commands. And whether it understands the
//! commands that the documents name.
//!
//! Tests compare the files of the repository with what is made here, so that
//! packages only copy them, and nothing of it is linked into a program.

mod documents;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

pub use documents::{Typed, misunderstood, typed};

/// Set, the files are written instead of compared.
const UPDATE: &str = "NORMWATCH_UPDATE";
/// Columns of a help text in the reference.
const WIDTH: usize = 80;

/// A program whose descriptions are kept in the repository.
pub struct Program {
    pub name: &'static str,
    pub command: Command,
    /// Sections of the manual page that the command line does not know, in
    /// troff's language.
    pub more: &'static str,
    /// The reference of commands, from the workspace's root.
    pub reference: &'static str,
    /// The command that runs the test, for whoever has to mend a file.
    pub test: &'static str,
}

impl Program {
    /// Compares every file, or writes it where `NORMWATCH_UPDATE` is set.
    ///
    /// # Panics
    /// A file is not what the program says of itself.
    pub fn check(&self) {
        self.check_manual();
        self.check_completions();
        self.check_reference();
    }

    fn check_manual(&self) {
        let folder = Path::new("packaging/man").join(self.name);
        let whole = Man::new(self.command.clone()).date("@DATE@");
        self.holds(&folder.join(format!("{}.1", self.name)), &page(&whole, self.more));
        for command in self.commands() {
            let name = format!("{}-{}", self.name, command.get_name());
            let man = Man::new(command.display_name(name.clone())).title(&name).date("@DATE@");
            self.holds(&folder.join(format!("{name}.1")), &page(&man, ""));
        }
    }

    fn check_completions(&self) {
        let name = self.name;
        for (shell, file) in [
            (Shell::Bash, format!("{name}.bash")),
            (Shell::Zsh, format!("_{name}")),
            (Shell::Fish, format!("{name}.fish")),
        ] {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut self.command.clone(), name, &mut text);
            let text = String::from_utf8_lossy(&text);
            self.holds(&Path::new("packaging/completions").join(file), &text);
        }
    }

    fn check_reference(&self) {
        let Self { name, test, .. } = self;
        let mut text = format!(
            "# Commands of {name}\n\nWhat `{name} COMMAND --help` prints, for every command. Made \
             by a test\n(`{UPDATE}=1 {test}`).\n"
        );
        let whole = self.command.clone().bin_name(*name);
        text += &described(&whole, name, "##");
        for command in self.commands() {
            text += &described(&command, name, "##");
            text.extend(shown(&command).iter().map(|own| described(own, name, "###")));
        }
        self.holds(Path::new(self.reference), &text);
    }

    /// The commands that a user sees.
    fn commands(&self) -> Vec<Command> {
        let mut all = self.command.clone().bin_name(self.name);
        all.build();
        shown(&all)
    }

    fn holds(&self, file: &Path, expected: &str) {
        let path = root().join(file);
        if std::env::var_os(UPDATE).is_some() {
            let folder = path.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
            fs::write(&path, expected).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == expected,
            "{} is not what {} says of itself: run `{UPDATE}=1 {}` and look at the difference",
            file.display(),
            self.name,
            self.test
        );
    }
}

/// The commands of one that a user sees.
fn shown(command: &Command) -> Vec<Command> {
    let seen = |one: &&Command| !one.is_hide_set() && one.get_name() != "help";
    command.get_subcommands().filter(seen).cloned().collect()
}

/// A section of the reference.
fn described(command: &Command, name: &str, level: &str) -> String {
    let title = command.get_bin_name().unwrap_or(name);
    let help = command.clone().term_width(WIDTH).render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    format!("\n{level} {title}\n\n```text\n{}\n```\n", lines.join("\n"))
}

fn page(man: &Man, more: &str) -> String {
    let mut text = Vec::new();
    man.render(&mut text).expect("memory takes every byte");
    String::from_utf8_lossy(&text).into_owned() + more
}

fn root() -> PathBuf {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR"));
    manual.ancestors().nth(2).unwrap_or(manual).to_path_buf()
}
