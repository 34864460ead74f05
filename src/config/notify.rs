//! The parts of `[output]` that tell people and programs of events.

use std::path::{Path, PathBuf};

use super::hook::HookSection;
use super::messenger::{NtfySection, TelegramSection};
use super::reader::Section;
use super::webhook::WebhookSection;

/// The most hooks, and the most webhooks: each has a thread.
const MOST: usize = 8;

/// Hooks, webhooks and message services of a site; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotifySection {
    /// In the order of the file, as the webhooks.
    pub hooks: Vec<HookSection>,
    pub webhooks: Vec<WebhookSection>,
    pub ntfy: Option<NtfySection>,
    pub telegram: Option<TelegramSection>,
}

impl NotifySection {
    /// Reads the keys `hook`, `webhook`, `ntfy` and `telegram` of `[output]`; relative
    /// paths are taken from `base`.
    pub(super) fn read(output: &mut Section<'_>, base: &Path) -> Self {
        let mut taken = Vec::new();
        let hooks = few(output, "hook");
        let hooks = hooks.into_iter().filter_map(|s| HookSection::read(s, base, &mut taken));
        let hooks = hooks.collect();
        let mut taken = Vec::new();
        refuse_absent(output, &["webhook", "ntfy", "telegram"]);
        let webhooks = few(output, "webhook");
        let webhooks =
            webhooks.into_iter().filter_map(|s| WebhookSection::read(s, base, &mut taken));
        let webhooks = webhooks.collect();
        let ntfy = output.optional_section("ntfy").and_then(|s| NtfySection::read(s, base));
        let telegram =
            output.optional_section("telegram").and_then(|s| TelegramSection::read(s, base));
        Self { hooks, webhooks, ntfy, telegram }
    }

    /// All files that hold secrets.
    pub fn secret_files(&self) -> Vec<&PathBuf> {
        let webhooks = self.webhooks.iter().flat_map(|one| [&one.secret_file, &one.headers_file]);
        let ntfy = self.ntfy.iter().map(|one| &one.token_file);
        let telegram = self.telegram.iter().map(|one| &one.token_file);
        webhooks.chain(ntfy).flatten().chain(telegram).collect()
    }

    /// Whether one of them needs the network.
    pub fn needs_network(&self) -> bool {
        !self.webhooks.is_empty() || self.ntfy.is_some() || self.telegram.is_some()
    }
}

fn few<'a>(output: &mut Section<'a>, key: &'static str) -> Vec<Section<'a>> {
    let sections = output.sections(key);
    if sections.len() > MOST
        && let Some(item) = output.optional(key)
    {
        let remedy = "use one that tells the others";
        item.invalid(&format!("stands {} times, more than {MOST}", sections.len()), remedy);
    }
    sections
}

/// Reports what this build has no client for.
fn refuse_absent(output: &mut Section<'_>, keys: &[&'static str]) {
    if !cfg!(all(feature = "runtime", not(feature = "webhooks"))) {
        return;
    }
    for &key in keys {
        if let Some(item) = output.optional(key) {
            item.invalid(
                "is not in this build",
                "build with the feature `webhooks`, or use a hook",
            );
        }
    }
}
