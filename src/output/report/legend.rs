//! What the lines of a drawing stand for.

use maud::{Markup, html};

/// How many looks the style sheet has for thin lines.
const STYLES: usize = 4;

/// The class of the thin line number `index`, which is drawn like every fourth.
pub(super) fn thin_line(index: usize) -> String {
    format!("term t{}", index % STYLES)
}

/// One entry of a legend: a piece of the line, and its name.
pub(super) fn entry(class: &str, name: &str) -> Markup {
    html! {
        span {
            svg.swatch viewBox="0 0 30 10" { path.curve.(class) d="M2 5H28" {} }
            (name)
        }
    }
}
