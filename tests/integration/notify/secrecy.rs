//! Nothing secret in the log, nor in what a test of the outputs prints.

use std::sync::{Arc, Mutex};

use normwatch::clock::{Clock, SystemClock};
use normwatch::event::Phase;
use normwatch::notify::{try_each, ways};

use super::scripted::{Reply, Sent, Server};
use super::{Site, notice, quick, until};

/// Every line that was logged.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Kept;

impl log::Log for Kept {
    /// As the program's own logger has it.
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("normwatch") || metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            LINES.lock().unwrap().push(record.args().to_string());
        }
    }

    fn flush(&self) {}
}

const SECRETS: [&str; 5] = ["hunter2", "sesame", "tk_open", "77:AbCdEf", "secret-path"];

#[test]
fn secrets_are_in_no_line_of_the_log_and_in_no_answer() {
    log::set_logger(&Kept).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let server = Server::start(vec![Reply::Echo]);
    let address = &server.address;
    let outputs = format!(
        "[[output.hook]]\nname = \"tell\"\ncommand = [\"./tell.sh\", \"--password\", \"hunter2\"]\n\
         [[output.webhook]]\nname = \"desk\"\nurl = \"{address}/secret-path/x\"\n\
         headers_file = \"more\"\n[[output.webhook]]\nname = \"away\"\n\
         url = \"http://127.0.0.1:1/secret-path/x\"\nheaders_file = \"more\"\n\
         [[output.webhook]]\nname = \"odd\"\nurl = \"{address}/secret-path/x\"\n\
         secret_file = \"more\"\n[output.ntfy]\nserver = \"{address}\"\ntopic = \"secret-path\"\n\
         token_file = \"token\"\n[output.telegram]\nserver = \"{address}\"\n\
         token_file = \"bot\"\nchat_id = \"1\"\n"
    );
    let files = [
        ("tell.sh", "#!/bin/sh\necho \"called with $*\"\nexit 1\n"),
        ("more", "X-Key: sesame\nAuthorization: Basic hunter2\n"),
        ("token", "tk_open"),
        ("bot", "77:AbCdEf"),
    ];
    let site = Site::with(&files, &outputs);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let outlets = normwatch::notify::outlets_with(&site.output, clock.clone(), &quick()).unwrap();
    assert_eq!(outlets.len(), 6);
    outlets.iter().for_each(|outlet| outlet.tell(&notice("a", Phase::Begin)));
    for outlet in &outlets {
        until(&**outlet, "given up", |counts| counts.dropped == 1);
    }
    drop(outlets);
    let sent = server.sent();
    for (name, value) in [("x-key", "sesame"), ("authorization", "Bearer tk_open")] {
        let is_sent = |one: &Sent| one.has(name) && one.header(name) == value;
        assert!(sent.iter().any(is_sent), "{name} is not sent");
    }
    let tried = try_each(&site.output, "yard", &clock);
    assert!(tried.iter().all(|one| !one.has_arrived && !one.answer.is_empty()), "{tried:?}");
    let mut told = LINES.lock().unwrap().clone();
    for name in ["hook:tell", "webhook:desk", "webhook:away", "webhook:odd", "ntfy", "telegram"] {
        let lines = told.iter().filter(|line| line.starts_with(&format!("{name}: "))).count();
        assert!(lines >= 2, "{name} has {lines} lines in {told:#?}");
    }
    told.extend(tried.iter().map(|one| format!("{one:?}")));
    told.extend(ways(&site.output, &clock).iter().map(|way| format!("{way:?}")));
    for line in &told {
        // The program's own words, as `secret_file`, are none.
        assert!(!SECRETS.iter().any(|secret| line.contains(secret)), "{line}");
    }
}
