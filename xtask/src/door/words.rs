//! What the pages tell an installer to type.

/// What becomes of a line of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It is typed.
    Type(String),
    /// An editor is opened, and the example's camera is made one that is there.
    Edit,
    /// It cannot be done in a root.
    LeaveOut(String, &'static str),
}

/// Commands that need what a root does not have.
const LEFT_OUT: [(&str, &str); 4] = [
    ("scp ", "the packages are there already"),
    ("sudo normwatch setup", "nobody is there to answer"),
    ("journalctl ", "nothing writes a journal"),
    ("sudo apt remove ", "the service is looked at first"),
];

/// The commands below a heading, up to the next of the same rank, in their order.
pub fn deeds(page: &str, heading: &str, architecture: &str) -> Vec<Deed> {
    let head = format!("## {heading}");
    let lines = page.lines().skip_while(|line| *line != head).skip(1);
    let section = lines.take_while(|line| !line.starts_with("## "));
    section
        // In an item of a list a command is further in.
        .filter_map(|line| line.strip_prefix("       ").or(line.strip_prefix("    ")))
        .filter(|line| !line.starts_with([' ', '|']))
        .map(|line| deed(&line.replace("_arm64.deb", &format!("_{architecture}.deb"))))
        .collect()
}

fn deed(command: &str) -> Deed {
    if command.starts_with("sudoedit ") {
        return Deed::Edit;
    }
    let left_out = LEFT_OUT.iter().find(|(start, _)| command.starts_with(start));
    match left_out {
        Some((_, why)) => Deed::LeaveOut(command.into(), why),
        None => Deed::Type(command.into()),
    }
}
