//! Commands that the documents tell a reader to type, and what a program's own
//! command line says of them.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Command;
use clap::error::ErrorKind;

/// Languages of code blocks whose lines a shell reads.
const SHELL: [&str; 3] = ["", "sh", "console"];
/// Where a command ends on its line.
const ENDS: [char; 5] = ['|', '>', '<', '&', '#'];
/// Stand for options that the reader puts in their place, or leaves out.
const GAPS: [&str; 3] = ["…", "FLAG", "FLAGS"];
/// Indented code blocks begin here; less is text.
const INDENT: usize = 4;

/// A command in a code block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// File and line.
    pub place: String,
    pub words: Vec<String>,
}

/// What `command` does not understand of the lines in README and `docs` that begin
/// with `call`, such as `normwatch`, followed by one of its subcommands. Those
/// in `except` are another program's.
///
/// # Panics
/// A document cannot be read, or no line begins so.
pub fn misunderstood(
    root: &Path,
    command: &Command,
    call: &[&str],
    except: &[&str],
) -> Vec<String> {
    let known: Vec<_> = command.get_subcommands().map(|one| one.get_name().to_string()).collect();
    let ours = |typed: &Typed| {
        let name = typed.words.get(call.len());
        let begins = typed.words.iter().zip(call).filter(|(word, wanted)| word == wanted);
        begins.count() == call.len()
            && name.is_some_and(|n| known.contains(n) && !except.contains(&n.as_str()))
    };
    let lines: Vec<Typed> = all(root).into_iter().filter(ours).collect();
    assert!(!lines.is_empty(), "no document calls `{}`", call.join(" "));
    let complaint = |typed: &Typed| {
        let words = std::iter::once(call.join(" ")).chain(typed.words[call.len()..].to_vec());
        let error = command.clone().try_get_matches_from(words).err()?;
        let asked = [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion];
        let told = error.to_string();
        let filled_in = |word: &String| is_capital(word) && told.contains(&format!("'{word}'"));
        if asked.contains(&error.kind()) || typed.words.iter().any(filled_in) {
            return None;
        }
        Some(format!("{}: {told}", typed.place))
    };
    lines.iter().filter_map(complaint).collect()
}

/// A value such as `SEED`, which the reader fills in.
fn is_capital(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

fn all(root: &Path) -> Vec<Typed> {
    let mut files: Vec<PathBuf> = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("an entry").path();
            match path.extension() {
                _ if path.is_dir() => folders.push(path),
                Some(ending) if ending == "md" => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    let read = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let name = file.strip_prefix(root).unwrap_or(file).display().to_string();
        typed(&name, &text)
    };
    files.iter().flat_map(read).collect()
}

/// The commands in the code blocks of a document.
pub fn typed(file: &str, text: &str) -> Vec<Typed> {
    let mut out = Vec::new();
    let mut fence: Option<bool> = None;
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            fence = match fence {
                Some(_) => None,
                None => Some(SHELL.contains(&language.trim())),
            };
            continue;
        }
        let indented = line.len() - line.trim_start().len() >= INDENT;
        if !fence.unwrap_or(indented) {
            continue;
        }
        let mut whole = line.trim().to_string();
        while let Some(begun) = whole.strip_suffix('\\') {
            let Some((_, next)) = lines.next() else { break };
            whole = format!("{begun}{}", next.trim());
        }
        let words = words(&whole);
        if !words.is_empty() {
            out.push(Typed { place: format!("{file}:{}", at + 1), words });
        }
    }
    out
}

/// What a shell makes of a line, up to the end of its first command.
fn words(line: &str) -> Vec<String> {
    let (mut out, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => out.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    out.extend(word);
    let ends = |word: &String| word.starts_with(ENDS);
    let end = out.iter().position(ends).unwrap_or(out.len());
    out.truncate(end);
    let kept = out.into_iter().skip_while(|word| ["$", "sudo"].contains(&word.as_str()));
    let optional = |word: &String| word.starts_with('[') || word.ends_with(']');
    kept.filter(|word| !GAPS.contains(&word.as_str()) && !optional(word)).collect()
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    #[test]
    fn commands_are_read_as_a_shell_reads_them() {
        let text = "Say `it fly`:\n\n    it fly --to \"the moon\" \\\n        --now | less   # why\n\n\
            ```toml\nit = 1\n```\n```sh\nsudo it walk … >x\n```\n";
        let found = typed("a.md", text);
        let words: Vec<_> = found.iter().map(|typed| typed.words.join(",")).collect();
        assert_eq!(words, ["it,fly,--to,the moon,--now", "it,walk"]);
        assert_eq!(found[0].place, "a.md:3");
    }

    #[test]
    fn an_option_that_is_not_there_is_found() {
        let dir = std::env::temp_dir().join(format!("normwatch-manual-{}", std::process::id()));
        fs::create_dir_all(dir.join("docs")).unwrap();
        fs::write(dir.join("README.md"), "    it fly --to x\n    it fly --fast\n    it --help\n")
            .unwrap();
        fs::write(dir.join("CONTRIBUTING.md"), "").unwrap();
        let fly = Command::new("fly").arg(Arg::new("to").long("to"));
        let command = Command::new("it").subcommand(fly);
        let found = misunderstood(&dir, &command, &["it"], &[]);
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("README.md:2: ") && found[0].contains("--fast"), "{found:?}");
    }
}
