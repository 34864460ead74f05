//! Which file uses what another file of its crate defines.

use proc_macro2::{Spacing, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::modules::{Crate, aliases, is_for_tests, is_shared};

/// One file uses another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// Indices of files.
    pub from: usize,
    pub to: usize,
    /// In the file that uses, from 1.
    pub line: usize,
}

/// Longest chain of names that stand for other names.
const DEPTH: usize = 16;

/// All imports between the files of a crate, tests left out. Handing a name on
/// (`pub use`) does not use it.
pub fn of(krate: &Crate) -> Vec<Import> {
    let mut imports = Vec::new();
    for (from, file) in krate.files.iter().enumerate().filter(|(_, file)| !file.is_test) {
        let module = file.module.clone();
        let mut visitor = Paths { module, found: Vec::new() };
        visitor.visit_file(&file.syntax);
        for (module, path, line) in visitor.found {
            let to = resolve(krate, &module, &path, 0).map(|to| krate.modules[&to].file);
            if let Some(to) = to.filter(|to| *to != from) {
                imports.push(Import { from, to, line });
            }
        }
    }
    imports.sort();
    imports.dedup_by_key(|import| (import.from, import.to));
    imports
}

/// The module that a path, seen from `module`, ends in: that which defines its
/// last name, or the last name itself. None for another crate's path.
fn resolve(krate: &Crate, module: &[String], path: &[String], depth: usize) -> Option<Vec<String>> {
    if depth > DEPTH {
        return None;
    }
    let (mut at, mut rest) = (module.to_vec(), path);
    match path.first()?.as_str() {
        "crate" => (at, rest) = (Vec::new(), &path[1..]),
        "self" => rest = &path[1..],
        "super" => {
            while rest.first().is_some_and(|part| part == "super") {
                at.pop()?;
                rest = &rest[1..];
            }
        }
        // A name that is used as it is: a child, or what was brought here.
        first => {
            let child = [&at[..], &[first.to_string()]].concat();
            let here = krate.modules.get(&at)?;
            let known = here.aliases.iter().any(|(name, _)| name == first);
            if !krate.modules.contains_key(&child) && !known {
                return None;
            }
        }
    }
    while let Some((name, more)) = rest.split_first() {
        let child = [&at[..], std::slice::from_ref(name)].concat();
        if krate.modules.contains_key(&child) {
            (at, rest) = (child, more);
            continue;
        }
        let here = krate.modules.get(&at)?;
        if here.items.contains(name) {
            return Some(at);
        }
        let alias = here.aliases.iter().find(|(alias, _)| alias == name);
        if let Some((_, target)) = alias {
            if target == path && depth > 0 {
                return None;
            }
            let full = [&target[..], more].concat();
            return resolve(krate, &at, &full, depth + 1);
        }
        for (_, target) in here.aliases.iter().filter(|(alias, _)| alias == "*") {
            let full = [&target[..], rest].concat();
            let found = resolve(krate, &at, &full, depth + 1);
            if let Some(found) = found.filter(|found| krate.modules[found].items.contains(name)) {
                return Some(found);
            }
        }
        return Some(at);
    }
    Some(at)
}

/// A path, the module that it is seen from, and its line.
type Found = (Vec<String>, Vec<String>, usize);

struct Paths {
    module: Vec<String>,
    found: Vec<Found>,
}

impl Paths {
    fn add(&mut self, path: Vec<String>, line: usize) {
        self.found.push((self.module.clone(), path, line));
    }

    /// Paths among the tokens of a macro's call.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let (mut line, mut colons) = (0, 0);
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if colons == 2 && !path.is_empty() => {
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Ident(ident) => {
                    self.finish(&mut path, line);
                    (path, line, colons) = (vec![ident.to_string()], ident.span().start().line, 0);
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    let _: Spacing = punct.spacing();
                }
                TokenTree::Group(group) => {
                    self.finish(&mut path, line);
                    self.add_tokens(group.stream());
                }
                _ => self.finish(&mut path, line),
            }
        }
        self.finish(&mut path, line);
    }

    fn finish(&mut self, path: &mut Vec<String>, line: usize) {
        if path.len() > 1 {
            self.add(std::mem::take(path), line);
        }
        path.clear();
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if is_for_tests(&item.attrs) {
            return;
        }
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if is_for_tests(&item.attrs) || is_shared(&item.vis) {
            return;
        }
        let mut names = Vec::new();
        aliases(&item.tree, &mut Vec::new(), &mut names);
        let line = item.span().start().line;
        names.into_iter().for_each(|(_, path)| self.add(path, line));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.add(names, path.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.add_tokens(call.tokens.clone());
    }
}
