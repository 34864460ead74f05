//! The controls of a node.

use std::io;

use v4l::v4l_sys as sys;
use v4l::v4l2::vidioc;

use super::call::{Calls, is_end, text, zeroed};
use crate::capture::v4l2::transport::{ControlDescription, ControlKind};

const MAX_CONTROLS: u32 = 256;
const MAX_MENU_ITEMS: i64 = 64;

pub(super) fn controls(calls: &Calls) -> io::Result<Vec<ControlDescription>> {
    let mut controls = Vec::new();
    let mut last = 0;
    for _ in 0..MAX_CONTROLS {
        let id = last | sys::V4L2_CTRL_FLAG_NEXT_CTRL;
        let mut found = sys::v4l2_query_ext_ctrl { id, ..zeroed() };
        match calls.call(vidioc::VIDIOC_QUERY_EXT_CTRL, &mut found) {
            Err(error) if is_end(&error) => break,
            result => result?,
        }
        if found.id <= last {
            break;
        }
        last = found.id;
        let is_heading = found.type_ == sys::v4l2_ctrl_type_V4L2_CTRL_TYPE_CTRL_CLASS;
        if !is_heading && found.flags & sys::V4L2_CTRL_FLAG_DISABLED == 0 {
            controls.push(describe(calls, &found));
        }
    }
    Ok(controls)
}

pub(super) fn control(calls: &Calls, id: u32) -> io::Result<i32> {
    let mut control = sys::v4l2_control { id, value: 0 };
    calls.call(vidioc::VIDIOC_G_CTRL, &mut control)?;
    Ok(control.value)
}

pub(super) fn set_control(calls: &Calls, id: u32, value: i32) -> io::Result<()> {
    calls.call(vidioc::VIDIOC_S_CTRL, &mut sys::v4l2_control { id, value })
}

fn menu(calls: &Calls, control: &sys::v4l2_query_ext_ctrl) -> Vec<(i64, String)> {
    let has_names = control.type_ == sys::v4l2_ctrl_type_V4L2_CTRL_TYPE_MENU;
    let last = control.maximum.min(control.minimum.saturating_add(MAX_MENU_ITEMS));
    let mut items = Vec::new();
    for value in control.minimum..=last {
        let index = u32::try_from(value).unwrap_or(0);
        let mut item = sys::v4l2_querymenu { id: control.id, index, ..zeroed() };
        // Menus have holes: the kernel refuses the choices in them.
        if calls.call(vidioc::VIDIOC_QUERYMENU, &mut item).is_err() {
            continue;
        }
        let choice = item.__bindgen_anon_1;
        // SAFETY: both fields are integers, and the whole union was zero
        // before the kernel wrote to it. The structure is packed, so the
        // union was copied out of it first.
        let name = unsafe { if has_names { text(&choice.name) } else { choice.value.to_string() } };
        items.push((value, name));
    }
    items
}

fn describe(calls: &Calls, control: &sys::v4l2_query_ext_ctrl) -> ControlDescription {
    use sys::{
        V4L2_CTRL_FLAG_READ_ONLY, v4l2_ctrl_type_V4L2_CTRL_TYPE_BOOLEAN as FLAG,
        v4l2_ctrl_type_V4L2_CTRL_TYPE_BUTTON as BUTTON,
        v4l2_ctrl_type_V4L2_CTRL_TYPE_INTEGER as WHOLE,
        v4l2_ctrl_type_V4L2_CTRL_TYPE_INTEGER_MENU as WHOLE_MENU,
        v4l2_ctrl_type_V4L2_CTRL_TYPE_MENU as MENU,
    };
    let kind = match control.type_ {
        _ if control.nr_of_dims > 0 => ControlKind::Other,
        WHOLE => ControlKind::Whole,
        FLAG => ControlKind::Flag,
        MENU | WHOLE_MENU => ControlKind::Menu,
        BUTTON => ControlKind::Button,
        _ => ControlKind::Other,
    };
    let name: Vec<u8> = control.name.iter().map(|&c| c as u8).collect();
    ControlDescription {
        id: control.id,
        name: text(&name),
        kind,
        min: control.minimum,
        max: control.maximum,
        step: control.step,
        default: control.default_value,
        is_read_only: control.flags & V4L2_CTRL_FLAG_READ_ONLY != 0,
        menu: if kind == ControlKind::Menu { menu(calls, control) } else { Vec::new() },
    }
}
