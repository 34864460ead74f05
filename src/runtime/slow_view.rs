//! What lasts for longer than the network sees: things that stay, and a camera
//! that was tampered with.

use crate::alarm::{Lasting, LastingChange, LastingTimes, Sign};
use crate::calibrate::{StaysCalibration, StaysRule};
use crate::score::{Area, Mask, SEEN_AFTER_MS, Stays, Tamper};

/// Of the view, this share must be lost for the camera to count as tampered with,
/// and less than this share for it to be well again. A lorry that fills half of
/// the picture stays below the first.
const TAMPERED_SHARE: f32 = 0.6;
const WELL_SHARE: f32 = 0.4;
/// How long a view must be back.
const WELL_MS: u32 = 2000;
/// How long what stayed must be gone.
const GONE_MS: u32 = 2000;
/// While a view has been lost for no longer than this, a suspicion waits.
const UNDECIDED_MS: u64 = 5000;
/// Looks that are further apart do not belong together.
const HOLE_NS: u64 = 5_000_000_000;

/// What a site wants to know of what lasts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlowViewOptions {
    /// A thing that stays so long has changed the view; at least
    /// [`SEEN_AFTER_MS`].
    pub stays_ms: u32,
    /// Whether the alarm line is active while the view is changed; never with a
    /// calibration of so little footage that no budget can be kept.
    pub alarm: bool,
    /// How many false changes a day the user accepts, above 0.
    pub alarms_per_day: f64,
    /// A view that is lost for so long has been tampered with; `None` where nobody
    /// wants to know.
    pub tampered_ms: Option<u32>,
    /// Whether a line tells of tampering. Where none does, a view that is lost
    /// is judged as any other, and is an anomaly.
    pub fault_is_told: bool,
}

impl Default for SlowViewOptions {
    fn default() -> Self {
        Self {
            stays_ms: 20_000,
            alarm: true,
            alarms_per_day: 1.0,
            tampered_ms: Some(3000),
            fault_is_told: true,
        }
    }
}

/// What the slow view has found so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SlowState {
    /// Since when something is there that was not, once it has stayed.
    pub changed_since_ms: Option<u64>,
    /// Since when the view is lost, once that has lasted.
    pub tampered_since_ms: Option<u64>,
}

/// A change of the view, or its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ViewChange {
    pub change: LastingChange,
    /// Where it is.
    pub area: Area,
    /// Highest surprise of the place so far, in −log10 p.
    pub peak: f32,
}

/// What one frame brought.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SlowStep {
    pub changed: Option<ViewChange>,
    /// With the share of the view that is lost.
    pub tampered: Option<(LastingChange, f32)>,
}

/// Looks at frames now and then, against the calibration's background.
#[derive(Clone, Debug)]
pub struct SlowView {
    stays: Stays,
    rule: StaysRule,
    changed: Lasting,
    area: Area,
    peak: f32,
    alarm: bool,
    fault_is_told: bool,
    acknowledged: bool,
    last_ns: Option<u64>,
    /// `None` where the view has too little structure, and where nobody asks.
    tamper: Option<Tamper>,
    tampered: Lasting,
    lost: f32,
}

impl SlowView {
    /// `None` where the calibration comes without its background. `mask` has the
    /// model's input size.
    pub fn new(
        calibration: &StaysCalibration,
        mask: &Mask,
        options: SlowViewOptions,
    ) -> Option<Self> {
        let background = calibration.background.clone()?;
        let after_ms = options.stays_ms.max(SEEN_AFTER_MS as u32);
        Some(Self {
            tamper: options.tampered_ms.and_then(|_| Tamper::new(background.clone())),
            stays: Stays::new(background, mask),
            rule: calibration.rule(options.alarms_per_day),
            changed: Lasting::new(LastingTimes { after_ms, gone_ms: GONE_MS }),
            area: Area::default(),
            peak: 0.0,
            alarm: options.alarm,
            fault_is_told: options.fault_is_told,
            acknowledged: false,
            last_ns: None,
            tampered: Lasting::new(LastingTimes {
                after_ms: options.tampered_ms.unwrap_or_default(),
                gone_ms: WELL_MS,
            }),
            lost: 0.0,
        })
    }

    /// Whether the footage behind the calibration was enough for a budget; without
    /// one no change wants the alarm line.
    pub fn keeps_a_budget(&self) -> bool {
        self.rule.keeps_a_budget()
    }

