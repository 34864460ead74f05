//! A board file: what a piece of hardware is.

use std::path::{Path, PathBuf};

use super::camera::CameraSection;
use super::lookup;
use super::reader::{Item, Section};
use super::report::Report;
use crate::model::Precision;

/// A board file with all that it inherits.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// The file's name without `.toml`.
    pub name: String,
    /// The board file itself.
    pub file: PathBuf,
    /// One line for people.
    pub description: String,
    /// Strings of the device tree's `compatible`, any of which means this
    /// board.
    pub compatible: Vec<String>,
    /// Rust's target triple; `None` for the machine that runs the program.
    pub target: Option<String>,
    pub cpu: CpuSection,
    pub recommended: RecommendedSection,
    /// What a site without `[camera]` gets.
    pub camera: Option<CameraSection>,
    pub gpio: GpioSection,
    pub watchdog: Option<WatchdogSection>,
    pub thermal: ThermalSection,
    /// Sentences for people.
    pub notes: Vec<String>,
}

/// `[cpu]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CpuSection {
    /// Names as in `/proc/cpuinfo`, for instance `asimddp`.
    pub features: Vec<String>,
    /// 1 to 256.
    pub cores: Option<u32>,
}

/// `[recommended]`: what runs in real time on this board.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecommendedSection {
    /// A training preset, for instance `edge`.
    pub preset: Option<String>,
    pub precision: Option<Precision>,
    /// 1 to 256.
    pub threads: Option<u32>,
}

/// `[gpio]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpioSection {
    pub driver: GpioDriver,
    /// Label of the chip that the lines are on, where they do not say it
    /// themselves. Chip numbers move between kernels, so there are none here.
    pub chip_label: Option<String>,
    /// At most one of each name.
    pub lines: Vec<GpioLine>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GpioDriver {
    /// Lines exist in the program only.
    Simulated,
    /// The kernel's GPIO character devices.
    Gpiocdev,
}

/// `[[gpio.line]]`: a line that a site may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpioLine {
    pub name: String,
    /// The kernel's name for the line; `name` where `None`.
    pub kernel_name: Option<String>,
    /// Label of the chip, for lines that the kernel does not name.
    pub chip_label: Option<String>,
    /// Position on that chip, 0 to 1023; the pin of an expander.
    pub offset: Option<u32>,
    /// The I²C chip that the line is a pin of, where the kernel does not drive it.
    pub expander: Option<ExpanderAt>,
    /// Pin of the board's header, 1 to 200.
    pub header_pin: Option<u32>,
    pub note: Option<String>,
}

/// An I²C expander, driven from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpanderAt {
    pub chip: ExpanderChip,
    /// For instance `/dev/i2c-1`.
    pub bus: PathBuf,
    /// 8 to 119, as data sheets have it: without the bit for reading.
    pub address: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpanderChip {
    /// 8 pins without registers; PCF8574A too.
    Pcf8574,
    /// 16 pins, of which 0 to 7 are port A.
    Mcp23017,
}

impl ExpanderChip {
    pub const ALL: [(&'static str, Self); 2] =
        [("pcf8574", Self::Pcf8574), ("mcp23017", Self::Mcp23017)];

    /// As board files have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcf8574 => "pcf8574",
            Self::Mcp23017 => "mcp23017",
        }
    }

    /// The highest number of a pin.
    pub fn last_pin(self) -> u32 {
        match self {
            Self::Pcf8574 => 7,
            Self::Mcp23017 => 15,
        }
    }
}

/// `[watchdog]`: the hardware that resets a hung board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchdogSection {
    /// For instance `/dev/watchdog0`.
    pub device: PathBuf,
    /// Longest timeout that the hardware takes, 1 to 3600.
    pub max_timeout_s: Option<u32>,
}

/// `[thermal]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThermalSection {
    /// Types of `/sys/class/thermal` zones to watch, for instance
    /// `cpu-thermal`.
    pub zones: Vec<String>,
}

impl GpioSection {
    pub fn line(&self, name: &str) -> Option<&GpioLine> {
        self.lines.iter().find(|line| line.name == name)
    }
}

