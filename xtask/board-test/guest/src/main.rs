//! Runs inside the virtual board and does there what the test asks for: sets a
//! control of the virtual camera, or holds a GPIO line as another program
//! would.

use std::error::Error;
use std::process::ExitCode;
use std::thread;

use gpiocdev::Request;
use gpiocdev::line::Value;
use v4l::control::{Control, Value as ControlValue};

const USAGE: &str = "\
board-hand control DEVICE NAME [VALUE]   sets a control of the vivid camera
board-hand hold CHIP OFFSET CONSUMER     holds a line as an inactive output";

/// First control of vivid's own class (vivid-ctrls.c, `VIVID_CID_VIVID_BASE`).
const VIVID: u32 = 0x00f0_f000;

/// Names and numbers of vivid's controls (vivid-ctrls.c).
const CONTROLS: [(&str, u32); 7] = [
    ("test-pattern", VIVID),
    ("horizontal-movement", VIVID + 2),
    ("dropped-percent", VIVID + 64),
    ("disconnect", VIVID + 65),
    ("buffer-error", VIVID + 66),
    ("start-error", VIVID + 69),
    ("queue-error", VIVID + 70),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args[..] {
        ["control", device, name] => control(device, name, ControlValue::None),
        ["control", device, name, value] => match value.parse() {
            Ok(value) => control(device, name, ControlValue::Integer(value)),
            Err(_) => Err(format!("`{value}` is not a whole number").into()),
        },
        ["hold", chip, offset, consumer] => hold(chip, offset, consumer),
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("board-hand: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Sets a control; a button takes no value.
fn control(device: &str, name: &str, value: ControlValue) -> Result<(), Box<dyn Error>> {
    let known = CONTROLS.iter().find(|(control, _)| *control == name);
    let (_, id) = known.ok_or_else(|| format!("no control `{name}`"))?;
    v4l::Device::with_path(device)?.set_control(Control { id: *id, value })?;
    Ok(())
}

/// Holds a line until the process is killed.
fn hold(chip: &str, offset: &str, consumer: &str) -> Result<(), Box<dyn Error>> {
    let _request = Request::builder()
        .on_chip(chip)
        .with_consumer(consumer)
        .with_line(offset.parse()?)
        .as_output(Value::Inactive)
        .request()?;
    println!("held");
    loop {
        thread::park();
    }
}
