//! Reading a table: asking for a key declares it, and each conversion reports
//! the value that does not fit.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::document::{Node, Table, Value};
use super::report::{At, Finding, Report};

/// Reads one table. Each key is declared by asking for it; what nobody asked
/// for is reported as unknown when the section is dropped.
pub(super) struct Section<'a> {
    table: &'a Table,
    path: String,
    report: &'a Report,
    known: Vec<&'static str>,
    missing: Vec<Missing>,
}

struct Missing {
    key: &'static str,
    problem: String,
    remedy: String,
}

impl<'a> Section<'a> {
    pub fn new(table: &'a Table, path: String, report: &'a Report) -> Self {
        Self { table, path, report, known: Vec::new(), missing: Vec::new() }
    }

    pub fn optional(&mut self, key: &'static str) -> Option<Item<'a>> {
        self.known.push(key);
        let node = &self.table.entry(key)?.node;
        Some(Item { node, path: self.path_of(key), report: self.report })
    }

    /// Like [`Section::optional`], but absence is a problem; `example` is a
    /// value to suggest, in TOML.
    pub fn required(&mut self, key: &'static str, example: &str) -> Option<Item<'a>> {
        let item = self.optional(key);
        if item.is_none() {
            let problem = format!("missing key `{}`", self.path_of(key));
            self.missing.push(Missing { key, problem, remedy: format!("add `{key} = {example}`") });
        }
        item
    }

    /// A table that must be there.
    pub fn required_section(&mut self, key: &'static str) -> Option<Section<'a>> {
        let item = self.optional(key);
        if item.is_none() {
            let problem = format!("missing section `[{}]`", self.path_of(key));
            self.missing.push(Missing { key, problem, remedy: "add it".into() });
        }
        item.and_then(Item::section)
    }

    pub fn optional_section(&mut self, key: &'static str) -> Option<Section<'a>> {
        self.optional(key).and_then(Item::section)
    }

    /// The tables of a `[[key]]` array; empty when there is none.
    pub fn sections(&mut self, key: &'static str) -> Vec<Section<'a>> {
        let items = self.optional(key).and_then(Item::items).unwrap_or_default();
        items.into_iter().filter_map(Item::section).collect()
    }

    /// Declares keys that exist but make no sense here, and reports those
    /// that are present.
    pub fn refuse(&mut self, keys: &[&'static str], because: &str, remedy: &str) {
        for &key in keys {
            self.known.push(key);
            let Some(entry) = self.table.entry(key) else { continue };
            let problem = format!("`{}` has no meaning {because}", self.path_of(key));
            self.push(entry.key_at, self.path_of(key), problem, remedy.into(), None);
        }
    }

    pub fn has(&self, key: &str) -> bool {
        self.table.entry(key).is_some()
    }

    /// Declares keys without reading them.
    pub fn ignore(&mut self, keys: &[&'static str]) {
        self.known.extend(keys);
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_string() } else { format!("{}.{key}", self.path) }
    }

    fn push(&self, at: At, key: String, problem: String, remedy: String, like: Option<&str>) {
        let suggestion = like.map(str::to_string);
        let source = at.source;
        let at = Some(at);
        let finding = Finding { at, key, problem, remedy, suggestion, ..Finding::default() };
        self.report.push(source, finding);
    }
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        let mut absent = self.known.clone();
        absent.retain(|key| self.table.entry(key).is_none());
        let mut meant = Vec::new();
        let unknown = |key: &str| !self.known.contains(&key);
        for entry in self.table.entries.iter().filter(|entry| unknown(&entry.key)) {
            let like = similar(&entry.key, absent.iter().copied());
            meant.extend(like);
            let problem = format!("unknown key `{}`", self.path_of(&entry.key));
            let remedy = format!("keys known here: {}", self.known.join(", "));
            self.push(entry.key_at, self.path_of(&entry.key), problem, remedy, like);
        }
        let missing = std::mem::take(&mut self.missing);
        for Missing { key, problem, remedy } in missing {
            if !meant.contains(&key) {
                self.push(self.table.at, self.path_of(key), problem, remedy, None);
            }
        }
    }
}

/// A value with its path. Each conversion reports what does not fit and then
/// gives `None`.
#[derive(Clone)]
pub(super) struct Item<'a> {
    node: &'a Node,
    path: String,
    report: &'a Report,
}

impl<'a> Item<'a> {
    pub fn new(node: &'a Node, path: &str, report: &'a Report) -> Self {
        Self { node, path: path.to_string(), report }
    }

    /// Text that is not empty and has no NUL.
    pub fn text(self) -> Option<String> {
        let Value::Text(text) = &self.node.value else { return self.wrong_kind("a string") };
        if text.is_empty() || text.contains('\0') {
            let problem = if text.is_empty() { "is empty" } else { "contains a NUL character" };
            self.invalid(problem, "write a string with visible text");
            return None;
        }
        Some(text.clone())
    }

    /// [`Item::text`] that may be empty, which means none.
    pub fn text_or_none(self) -> Option<String> {
        match &self.node.value {
            Value::Text(text) if text.is_empty() => Some(String::new()),
            _ => self.text(),
        }
    }

    /// A path, a relative one from the folder `base`.
    pub fn path(self, base: &Path) -> Option<PathBuf> {
        self.text().map(|text| base.join(text))
    }

    pub fn flag(self) -> Option<bool> {
        match self.node.value {
            Value::Flag(flag) => Some(flag),
            _ => self.wrong_kind("true or false"),
        }
    }

    pub fn whole(self, range: RangeInclusive<u32>) -> Option<u32> {
        let Value::Whole(value) = self.node.value else {
            return self.wrong_kind("a whole number");
        };
        match u32::try_from(value) {
            Ok(value) if range.contains(&value) => Some(value),
            _ => self.out_of_range(value, "a whole number", &range),
        }
    }

    /// A whole number of either sign, 32 bits wide; `wanted` names all that may
    /// stand in its place.
    pub fn signed(self, wanted: &str) -> Option<i32> {
        let Value::Whole(value) = self.node.value else {
            return self.wrong_kind(wanted);
        };
        let range = i32::MIN..=i32::MAX;
        i32::try_from(value).ok().or_else(|| self.out_of_range(value, "a whole number", &range))
    }

    pub fn real(self, range: RangeInclusive<f64>) -> Option<f64> {
        let value = match self.node.value {
            Value::Whole(value) => value as f64,
            Value::Real(value) => value,
            _ => return self.wrong_kind("a number"),
        };
        if range.contains(&value) {
            return Some(value);
        }
        self.out_of_range(value, "a number", &range)
    }

    /// One of a few words.
    pub fn choice<T: Copy>(self, choices: &[(&'static str, T)]) -> Option<T> {
        let word = self.clone().text()?;
        let found = choices.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            let like = similar(&word, names.iter().copied());
            let remedy = format!("use one of: {}", names.join(", "));
            self.unfit(&format!("does not know `{word}`"), &remedy, like);
        }
        found
    }

    pub fn items(self) -> Option<Vec<Item<'a>>> {
        let Value::Array(nodes) = &self.node.value else { return self.wrong_kind("an array") };
        let item = |(i, node)| Item { node, path: format!("{}[{i}]", self.path), ..self };
        Some(nodes.iter().enumerate().map(item).collect())
    }

    /// An array of [`Item::text`].
    pub fn texts(self) -> Option<Vec<String>> {
        let items = self.items()?;
        let texts: Vec<_> = items.into_iter().map(Item::text).collect();
        texts.into_iter().collect()
    }

    pub fn section(self) -> Option<Section<'a>> {
        let Value::Table(table) = &self.node.value else { return self.wrong_kind("a table") };
        Some(Section::new(table, self.path, self.report))
    }

    /// The entries of a table whose keys are not known beforehand.
    pub fn pairs(self) -> Option<Vec<(&'a str, Item<'a>)>> {
        let Value::Table(table) = &self.node.value else { return self.wrong_kind("a table") };
        let pairs = table.entries.iter().map(|entry| {
            let path = format!("{}.{}", self.path, entry.key);
            (entry.key.as_str(), Item { node: &entry.node, path, report: self.report })
        });
        Some(pairs.collect())
    }

    pub fn is_flag(&self) -> bool {
        matches!(self.node.value, Value::Flag(_))
    }

    pub fn is_text(&self) -> bool {
        matches!(self.node.value, Value::Text(_))
    }

    pub fn is_table(&self) -> bool {
        matches!(self.node.value, Value::Table(_))
    }

    /// Reports that the value `problem`, a clause without its subject.
    pub fn invalid(&self, problem: &str, remedy: &str) {
        self.unfit(problem, remedy, None);
    }

    /// Like [`Item::invalid`], with the word that was probably meant.
    pub fn unfit(&self, problem: &str, remedy: &str, like: Option<&str>) {
        let finding = Finding {
            at: Some(self.node.at),
            key: self.path.clone(),
            problem: format!("`{}` {problem}", self.path),
            remedy: remedy.into(),
            suggestion: like.map(str::to_string),
            ..Finding::default()
        };
        self.report.push(self.node.at.source, finding);
    }

    fn wrong_kind<T>(&self, wanted: &str) -> Option<T> {
        let problem = format!("must be {wanted}, not {}", self.node.value.kind());
        self.invalid(&problem, &format!("write {wanted}"));
        None
    }

    fn out_of_range<T, V: Display, R: Display>(
        &self,
        value: V,
        kind: &str,
        range: &RangeInclusive<R>,
    ) -> Option<T> {
        let remedy = format!("use {kind} from {} to {}", range.start(), range.end());
        self.invalid(&format!("is {value}, out of range"), &remedy);
        None
    }
}

/// The candidate that `word` probably stands for.
pub(crate) fn similar<'c>(
    word: &str,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<&'c str> {
    let folded: String = word.chars().take(64).flat_map(char::to_lowercase).collect();
    let likeness = |candidate: &'c str| {
        let name = candidate.to_lowercase();
        let few_slips = (name.len() / 4).clamp(1, 3);
        let likeness = strsim::jaro_winkler(&folded, &name);
        let near = likeness >= 0.9 || strsim::damerau_levenshtein(&folded, &name) <= few_slips;
        near.then_some((candidate, likeness))
    };
    let best = candidates.filter_map(likeness).max_by(|a, b| a.1.total_cmp(&b.1));
    best.map(|(candidate, _)| candidate)
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn finds_the_word_that_was_meant() {
        let keys = ["width_px", "height_px", "path", "source", "loop", "min_duration_ms"];
        for (word, meant) in [
            ("widht_px", Some("width_px")),
            ("width", Some("width_px")),
            ("Source", Some("source")),
            ("min_duraton_ms", Some("min_duration_ms")),
            ("pth", Some("path")),
            ("fps", None),
            ("threshold", None),
            ("", None),
        ] {
            assert_eq!(similar(word, keys.into_iter()), meant, "{word}");
        }
    }
}
