//! A disk that does not answer, and those who look at the page meanwhile.

use std::fs;
use std::io::Write;
use std::net::TcpStream;

use normwatch::event::{ClockQuality, InForce, Kind, Moment, Picture, SCHEMA, Situation};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{TOKEN, get};
use crate::web::Running;

/// More than there are threads that answer.
const ASKING: usize = 12;

/// Of a camera that was blind.
pub fn situation() -> Situation {
    let moment = Moment { time_ms: 0, unix_ms: None, clock: ClockQuality::Footage, frame: None };
    Situation {
        schema: SCHEMA.into(),
        id: "a".into(),
        site: "yard".into(),
        kind: Kind::Blind,
        reason: String::new(),
        zones: Vec::new(),
        begin: moment,
        peak: None,
        end: None,
        duration_ms: None,
        in_force: InForce { alarms_per_day: None, enter_level: 4.0, exit_level: 3.0 },
        model_sha256: String::new(),
        calibration_sha256: None,
        trace: Vec::new(),
        heat: None,
        pictures: vec![Picture { file: "onset.jpg".into(), moment: "onset".into(), time_ms: 0 }],
        traits: None,
        quieted: None,
        windows: None,
    }
}

/// A picture whose reading never ends, as on a card that hangs.
#[test]
fn who_asks_a_disk_that_hangs_keeps_nobody_from_the_health() {
    let running = Running::keeping_events(TOKEN);
    let own = running.bench.path("events/a");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("event.json"), serde_json::to_vec(&situation()).unwrap()).unwrap();
    let picture = own.join("onset.jpg");
    mknodat(CWD, &picture, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    let asking: Vec<TcpStream> = (0..ASKING)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", running.port)).unwrap();
            let request = format!(
                "GET /events/a/onset.jpg HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \
                 {TOKEN}\r\n\r\n"
            );
            stream.write_all(request.as_bytes()).unwrap();
            stream
        })
        .collect();
    for _ in 0..5 {
        let health = get(&running, "/health");
        assert_eq!(health["well"], true, "{health}");
        assert!(get(&running, "/state.json")["more"]["events"]["tag"].is_string());
    }
    drop(asking);
    // Whoever waits for it gets its end.
    let end = fs::OpenOptions::new().write(true).open(&picture).unwrap();
    fs::remove_file(&picture).unwrap();
    drop(end);
}
