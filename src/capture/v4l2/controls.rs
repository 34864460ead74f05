//! Controls by name, pinned at every opening.

use v4l::v4l_sys as sys;

use super::transport::{ControlDescription, ControlKind, Device};
use crate::capture::{ControlSetting, ControlValue};

/// Names of our own for controls that kernels and cameras name differently.
const NAMES: [(&str, u32); 13] = [
    (AUTO_EXPOSURE, sys::V4L2_CID_EXPOSURE_AUTO),
    (EXPOSURE_US, sys::V4L2_CID_EXPOSURE_ABSOLUTE),
    ("dynamic_rate", sys::V4L2_CID_EXPOSURE_AUTO_PRIORITY),
    ("auto_gain", sys::V4L2_CID_AUTOGAIN),
    ("gain", sys::V4L2_CID_GAIN),
    ("auto_white_balance", sys::V4L2_CID_AUTO_WHITE_BALANCE),
    ("white_balance_k", sys::V4L2_CID_WHITE_BALANCE_TEMPERATURE),
    (POWER_LINE_HZ, sys::V4L2_CID_POWER_LINE_FREQUENCY),
    ("auto_focus", sys::V4L2_CID_FOCUS_AUTO),
    ("focus", sys::V4L2_CID_FOCUS_ABSOLUTE),
    ("brightness", sys::V4L2_CID_BRIGHTNESS),
    ("contrast", sys::V4L2_CID_CONTRAST),
    ("backlight_compensation", sys::V4L2_CID_BACKLIGHT_COMPENSATION),
];

const AUTO_EXPOSURE: &str = "auto_exposure";
const EXPOSURE_US: &str = "exposure_us";
const POWER_LINE_HZ: &str = "power_line_hz";

/// A value that makes sense only with its automatic off.
const MANUAL: [(&str, &str); 4] = [
    (EXPOSURE_US, AUTO_EXPOSURE),
    ("gain", "auto_gain"),
    ("white_balance_k", "auto_white_balance"),
    ("focus", "auto_focus"),
];

/// `V4L2_CID_EXPOSURE_ABSOLUTE` counts in these.
const EXPOSURE_UNIT_US: i64 = 100;

/// Choices of `V4L2_CID_EXPOSURE_AUTO`.
const EXPOSURE_FULLY_AUTO: i64 = 0;
const EXPOSURE_MANUAL: i64 = 1;
const EXPOSURE_APERTURE_PRIORITY: i64 = 3;

/// The key of a control in `[camera.controls]`.
pub(super) fn plain_name(control: &ControlDescription) -> String {
    let ours = NAMES.iter().find(|(_, id)| *id == control.id);
    ours.map_or_else(|| kernel_name(&control.name), |(name, _)| (*name).to_string())
}

/// As `v4l2-ctl` writes it: lower case, words joined by `_`.
fn kernel_name(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("_")
}

/// Sets what the site file pins. What cannot be set leaves the camera as it is
/// and comes back as a warning: a camera that is watched with a wrong exposure
/// is better than none.
pub(super) fn apply(device: &mut dyn Device, settings: &[ControlSetting]) -> Vec<String> {
    if settings.is_empty() {
        return Vec::new();
    }
    let described = match device.controls() {
        Ok(described) => described,
        Err(error) => return vec![format!("the camera's controls cannot be listed: {error}")],
    };
    let mut warnings = Vec::new();
    for setting in in_order(settings, &described) {
        let outcome = match find(&described, &setting.name) {
            Some(control) => set(device, control, &setting),
            None => Err(format!("the camera has no such control; it has: {}", known(&described))),
        };
        if let Err(why) = outcome {
            warnings.push(format!("control `{}`: {why}", setting.name));
        }
    }
    warnings
}

/// Automatics first, those included that a manual value implies.
fn in_order(settings: &[ControlSetting], described: &[ControlDescription]) -> Vec<ControlSetting> {
    let has = |name: &str| settings.iter().any(|setting| setting.name == name);
    let implied = MANUAL
        .iter()
        .filter(|(manual, auto)| has(manual) && !has(auto) && find(described, auto).is_some());
    let off = |name: &str| ControlSetting { name: name.into(), value: ControlValue::Flag(false) };
    let mut ordered: Vec<_> = implied.map(|(_, auto)| off(auto)).collect();
    let (first, rest): (Vec<_>, Vec<_>) =
        settings.iter().cloned().partition(|setting| setting.name.contains("auto"));
    ordered.extend(first);
    ordered.extend(rest);
    ordered
}

fn find<'d>(described: &'d [ControlDescription], name: &str) -> Option<&'d ControlDescription> {
    let ours = described.iter().find(|control| plain_name(control) == name);
    ours.or_else(|| described.iter().find(|control| kernel_name(&control.name) == name))
}

