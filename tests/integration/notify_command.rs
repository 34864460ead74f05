//! `normwatch notify` and `check`, as their users call them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::common::{Bench, json, stderr};
use crate::notify::scripted::{Reply, Server};

const TEST: [&str; 5] = ["notify", "--config", "site.toml", "--test", "--json"];

fn site(bench: &Bench, outputs: &str) {
    let text = format!(
        "board = \"simulated\"\nbundle = \"bundle\"\n[camera]\nsource = \"folder\"\n\
         path = \"normal/00\"\n[output.alarm]\nline = \"ALARM\"\n{outputs}"
    );
    fs::write(bench.path("site.toml"), text).unwrap();
}

fn script(bench: &Bench, mode: u32) {
    fs::write(bench.path("tell"), "#!/bin/sh\necho \"heard: $NORMWATCH_TEXT\"\n").unwrap();
    fs::set_permissions(bench.path("tell"), fs::Permissions::from_mode(mode)).unwrap();
}

const HOOK: &str = "[[output.hook]]\nname = \"tell\"\ncommand = [\"./tell\"]\n";

#[test]
fn a_test_tells_each_output_and_says_what_came_back() {
    let bench = Bench::new();
    script(&bench, 0o755);
    let server = Server::start(vec![
        Reply::Body(200, "thanks".into()),
        Reply::Body(401, "who are you".into()),
    ]);
    let webhook = format!("[[output.webhook]]\nname = \"desk\"\nurl = \"{}/a\"\n", server.address);
    site(&bench, &format!("{HOOK}on = [\"end\"]\n{webhook}"));
    let out = bench.run(&TEST);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    let rows = json(&out.stdout);
    assert_eq!((&rows[0]["name"], &rows[0]["on"]), (&"hook:tell".into(), &"end".into()));
    let heard = rows[0]["answer"].as_str().unwrap();
    assert!(heard.contains("heard: Site: anomaly since "), "{heard}");
    assert!(heard.contains("This is a test") && heard.contains("its filter leaves"), "{heard}");
    assert_eq!(
        (&rows[1]["answer"], &rows[1]["target"]),
        (&"200: thanks".into(), &server.address.clone().into())
    );
    let body: serde_json::Value = serde_json::from_slice(&server.sent()[0].body).unwrap();
    assert!(body["data"]["id"].as_str().unwrap().starts_with("test-"), "{body}");
    let out = bench.run(&TEST[..4]);
    assert_eq!(out.status.code(), Some(9), "{}", stderr(&out));
    assert!(stderr(&out).contains("1 of 2 outputs were not reached"), "{}", stderr(&out));
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(text.contains("NOT REACHED: the server answers 401: who are you"), "{text}");
    let told = server.sent().len();
    let out = bench.run(&TEST[..3]);
    assert!(out.status.success(), "{}", stderr(&out));
    assert_eq!(server.sent().len(), told, "a list tells nobody");
}

#[test]
fn check_names_the_outputs_and_what_is_open_to_everybody() {
    let bench = Bench::calibrated();
    script(&bench, 0o755);
    fs::write(bench.path("token"), "tk").unwrap();
    fs::set_permissions(bench.path("token"), fs::Permissions::from_mode(0o644)).unwrap();
    site(&bench, &format!("{HOOK}[output.ntfy]\ntopic = \"yard\"\ntoken_file = \"token\"\n"));
    let check = ["check", "--config", "site.toml"];
    let out = bench.run(&check);
    assert!(out.status.success(), "{}", stderr(&out));
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(text.contains("told          hook:tell, ntfy"), "{text}");
    let told = "cannot use the secret in token: everybody may use it";
    assert!(stderr(&out).contains(told), "{}", stderr(&out));
}

/// Each secret of a site is a FIFO that nobody writes to.
#[test]
fn check_waits_for_no_secret_and_names_each_that_cannot_be_used() {
    let bench = Bench::calibrated();
    for name in ["camera", "broker", "ntfy", "page"] {
        let made = rustix::fs::mknodat(
            rustix::fs::CWD,
            bench.path(name),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        );
        made.unwrap();
    }
    let text = "board = \"simulated\"\nbundle = \"bundle\"\n[camera]\nsource = \"rtsp\"\n\
         url = \"rtsp://camera.invalid/\"\nuser = \"me\"\npassword_file = \"camera\"\n\
         [output.alarm]\nline = \"ALARM\"\n[output.mqtt]\nhost = \"broker.invalid\"\n\
         username = \"me\"\npassword_file = \"broker\"\n[output.ntfy]\ntopic = \"yard\"\n\
         token_file = \"ntfy\"\n[web]\ntoken_file = \"page\"\n";
    fs::write(bench.path("site.toml"), text).unwrap();
    let mut command = bench.command(&["check", "--config", "site.toml"]);
    let child = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let mut child = child.spawn().unwrap();
    let begun = std::time::Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed().as_secs() >= 120 {
            child.kill().unwrap();
            panic!("it waits for a FIFO");
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{}", stderr(&out));
    let told = stderr(&out);
    for of in [
        "the camera's password in camera cannot be used: ",
        #[cfg(feature = "mqtt")]
        "`password_file` of [output.mqtt] cannot be used: broker: ",
        "cannot use the secret in ntfy: ",
        "cannot use the token in page: ",
    ] {
        let what = format!("{of}it is not a regular file: put the secret into one");
        assert!(told.contains(&what), "{of}: {told}");
    }
}

/// Root starts what root alone may write.
#[test]
fn root_does_not_start_a_hook_that_others_may_write() {
    let bench = Bench::new();
    script(&bench, 0o777);
    site(&bench, HOOK);
    let out = bench.run(&TEST);
    if rustix::process::geteuid().is_root() {
        assert_eq!(out.status.code(), Some(2), "{}", stderr(&out));
        assert!(stderr(&out).contains("`output.hook[0].command` is not run by root"));
    } else {
        assert!(out.status.success(), "{}", stderr(&out));
    }
}
