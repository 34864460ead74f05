//! `[output.mqtt]` as its users meet it.

use crate::{assert_problems, edited, load_text};

fn with(keys: &str) -> String {
    edited(8, &format!("[output.mqtt]\n{keys}"))
}

#[test]
fn a_host_is_enough_and_the_rest_is_as_usual() {
    let site = load_text(&with("host = 'homeassistant.local'")).unwrap();
    let mqtt = site.output.mqtt.unwrap();
    assert_eq!((mqtt.host.as_str(), mqtt.port), ("homeassistant.local", 1883));
    assert_eq!(
        (mqtt.prefix.as_str(), mqtt.discovery_prefix.as_str()),
        ("normwatch", "homeassistant")
    );
    assert!(!mqtt.commands && mqtt.picture && mqtt.username.is_none());
    assert_eq!((mqtt.keep_alive_s, mqtt.max_packet_bytes), (30, 200_000));
    assert!(load_text(&edited(8, "")).unwrap().output.mqtt.is_none());
    let site = load_text(&with("host = 'fe80::1%eth0'\ndiscovery_prefix = ''\nprefix = 'a/b'"));
    assert_eq!(site.unwrap().output.mqtt.unwrap().discovery_prefix, "");
}

#[test]
fn a_password_file_is_found_beside_the_site_and_needs_a_user() {
    let keys = "host = 'b'\nusername = 'me'\npassword_file = 'secret'";
    let mqtt = load_text(&with(keys)).unwrap().output.mqtt.unwrap();
    assert!(mqtt.password_file.unwrap().is_absolute(), "from the site's folder");
    assert_problems(
        &with("host = 'b'\npassword_file = 'secret'"),
        &["10:17 `output.mqtt.password_file` has no `username` beside it"],
    );
}

#[test]
fn encryption_has_a_port_of_its_own_and_the_systems_authorities() {
    let mqtt = load_text(&with("host = 'b'\ntls = true")).unwrap().output.mqtt.unwrap();
    assert_eq!((mqtt.tls, mqtt.port), (true, 8883));
    assert!(mqtt.ca_file.ends_with("ca-certificates.crt") && mqtt.ca_file.is_absolute());
    let keys = "host = 'b'\ntls = true\nport = 1\nca_file = 'own.pem'";
    let mqtt = load_text(&with(keys)).unwrap().output.mqtt.unwrap();
    assert!(mqtt.port == 1 && mqtt.ca_file.ends_with("own.pem"));
    assert_problems(
        &with("host = 'b'\nca_file = 'own.pem'"),
        &["10:11 `output.mqtt.ca_file` has no meaning without encryption"],
    );
}

#[test]
fn what_cannot_be_a_host_or_a_topic_is_refused() {
    assert_problems(&with("port = 1"), &["8:1 missing key `output.mqtt.host`"]);
    for host in ["mqtt://broker", "a b", "user@broker", "broker/x"] {
        assert_problems(
            &with(&format!("host = '{host}'")),
            &[&format!("9:8 `output.mqtt.host` = \"{host}\" is not a host")],
        );
    }
    for prefix in ["a/", "/a", "a//b", "a/+", "#", "$SYS"] {
        assert_problems(
            &with(&format!("host = 'b'\nprefix = '{prefix}'")),
            &[&format!("10:10 `output.mqtt.prefix` = \"{prefix}\" cannot begin a topic")],
        );
    }
    assert_problems(&with("host = 'b'\nprefix = ''"), &["10:10 `output.mqtt.prefix` is empty"]);
}

#[test]
fn a_site_that_takes_commands_may_start_disarmed() {
    let site = |commands| {
        with(&format!("host = 'b'\ncommands = {commands}\n[alarm]\narmed_at_start = false"))
    };
    assert!(!load_text(&site("true")).unwrap().alarm.armed_at_start);
    assert_problems(
        &site("false"),
        &["12:18 `alarm.armed_at_start` = false, and nothing could ever arm it"],
    );
}
