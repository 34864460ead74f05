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
    assert!(stderr(&out).contains("everybody may read the secret in token"), "{}", stderr(&out));
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
