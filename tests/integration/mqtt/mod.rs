//! The MQTT output against a broker that does what the test says, and against mosquitto.

mod broker;
mod discovery;
mod faults;
mod mosquitto;
mod orderly;
#[cfg(feature = "tls")]
mod tls;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use normwatch::clock::SystemClock;
use normwatch::config::MqttSection;
use normwatch::event::{
    ClockQuality, InForce, Kind, Moment, Notice, Outlet, Peak, Phase, SCHEMA, Situation,
};
use normwatch::health::Vitals;
use normwatch::mqtt::{Identity, Mqtt, Waits, start_with};

/// No wait of these tests is a claim; all are generous.
const PATIENCE: Duration = Duration::from_secs(20);

fn waits() -> Waits {
    Waits {
        connect_ms: 2000,
        answer_ms: 3000,
        pause_ms: (10, 60),
        settled_ms: 60_000,
        announce_ms: 100,
        look_ms: 10,
        score_ms: 20,
        end_ms: (5000, 5000),
        poll_ms: 5,
    }
}

fn section(port: u16) -> MqttSection {
    MqttSection {
        host: "127.0.0.1".into(),
        port,
        username: None,
        password_file: None,
        tls: false,
        ca_file: "/etc/ssl/certs/ca-certificates.crt".into(),
        client_id: Some("tester".into()),
        prefix: "normwatch".into(),
        discovery_prefix: "homeassistant".into(),
        commands: true,
        keep_alive_s: 30,
        picture: true,
        max_packet_bytes: 200_000,
    }
}

fn identity() -> Identity {
    let (site, board, version) = ("yard".into(), "Raspberry Pi 5".into(), "0.1.0".into());
    Identity { site, board, version, learns: true }
}

/// An output with its vitals.
struct Output {
    mqtt: Mqtt,
    vitals: Vitals,
}

impl Output {
    fn start(section: &MqttSection, waits: Waits) -> Self {
        let vitals = Vitals::default();
        let clock = Arc::new(SystemClock);
        let mqtt = start_with(section, &identity(), vitals.clone(), clock, waits).unwrap();
        Self { mqtt, vitals }
    }

    fn tell(&self, phase: Phase, id: &str, picture: Option<&[u8]>) {
        let picture = picture.map(Arc::from);
        self.mqtt.outlet().tell(&Notice { phase, situation: situation(id), picture });
    }

    /// Waits until it is so.
    fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            assert!(begun.elapsed() < PATIENCE, "{what}: {:?}", self.mqtt.counts());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

fn situation(id: &str) -> Arc<Situation> {
    let begin = Moment {
        time_ms: 5000,
        unix_ms: Some(1_800_000_000_000),
        clock: ClockQuality::Synchronised,
        frame: Some(50),
    };
    Arc::new(Situation {
        schema: SCHEMA.into(),
        id: id.into(),
        site: "yard".into(),
        kind: Kind::Anomaly,
        reason: "block at 0.62, 0.41: 9.1 times the one-a-day level".into(),
        zones: vec!["gate".into()],
        begin,
        peak: Some(Peak {
            time_ms: 5200,
            frame: None,
            score: 6.25,
            place: None,
            cause: None,
            speed: None,
        }),
        end: None,
        duration_ms: None,
        in_force: InForce {
            alarms_per_day: Some(1.0),
            enter_level: 5.5,
            exit_level: f32::INFINITY,
        },
        model_sha256: "00".into(),
        calibration_sha256: None,
        trace: Vec::new(),
        heat: None,
        pictures: Vec::new(),
        traits: None,
        quieted: None,
        windows: None,
    })
}
