//! Rendered footage of the demonstration's place, through its network to alarms and events.

mod flash;
mod footage;
mod moth;
