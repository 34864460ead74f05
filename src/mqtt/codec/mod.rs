//! MQTT 3.1.1 on the wire: what a client writes, and what it reads. Neither knows a
//! socket.

mod decode;
mod encode;
#[cfg(test)]
mod tests;

pub use decode::{Decoder, Malformed, Packet, Publish};
pub use encode::{
    Connect, Outgoing, connect, disconnect, ping_request, puback, publish, publish_bytes, subscribe,
};
