//! A browser without a screen, driven through chromedriver by W3C WebDriver.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use serde_json::{Value, json};

use crate::common::json as parsed;

/// For everything that is waited for: machines are busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// The key under which an element's name is told.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

pub const ENTER: &str = "\u{e007}";
pub const ESCAPE: &str = "\u{e00c}";
pub const LEFT: &str = "\u{e012}";
pub const RIGHT: &str = "\u{e014}";

/// A browser, until it is dropped.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.try_call("DELETE", &format!("/session/{}", self.session), &json!(null));
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Browser {
    fn begin() -> Option<(Child, u16)> {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is needed: run `cargo xtask setup`");
        let mut said = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = said.find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        if port.is_none() {
            let _ = driver.wait();
        }
        Some((driver, port?))
    }

    /// Starts Chromium. It comes with `cargo xtask setup`.
    pub fn start(width_px: u32, height_px: u32) -> Self {
        // It looks for one port that is free for both kinds of addresses, and may lose it to
        // another program in between.
        let (driver, port) = (0..5).find_map(|_| Self::begin()).expect("no chromedriver begins");
        let mut browser = Self { driver, port, session: String::new() };
        let size = json!({ "width": width_px, "height": height_px, "pixelRatio": 1.0,
                           "mobile": false, "touch": width_px < 600 });
        let options = json!({ "alwaysMatch": {
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": {
                "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                         "--disable-background-networking", "--disable-component-update",
                         "--disable-sync", "--no-first-run",
                         format!("--window-size={width_px},{height_px}")],
                "mobileEmulation": { "deviceMetrics": size },
            },
        } });
        let told = browser.call("POST", "/session", &json!({ "capabilities": options }));
        browser.session = told["sessionId"].as_str().unwrap().into();
        browser
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let told = self.try_call(method, path, body).unwrap();
        assert!(told["value"].get("error").is_none(), "{method} {path}: {told}");
        told["value"].clone()
    }

    fn try_call(&self, method: &str, path: &str, body: &Value) -> std::io::Result<Value> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        )?;
        let mut answer = BufReader::new(stream);
        let (mut length, mut line) = (0, String::new());
        while answer.read_line(&mut line)? > 2 {
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut bytes = vec![0; length];
        answer.read_exact(&mut bytes)?;
        Ok(parsed(&bytes))
    }

    fn ask(&self, method: &str, what: &str, body: &Value) -> Value {
        self.call(method, &format!("/session/{}/{what}", self.session), body)
    }

    pub fn open(&self, address: &str) {
        self.ask("POST", "url", &json!({ "url": address }));
    }

    /// Waits until a canvas shows something else than `before`.
    pub fn await_change(&self, canvas: &str, before: &Value) {
        self.await_true(&format!("document.getElementById('{canvas}').toDataURL() !== {before}"));
    }

    /// Runs a function's body in the page.
    pub fn run(&self, script: &str) -> Value {
        self.ask("POST", "execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Waits until an expression is true.
    pub fn await_true(&self, expression: &str) {
        let begun = Instant::now();
        while self.run(&format!("return !!({expression});")) != true {
            assert!(begun.elapsed() < PATIENCE, "never {expression}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn element(&self, selector: &str) -> String {
        let asked = json!({ "using": "css selector", "value": selector });
        self.ask("POST", "element", &asked)[ELEMENT].as_str().unwrap().into()
    }

    pub fn click(&self, selector: &str) {
        self.ask("POST", &format!("element/{}/click", self.element(selector)), &json!({}));
    }

    /// Types while an element has the focus, as a keyboard does.
    pub fn keys(&self, selector: &str, keys: &str) {
        self.run(&format!("document.querySelector('{selector}').focus();"));
        let typed = keys.chars().flat_map(|key| {
            ["keyDown", "keyUp"].map(|what| json!({ "type": what, "value": key.to_string() }))
        });
        let typed: Vec<Value> = typed.collect();
        let keyboard = json!({ "type": "key", "id": "k", "actions": typed });
        self.ask("POST", "actions", &json!({ "actions": [keyboard] }));
    }

    /// Drags, or clicks where both ends are one, in pixels from an element's middle.
    pub fn drag(&self, selector: &str, from: (i32, i32), to: (i32, i32)) {
        self.point("mouse", selector, from, to);
    }

    /// The same with a finger.
    pub fn swipe(&self, selector: &str, from: (i32, i32), to: (i32, i32)) {
        self.point("touch", selector, from, to);
    }

    fn point(&self, with: &str, selector: &str, from: (i32, i32), to: (i32, i32)) {
        self.settle(selector);
        let origin = json!({ ELEMENT: self.element(selector) });
        let go = |(x, y): (i32, i32)| json!({ "type": "pointerMove", "duration": 10, "x": x, "y": y, "origin": origin });
        let mut actions = vec![go(from), json!({ "type": "pointerDown", "button": 0 })];
        if to != from {
            actions.push(go(to));
        }
        actions.push(json!({ "type": "pointerUp", "button": 0 }));
        let kind = json!({ "pointerType": with });
        let pointer =
            json!({ "type": "pointer", "id": with, "parameters": kind, "actions": actions });
        self.ask("POST", "actions", &json!({ "actions": [pointer] }));
    }

    /// Scrolls to an element and waits until it stays where it is: what loads above it moves it.
    pub fn settle(&self, selector: &str) {
        let place = || {
            self.run(&format!(
                "const e = document.querySelector('{selector}'); \
                 e.scrollIntoView({{block: 'center'}}); const b = e.getBoundingClientRect(); \
                 return [b.x, b.y, b.width, b.height];"
            ))
        };
        let (mut before, mut same) = (place(), 0);
        for _ in 0..600 {
            std::thread::sleep(Duration::from_millis(50));
            let now = place();
            same = if now == before { same + 1 } else { 0 };
            if same == 4 {
                return;
            }
            before = now;
        }
        panic!("{selector} goes on moving: {before}");
    }

    /// Keeps a picture of the screen where somebody asks for some, in the folder
    /// `NORMWATCH_PICTURES`.
    pub fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("NORMWATCH_PICTURES") else { return };
        let told = self.ask("GET", "screenshot", &json!(null));
        let png = base64::engine::general_purpose::STANDARD.decode(told.as_str().unwrap()).unwrap();
        std::fs::write(Path::new(&folder).join(name), png).unwrap();
    }

    /// The screen as a JPEG of that quality, 0 to 100.
    pub fn jpeg(&self, quality: u8) -> Vec<u8> {
        let told = self
            .devtools("Page.captureScreenshot", &json!({ "format": "jpeg", "quality": quality }));
        base64::engine::general_purpose::STANDARD.decode(told["data"].as_str().unwrap()).unwrap()
    }

    /// Has pages be `light` or `dark`.
    pub fn theme(&self, name: &str) {
        let scheme = json!([{ "name": "prefers-color-scheme", "value": name }]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": scheme }));
    }

    fn devtools(&self, command: &str, params: &Value) -> Value {
        self.ask("POST", "goog/cdp/execute", &json!({ "cmd": command, "params": params }))
    }

    /// What the page complained of since the last time.
    pub fn console(&self) -> Value {
        let told = self.ask("POST", "se/log", &json!({ "type": "browser" }));
        let lines = told.as_array().cloned().unwrap_or_default();
        lines.into_iter().filter(|line| line["level"] == "SEVERE").collect()
    }
}
