//! The page as it is seen: by whoever needs it to be accessible, and in the documents.
//! `cargo xtask page` runs what is ignored here.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::driver::Browser;
use super::shown::Shown;
use super::{TOKEN, ordering};

/// Of a screen, in pixels.
const DESKTOP: (u32, u32) = (1280, 900);
const PHONE: (u32, u32) = (360, 800);
const THEMES: [&str; 2] = ["light", "dark"];

/// What a reader on a slow line waits for.
const MOST_BYTES: u64 = 150_000;

/// Rules of axe-core that are broken seriously, each with the elements.
const JUDGE: &str = "return axe.run().then((told) => told.violations\
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))\
    .map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html.slice(0, 200))]));";

fn judge(browser: &Browser, axe: &str, what: &str) {
    browser.run(&format!("{axe}; window.axe = axe;"));
    let broken = browser.run(JUDGE);
    assert_eq!(broken, json!([]), "{what}");
    let checked = browser.run("return axe.run().then((told) => told.passes.length);");
    assert!(checked.as_u64().unwrap() > 20, "{what}: only {checked} rules apply");
}

fn open(browser: &Browser, theme: &str, address: &str) {
    browser.theme(theme);
    browser.open(address);
    browser.await_true("document.getElementById('no-picture').hidden");
    browser.await_true("document.getElementById('would').textContent !== ''");
}

const ALL_OPEN: &str = "document.querySelectorAll('details').forEach((d) => { d.open = true; });";

#[test]
#[ignore = "`cargo xtask page` fetches axe-core for it"]
fn axe_finds_nothing_serious_in_both_themes_on_both_screens() {
    let file = std::env::var_os("NORMWATCH_AXE").expect("run `cargo xtask page`");
    let axe = fs::read_to_string(file).unwrap();
    let shown = Shown::start(&["demo", "--page", "--speed", "0", "--out", "out"]);
    shown.await_end();
    let running = ordering();
    for (width_px, height_px) in [DESKTOP, PHONE] {
        let browser = Browser::start(width_px, height_px);
        for theme in THEMES {
            let what = format!("{theme}, {width_px} pixels");
            open(&browser, theme, &format!("http://{}/", shown.host));
            judge(&browser, &axe, &what);
            browser.run(ALL_OPEN);
            judge(&browser, &axe, &format!("{what}, all open"));
            browser.run("document.querySelector('#list button').click();");
            browser.await_true("document.querySelectorAll('#pictures img').length > 0");
            judge(&browser, &axe, &format!("{what}, an event"));
            let live = format!("http://127.0.0.1:{}/?t={TOKEN}", running.port);
            open(&browser, theme, &live);
            browser.run(ALL_OPEN);
            judge(&browser, &axe, &format!("{what}, with orders"));
        }
    }
}

/// The pictures that docs/guide/page.md shows.
const PICTURES: [(&str, (u32, u32), &str, bool); 4] = [
    ("page-desktop.jpg", DESKTOP, "light", false),
    ("page-desktop-dark.jpg", DESKTOP, "dark", false),
    ("page-phone.jpg", PHONE, "light", false),
    ("page-phone-event.jpg", PHONE, "dark", true),
];

#[test]
#[ignore = "`cargo xtask page --pictures` has it make those of the documents"]
fn the_pictures_of_the_page_are_made() {
    let folder = std::env::var_os("NORMWATCH_PICTURES").expect("run `cargo xtask page --pictures`");
    let shown = Shown::start(&["demo", "--page", "--speed", "0", "--out", "out"]);
    shown.await_end();
    for (name, (width_px, height_px), theme, is_event) in PICTURES {
        let browser = Browser::start(width_px, height_px);
        open(&browser, theme, &format!("http://{}/", shown.host));
        browser.await_true("[...document.images].every((i) => i.complete)");
        if is_event {
            browser.run("document.querySelector('#list button').click();");
            browser.await_true("document.querySelectorAll('#pictures img').length > 0");
            browser.await_true("[...document.images].every((i) => i.complete)");
        }
        fs::write(Path::new(&folder).join(name), browser.jpeg(75)).unwrap();
    }
}

#[test]
fn the_pictures_of_the_page_are_small_and_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    for (name, ..) in PICTURES {
        let bytes = fs::metadata(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}")).len();
        assert!((1000..MOST_BYTES).contains(&bytes), "{name}: {bytes} bytes");
    }
}
