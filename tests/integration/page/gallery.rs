//! Events that are sifted, leafed through with a finger, and taken along.

use std::fs;
use std::process::Command;

use normwatch::event::{Kind, Peak, Place, Situation};
use serde_json::json;

use super::driver::Browser;
use super::hanging::situation;
use super::{TOKEN, await_state, get};
use crate::web::Running;

/// Three events: in two corners and two zones, and a camera that was blind.
fn events(running: &Running) {
    let at = |x: f32| {
        let place = Place { x, y: 0.1, width: 0.1, height: 0.1 };
        Some(Peak {
            time_ms: 0,
            frame: None,
            score: 4.0,
            place: Some(place),
            cause: None,
            speed: None,
        })
    };
    let odd = |id: &str, zone: &str, x: f32| Situation {
        id: id.into(),
        kind: Kind::Anomaly,
        zones: vec![zone.into()],
        peak: at(x),
        ..situation()
    };
    for event in
        [odd("a", "gate", 0.1), odd("b", "door", 0.8), Situation { id: "c".into(), ..situation() }]
    {
        let own = running.bench.path("events").join(&event.id);
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join("onset.jpg"), format!("picture of {}", event.id)).unwrap();
        fs::write(own.join("event.json"), serde_json::to_vec(&event).unwrap()).unwrap();
    }
}

fn count(browser: &Browser, events: usize) {
    let listed = "document.querySelectorAll('#list button').length";
    browser.await_true(&format!("{listed} === {events}"));
}

fn choose(browser: &Browser, id: &str, value: &str) {
    browser.run(&format!(
        "const e = document.getElementById('{id}'); e.value = '{value}'; \
         e.dispatchEvent(new Event('input'));"
    ));
}

#[test]
fn events_are_sifted_by_kind_zone_and_place_and_leafed_through_with_a_finger() {
    let running = Running::keeping_events(TOKEN);
    events(&running);
    let browser = Browser::start(360, 800);
    browser.open(&format!("http://127.0.0.1:{}/?t={TOKEN}", running.port));
    count(&browser, 3);
    choose(&browser, "kind", "anomaly");
    count(&browser, 2);
    choose(&browser, "zone-filter", "gate");
    count(&browser, 1);
    choose(&browser, "zone-filter", "");
    browser.await_true("document.getElementById('no-picture').hidden");
    browser.settle("#picture");
    let size = browser.run(
        "const b = document.getElementById('picture').getBoundingClientRect(); \
         return [b.width, b.height];",
    );
    let [w, h] = [0, 1].map(|i| size[i].as_f64().unwrap() as i32);
    let at = |x: i32| (w * x / 100 - w / 2, h * 15 / 100 - h / 2);
    browser.drag("#picture", at(85), at(85));
    count(&browser, 1);
    browser.await_true("document.getElementById('here-link').textContent.startsWith('1 ')");
    browser.drag("#picture", at(50), at(50));
    count(&browser, 0);
    browser.click("#anywhere-too");
    count(&browser, 2);
    // The same without a finger.
    choose(&browser, "place-x", "15");
    count(&browser, 2);
    choose(&browser, "place-y", "15");
    count(&browser, 1);
    choose(&browser, "place-x", "");
    choose(&browser, "kind", "");
    count(&browser, 3);
    let first = "document.querySelector('#list button')";
    browser.run(&format!("{first}.click();"));
    browser.await_true("document.getElementById('event').open");
    let shown = "new URL(document.getElementById('download').href).pathname.split('/')[2]";
    let before = browser.run(&format!("return {shown};"));
    browser.swipe("#explained", (120, 0), (-120, 5));
    browser.await_true(&format!("{shown} !== {before}"));
    browser.swipe("#explained", (-120, 0), (120, 5));
    browser.await_true(&format!("{shown} === {before}"));
    let fetched = "(window.got ??= (fetch(document.getElementById('download').href).then((a) => \
        { window.kind = a.headers.get('Content-Type'); }), 1)) && window.kind === 'application/x-tar'";
    browser.await_true(fetched);
    assert_eq!(browser.console(), json!([]));
}

#[test]
fn an_event_is_taken_along_as_an_archive_that_tar_reads() {
    let running = Running::keeping_events(TOKEN);
    events(&running);
    let ask = |path: &str, more: &str| {
        let ask = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n");
        running.try_ask(&ask).unwrap()
    };
    let own = format!("Cookie: normwatch={TOKEN}\r\n");
    let answer = ask("/events/a/event.tar", &own);
    let (head, tar) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("Content-Disposition: attachment; filename=\"a.tar\"\r\n"), "{head}");
    let file = running.bench.path("a.tar");
    fs::write(&file, tar).unwrap();
    let to = running.bench.path("unpacked");
    fs::create_dir(&to).unwrap();
    let done = Command::new("tar").arg("-xf").arg(&file).arg("-C").arg(&to).output().unwrap();
    assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
    for name in ["event.json", "onset.jpg"] {
        let packed = fs::read(to.join("a").join(name)).unwrap();
        assert_eq!(packed, fs::read(running.bench.path("events/a").join(name)).unwrap(), "{name}");
    }
    assert!(ask("/events/a/event.tar", "").starts_with("HTTP/1.1 401"));
    for unknown in ["/events/z/event.tar", "/events/../event.tar", "/events//event.tar"] {
        assert!(ask(unknown, &own).starts_with("HTTP/1.1 404"), "{unknown}");
    }
    // A picture of any size is not taken into memory.
    let large = fs::File::create(running.bench.path("events/b/onset.jpg")).unwrap();
    large.set_len(33 << 20).unwrap();
    let answer = ask("/events/b/event.tar", &own);
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("32 MB"), "{answer}");
}

#[test]
fn the_room_of_the_disk_and_the_log_are_told_to_whoever_may_see_them() {
    let running = Running::keeping_events(TOKEN);
    await_state(&running, "room", |state| {
        let [free, all] = ["free_bytes", "disk_bytes"].map(|key| &state["more"]["events"][key]);
        let well = state["drift"].is_null() && state["learning"].is_null();
        well && free.as_u64().is_some_and(|free| free <= all.as_u64().unwrap())
    });
    let log = get(&running, "/log.json");
    let lines = log["lines"].as_array().unwrap();
    let listens = |line: &&serde_json::Value| line[2].as_str().unwrap().contains("is answered");
    let line = lines.iter().find(listens).expect("it says where it listens");
    assert!(line[1].as_u64().unwrap() > 1_700_000_000_000, "{line}");
    let last = lines.last().unwrap()[0].as_u64().unwrap();
    let news = get(&running, &format!("/log.json?after={last}"));
    assert!(news["lines"].as_array().unwrap().iter().all(|line| line[0].as_u64() > Some(last)));
    let stranger = running.try_ask("GET /log.json HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert!(stranger.starts_with("HTTP/1.1 401"), "{stranger}");
}
