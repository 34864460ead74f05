//! The alarm state machine: from scores to a state.

use heapless::Vec;

/// Score levels with hysteresis, in the score's own unit (surprise, −log10 p).
///
/// `exit` must not exceed `enter`; [`AlarmMachine::new`] lowers it if it does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// At or above it a quiet scene becomes suspect.
    pub enter: f32,
    /// Below it a suspicion is dropped and an alarm starts to end.
    pub exit: f32,
}

fn sorted(levels: Levels) -> Levels {
    Levels { exit: if levels.exit > levels.enter { levels.enter } else { levels.exit }, ..levels }
}

/// Durations that turn a score into an alarm. All may be zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlarmConfig {
    pub levels: Levels,
    /// The score must stay suspect this long before the alarm is raised.
    pub min_duration_ms: u32,
    /// The score must stay below `exit` this long before the alarm ends.
    pub hold_ms: u32,
    /// No new suspicion within this time after an alarm has ended.
    pub cooldown_ms: u32,
    /// Scores are ignored for this long after the start and after arming.
    pub warm_up_ms: u32,
    /// An alarm outlasts its cause until somebody acknowledges it.
    pub latch: bool,
    pub armed_at_start: bool,
    /// A suspicion becomes an alarm only if a motion sensor is active, or was
    /// within this time, see [`Input::Motion`]; `None` without such a sensor. An
    /// alarm that has begun does not depend on it.
    pub motion_within_ms: Option<u32>,
}

/// Where the machine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Scores are ignored until [`Input::Arm`].
    Disarmed,
    /// Armed, but the scores are not trusted yet.
    WarmUp,
    Idle,
    /// The score is high, but not for long enough.
    Suspect,
    Alarm,
    /// The cause has gone; the alarm waits for [`Input::Acknowledge`], or for
    /// another cause, which makes it an alarm again.
    Latched,
    Cooldown,
}

impl State {
    /// Whether the alarm output is to be active.
    pub fn alarm_active(self) -> bool {
        matches!(self, State::Alarm | State::Latched)
    }

    const ALL: [Self; 7] = [
        Self::Disarmed,
        Self::WarmUp,
        Self::Idle,
        Self::Suspect,
        Self::Alarm,
        Self::Latched,
        Self::Cooldown,
    ];

    /// The state of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Name as it stands in logs and in `events.jsonl`.
    pub fn name(self) -> &'static str {
        match self {
            State::Disarmed => "disarmed",
            State::WarmUp => "warm-up",
            State::Idle => "idle",
            State::Suspect => "suspect",
            State::Alarm => "alarm",
            State::Latched => "latched",
            State::Cooldown => "cooldown",
        }
    }
}

/// What happens to the machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// A score for this instant. NaN counts as [`Input::Blind`].
    Score(f32),
    /// There is no score, and none for a while: the camera is gone. A
    /// suspicion is dropped, an alarm is kept, and blind time is not quiet
    /// time: it does not bring an alarm to its end.
    Blind,
    /// A frame or a few are missing. A suspicion is kept, or a camera that loses
    /// one frame in ten could raise no alarm; quiet time begins again.
    Gap,
    /// Only time passes.
    Tick,
    /// Somebody has seen the alarm. Frees a latch; if the cause lasts, the
    /// alarm then ends by itself when the cause does.
    Acknowledge,
    Arm,
    /// Drops everything, a latched alarm too.
    Disarm,
    /// An independent motion sensor became active or inactive; matters only
    /// with [`AlarmConfig::motion_within_ms`].
    Motion(bool),
    /// From now on these levels count, those of a budget of so many false alarms a
    /// day. What the machine has come to stays until the next score.
    Levels {
        alarms_per_day: f64,
        levels: Levels,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    pub from: State,
    pub to: State,
    pub at_ms: u64,
}

/// What one step did; more than one entry where a state was only passed.
pub type Transitions = Vec<Transition, 4>;

/// The alarm state machine.
///
/// Disarmed → warm-up → idle → suspect → alarm → (latched) → cooldown → idle.
/// Time that runs backwards counts as no time.
#[derive(Clone, Debug)]
pub struct AlarmMachine {
    config: AlarmConfig,
    state: State,
    since_ms: u64,
    quiet_since_ms: Option<u64>,
    acknowledged: bool,
    now_ms: u64,
    moving: bool,
    moved_ms: Option<u64>,
}

