//! What may be changed from the page: a closed list of orders.

use serde::Deserialize;
use serde_json::json;

use super::answer::Answer;
use super::orders::Orders;
use super::request::Request;
use super::settings::{Applied, Refused, Settings};
use super::tuning::Tuning;
use crate::alarm::{Input, State};
use crate::clock::{Clock, SystemClock};

/// How long a snooze may be, in minutes.
const LONGEST_SNOOZE: u64 = 24 * 60;

/// Who may change what.
#[derive(Clone, Debug)]
pub struct Control {
    pub settings: Settings,
    pub orders: Orders,
    /// Whether arming is the page's, or a contact's alone.
    pub may_arm: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    version: u64,
    alarms_per_day: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Snooze {
    minutes: u64,
}

impl Control {
    /// Obeys the order `what` of a request that the door let in.
    pub(super) fn order(
        &self,
        what: &str,
        request: &Request,
        tuning: &Tuning,
        state: State,
    ) -> Answer {
        match what {
            "budget" | "undo" => self.budget(what == "undo", request, tuning),
            "acknowledge" => self.give(Input::Acknowledge),
            "arm" | "disarm" | "snooze" if !self.may_arm => {
                Answer::plain(403, "a contact of this site arms: nothing else does")
            }
            "arm" => self.give(Input::Arm),
            "disarm" => self.give(Input::Disarm),
            "snooze" => self.snooze(request, state),
            _ => Answer::plain(404, "there is no such order"),
        }
    }

    fn give(&self, input: Input) -> Answer {
        log::info!("ordered from the page: {input:?}");
        self.orders.give(input);
        Answer::new(202, "application/json", "{}")
    }

    fn snooze(&self, request: &Request, state: State) -> Answer {
        match serde_json::from_slice(&request.body) {
            Ok(Snooze { minutes: minutes @ 1..=LONGEST_SNOOZE }) => {
                if state == State::Disarmed && self.orders.snoozes_for_ms().is_none() {
                    return Answer::plain(409, "it is disarmed already, and stays so");
                }
                log::info!("ordered from the page: disarmed for {minutes} minutes");
                self.orders.snooze(minutes * 60_000);
                Answer::new(202, "application/json", "{}")
            }
            _ => Answer::plain(400, "send {\"minutes\": 1 to 1440}"),
        }
    }

    fn budget(&self, undo: bool, request: &Request, tuning: &Tuning) -> Answer {
        let Ok(Change { version, alarms_per_day }) = serde_json::from_slice(&request.body) else {
            return Answer::plain(400, "send {\"version\": …, \"alarms_per_day\": …}");
        };
        let next = |alarms_per_day: f64| {
            let levels = tuning.of(alarms_per_day).levels();
            self.orders.give(Input::Levels { alarms_per_day, levels });
        };
        let changed = match alarms_per_day {
            _ if undo => self.settings.undo(version, next),
            Some(alarms_per_day) if tuning.report(alarms_per_day).is_some() => {
                let since_unix_ms = SystemClock.wall_ns() / 1_000_000;
                self.settings.apply(version, Applied { alarms_per_day, since_unix_ms }, next)
            }
            _ => return Answer::plain(400, "a budget is 0.01 to 100 alarms a day"),
        };
        match changed {
            Ok(()) => {
                let budget = self.settings.in_force().alarms_per_day;
                log::info!("ordered from the page: {budget} false alarms a day are accepted");
                Answer::new(200, "application/json", self.in_force().to_string())
            }
            Err(Refused::Conflict) => {
                Answer::new(409, "application/json", self.in_force().to_string())
            }
            Err(Refused::Nothing) => Answer::plain(400, "there is nothing to undo"),
            Err(Refused::NotStored(error)) => {
                Answer::plain(503, &format!("it cannot be stored, and is not applied: {error}"))
            }
        }
    }

    /// The budget in force, as JSON.
    pub(super) fn in_force(&self) -> serde_json::Value {
        let now = self.settings.in_force();
        json!({
            "version": now.version,
            "alarms_per_day": now.alarms_per_day,
            "since_unix_ms": now.since_unix_ms,
        })
    }
}
