//! `[output.modbus]`: coils of a relay on the network.

use super::mqtt::read_host;
use super::reader::Section;

const PORT: u32 = 502;
const UNIT: u32 = 1;

/// `[output.modbus]`: which coils of which relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModbusSection {
    /// A name or an address.
    pub host: String,
    /// 1 to 65 535; 502.
    pub port: u16,
    /// 0 to 255; 1.
    pub unit: u8,
    /// On during an alarm; counted from 0.
    pub coil: u16,
    /// On while all is well; never the same.
    pub fault_coil: Option<u16>,
}

impl ModbusSection {
    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        let item = section.required("host", "\"192.168.1.50\"");
        let host = item.clone().and_then(read_host);
        let mut whole = |key, range, usual: u32| {
            section.optional(key).and_then(|item| item.whole(range)).unwrap_or(usual)
        };
        let port = whole("port", 1..=65_535, PORT);
        let unit = whole("unit", 0..=255, UNIT);
        let coil = section.required("coil", "0").and_then(|item| item.whole(0..=65_535));
        let fault = section.optional("fault_coil");
        let fault_coil = fault.clone().and_then(|item| item.whole(0..=65_535));
        if let (Some(item), Some(same)) = (fault, fault_coil)
            && coil == Some(same)
        {
            item.invalid("is the alarm's coil too", "give each a coil of its own");
        }
        if cfg!(all(feature = "runtime", not(feature = "modbus"))) {
            let remedy = "build with the feature `modbus`, or remove the section";
            item?.invalid("cannot be driven by this build", remedy);
        }
        Some(Self {
            host: host?,
            port: port as u16,
            unit: unit as u8,
            coil: coil? as u16,
            fault_coil: fault_coil.map(|coil| coil as u16),
        })
    }
}