impl AlarmMachine {
    /// A machine that starts at `now_ms`, in warm-up or disarmed.
    pub fn new(mut config: AlarmConfig, now_ms: u64) -> Self {
        config.levels = sorted(config.levels);
        let state = if config.armed_at_start { State::WarmUp } else { State::Disarmed };
        Self {
            config,
            state,
            since_ms: now_ms,
            quiet_since_ms: None,
            acknowledged: false,
            now_ms,
            moving: false,
            moved_ms: None,
        }
    }

    pub fn config(&self) -> &AlarmConfig {
        &self.config
    }

    pub fn state(&self) -> State {
        self.state
    }

    /// When the present state began.
    pub fn since_ms(&self) -> u64 {
        self.since_ms
    }

    /// Lets time pass up to `now_ms`, then takes the input.
    pub fn step(&mut self, now_ms: u64, input: Input) -> Transitions {
        let mut out = Transitions::new();
        self.now_ms = self.now_ms.max(now_ms);
        self.expire(&mut out);
        match input {
            Input::Score(score) if score.is_nan() => self.blind(&mut out),
            Input::Score(score) => self.score(score, &mut out),
            Input::Blind => self.blind(&mut out),
            Input::Gap if self.state == State::Alarm => self.quiet_since_ms = None,
            Input::Gap => {}
            Input::Tick => {}
            Input::Acknowledge => self.acknowledge(&mut out),
            Input::Arm if self.state == State::Disarmed => self.enter(State::WarmUp, &mut out),
            Input::Arm => {}
            Input::Disarm if self.state == State::Disarmed => {}
            Input::Disarm => self.enter(State::Disarmed, &mut out),
            Input::Motion(moving) => self.motion(moving),
            Input::Levels { levels, .. } => self.config.levels = sorted(levels),
        }
        self.expire(&mut out);
        out
    }

    fn elapsed_ms(&self) -> u64 {
        self.now_ms - self.since_ms
    }

    fn enter(&mut self, to: State, out: &mut Transitions) {
        // One step passes at most three states, see `score`; the fourth place is spare.
        let _ = out.push(Transition { from: self.state, to, at_ms: self.now_ms });
        self.state = to;
        self.since_ms = self.now_ms;
        if to != State::Latched {
            self.quiet_since_ms = None;
            self.acknowledged = false;
        }
    }

    fn expire(&mut self, out: &mut Transitions) {
        let limit_ms = match self.state {
            State::WarmUp => self.config.warm_up_ms,
            State::Cooldown => self.config.cooldown_ms,
            _ => return,
        };
        if self.elapsed_ms() >= u64::from(limit_ms) {
            self.enter(State::Idle, out);
        }
    }

    fn score(&mut self, score: f32, out: &mut Transitions) {
        let Levels { enter, exit } = self.config.levels;
        if self.state == State::Idle && score >= enter {
            self.enter(State::Suspect, out);
        }
        match self.state {
            State::Suspect if score < exit => self.enter(State::Idle, out),
            State::Suspect if self.is_lasting() && self.is_confirmed() => {
                self.enter(State::Alarm, out);
            }
            State::Latched if score >= enter => self.enter(State::Alarm, out),
            State::Alarm if score >= exit => self.quiet_since_ms = None,
            State::Alarm => self.quiet(out),
            _ => {}
        }
    }

    fn is_lasting(&self) -> bool {
        self.elapsed_ms() >= u64::from(self.config.min_duration_ms)
    }

    fn is_confirmed(&self) -> bool {
        let Some(within_ms) = self.config.motion_within_ms else { return true };
        let recent = |at_ms| self.now_ms - at_ms <= u64::from(within_ms);
        self.moving || self.moved_ms.is_some_and(recent)
    }

    fn motion(&mut self, moving: bool) {
        if self.moving || moving {
            self.moved_ms = Some(self.now_ms);
        }
        self.moving = moving;
    }

    fn quiet(&mut self, out: &mut Transitions) {
        let since_ms = *self.quiet_since_ms.get_or_insert(self.now_ms);
        if self.now_ms - since_ms < u64::from(self.config.hold_ms) {
            return;
        }
        let held = self.config.latch && !self.acknowledged;
        self.enter(if held { State::Latched } else { State::Cooldown }, out);
    }

    fn blind(&mut self, out: &mut Transitions) {
        match self.state {
            State::Suspect => self.enter(State::Idle, out),
            State::Alarm => self.quiet_since_ms = None,
            _ => {}
        }
    }

    fn acknowledge(&mut self, out: &mut Transitions) {
        match self.state {
            State::Alarm => self.acknowledged = true,
            State::Latched => self.enter(State::Cooldown, out),
            _ => {}
        }
    }
}
