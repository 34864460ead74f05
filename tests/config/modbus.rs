//! `[output.modbus]` as its users meet it.

use crate::{assert_problems, edited, load_text};

fn with(keys: &str) -> String {
    edited(8, &format!("[output.modbus]\n{keys}"))
}

#[cfg(any(feature = "modbus", not(feature = "runtime")))]
#[test]
fn a_host_and_a_coil_are_enough() {
    let relay = load_text(&with("host = 'relay.local'\ncoil = 0")).unwrap().output.modbus.unwrap();
    assert_eq!((relay.port, relay.unit, relay.coil, relay.fault_coil), (502, 1, 0, None));
    let keys = "host = '10.0.0.9'\nport = 4196\nunit = 255\ncoil = 65535\nfault_coil = 0";
    let relay = load_text(&with(keys)).unwrap().output.modbus.unwrap();
    assert_eq!((relay.port, relay.unit, relay.coil), (4196, 255, 65_535));
    assert_eq!(relay.fault_coil, Some(0));
    assert!(load_text(&edited(8, "")).unwrap().output.modbus.is_none());
}

#[test]
fn what_is_no_coil_is_told_with_its_place() {
    for (keys, expected) in [
        ("host = 'a'", "8:1 missing key `output.modbus.coil`"),
        ("coil = 0", "8:1 missing key `output.modbus.host`"),
        ("host = 'tcp://a'\ncoil = 0", "9:8 `output.modbus.host` = \"tcp://a\" is not a host"),
        ("host = 'a'\ncoil = 65536", "10:8 `output.modbus.coil` is 65536, out of range"),
        ("host = 'a'\ncoil = 1\nunit = 256", "11:8 `output.modbus.unit` is 256, out of range"),
        ("host = 'a'\ncoil = 1\nport = 0", "11:8 `output.modbus.port` is 0, out of range"),
        (
            "host = 'a'\ncoil = 1\nfault_coil = 1",
            "11:14 `output.modbus.fault_coil` is the alarm's coil too",
        ),
    ] {
        assert_problems(&with(keys), &[expected]);
    }
}
