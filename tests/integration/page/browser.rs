//! What a person does with the page, done by a browser.

use serde_json::{Value, json};

use super::driver::{Browser, ENTER, ESCAPE, LEFT, RIGHT};
use super::shown::Shown;
use super::{TOKEN, get, ordering};

/// The pixels of a canvas.
fn pixels(browser: &Browser, canvas: &str) -> Value {
    browser.run(&format!("return document.getElementById('{canvas}').toDataURL();"))
}

/// Controls that a screen reader could not name.
const NAMELESS: &str = "return [...document.querySelectorAll('button, input, select, textarea, \
    canvas[role]')].filter((e) => e.offsetParent !== null && !(e.getAttribute('aria-label') || e.labels?.length \
    || e.textContent.trim())).map((e) => e.outerHTML);";

fn complaints(browser: &Browser) {
    assert_eq!(browser.console(), json!([]), "the page complains");
    assert_eq!(browser.run(NAMELESS), json!([]), "without a name");
    let [wide, has] = ["document.documentElement.scrollWidth", "innerWidth"]
        .map(|what| browser.run(&format!("return {what};")).as_u64().unwrap());
    assert!(wide <= has, "{wide} pixels on a screen of {has}");
}

#[test]
fn a_visitor_counts_alarms_again_and_looks_at_events() {
    let browser = Browser::start(1280, 900);
    let shown = Shown::start(&["demo", "--page", "--speed", "0", "--out", "out"]);
    shown.await_end();
    browser.open(&format!("http://{}/", shown.host));
    browser.await_true("document.getElementById('no-picture').hidden");
    for keys in [LEFT, RIGHT, RIGHT] {
        browser.keys("#budget", &keys.repeat(20));
        let budget = browser.run("return document.getElementById('budget-number').value;");
        let budget = budget.as_str().unwrap();
        browser.await_true(&format!("document.getElementById('would').dataset.budget == {budget}"));
        let counted = shown.json(&format!("/trace/count?budget={budget}"))["count"].to_string();
        browser.await_true(&format!(
            "document.getElementById('would').textContent.match(/\\d+/)[0] === '{counted}'"
        ));
    }
    browser.await_true("document.querySelectorAll('#list button').length > 0");
    browser.picture("page-desktop.png");
    let count = browser.run("return document.querySelectorAll('#list button').length;");
    browser.keys("#list button", ENTER);
    browser.await_true("document.getElementById('event').open");
    browser.await_true("document.querySelectorAll('#pictures img').length > 0");
    browser.picture("page-event.png");
    if count.as_u64().unwrap() > 1 {
        let title = "document.getElementById('event-title').textContent";
        let before = browser.run(&format!("return {title};"));
        browser.keys("#older", RIGHT);
        browser.await_true(&format!("{title} !== {before}"));
    }
    browser.keys("#close", ESCAPE);
    browser.await_true("!document.getElementById('event').open");
    for language in ["de", "zh", "en"] {
        browser.run(&format!(
            "const l = document.getElementById('language'); l.value = '{language}'; \
             l.dispatchEvent(new Event('change'));"
        ));
        browser.await_true(&format!("document.documentElement.lang === '{language}'"));
        complaints(&browser);
    }
}

#[test]
fn an_area_is_drawn_moved_and_undone_on_a_phone_and_comes_back_as_numbers() {
    let browser = Browser::start(360, 800);
    let shown = Shown::start(&["demo", "--page", "--speed", "0", "--out", "out"]);
    shown.await_end();
    browser.open(&format!("http://{}/", shown.host));
    browser.await_true("document.getElementById('no-picture').hidden");
    browser.click("#areas-panel summary");
    browser.await_true("!document.getElementById('areas').hidden");
    browser.settle("#areas");
    let box_px = browser.run(
        "const b = document.getElementById('areas').getBoundingClientRect(); \
         return [b.width, b.height];",
    );
    let [w, h] = [0, 1].map(|i| box_px[i].as_f64().unwrap() as i32);
    // From the left edge to the middle, over the whole height.
    for corner in [(-w / 2 + 3, -h / 2 + 3), (0, -h / 2 + 4), (0, h / 2 - 4)] {
        browser.drag("#areas", corner, corner);
    }
    browser.drag("#areas", (-w / 2 + 3, h / 2 - 40), (-w / 2 + 3, h / 2 - 40));
    browser.drag("#areas", (-w / 2 + 3, h / 2 - 40), (-w / 2 + 2, h / 2 - 2));
    let values = "[...document.querySelectorAll('#corners input')].map((i) => Number(i.value))";
    let numbers = browser.run(&format!("return {values};"));
    let numbers: Vec<f64> =
        numbers.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect();
    let middle = numbers[2];
    assert!((middle - 0.5).abs() < 0.01, "{numbers:?}");
    assert_eq!(numbers, [0.0, 0.0, middle, 0.0, numbers[4], 1.0, 0.0, 1.0], "edges are snapped to");
    browser.picture("page-phone.png");
    let share = browser.run("return document.getElementById('share').textContent;").to_string();
    assert!(share.contains("50 %"), "{share}");
    browser.click("#copy-areas");
    let toml = browser.run("return document.getElementById('toml').value;");
    let toml: toml::Table = toml.as_str().unwrap().parse().unwrap();
    let mask = &toml["mask"].as_array().unwrap()[0];
    assert_eq!(mask["mode"].as_str(), Some("ignore"));
    let points = mask["points"].as_array().unwrap().iter().flat_map(|p| p.as_array().unwrap());
    assert_eq!(points.map(|n| n.as_float().unwrap()).collect::<Vec<_>>(), numbers);
    browser.click("#undo-area");
    browser.click("#undo-area");
    assert_eq!(browser.run(&format!("return {values}.length;")), 6, "three corners are left");
    complaints(&browser);
}

#[test]
fn a_live_picture_moves_a_budget_is_applied_and_undone_and_arming_is_obeyed() {
    let browser = Browser::start(900, 900);
    let running = ordering();
    let address = format!("http://127.0.0.1:{}/", running.port);
    browser.open(&format!("{address}?t={TOKEN}"));
    browser.await_true("!document.getElementById('changing').hidden");
    browser.await_true("document.getElementById('no-picture').hidden");
    for canvas in ["picture", "strip"] {
        browser.await_change(canvas, &pixels(&browser, canvas));
    }
    let in_force = || get(&running, "/site.json")["in_force"]["alarms_per_day"].as_f64().unwrap();
    assert_eq!(in_force(), 1.0);
    browser.keys("#budget", &RIGHT.repeat(100));
    browser.await_true("!document.getElementById('apply').disabled");
    browser.click("#apply");
    browser.await_true("!document.getElementById('undo').disabled");
    assert!(in_force() > 5.0, "{}", in_force());
    browser.click("#undo");
    browser.await_true("document.getElementById('undo').disabled");
    assert_eq!(in_force(), 1.0);
    browser.click("#disarm");
    browser.await_true("!document.getElementById('arm').hidden");
    browser.click("#arm");
    browser.await_true("!document.getElementById('disarm').hidden");
    complaints(&browser);
}
