//! The thread that keeps the coils at what the lines tell.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use super::link::{Link, LinkError};
use super::{Known, Waits};
use crate::clock::Clock;
use crate::config::ModbusSection;
use crate::health::{Signal, Signals};

pub(super) struct Driver {
    section: ModbusSection,
    signals: Signals,
    clock: Arc<dyn Clock>,
    waits: Waits,
    known: Arc<Known>,
    link: Option<Link>,
    /// What the coils show, and since when that is known.
    shown: Option<(Signal, u64)>,
    /// What was last tried.
    tried: Option<Signal>,
    not_before_ms: u64,
    pause_ms: u64,
    is_told: bool,
}

impl Driver {
    pub fn new(
        section: ModbusSection,
        signals: Signals,
        clock: Arc<dyn Clock>,
        waits: Waits,
        known: Arc<Known>,
    ) -> Self {
        Self {
            section,
            signals,
            clock,
            waits,
            known,
            link: None,
            shown: None,
            tried: None,
            not_before_ms: 0,
            pause_ms: waits.pause_ms.0,
            is_told: false,
        }
    }

    pub fn run(mut self) {
        while !self.known.ending.load(Ordering::Acquire) {
            let signal = self.signals.now();
            if self.is_due(signal) {
                self.show(signal);
            }
            thread::sleep(Duration::from_millis(self.waits.look_ms));
        }
        // Tried once, also where it failed before: a coil may be on.
        self.show(Signal::default());
    }

    /// A change is tried at once, also in a pause; what has not changed, now and then.
    fn is_due(&self, signal: Signal) -> bool {
        let now_ms = self.clock.monotonic_ms();
        if self.tried.is_some_and(|tried| tried != signal) {
            return true;
        }
        let is_old = self.shown.is_none_or(|(shown, since_ms)| {
            shown != signal || now_ms.saturating_sub(since_ms) >= self.waits.again_ms
        });
        is_old && now_ms >= self.not_before_ms
    }

    fn show(&mut self, signal: Signal) {
        self.tried = Some(signal);
        match self.drive(signal) {
            Ok(()) => self.confirmed(signal),
            Err(error) => self.failed(&error),
        }
    }

    /// The alarm's coil first: it is the one that matters within the second.
    fn drive(&mut self, signal: Signal) -> Result<(), LinkError> {
        let ModbusSection { host, port, unit, coil, fault_coil } = &self.section;
        let mut link = match self.link.take() {
            Some(link) => link,
            None => {
                let waits = (self.waits.connect_ms, self.waits.answer_ms);
                Link::open((host.as_str(), *port), *unit, waits)?
            }
        };
        link.drive(*coil, signal.alarm)?;
        if let Some(fault_coil) = fault_coil {
            link.drive(*fault_coil, signal.well)?;
        }
        self.link = Some(link);
        Ok(())
    }

    fn confirmed(&mut self, signal: Signal) {
        let now_ms = self.clock.monotonic_ms();
        self.shown = Some((signal, now_ms));
        self.pause_ms = self.waits.pause_ms.0;
        self.known.confirmed_ms.store(now_ms, Ordering::Release);
        let unix_ms = self.clock.wall_ns() / 1_000_000;
        self.known.confirmed_unix_ms.store(unix_ms, Ordering::Relaxed);
        self.known.confirmed.fetch_add(1, Ordering::Relaxed);
        if std::mem::take(&mut self.is_told) {
            log::info!("the Modbus relay {} obeys again", self.name());
        }
    }

    fn failed(&mut self, error: &LinkError) {
        self.known.failed.fetch_add(1, Ordering::Relaxed);
        self.shown = None;
        self.not_before_ms = self.clock.monotonic_ms() + self.pause_ms;
        self.pause_ms = (self.pause_ms * 2).min(self.waits.pause_ms.1);
        if !std::mem::replace(&mut self.is_told, true) {
            log::error!(
                "the Modbus relay {} cannot be driven, and is tried again: {error}",
                self.name()
            );
        }
    }

    fn name(&self) -> String {
        format!("{}:{}", self.section.host, self.section.port)
    }
}