/// Reads a board file with all that it inherits.
pub(super) fn load(file: &Path, board_dirs: &[PathBuf], report: &Report) -> Option<Board> {
    let table = lookup::read_with_bases(file, board_dirs, report)?;
    let mut root = Section::new(&table, String::new(), report);
    root.ignore(&["inherits"]);
    let base = file.parent().unwrap_or(Path::new(""));
    let name = file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    let description = root.required("description", "\"…\"").and_then(Item::text);
    let compatible = root.optional("compatible").and_then(Item::texts).unwrap_or_default();
    let target = root.optional("target").and_then(Item::text);
    let cpu = root.optional_section("cpu").map(read_cpu).unwrap_or_default();
    let recommended =
        root.optional_section("recommended").map(read_recommended).unwrap_or_default();
    let camera = root.optional_section("camera").and_then(|s| CameraSection::read(s, base));
    let gpio = root.required_section("gpio").and_then(read_gpio);
    let watchdog = root.optional_section("watchdog").and_then(read_watchdog);
    let thermal = root.optional_section("thermal").map(read_thermal).unwrap_or_default();
    let notes = root.optional("notes").and_then(Item::texts).unwrap_or_default();
    let (description, gpio) = (description?, gpio?);
    let file = file.to_path_buf();
    Some(Board {
        name,
        file,
        description,
        compatible,
        target,
        cpu,
        recommended,
        camera,
        gpio,
        watchdog,
        thermal,
        notes,
    })
}

fn read_cpu(mut section: Section<'_>) -> CpuSection {
    CpuSection {
        features: section.optional("features").and_then(Item::texts).unwrap_or_default(),
        cores: section.optional("cores").and_then(|item| item.whole(1..=256)),
    }
}

fn read_recommended(mut section: Section<'_>) -> RecommendedSection {
    RecommendedSection {
        preset: section.optional("preset").and_then(Item::text),
        precision: section.optional("precision").and_then(|item| {
            item.choice(&[
                ("f32", Precision::F32),
                ("f16", Precision::F16),
                ("int8", Precision::Int8),
            ])
        }),
        threads: section.optional("threads").and_then(|item| item.whole(1..=256)),
    }
}

fn read_gpio(mut section: Section<'_>) -> Option<GpioSection> {
    let driver = section.required("driver", "\"simulated\"").and_then(|item| {
        item.choice(&[("simulated", GpioDriver::Simulated), ("gpiocdev", GpioDriver::Gpiocdev)])
    });
    let chip_label = section.optional("chip_label").and_then(Item::text);
    let mut lines = Vec::new();
    for line_section in section.sections("line") {
        lines.extend(read_gpio_line(line_section, &lines));
    }
    Some(GpioSection { driver: driver?, chip_label, lines })
}

fn read_gpio_line(mut section: Section<'_>, others: &[GpioLine]) -> Option<GpioLine> {
    let name = section.required("name", "\"ALARM\"");
    let expander = read_expander(&mut section);
    let line = GpioLine {
        name: name.clone().and_then(Item::text).unwrap_or_default(),
        kernel_name: section.optional("kernel_name").and_then(Item::text),
        chip_label: section.optional("chip_label").and_then(Item::text),
        offset: section.optional("offset").and_then(|item| item.whole(0..=1023)),
        expander,
        header_pin: section.optional("header_pin").and_then(|item| item.whole(1..=200)),
        note: section.optional("note").and_then(Item::text),
    };
    if others.iter().any(|other| other.name == line.name) {
        name?.invalid("is the name of an earlier line too", "give each line a name of its own");
    }
    Some(line)
}

/// Its pin is the line's `offset`, which then must be there.
fn read_expander(section: &mut Section<'_>) -> Option<ExpanderAt> {
    let Some(item) = section.optional("expander") else {
        let remedy = "add `expander`, or remove the key";
        section.refuse(&["i2c_bus", "i2c_address"], "without `expander`", remedy);
        return None;
    };
    let remedy = "remove it: an expander has neither";
    section.refuse(&["kernel_name", "chip_label"], "with `expander`", remedy);
    let chip = item.choice(&ExpanderChip::ALL);
    let bus = section.required("i2c_bus", "\"/dev/i2c-1\"").and_then(Item::text);
    let address = section.required("i2c_address", "0x20").and_then(|item| item.whole(8..=119));
    let offset = section.required("offset", "0");
    let chip = chip?;
    offset.and_then(|item| item.whole(0..=chip.last_pin()))?;
    Some(ExpanderAt { chip, bus: bus?.into(), address: address? as u8 })
}

fn read_watchdog(mut section: Section<'_>) -> Option<WatchdogSection> {
    let device = section.required("device", "\"/dev/watchdog0\"").and_then(Item::text);
    let max_timeout_s = section.optional("max_timeout_s").and_then(|item| item.whole(1..=3600));
    Some(WatchdogSection { device: device?.into(), max_timeout_s })
}

fn read_thermal(mut section: Section<'_>) -> ThermalSection {
    ThermalSection { zones: section.optional("zones").and_then(Item::texts).unwrap_or_default() }
}
