//! The files of the page, as they are in the repository.

use super::answer::Answer;

/// Nothing from elsewhere, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob:; connect-src 'self'; frame-ancestors 'self'; base-uri 'none'; \
    form-action 'none'";

const FILES: [(&str, &str, &str); 14] = [
    ("/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
    ("/", "text/html; charset=utf-8", include_str!("page/index.html")),
    ("/style.css", "text/css; charset=utf-8", include_str!("page/style.css")),
    ("/app.js", SCRIPT, include_str!("page/app.js")),
    ("/chart.js", SCRIPT, include_str!("page/chart.js")),
    ("/events.js", SCRIPT, include_str!("page/events.js")),
    ("/orders.js", SCRIPT, include_str!("page/orders.js")),
    ("/picture.js", SCRIPT, include_str!("page/picture.js")),
    ("/health.js", SCRIPT, include_str!("page/health.js")),
    ("/filter.js", SCRIPT, include_str!("page/filter.js")),
    ("/stream.js", SCRIPT, include_str!("page/stream.js")),
    ("/tuning.js", SCRIPT, include_str!("page/tuning.js")),
    ("/areas.js", SCRIPT, include_str!("page/areas.js")),
    ("/words.js", SCRIPT, include_str!("page/words.js")),
];

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The file of that path.
pub(super) fn find(path: &str) -> Option<Answer> {
    let (_, content_type, text) = FILES.iter().find(|(name, ..)| *name == path)?;
    Some(Answer::new(200, content_type, *text).allowing(POLICY))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Names of words in a part of `words.js`.
    fn words(part: &str) -> BTreeSet<&str> {
        let before = part.match_indices(": \"").map(|(at, _)| part[..at].trim_end_matches('"'));
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
        before.map(|text| &text[text.trim_end_matches(is_of_name).len()..]).collect()
    }

    #[test]
    fn every_language_has_every_word() {
        let text = include_str!("page/words.js");
        let text = &text[..text.find("};").unwrap()];
        let parts: Vec<&str> = text.split(": {\n").collect();
        assert_eq!(parts.len(), 4, "three languages");
        let english = words(parts[1]);
        assert!(english.contains("warm-up") && english.contains("health"), "{english:?}");
        for part in &parts[2..] {
            let differ: Vec<_> = english.symmetric_difference(&words(part)).copied().collect();
            assert!(differ.is_empty(), "{differ:?}");
        }
    }

    #[test]
    fn the_page_takes_nothing_from_elsewhere_and_has_all_it_names() {
        for (name, _, text) in FILES {
            // The name of a language, which nobody fetches.
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for absolute in [
                "http:",
                "https:",
                "\"//",
                "src=\"/",
                "href=\"/",
                "from \"/",
                " style=\"",
                "onclick",
            ] {
                assert!(!text.contains(absolute), "{name} has {absolute}");
            }
            let named = text
                .split('"')
                .filter(|part| [".js", ".css", ".svg"].iter().any(|ending| part.ends_with(ending)));
            for part in named {
                let path = format!("/{}", part.trim_start_matches("./"));
                assert!(find(&path).is_some(), "{name} names {part}");
            }
        }
        let bytes: usize = FILES.iter().map(|(.., text)| text.len()).sum();
        assert!(bytes < 100_000, "{bytes} bytes over the wire");
    }
}
