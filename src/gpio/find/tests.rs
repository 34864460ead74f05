//! Lines of made-up chips: found, or refused with a message that helps.

use super::super::survey::Unreadable;
use super::*;
use crate::config::GpioDriver;

fn chip(number: u32, label: &str, names: &[&str]) -> Chip {
    let line = |(offset, name): (usize, &&str)| ChipLine {
        offset: offset as u32,
        name: (*name).into(),
        ..ChipLine::default()
    };
    Chip {
        path: format!("/dev/gpiochip{number}").into(),
        label: label.into(),
        lines: names.iter().enumerate().map(line).collect(),
    }
}

fn survey() -> Survey {
    let chips = vec![
        chip(0, "pinctrl-rp1", &["ID_SDA", "GPIO17", "GPIO27", "", "RESET"]),
        chip(4, "expander", &["", "", "RESET"]),
    ];
    Survey { chips, unreadable: vec![] }
}

fn line(name: &str) -> GpioLine {
    GpioLine {
        name: name.into(),
        kernel_name: None,
        chip_label: None,
        offset: None,
        expander: None,
        header_pin: None,
        note: None,
    }
}

fn find_in(survey: &Survey, label: Option<&str>, line: &GpioLine) -> Result<Place, LineError> {
    let chip_label = label.map(str::to_owned);
    let board = GpioSection { driver: GpioDriver::Gpiocdev, chip_label, lines: vec![] };
    find(survey, &board, line)
}

#[test]
fn a_line_goes_by_the_kernels_name() {
    let alarm = GpioLine { kernel_name: Some("GPIO17".into()), ..line("ALARM") };
    let place = find_in(&survey(), None, &alarm).unwrap();
    assert_eq!((place.offset, place.chip_label.as_str()), (1, "pinctrl-rp1"));
    assert_eq!(place.line, "ALARM");
    assert_eq!(find_in(&survey(), None, &line("GPIO27")).unwrap().offset, 2);
}

#[test]
fn a_nameless_line_goes_by_label_and_offset() {
    let nameless = GpioLine { offset: Some(1), ..line("ALARM") };
    let place = find_in(&survey(), Some("expander"), &nameless).unwrap();
    assert_eq!((place.offset, place.chip.to_str()), (1, Some("/dev/gpiochip4")));
    let error = find_in(&survey(), None, &nameless).unwrap_err();
    assert!(matches!(error, LineError::NoChipLabel { .. }), "{error}");
    let far = GpioLine { offset: Some(3), ..line("ALARM") };
    let said = find_in(&survey(), Some("expander"), &far).unwrap_err().to_string();
    assert!(said.contains("has 3 lines, none at offset 3"), "{said}");
}

#[test]
fn a_name_on_two_chips_needs_a_label() {
    let error = find_in(&survey(), None, &line("RESET")).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("4 of pinctrl-rp1") && said.contains("2 of expander"), "{said}");
    let reset = GpioLine { chip_label: Some("expander".into()), ..line("RESET") };
    assert_eq!(find_in(&survey(), None, &reset).unwrap().offset, 2);
}

#[test]
fn what_is_absent_is_explained() {
    let said = find_in(&survey(), None, &line("GPIO71")).unwrap_err().to_string();
    assert!(said.contains("did you mean `GPIO17`?"), "{said}");
    assert!(said.contains("pinctrl-rp1 (/dev/gpiochip0, 5 lines)"), "{said}");
    let said = find_in(&survey(), Some("pinctrl-rp2"), &line("GPIO17")).unwrap_err().to_string();
    assert!(said.contains("did you mean `pinctrl-rp1`?"), "{said}");
    let said = find_in(&Survey::default(), None, &line("GPIO17")).unwrap_err().to_string();
    assert!(said.contains("this machine has no GPIO chip"), "{said}");
}

#[test]
fn a_chip_that_cannot_be_read_is_blamed_first() {
    let reason = "Permission denied (os error 13)".to_owned();
    let path = "/dev/gpiochip9".into();
    let unreadable = vec![Unreadable { path, reason, denied: true }];
    let survey = Survey { unreadable, ..survey() };
    let said = find_in(&survey, None, &line("GPIO71")).unwrap_err().to_string();
    assert!(said.contains("/dev/gpiochip9") && said.contains("udev"), "{said}");
    assert!(find_in(&survey, None, &line("GPIO17")).is_ok());
}
