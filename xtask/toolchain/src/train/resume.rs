//! Whether a RUN may go on with these arguments.

use anyhow::{Context, Result, ensure};

use crate::run::RunFile;

/// Checks that a RUN was made by this very training.
///
/// # Errors
/// Every value that differs, by its name in run.toml.
pub fn check_same(stored: &RunFile, asked: &RunFile) -> Result<()> {
    let differences = differences(stored, asked)?;
    ensure!(
        differences.is_empty(),
        "this RUN was trained otherwise: {}; give the same arguments to go on with it, or \
         another --out",
        differences.join("; ")
    );
    Ok(())
}

fn differences(stored: &RunFile, asked: &RunFile) -> Result<Vec<String>> {
    let table = |file| toml::Table::try_from(file).context("run.toml cannot be compared");
    let mut found = Vec::new();
    let (stored, asked) = (toml::Value::Table(table(stored)?), toml::Value::Table(table(asked)?));
    compare("", Some(&stored), Some(&asked), &mut found);
    Ok(found)
}

fn compare(
    name: &str,
    stored: Option<&toml::Value>,
    asked: Option<&toml::Value>,
    found: &mut Vec<String>,
) {
    if let (Some(toml::Value::Table(stored)), Some(toml::Value::Table(asked))) = (stored, asked) {
        let added = asked.keys().filter(|key| !stored.contains_key(*key));
        for key in stored.keys().chain(added) {
            let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
            compare(&name, stored.get(key), asked.get(key), found);
        }
    } else if stored != asked {
        let text = |value: Option<&toml::Value>| value.map_or("none".into(), |v| v.to_string());
        found.push(format!("{name} was {}, not {}", text(stored), text(asked)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Preset;
    use crate::run::FORMAT_VERSION;

    #[test]
    fn differences_are_named() {
        let values = Preset::Edge.values();
        let stored = RunFile {
            format_version: FORMAT_VERSION,
            preset: Preset::Edge,
            training_data: String::new(),
            network: values.network,
            input: values.input,
            training: None,
            footage: None,
        };
        check_same(&stored, &stored).unwrap();
        let mut asked = stored.clone();
        asked.network.items = 20;
        asked.input.fps = 5.0;
        let error = check_same(&stored, &asked).unwrap_err().to_string();
        assert!(error.contains("network.items was 10, not 20"), "{error}");
        assert!(error.contains("input.fps was 10.0, not 5.0"), "{error}");
    }
}
