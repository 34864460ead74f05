//! The JSON schema of site files, which editors read, says what the loader does.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::reference::EVERY_SECTION;
use crate::{Workplace, boards};

const SCHEMA: &str = include_str!("../../docs/ref/site.schema.json");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

/// The object at a dotted path: `mask` is one of its items, `pattern` its table.
fn section<'a>(schema: &'a Value, path: &str) -> &'a Value {
    path.split('.').filter(|part| !part.is_empty()).fold(schema, |at, part| {
        let inner = &at["properties"][part];
        match (&inner["items"]["properties"], &inner["anyOf"][1]) {
            (Value::Object(_), _) => &inner["items"],
            (_, table @ Value::Object(_)) => table,
            _ => inner,
        }
    })
}

/// What the loader says of each key of a site file.
fn complaints(text: &str) -> Vec<String> {
    let place = Workplace::new(&[("site.toml", text.as_bytes())]);
    let error = place.load("site.toml", &boards()).err();
    error.into_iter().flat_map(|e| e.diagnostics).map(|diagnostic| diagnostic.key).collect()
}

#[test]
fn the_schema_has_the_keys_that_the_loader_has() {
    let schema = schema();
    let place = Workplace::new(&[("site.toml", EVERY_SECTION.as_bytes())]);
    let error = place.load("site.toml", &boards()).unwrap_err();
    let mut sections = 0;
    for diagnostic in &error.diagnostics {
        let Some(known) = diagnostic.remedy.strip_prefix("keys known here: ") else { continue };
        sections += 1;
        let path = diagnostic.key.trim_end_matches('x').trim_end_matches('.').replace("[0]", "");
        let known: BTreeSet<&str> = known.split(", ").collect();
        let object = section(&schema, &path)["properties"].as_object();
        let object = object.unwrap_or_else(|| panic!("the schema has no section `{path}`"));
        assert_eq!(object.keys().map(String::as_str).collect::<BTreeSet<_>>(), known, "{path}");
    }
    assert_eq!(sections, 30);
}

/// A site whose `section` has `key`, beside what that section must have.
fn site(section: &str, key: &str, value: &str) -> Vec<String> {
    let camera = |source: &str, rest: &str| format!("source = \"{source}\"\n{rest}");
    let raw = "command = [\"cat\"]\n";
    let beside: Vec<String> = match (section, key) {
        ("camera", "source") => vec![String::new()],
        ("camera", "width_px") => vec![camera("v4l2", "height_px = 480\n")],
        ("camera", "height_px") => vec![camera("v4l2", "width_px = 640\n")],
        ("camera", "format") => vec![camera("pipe", raw), camera("v4l2", "")],
        ("camera", "fps" | "settle_frames") => vec![camera("v4l2", "")],
        ("camera", _) => vec![camera("folder", "path = \"frames\"\n")],
        _ => vec![String::new()],
    };
    let (top, header) = match section {
        "" => (format!("{key} = {value}\n"), String::new()),
        _ => (String::new(), format!("[{section}]\n{key} = {value}\n")),
    };
    let whole = |beside: String| {
        let alarm =
            if section == "output.alarm" { "" } else { "[output.alarm]\nline = \"ALARM\"\n" };
        format!("board = \"raspberry-pi-5\"\nbundle = \"bundle\"\n{top}{header}{beside}{alarm}")
    };
    beside.into_iter().map(whole).collect()
}

/// Whether the loader has nothing against this value, in one of the sites at least.
fn accepts(section: &str, key: &str, value: &str) -> bool {
    let path = if section.is_empty() { key.to_string() } else { format!("{section}.{key}") };
    site(section, key, value).iter().any(|text| !complaints(text).contains(&path))
}

#[test]
fn the_schema_and_the_loader_accept_the_same_values() {
    let schema = schema();
    let mut checked = 0;
    for path in [
        "",
        "camera",
        "budget",
        "alarm",
        "memory",
        "load",
        "learn",
        "stays",
        "tamper",
        "output.alarm",
        "output.fault",
        "output.changed",
        "output.tampered",
        "output.events",
        "output.ntfy",
        "output.mqtt",
        "output.modbus",
        "input.acknowledge",
        "input.arm",
        "input.pir",
        "watchdog",
    ] {
        for (key, rule) in section(&schema, path)["properties"].as_object().unwrap() {
            // How long a row is depends on the format.
            if key == "stride_bytes" {
                continue;
            }
            let (mut good, mut bad) = (Vec::new(), Vec::new());
            if let (Some(low), Some(high)) = (rule["minimum"].as_f64(), rule["maximum"].as_f64()) {
                let whole = rule["type"] == "integer";
                let text =
                    |value: f64| if whole { format!("{value:.0}") } else { format!("{value:?}") };
                good = vec![text(low), text(high)];
                bad = vec![text(high * 2.0)];
                bad.extend((low > 0.0).then(|| text(if whole { low - 1.0 } else { low / 2.0 })));
            } else if let Some(words) = rule["enum"].as_array() {
                good = words.iter().map(ToString::to_string).collect();
                bad = vec!["\"no-such-word\"".into()];
            }
            checked += good.len() + bad.len();
            for value in good {
                assert!(accepts(path, key, &value), "the loader refuses {path}.{key} = {value}");
            }
            for value in bad {
                assert!(!accepts(path, key, &value), "the loader takes {path}.{key} = {value}");
            }
        }
    }
    assert!(checked > 120, "{checked}");
}
