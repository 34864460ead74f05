//! The alarm line, the fault line and those of what lasts, driven together.

use embedded_hal::digital::OutputPin;

use super::line::Line;
use super::machine::State;
use super::pattern::Pattern;

/// Which of the lines refused, with the pin's own error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputError<A, F> {
    Alarm(A),
    Lasting(LastingLine, A),
    Fault(F),
}

/// A line of its own for one kind of what lasts, beside the alarm line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastingLine {
    /// Active while something has stayed that was not there, or is gone.
    Changed,
    /// Active while the camera has lost its usual view.
    Tampered,
}

impl LastingLine {
    pub const ALL: [Self; 2] = [Self::Changed, Self::Tampered];

    /// Name as it stands in site files and in the event log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Tampered => "tampered",
        }
    }
}

/// A line that is there where somebody wants it.
#[derive(Debug)]
struct Further<P> {
    line: Line<P>,
    pattern: Pattern,
    wanted: bool,
    since_ms: Option<u64>,
}

/// The alarm line and the fault line, and up to one for each [`LastingLine`].
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
    /// By [`LastingLine`].
    lasting: [Option<Further<A>>; 2],
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
            lasting: [None, None],
        };
        outputs.set_safe()?;
        Ok(outputs)
    }

    /// With a line for one kind of what lasts, which is driven to its safe level.
    ///
    /// # Errors
    /// The line refuses.
    pub fn with_lasting(
        mut self,
        which: LastingLine,
        mut line: Line<A>,
        pattern: Pattern,
    ) -> Result<Self, OutputError<A::Error, F::Error>> {
        line.set_safe().map_err(|error| OutputError::Lasting(which, error))?;
        let further = Further { line, pattern, wanted: false, since_ms: None };
        self.lasting[which as usize] = Some(further);
        Ok(self)
    }

    /// Says whether there is what a line tells; the next [`AlarmOutputs::show`] drives
    /// it. Nothing comes of it where there is no such line.
    pub fn want(&mut self, which: LastingLine, active: bool) {
        if let Some(further) = &mut self.lasting[which as usize] {
            further.wanted = active;
        }
    }

    /// Shows a state, what is wanted and the health of the whole at `now_ms`. All lines
    /// are tried even if one refuses; with one that cannot be driven nothing is well, so
    /// the fault line is dropped then. It is the last to be driven.
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
        let alarm_result = alarm_result.and(self.show_lasting(now_ms));
        let healthy = healthy && alarm_result.is_ok();
        let fault = level(&mut self.healthy_since_ms, healthy, self.fault_pattern, now_ms);
        let fault_result = self.fault.set(fault).map_err(OutputError::Fault);
        alarm_result.and(fault_result)
    }

    fn show_lasting(&mut self, now_ms: u64) -> Result<(), OutputError<A::Error, F::Error>> {
        let mut result = Ok(());
        for (which, further) in LastingLine::ALL.into_iter().zip(&mut self.lasting) {
            let Some(Further { line, pattern, wanted, since_ms }) = further else { continue };
            let active = level(since_ms, *wanted, *pattern, now_ms);
            let shown = line.set(active).map_err(|error| OutputError::Lasting(which, error));
            result = result.and(shown);
        }
        result
    }

    /// Drives all lines to their stated safe levels, trying each.
    ///
    /// # Errors
    /// The first line that refused.
    pub fn set_safe(&mut self) -> Result<(), OutputError<A::Error, F::Error>> {
        self.alarm_since_ms = None;
        self.healthy_since_ms = None;
        let mut result = self.alarm.set_safe().map_err(OutputError::Alarm);
        for (which, further) in LastingLine::ALL.into_iter().zip(&mut self.lasting) {
            let Some(further) = further else { continue };
            (further.since_ms, further.wanted) = (None, false);
            let shown = further.line.set_safe();
            result = result.and(shown.map_err(|error| OutputError::Lasting(which, error)));
        }
        let fault_result = self.fault.set_safe().map_err(OutputError::Fault);
        result.and(fault_result)
    }

    /// Says that somebody else may have driven the lines: the next
    /// [`AlarmOutputs::show`] drives all, whatever they showed.
    pub fn forget(&mut self) {
        self.alarm.forget();
        self.lasting.iter_mut().flatten().for_each(|further| further.line.forget());
        self.fault.forget();
    }

    /// The line for one kind of what lasts and how it shows it, where there is one.
    pub fn lasting(&self, which: LastingLine) -> Option<(&Line<A>, Pattern)> {
        self.lasting[which as usize].as_ref().map(|further| (&further.line, further.pattern))
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
