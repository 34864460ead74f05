//! `[learn]`: how a board learns its own camera.

use std::path::{Path, PathBuf};

use super::board::Board;
use super::reader::{Item, Section};
use crate::model::Precision;

/// A network that a board can train by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Grey frames of 96×96: minutes on a Raspberry Pi 5.
    #[default]
    Nano,
    /// Grey frames of 128×128: hours.
    Edge,
}

impl Preset {
    /// As the toolchain calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nano => "nano",
            Self::Edge => "edge",
        }
    }
}

/// `[learn]`: how a board learns its own camera.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnSection {
    /// Where pictures, trainings and bundles lie.
    pub folder: PathBuf,
    /// Time that the camera is observed before the training, in hours: 0.5 to 336;
    /// 24.
    pub observe_h: f64,
    /// Time that the new network judges before it may watch, in hours: 0.5 to 72;
    /// 24.
    pub settle_h: f64,
    /// Size that each store of pictures may reach, in millions of bytes: 16 to
    /// 65 536; 512.
    pub store_max_mb: u32,
    pub preset: Preset,
    /// The site's own, or else what the board recommends, or else f32.
    pub precision: Precision,
    /// Time that the training takes, in minutes: 1 to 10 080; 60.
    pub train_minutes: f64,
    /// Whether the new bundle becomes `current` by itself once the footage supports
    /// the budget; false.
    pub arm_when_ready: bool,
}

impl LearnSection {
    /// Where whoever watches with the camera shares its frames with whoever learns.
    pub fn camera_socket(&self) -> PathBuf {
        self.folder.join("camera.sock")
    }

    /// Reads the section; relative paths are taken from `base`, and what `board`
    /// recommends where nothing is said.
    pub(super) fn read(
        mut section: Section<'_>,
        board: Option<&Board>,
        base: &Path,
    ) -> Option<Self> {
        let recommended = board.and_then(|board| board.recommended.precision);
        let folder = section.required("folder", "\"learnt\"").and_then(|item| item.path(base));
        let mut hours = |key, range| section.optional(key).and_then(|item| item.real(range));
        let observe_h = hours("observe_h", 0.5..=336.0);
        let settle_h = hours("settle_h", 0.5..=72.0);
        let train_minutes = hours("train_minutes", 1.0..=10_080.0);
        let store_max_mb =
            section.optional("store_max_mb").and_then(|item| item.whole(16..=65_536));
        let preset = section
            .optional("preset")
            .and_then(|item| item.choice(&[("nano", Preset::Nano), ("edge", Preset::Edge)]));
        let precision = section.optional("precision").and_then(|item| {
            item.choice(&[
                ("f32", Precision::F32),
                ("f16", Precision::F16),
                ("int8", Precision::Int8),
            ])
        });
        let arm_when_ready = section.optional("arm_when_ready").and_then(Item::flag);
        Some(Self {
            folder: folder?,
            observe_h: observe_h.unwrap_or(24.0),
            settle_h: settle_h.unwrap_or(24.0),
            store_max_mb: store_max_mb.unwrap_or(512),
            preset: preset.unwrap_or_default(),
            precision: precision.or(recommended).unwrap_or(Precision::F32),
            train_minutes: train_minutes.unwrap_or(60.0),
            arm_when_ready: arm_when_ready.unwrap_or(false),
        })
    }
}
