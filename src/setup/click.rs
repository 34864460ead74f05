//! The relay test: a line is switched for a moment, and goes back whatever happens.

use embedded_hal::digital::OutputPin;

use crate::alarm::Line;
use crate::runtime::Shutdown;

/// Long enough to be heard twice, on and off.
pub(super) const CLICK_MS: u64 = 2000;

/// Goes back to its safe level when it is dropped, in a panic too.
struct Switched<P: OutputPin>(Line<P>);

impl<P: OutputPin> Drop for Switched<P> {
    fn drop(&mut self) {
        let _ = self.0.set_safe();
    }
}

/// Switches the line away from its safe level, waits, and switches it back; earlier
/// when the program is to end. `tell` hears of both.
///
/// # Errors
/// The pin's. The line has been driven back all the same, if it could be.
pub(super) fn click<P: OutputPin>(
    line: Line<P>,
    safe_active: bool,
    shutdown: &Shutdown,
    mut tell: impl FnMut(bool),
) -> Result<(), P::Error> {
    let mut line = Switched(line);
    line.0.set_safe()?;
    line.0.set(!safe_active)?;
    tell(true);
    shutdown.sleep_ms(CLICK_MS);
    line.0.set_safe()?;
    tell(false);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::alarm::Polarity;
    use crate::gpio::SimulatedLine;

    #[test]
    fn a_line_that_was_clicked_is_as_before() {
        for (polarity, safe_active) in [
            (Polarity::ActiveHigh, false),
            (Polarity::ActiveLow, false),
            (Polarity::ActiveHigh, true),
        ] {
            let (far, pin) = SimulatedLine::new();
            let shutdown = Shutdown::new();
            let mut seen = Vec::new();
            let line = Line::new(pin, polarity, safe_active);
            // Whoever is told to end does not wait for the relay.
            let ends = shutdown.clone();
            click(line, safe_active, &shutdown, |on| {
                seen.push((on, far.is_high()));
                ends.request();
            })
            .unwrap();
            let idle = (polarity == Polarity::ActiveHigh) == safe_active;
            assert_eq!(seen, [(true, Some(!idle)), (false, Some(idle))]);
            assert_eq!(far.is_high(), Some(idle));
        }
    }

    #[test]
    fn a_panic_leaves_no_line_switched() {
        let (far, pin) = SimulatedLine::new();
        let line = Line::new(pin, Polarity::ActiveLow, false);
        let fails = catch_unwind(AssertUnwindSafe(|| {
            click(line, false, &Shutdown::new(), |_| panic!("in the middle"))
        }));
        assert!(fails.is_err());
        assert_eq!(far.is_high(), Some(true), "low switches this relay on");
    }
}
