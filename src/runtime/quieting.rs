//! What would be an alarm and is known as normal: it is told, and not raised.

use super::analyser::{Analyser, FrameScore, TermsByCell};
use crate::alarm::{AlarmConfig, AlarmMachine, Input, State, Transitions};
use crate::feedback::{InForce, MOST_AT_ONCE, Quiet};
use crate::output::Event;
use crate::score::Cells;

/// Explains frames by what is known as normal, and notices what would have been alarms.
#[derive(Debug)]
pub(super) struct Quieting {
    in_force: InForce,
    quiet: Box<Quiet>,
    /// Is told the scores that were explained, and nothing else.
    shadow: AlarmMachine,
    config: AlarmConfig,
    since_ms: u64,
    known: u32,
}

/// A frame of which something was explained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Explained {
    /// The score of the rest, in −log10 p.
    pub rest: f32,
    /// The entry that explains the worst of it.
    pub known: u32,
}

impl Quieting {
    /// Nothing is known yet.
    pub fn new(config: AlarmConfig, now_ms: u64) -> Self {
        // Nobody acknowledges what was not raised, and no sensor is asked.
        let config = AlarmConfig { latch: false, motion_within_ms: None, ..config };
        Self {
            in_force: InForce::default(),
            quiet: Box::default(),
            shadow: AlarmMachine::new(config, now_ms),
            config,
            since_ms: now_ms,
            known: 0,
        }
    }

    /// From now on what is put there counts.
    pub fn follow(&mut self, in_force: InForce) {
        self.in_force = in_force;
    }

    /// As if just started; what is known stays.
    pub fn restart(&mut self, now_ms: u64) {
        self.shadow = AlarmMachine::new(self.config, now_ms);
    }

    /// Notes in a frame that reaches `exit_level` where it is odd, and explains what is
    /// known as normal. An alarm that goes on is left alone: what raised it was not known.
    /// Allocates nothing.
    pub fn look(
        &mut self,
        analyser: &mut Analyser,
        score: &mut FrameScore,
        (exit_level, state): (f32, State),
    ) -> Option<Explained> {
        if let Some(quiet) = self.in_force.take() {
            self.quiet = quiet;
        }
        let whole = score.surprise?.score;
        if whole.is_nan() || whole < exit_level {
            return None;
        }
        let terms = analyser.by_cell(score)?;
        let mut worst = terms.outside(Cells::default());
        score.odd = Some(terms.oddness(&worst, exit_level, whole));
        let is_its_own = TermsByCell::is_its_own(&worst, whole);
        if self.quiet.is_empty() || state == State::Alarm || !is_its_own {
            return None;
        }
        worst.score = whole;
        let (mut cells, mut explained) = (Cells::default(), None::<Explained>);
        for _ in 0..MOST_AT_ONCE {
            if worst.score < exit_level {
                break;
            }
            let Some((known, more)) = self.quiet.like(&worst) else { break };
            cells = cells.union(more);
            if !self.quiet.may_explain(cells) {
                return None;
            }
            worst = terms.outside(cells);
            let known = explained.map_or(known, |before| before.known);
            explained = Some(Explained { rest: worst.score.min(whole), known });
        }
        explained
    }

    /// Takes note of a judged frame, or of what else the alarm's machine is told.
    pub fn step(
        &mut self,
        at: (u64, Option<u64>),
        told: Input,
        explained: Option<(Explained, f32)>,
    ) -> Option<Event> {
        let input = match (told, explained) {
            (Input::Score(_), Some((explained, whole))) => {
                self.known = explained.known;
                Input::Score(whole)
            }
            (Input::Score(_), None) => Input::Score(0.0),
            (other, _) => other,
        };
        let score = explained.map_or(0.0, |(_, whole)| whole);
        let transitions = self.shadow.step(at.0, input);
        self.told(&transitions, at, score)
    }

    fn told(
        &mut self,
        transitions: &Transitions,
        (time_ms, frame): (u64, Option<u64>),
        score: f32,
    ) -> Option<Event> {
        let mut told = None;
        for transition in transitions {
            if transition.to == State::Suspect {
                self.since_ms = transition.at_ms;
            }
            let phase = match (transition.from, transition.to) {
                (_, State::Alarm) => "begin",
                (State::Alarm, _) => "end",
                _ => continue,
            };
            let (since_ms, known) = (self.since_ms, self.known);
            told = Some(Event::Quieted { time_ms, frame, phase, since_ms, known, score });
        }
        told
    }
}
