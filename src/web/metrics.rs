//! The figures of a run in the text format of Prometheus, 0.0.4.

use std::fmt::Write;

use crate::alarm::State;
use crate::event::OutletCounts;
use crate::health::Reading;

/// Prometheus 3 takes nothing without it.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a build and a site are.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    pub site: String,
    pub board: String,
    pub bundle: String,
    pub model_sha256: String,
}

/// All metrics of a reading.
pub(super) fn render(identity: &Identity, reading: &Reading, outlets: &[OutletCounts]) -> String {
    let mut page = Page::default();
    let Identity { site, board, bundle, model_sha256 } = identity;
    page.family("build_info", "gauge", "What runs here.");
    let version = env!("CARGO_PKG_VERSION");
    let labels = [
        ("version", version),
        ("site", site.as_str()),
        ("board", board),
        ("bundle", bundle),
        ("model_sha256", model_sha256),
    ];
    page.sample("build_info", &labels, 1.0);
    page.family("state", "gauge", "1 for the state that the alarm is in.");
    for state in STATES {
        let value = f64::from(u8::from(reading.state == state));
        page.sample("state", &[("state", state.name())], value);
    }
    for (name, help, value) in [
        ("alarm_active", "Whether the alarm line is to be active.", reading.state.alarm_active()),
        ("well", "Whether the fault line says that all is well.", reading.well),
        ("camera_up", "Whether frames of the camera come.", reading.camera_up),
    ] {
        page.one(name, "gauge", help, f64::from(u8::from(value)));
    }
    for (name, help, value) in [
        ("frames_judged_total", "Frames that were given a score.", reading.judged),
        (
            "frames_rested_total",
            "Judged frames without the network: nothing moved.",
            reading.rested,
        ),
        ("alarms_total", "Alarms that have begun.", reading.alarms),
    ] {
        page.one(name, "counter", help, value as f64);
    }
    if let (Some(score), Some(unix_ms)) = (reading.score, reading.score_unix_ms) {
        page.one("score", "gauge", "Surprise of the last judged frame, -log10 p.", score.into());
        let help = "When the last judged frame was given its score.";
        page.one("last_score_timestamp_seconds", "gauge", help, unix_ms as f64 / 1000.0);
    }
    page.family("level", "gauge", "Scores that raise and end an alarm, -log10 p.");
    page.sample("level", &[("level", "enter")], reading.enter_level.into());
    page.sample("level", &[("level", "exit")], reading.exit_level.into());
    if let Some(drift) = &reading.drift {
        page.family("score_quantile", "gauge", "Of the scores of the last day, -log10 p.");
        page.sample("score_quantile", &[("quantile", "0.5")], drift.median.into());
        page.sample("score_quantile", &[("quantile", "0.95")], drift.high.into());
        let help =
            "Whether the scores of the last day have left the calibration's interval for hours.";
        page.one("drifted", "gauge", help, f64::from(u8::from(drift.drifted)));
    }
    if let Some(celsius) = reading.temperature_c {
        page.one("temperature_celsius", "gauge", "Of the hottest zone.", celsius.into());
    }
    let help = "One frame in so many is judged.";
    page.one("judge_every_frames", "gauge", help, reading.judge_every.into());
    page.outlets(outlets);
    page.text
}

const STATES: [State; 7] = [
    State::Disarmed,
    State::WarmUp,
    State::Idle,
    State::Suspect,
    State::Alarm,
    State::Latched,
    State::Cooldown,
];

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP normwatch_{name} {help}");
        let _ = writeln!(self.text, "# TYPE normwatch_{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let _ = write!(self.text, "normwatch_{name}");
        for (index, (label, text)) in labels.iter().enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{before}{label}=\"{}\"", escaped(text));
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        let value = if value == f64::INFINITY { "+Inf".to_owned() } else { value.to_string() };
        let _ = writeln!(self.text, " {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    fn outlets(&mut self, outlets: &[OutletCounts]) {
        if outlets.is_empty() {
            return;
        }
        type Count = fn(&OutletCounts) -> u64;
        let families: [(&str, &str, Count); 3] = [
            ("output_sent_total", "Notices that arrived.", |counts| counts.sent),
            ("output_failed_total", "Attempts that failed.", |counts| counts.failed),
            ("output_dropped_total", "Notices that were given up.", |counts| counts.dropped),
        ];
        for (name, help, count) in families {
            self.family(name, "counter", help);
            for outlet in outlets {
                self.sample(name, &[("output", &outlet.name)], count(outlet) as f64);
            }
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::calibrate::Drift;

    fn page() -> String {
        let identity = Identity { site: "a \"b\"\\\n".into(), ..Identity::default() };
        let reading = Reading {
            score: Some(1.5),
            score_unix_ms: Some(1_796_038_680_123),
            temperature_c: Some(51.25),
            drift: Some(Drift {
                median: 0.25,
                high: 1.5,
                median_usual: [0.125, 0.5],
                high_usual: [0.75, 2.0],
                drifted: true,
            }),
            ..Reading::default()
        };
        let outlets = ["mqtt", "hook:a"].map(|name| OutletCounts {
            name: name.into(),
            sent: 2,
            ..OutletCounts::default()
        });
        render(&identity, &reading, &outlets)
    }

    /// The rules of promlint, as client_golang has them.
    #[test]
    fn promlint_has_nothing_to_say() {
        let page = page();
        assert!(page.ends_with('\n'));
        let mut kinds = BTreeMap::new();
        let mut helped = BTreeSet::new();
        let mut seen = BTreeSet::new();
        for line in page.lines() {
            let words: Vec<&str> = line.splitn(4, ' ').collect();
            match words[..] {
                ["#", "HELP", name, help] => assert!(helped.insert(name) && !help.is_empty()),
                ["#", "TYPE", name, kind] => {
                    assert!(kinds.insert(name, kind).is_none(), "{name} twice");
                    assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
                    for bad in ["_ms", "milli", "counter", "gauge", ":", "_count", "_sum"] {
                        assert!(!name.contains(bad), "{name} has {bad}");
                    }
                    assert!(
                        name.chars().all(|c| c.is_ascii_lowercase() || "_0123456789".contains(c))
                    );
                }
                _ => {
                    let (series, value) = line.rsplit_once(' ').unwrap();
                    assert!(seen.insert(series), "{series} twice");
                    let name = series.split('{').next().unwrap();
                    assert!(kinds.contains_key(name) && helped.contains(name), "{name}");
                    assert!(value == "+Inf" || value.parse::<f64>().is_ok(), "{value}");
                }
            }
        }
        assert!(seen.contains("normwatch_output_sent_total{output=\"hook:a\"}"));
        assert!(page.contains("normwatch_score_quantile{quantile=\"0.95\"} 1.5\n"), "{page}");
        assert!(page.contains("normwatch_drifted 1\n"), "{page}");
        assert!(page.contains("site=\"a \\\"b\\\"\\\\\\n\""), "{page}");
        assert!(page.contains("normwatch_last_score_timestamp_seconds 1796038680.123\n"));
    }

    #[test]
    fn one_state_is_on() {
        let on: Vec<_> = page()
            .lines()
            .filter(|line| line.starts_with("normwatch_state{") && line.ends_with(" 1"))
            .map(str::to_owned)
            .collect();
        assert_eq!(on, ["normwatch_state{state=\"warm-up\"} 1"]);
    }
}