fn known(described: &[ControlDescription]) -> String {
    let settable = described
        .iter()
        .filter(|control| !control.is_read_only && control.kind != ControlKind::Other);
    let mut names: Vec<_> = settable.map(plain_name).collect();
    names.sort();
    names.join(", ")
}

fn set(
    device: &mut dyn Device,
    control: &ControlDescription,
    setting: &ControlSetting,
) -> Result<(), String> {
    if control.is_read_only {
        return Err("the camera sets it itself".into());
    }
    let wanted = value(control, &setting.value)?;
    let wanted = i32::try_from(wanted).map_err(|_| format!("{wanted} is too large"))?;
    device
        .set_control(control.id, wanted)
        .map_err(|error| format!("cannot be set to {wanted}: {error}"))?;
    match device.control(control.id) {
        Ok(found) if found != wanted && control.kind != ControlKind::Button => {
            Err(format!("set to {wanted}, but the camera made {found} of it"))
        }
        _ => Ok(()),
    }
}

/// A setting in the kernel's units.
fn value(control: &ControlDescription, value: &ControlValue) -> Result<i64, String> {
    match (control.id, value) {
        (sys::V4L2_CID_EXPOSURE_AUTO, &ControlValue::Flag(auto)) => exposure_mode(control, auto),
        (sys::V4L2_CID_EXPOSURE_ABSOLUTE, &ControlValue::Whole(us)) => {
            let unit = EXPOSURE_UNIT_US;
            in_range(control, (us + unit / 2) / unit, us, |value| value * unit)
        }
        (sys::V4L2_CID_POWER_LINE_FREQUENCY, value) => power_line(control, value),
        (_, &ControlValue::Flag(flag)) => match control.kind {
            ControlKind::Flag | ControlKind::Button => Ok(flag.into()),
            _ => Err(format!("takes {}, not true or false", takes(control))),
        },
        (_, &ControlValue::Whole(whole)) => match control.kind {
            ControlKind::Menu => choice(control, |(value, _)| *value == whole),
            ControlKind::Other => Err("is of a kind that cannot be set here".into()),
            _ => in_range(control, whole, whole, |value| value),
        },
        (_, ControlValue::Word(word)) => match control.kind {
            ControlKind::Menu => choice(control, |(_, name)| {
                name.eq_ignore_ascii_case(word) || kernel_name(name) == kernel_name(word)
            }),
            _ => Err(format!("takes {}, not `{word}`", takes(control))),
        },
    }
}

fn exposure_mode(control: &ControlDescription, auto: bool) -> Result<i64, String> {
    let offers = |mode: &&i64| control.menu.iter().any(|(value, _)| value == *mode);
    let modes: &[i64] =
        if auto { &[EXPOSURE_APERTURE_PRIORITY, EXPOSURE_FULLY_AUTO] } else { &[EXPOSURE_MANUAL] };
    let found = modes.iter().find(offers).copied();
    found.ok_or_else(|| format!("takes {}", takes(control)))
}

fn power_line(control: &ControlDescription, value: &ControlValue) -> Result<i64, String> {
    let mode = match value {
        ControlValue::Whole(0) | ControlValue::Flag(false) => 0,
        ControlValue::Whole(50) => 1,
        ControlValue::Whole(60) => 2,
        ControlValue::Word(word) if word == "auto" => 3,
        _ => return Err("takes 0, 50, 60 or \"auto\"".into()),
    };
    choice(control, |(value, _)| *value == mode)
}

fn choice(
    control: &ControlDescription,
    is_meant: impl Fn(&&(i64, String)) -> bool,
) -> Result<i64, String> {
    let found = control.menu.iter().find(is_meant).map(|(value, _)| *value);
    found.ok_or_else(|| format!("takes {}", takes(control)))
}

/// `value`, in the kernel's units, if the control takes it. For messages,
/// `shown` is the setting and `show` gives the limits in its unit.
fn in_range(
    control: &ControlDescription,
    value: i64,
    shown: i64,
    show: impl Fn(i64) -> i64,
) -> Result<i64, String> {
    if (control.min..=control.max).contains(&value) {
        return Ok(value);
    }
    Err(format!("{shown} is not within {} to {}", show(control.min), show(control.max)))
}

fn takes(control: &ControlDescription) -> String {
    match control.kind {
        ControlKind::Menu => {
            let choices = control.menu.iter().map(|(value, name)| format!("{value} (\"{name}\")"));
            choices.collect::<Vec<_>>().join(", ")
        }
        ControlKind::Flag | ControlKind::Button => "true or false".into(),
        _ => format!("{} to {}", control.min, control.max),
    }
}
