//! The crates of the workspace as trees of modules, from their sources' text.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use syn::spanned::Spanned;
use syn::{Attribute, Item, ItemMod, UseTree, Visibility};

use super::Finding;

/// Where crates are: each folder with a `Cargo.toml` and a `src`.
const FOLDERS: [&str; 3] = [".", "xtask", "xtask/*"];

/// A crate's modules.
#[derive(Default)]
pub struct Crate {
    pub name: String,
    pub files: Vec<File>,
    /// By path from the crate's root, which has the empty path.
    pub modules: BTreeMap<Vec<String>, Module>,
    /// Modules whose files are not where they belong.
    pub astray: Vec<Finding>,
}

/// A source file.
pub struct File {
    /// From the workspace's root.
    pub path: PathBuf,
    /// The module that it holds.
    pub module: Vec<String>,
    pub text: String,
    pub syntax: syn::File,
    /// Compiled for tests only.
    pub is_test: bool,
}

/// A module: a file, or a block in one.
#[derive(Default)]
pub struct Module {
    /// Index of the file that it lies in.
    pub file: usize,
    /// Names that it defines.
    pub items: Vec<String>,
    /// Names that it takes from elsewhere, with their paths; `*` for all names.
    pub aliases: Vec<(String, Vec<String>)>,
}

impl Crate {
    /// # Errors
    /// A file cannot be read or parsed.
    pub fn all(root: &Path) -> Result<Vec<Self>> {
        let mut crates = Vec::new();
        for folder in FOLDERS {
            match folder.strip_suffix("/*") {
                None => crates.extend(Self::read(root, Path::new(folder))?),
                Some(parent) => {
                    let entries = fs::read_dir(root.join(parent));
                    let mut folders: Vec<PathBuf> =
                        entries.into_iter().flatten().flatten().map(|e| e.path()).collect();
                    folders.sort();
                    for folder in folders {
                        let below = folder.strip_prefix(root).unwrap_or(&folder);
                        crates.extend(Self::read(root, below)?);
                    }
                }
            }
        }
        Ok(crates)
    }

    /// None where the folder holds no crate.
    fn read(root: &Path, folder: &Path) -> Result<Option<Self>> {
        let folder = folder.strip_prefix(".").unwrap_or(folder);
        let Ok(manifest) = fs::read_to_string(root.join(folder).join("Cargo.toml")) else {
            return Ok(None);
        };
        let manifest: toml::Table = manifest.parse()?;
        let name = manifest.get("package").and_then(|package| package.get("name")?.as_str());
        let Some(name) = name else { return Ok(None) };
        let mut one = Self { name: name.into(), ..Self::default() };
        let src = folder.join("src");
        for file in ["lib.rs", "main.rs"] {
            // A thin program beside a library is a file of its own.
            let module = if one.files.is_empty() { vec![] } else { vec!["main".into()] };
            if root.join(&src).join(file).is_file() {
                one.add(root, &src.join(file), module, false)?;
            }
        }
        Ok((!one.files.is_empty()).then_some(one))
    }

    fn add(&mut self, root: &Path, path: &Path, module: Vec<String>, is_test: bool) -> Result<()> {
        let text = fs::read_to_string(root.join(path))
            .with_context(|| format!("cannot read {}", path.display()))?;
        let syntax =
            syn::parse_file(&text).with_context(|| format!("cannot parse {}", path.display()))?;
        let index = self.files.len();
        let items = syntax.items.clone();
        let (path, kept) = (path.to_path_buf(), module.clone());
        self.files.push(File { path: path.clone(), module: kept, text, syntax, is_test });
        self.enter(root, &path, module, &items, index)
    }

    fn enter(
        &mut self,
        root: &Path,
        path: &Path,
        module: Vec<String>,
        items: &[Item],
        file: usize,
    ) -> Result<()> {
        let mut entry = Module { file, ..Module::default() };
        for item in items {
            match item {
                Item::Use(item) => aliases(&item.tree, &mut Vec::new(), &mut entry.aliases),
                item => entry.items.extend(name_of(item)),
            }
        }
        self.modules.insert(module.clone(), entry);
        let is_test = self.files[file].is_test;
        for item in items {
            let Item::Mod(inner) = item else { continue };
            let child = [&module[..], &[inner.ident.to_string()]].concat();
            let test = is_test || is_for_tests(&inner.attrs);
            // What stands in for a module where a feature is off is not a second one.
            if self.modules.contains_key(&child) {
                continue;
            }
            match &inner.content {
                Some((_, items)) if !test => self.enter(root, path, child, items, file)?,
                Some(_) => {}
                None => match file_of(root, path, inner) {
                    Ok(file) => self.add(root, &file, child, test)?,
                    Err(what) => {
                        let line = inner.span().start().line;
                        self.astray.push(Finding::new(path, line, what));
                    }
                },
            }
        }
        Ok(())
    }
}

/// The file of a module that another file declares, or why there is none.
fn file_of(root: &Path, parent: &Path, module: &ItemMod) -> Result<PathBuf, String> {
    let name = module.ident.to_string();
    let folder = match parent.file_stem().and_then(|stem| stem.to_str()) {
        Some("mod" | "lib" | "main") | None => parent.with_file_name(""),
        Some(_) => parent.with_extension(""),
    };
    let candidates = [folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")];
    let found = candidates.iter().find(|path| root.join(path).is_file());
    found.cloned().ok_or_else(|| {
        let [first, second] = candidates.map(|path| path.display().to_string());
        format!("the file of the module `{name}` is neither {first} nor {second}")
    })
}

/// Whether an item is compiled for tests only.
pub fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_cfg = attribute.path().is_ident("cfg");
        let tokens = attribute.meta.require_list().map(|list| list.tokens.to_string());
        is_cfg && tokens.is_ok_and(|tokens| tokens == "test" || tokens.starts_with("all (test"))
            || attribute.path().is_ident("test")
    })
}

/// Whether an item can be seen outside its module.
pub fn is_shared(visibility: &Visibility) -> bool {
    !matches!(visibility, Visibility::Inherited)
}

/// Flattens the tree of a `use` to names and their paths.
pub fn aliases(tree: &UseTree, path: &mut Vec<String>, into: &mut Vec<(String, Vec<String>)>) {
    match tree {
        UseTree::Path(part) => {
            path.push(part.ident.to_string());
            aliases(&part.tree, path, into);
            path.pop();
        }
        UseTree::Name(name) if name.ident == "self" => {
            into.push((path.last().cloned().unwrap_or_default(), path.clone()));
        }
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            into.push((name.clone(), [&path[..], &[name]].concat()));
        }
        UseTree::Rename(rename) => {
            let target = [&path[..], &[rename.ident.to_string()]].concat();
            into.push((rename.rename.to_string(), target));
        }
        UseTree::Glob(_) => into.push(("*".into(), path.clone())),
        UseTree::Group(group) => {
            group.items.iter().for_each(|tree| aliases(tree, path, into));
        }
    }
}

fn name_of(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Macro(item) => item.ident.as_ref()?.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        Item::Union(item) => item.ident.to_string(),
        _ => return None,
    })
}