    /// Whether a camera that was tampered with can be told.
    pub fn tells_tampering(&self) -> bool {
        self.tamper.is_some()
    }

    /// Looks at a frame, planar u8.
    pub fn look(&mut self, frame: &[u8], timestamp_ns: u64) -> SlowStep {
        let now_ms = timestamp_ns / 1_000_000;
        let before_ns = self.last_ns.replace(timestamp_ns);
        if before_ns.is_some_and(|before_ns| timestamp_ns.saturating_sub(before_ns) > HOLE_NS) {
            self.blind();
        }
        let tampered = self.look_for_tampering(frame, timestamp_ns, now_ms);
        // A view that is lost says nothing of what stays in it.
        let changed = if self.is_lost() {
            self.changed.blind();
            None
        } else {
            self.look_for_changes(frame, timestamp_ns, now_ms)
        };
        SlowStep { changed, tampered }
    }

    fn look_for_tampering(
        &mut self,
        frame: &[u8],
        timestamp_ns: u64,
        now_ms: u64,
    ) -> Option<(LastingChange, f32)> {
        self.lost = self.tamper.as_mut()?.look(frame, timestamp_ns)?;
        let sign = match self.lost {
            lost if lost >= TAMPERED_SHARE => Sign::Present,
            lost if lost < WELL_SHARE => Sign::Absent,
            _ => Sign::Between,
        };
        self.tampered.step(now_ms, sign, 0).map(|change| (change, self.lost))
    }

    fn look_for_changes(
        &mut self,
        frame: &[u8],
        timestamp_ns: u64,
        now_ms: u64,
    ) -> Option<ViewChange> {
        let staying = self.stays.look(frame, timestamp_ns)?;
        let (sign, surprise) = self.rule.judge(staying.ratio);
        if sign == Sign::Present {
            if self.changed.pending_for_ms().is_none() && self.changed.active_since_ms().is_none() {
                self.peak = 0.0;
            }
            if surprise >= self.peak {
                self.area = staying.area;
            }
            self.peak = self.peak.max(surprise);
        }
        let change = self.changed.step(now_ms, sign, SEEN_AFTER_MS as u32)?;
        self.acknowledged = false;
        Some(ViewChange { change, area: self.area, peak: self.peak })
    }

    /// Whether the view is lost now, for however short a time.
    pub fn is_lost(&self) -> bool {
        self.tampered.pending_for_ms().is_some() || self.is_tampered()
    }

    /// Whether scores say nothing, because the view is lost and the fault line says
    /// so.
    pub fn mutes_scores(&self) -> bool {
        self.fault_is_told && self.is_tampered()
    }

    /// Whether a suspicion waits, because the view has been lost for so short a time
    /// that it may be somebody in front of the camera as well.
    pub fn delays_suspicion(&self) -> bool {
        let undecided = self.tampered.pending_for_ms().is_some_and(|ms| ms <= UNDECIDED_MS);
        self.fault_is_told && undecided
    }

    /// Whether the view has been lost for long enough.
    pub fn is_tampered(&self) -> bool {
        self.tampered.active_since_ms().is_some()
    }

    /// Whether a change wants the alarm line.
    pub fn raises_alarm(&self) -> bool {
        self.alarm && self.tells_change()
    }

    /// Whether there is a change that nobody has acknowledged.
    pub fn tells_change(&self) -> bool {
        let tells = self.keeps_a_budget() && !self.acknowledged;
        tells && self.changed.active_since_ms().is_some()
    }

    /// Somebody has seen what differs now: the alarm line is free at once, the change
    /// ends, and what stays there counts again only after it has gone.
    pub fn acknowledge(&mut self) {
        self.stays.accept();
        self.acknowledged = self.changed.active_since_ms().is_some();
    }

    pub fn state(&self) -> SlowState {
        SlowState {
            changed_since_ms: self.changed.active_since_ms(),
            tampered_since_ms: self.tampered.active_since_ms(),
        }
    }

    /// The camera is gone: what comes next may be another view.
    pub fn blind(&mut self) {
        self.stays.forget();
        self.tamper.iter_mut().for_each(Tamper::forget);
        self.changed.blind();
        self.tampered.blind();
    }

    /// Begins again, with other footage.
    pub fn forget(&mut self) {
        self.blind();
        self.stays.accept_nothing();
        self.changed.forget();
        self.tampered.forget();
        (self.acknowledged, self.last_ns) = (false, None);
    }
}

#[cfg(test)]
mod tests;
