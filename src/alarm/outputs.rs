//! The alarm line and the fault line, driven together.

use embedded_hal::digital::OutputPin;

use super::line::Line;
use super::machine::State;
use super::pattern::Pattern;

/// Which of the two lines refused, with the pin's own error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputError<A, F> {
    Alarm(A),
    Fault(F),
}

/// The alarm line and the fault line.
///
/// The fault line is energised (active) while all is well, so that a cut wire,
/// a dead process and a lost supply all read as a fault.
#[derive(Debug)]
pub struct AlarmOutputs<A: OutputPin, F: OutputPin> {
    alarm: Line<A>,
    alarm_pattern: Pattern,
    fault: Line<F>,
    fault_pattern: Pattern,
    alarm_since_ms: Option<u64>,
    healthy_since_ms: Option<u64>,
}

impl<A: OutputPin, F: OutputPin> AlarmOutputs<A, F> {
    /// Takes both lines over and drives them to their safe levels.
    ///
    /// # Errors
    /// The first line that refuses.
    pub fn new(
        alarm: Line<A>,
        alarm_pattern: Pattern,
        fault: Line<F>,
        fault_pattern: Pattern,
    ) -> Result<Self, OutputError<A::Error, F::Error>> {
        let mut outputs = Self {
            alarm,
            alarm_pattern,
            fault,
            fault_pattern,
            alarm_since_ms: None,
            healthy_since_ms: None,
        };
        outputs.set_safe()?;
        Ok(outputs)
    }

    /// Shows a state and the health of the whole at `now_ms`. Both lines are
    /// tried even if the first one refuses; with an alarm line that cannot be
    /// driven nothing is well, so the fault line is dropped then.
    ///
    /// # Errors
    /// The first line that refused.
    pub fn show(
        &mut self,
        now_ms: u64,
        state: State,
        healthy: bool,
    ) -> Result<(), OutputError<A::Error, F::Error>> {
        let alarm =
            level(&mut self.alarm_since_ms, state.alarm_active(), self.alarm_pattern, now_ms);
        let alarm_result = self.alarm.set(alarm).map_err(OutputError::Alarm);
        let healthy = healthy && alarm_result.is_ok();
        let fault = level(&mut self.healthy_since_ms, healthy, self.fault_pattern, now_ms);
        let fault_result = self.fault.set(fault).map_err(OutputError::Fault);
        alarm_result.and(fault_result)
    }

    /// Drives both lines to their stated safe levels, trying both.
    ///
    /// # Errors
    /// The first line that refused.
    pub fn set_safe(&mut self) -> Result<(), OutputError<A::Error, F::Error>> {
        self.alarm_since_ms = None;
        self.healthy_since_ms = None;
        let alarm_result = self.alarm.set_safe().map_err(OutputError::Alarm);
        let fault_result = self.fault.set_safe().map_err(OutputError::Fault);
        alarm_result.and(fault_result)
    }

    /// Says that somebody else may have driven the lines: the next
    /// [`AlarmOutputs::show`] drives both, whatever they showed.
    pub fn forget(&mut self) {
        self.alarm.forget();
        self.fault.forget();
    }

    pub fn alarm_line(&self) -> &Line<A> {
        &self.alarm
    }

    pub fn fault_line(&self) -> &Line<F> {
        &self.fault
    }

    /// How the alarm line shows an alarm.
    pub fn alarm_pattern(&self) -> Pattern {
        self.alarm_pattern
    }

    /// How the fault line shows that all is well.
    pub fn fault_pattern(&self) -> Pattern {
        self.fault_pattern
    }
}

/// Whoever lets go of the outputs, in order or in a panic, leaves them safe.
impl<A: OutputPin, F: OutputPin> Drop for AlarmOutputs<A, F> {
    fn drop(&mut self) {
        let _ = self.set_safe();
    }
}

fn level(since_ms: &mut Option<u64>, cause: bool, pattern: Pattern, now_ms: u64) -> bool {
    if !cause {
        *since_ms = None;
        return false;
    }
    let began_ms = *since_ms.get_or_insert(now_ms);
    pattern.active_at(now_ms.saturating_sub(began_ms))
}
