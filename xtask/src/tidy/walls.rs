//! Names that stay in their rooms: who may say `tract`, `unsafe`, `clap`, and
//! who may end the process.

use proc_macro2::{TokenStream, TokenTree};
use std::str::FromStr;

use super::Finding;
use super::modules::Crate;

/// A name and the folders or files that may use it.
struct Wall {
    /// Of which crate.
    krate: &'static str,
    names: &'static [&'static str],
    within: &'static [&'static str],
    remedy: &'static str,
}

const WALLS: [Wall; 4] = [
    Wall {
        krate: "normwatch",
        names: &["tract_onnx", "tract_core", "tract_hir", "tract_linalg"],
        within: &["src/model/network"],
        remedy: "tract is named behind one wall: use what that room hands out",
    },
    Wall {
        krate: "normwatch",
        names: &["unsafe"],
        within: &["src/kernel", "src/capture/v4l2/kernel"],
        remedy: "`unsafe` stays in the kernel room and on V4L2's kernel side",
    },
    Wall {
        krate: "normwatch",
        names: &["clap"],
        within: &["src/cli"],
        remedy: "only commands know how they were typed",
    },
    Wall {
        krate: "normwatch",
        names: &["ExitCode"],
        within: &["src/cli", "src/main.rs"],
        remedy: "only commands end the process: return an error of the room",
    },
];

pub fn check(krate: &Crate) -> Vec<Finding> {
    let mut findings = Vec::new();
    for wall in WALLS.iter().filter(|wall| wall.krate == krate.name) {
        for file in &krate.files {
            if wall.within.iter().any(|room| file.path.starts_with(room)) {
                continue;
            }
            let Ok(tokens) = TokenStream::from_str(&file.text) else { continue };
            for line in lines_with(tokens, wall.names) {
                findings.push(Finding::new(&file.path, line, wall.remedy));
            }
        }
    }
    findings
}

fn lines_with(tokens: TokenStream, names: &[&str]) -> Vec<usize> {
    let mut lines = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if names.iter().any(|name| ident == name) => {
                lines.push(ident.span().start().line);
            }
            TokenTree::Group(group) => lines.extend(lines_with(group.stream(), names)),
            _ => {}
        }
    }
    lines
}
