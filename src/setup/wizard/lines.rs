//! The lines: which, at which level, and whether the relay obeys.

use super::Wizard;
use crate::alarm::{Pattern, Polarity};
use crate::config::{Board, GpioDriver, GpioLine, OutputLine};
use crate::setup::draft::{Draft, DraftLine};
use crate::setup::error::SetupError;
use crate::setup::machine::TestedLine;
use crate::setup::question::{Question, ask_whether, ask_which};

const USUAL_BEAT_MS: u32 = 1000;

const NOT_HEARD: &str = "check that the relay board has its supply, that its input is on this line, \
    and which level it wants: many switch on at \"low\"; see the page on wiring";

impl Wizard<'_> {
    pub(super) fn lines(&mut self, draft: &mut Draft, board: &Board) -> Result<(), SetupError> {
        let list: Vec<_> = outputs(board).map(described).collect();
        self.interview.say(&format!("\nLines of the board:\n{}", list.join("\n")));
        draft.fault = None;
        loop {
            self.alarm(draft, board)?;
            if self.relay_obeys(draft, board)? {
                break;
            }
        }
        self.fault(draft, board)
    }

    fn alarm(&mut self, draft: &mut Draft, board: &Board) -> Result<(), SetupError> {
        let usual = self.usual_line(board, "alarm", "ALARM");
        let text = "Which line is active during an alarm?";
        let question = Question::new("alarm_line", text).perhaps(usual);
        loop {
            let answer = self.interview.ask(&question)?;
            let tried = answer.text().map(str::to_owned).and_then(|line| {
                draft.alarm.line = line;
                self.tried(draft, "output.alarm.line")
            });
            match tried {
                Ok(_) => break,
                Err(why) => self.interview.refuse(&question, &answer, &why)?,
            }
        }
        let kept = self.former.as_ref().map(|former| &former.site.output.alarm);
        let usual = level(kept).unwrap_or("high");
        draft.alarm.active = self.active("alarm_active", usual)?;
        Ok(())
    }

    fn active(&mut self, key: &'static str, usual: &str) -> Result<String, SetupError> {
        let text = "Which level switches its relay on, high or low?";
        let question = Question::new(key, text).usually(usual);
        ask_which(self.interview, &question, &["high", "low"])
    }

    /// Switches the alarm line for a moment, if somebody wants it; whether to go on.
    fn relay_obeys(&mut self, draft: &Draft, board: &Board) -> Result<bool, SetupError> {
        let is_real = board.gpio.driver != GpioDriver::Simulated;
        let line = draft.alarm.line.as_str();
        // Nobody stands beside a siren where answers come from a file.
        let usual = is_real && self.interview.is_there();
        let text = format!(
            "Switch {line} for two seconds now? What hangs on it comes on: a siren, a gate"
        );
        if !ask_whether(self.interview, "click", &text, Some(usual))? {
            return Ok(true);
        }
        let polarity = match draft.alarm.active.as_str() {
            "low" => Polarity::ActiveLow,
            _ => Polarity::ActiveHigh,
        };
        let kept = self.former.as_ref().map(|former| &former.site.output.alarm);
        let safe_active = kept.is_some_and(|kept| kept.safe_active);
        let interview = &mut *self.interview;
        let mut tell = |on: bool| {
            interview.say(&match on {
                true => format!("{line} is switched now: the relay clicks"),
                false => format!("{line} is back"),
            });
        };
        match self.machine.click(TestedLine { board, line, polarity, safe_active }, &mut tell) {
            Err(SetupError::Stopped) => return Err(SetupError::Stopped),
            Err(error) if self.interview.is_there() => {
                self.interview.say(&format!("  {error}"));
                return Ok(false);
            }
            done => done?,
        }
        if !is_real {
            self.interview.say("The line is simulated: there is nothing to hear.");
            return Ok(true);
        }
        self.heard()
    }

    fn heard(&mut self) -> Result<bool, SetupError> {
        let text = "The relay clicked: did you hear it, or see its lamp? \"skip\" goes on without";
        let question = Question::new("heard", text);
        loop {
            let answer = self.interview.ask(&question)?;
            match answer.text().unwrap_or_default().to_lowercase().as_str() {
                "yes" | "y" | "true" | "skip" => return Ok(true),
                "no" | "n" | "false" => {
                    self.interview.refuse(&question, &answer, NOT_HEARD)?;
                    return Ok(false);
                }
                _ => self.interview.refuse(&question, &answer, "answer yes, no or skip")?,
            }
        }
    }

    fn fault(&mut self, draft: &mut Draft, board: &Board) -> Result<(), SetupError> {
        let kept = self.former.as_ref().map(|former| former.site.output.fault.clone());
        let usual = match &kept {
            Some(None) => None,
            _ => self.usual_line(board, "fault", "FAULT").filter(|line| *line != draft.alarm.line),
        };
        let text = "Which line is active while all is well, so that its relay drops when something \
            fails? A line, or \"none\"";
        let usual = usual.unwrap_or_else(|| "none".into());
        let question = Question::new("fault_line", text).usually(usual);
        let active = level(kept.as_ref().and_then(Option::as_ref));
        let active = active.unwrap_or(&draft.alarm.active).to_owned();
        loop {
            let answer = self.interview.ask(&question)?;
            let tried = answer.text().map(str::to_owned).and_then(|line| {
                if line == "none" {
                    draft.fault = None;
                    return Ok(());
                }
                draft.fault = Some(DraftLine { line, active: active.clone(), heartbeat_ms: None });
                self.tried(draft, "output.fault.line").map(drop)
            });
            match tried {
                Ok(()) => break,
                Err(why) => self.interview.refuse(&question, &answer, &why)?,
            }
        }
        let Some(mut fault) = draft.fault.take() else { return Ok(()) };
        fault.active = self.active("fault_active", &fault.active)?;
        let beat_ms = kept.flatten().and_then(|kept| match kept.pattern {
            Pattern::Heartbeat { period_ms } => Some(period_ms),
            _ => None,
        });
        let text = "Does it stay active, or beat? A plain relay wants \"steady\", a device that counts \
            beats \"heartbeat\"";
        let usual = if beat_ms.is_some() { "heartbeat" } else { "steady" };
        let question = Question::new("fault_pattern", text).usually(usual);
        let pattern = ask_which(self.interview, &question, &["steady", "heartbeat"])?;
        let beats = (pattern == "heartbeat").then(|| beat_ms.unwrap_or(USUAL_BEAT_MS));
        draft.fault = Some(DraftLine { heartbeat_ms: beats, ..fault });
        Ok(())
    }

    /// The line that there was, or the board's line of this name, if no other site has it.
    pub(super) fn usual_line(&self, board: &Board, output: &str, name: &str) -> Option<String> {
        let kept = self.former.as_ref().and_then(|former| former.text(&["output", output, "line"]));
        let is_free = |line: &GpioLine| {
            !self.facts.neighbours.iter().any(|other| {
                other.board.file == board.file
                    && other.output.lines().any(|one| one.line == line.name)
            })
        };
        let usual = || board.gpio.line(name).filter(|line| is_free(line)).map(|l| l.name.clone());
        kept.filter(|kept| board.gpio.line(kept).is_some()).or_else(usual)
    }
}

/// Lines that are not there to be read.
fn outputs(board: &Board) -> impl Iterator<Item = &GpioLine> {
    let reads = |line: &&GpioLine| line.note.as_ref().is_some_and(|note| note.starts_with("input"));
    board.gpio.lines.iter().filter(move |line| !reads(line))
}

fn described(line: &GpioLine) -> String {
    let pin = line.header_pin.map(|pin| format!("pin {pin}"));
    let words: Vec<_> = pin.into_iter().chain(line.note.clone()).collect();
    format!("  {:<10} {}", line.name, words.join(", "))
}

fn level(output: Option<&OutputLine>) -> Option<&'static str> {
    Some(match output?.polarity {
        Polarity::ActiveHigh => "high",
        Polarity::ActiveLow => "low",
    })
}
