//! Everybody who is told of events fails, and nobody who watches waits.

use std::fs;
use std::net::TcpListener;

use super::watch::{Camera, Watch, site};

#[test]
fn every_output_fails_at_once_and_the_lines_are_on_time() {
    let bench = site(Camera::Raw);
    // Connections are accepted by the system, and nobody answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (silent_port, closed_port) = (silent.local_addr().unwrap().port(), closed_port());
    fs::write(bench.path("a file"), "in the way").unwrap();
    let text = fs::read_to_string(bench.path("site.toml")).unwrap();
    let outputs = format!(
        "folder = \"a file/events\"\n\
         [output.mqtt]\nhost = \"127.0.0.1\"\nport = {silent_port}\n\
         [[output.webhook]]\nname = \"silent\"\nurl = \"http://127.0.0.1:{silent_port}/\"\n\
         [[output.webhook]]\nname = \"closed\"\nurl = \"http://127.0.0.1:{closed_port}/\"\n\
         [output.ntfy]\nserver = \"http://no-such-host.invalid\"\ntopic = \"none\"\n\
         [[output.hook]]\nname = \"hangs\"\ncommand = [\"sleep\", \"1000\"]\n\
         [[output.hook]]\nname = \"gone\"\ncommand = [\"./no-such-program\"]\n"
    );
    fs::write(bench.path("site.toml"), text + &outputs).unwrap();
    let mut watch = Watch::begin_in("outputs-fail", bench, &[]);
    watch.strike_camera("rm inject; exit 1");
    watch.drops();
    watch.cure(|_| ());
    watch.returns();
    watch.ends();
}

/// A port that nobody listens at.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
