//! Imports run one way through the rooms of the runtime, in the order that
//! ARCHITECTURE.md gives.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::Finding;
use super::imports::Import;
use super::modules::Crate;

const MAP: &str = "ARCHITECTURE.md";
/// What marks the list in it: a code block of this language.
const FENCE: &str = "```rooms";

/// The rooms by rank: the rooms of one line know nothing of each other, and
/// each may know those of the lines above.
struct Order(Vec<Vec<String>>);

impl Order {
    fn read(text: &str) -> Result<Self> {
        let list = text.split_once(FENCE).and_then(|(_, after)| after.split_once("```"));
        let (list, _) = list.with_context(|| format!("{MAP} has no `{FENCE}` block"))?;
        let rows = list.lines().map(|row| row.split_whitespace().map(String::from).collect());
        Ok(Self(rows.filter(|row: &Vec<String>| !row.is_empty()).collect()))
    }

    fn rank(&self, room: &str) -> Option<usize> {
        self.0.iter().position(|row| row.iter().any(|name| name == room))
    }
}

/// # Errors
/// ARCHITECTURE.md does not say what the order is.
pub fn check(root: &Path, krate: &Crate, imports: &[Import]) -> Result<Vec<Finding>> {
    let order = Order::read(&fs::read_to_string(root.join(MAP)).context(MAP)?)?;
    ensure!(!order.0.is_empty(), "{MAP} lists no rooms");
    let room = |file: usize| krate.files[file].module.first().map(String::as_str);
    let mut findings = Vec::new();
    for file in &krate.files {
        if let Some(name) = file.module.first()
            && file.module.len() == 1
            && name != "main"
            && order.rank(name).is_none()
        {
            let what = format!("the room `{name}` is not in the order of {MAP}: add it");
            findings.push(Finding::new(&file.path, 1, what));
        }
    }
    for import in imports {
        let (Some(from), Some(to)) = (room(import.from), room(import.to)) else { continue };
        let (Some(above), Some(below)) = (order.rank(from), order.rank(to)) else { continue };
        if from != to && below >= above {
            let what = format!("`{from}` may not know `{to}`: see the order of rooms in {MAP}");
            findings.push(Finding::new(&krate.files[import.from].path, import.line, what));
        }
    }
    Ok(findings)
}
