//! What watches: a network that the board will learn, or a bundle that is there.

use super::Wizard;
use crate::setup::draft::Draft;
use crate::setup::error::SetupError;
use crate::setup::question::{Question, ask_whether};

/// Bundles of the package know no real camera.
const EXAMPLES: &str = "/usr/share/normwatch";

impl Wizard<'_> {
    pub(super) fn network(&mut self, draft: &mut Draft) -> Result<(), SetupError> {
        let former = self.former.as_ref();
        let has_own = former.is_some_and(|former| {
            former.site.learn.is_none() && !former.site.bundle.starts_with(EXAMPLES)
        });
        let text = "Is the board to learn its camera itself? Otherwise, name a bundle";
        let learns = ask_whether(self.interview, "learn", text, Some(!has_own))?;
        let question = match learns {
            true => self.learning(),
            false => self.ready(has_own),
        };
        loop {
            let answer = self.interview.ask(&question)?;
            let chosen = answer.text().map(|text| text.trim_end_matches('/').to_owned());
            let tried = chosen.and_then(|folder| {
                match learns {
                    true => {
                        draft.bundle = format!("{folder}/current");
                        draft.learn = Some(folder);
                    }
                    false => (draft.bundle, draft.learn) = (folder, None),
                }
                let site = self.tried(draft, if learns { "learn" } else { "bundle" })?;
                if learns { Ok(None) } else { self.machine.watches(&site).map(Some) }
            });
            match tried {
                Ok(told) => {
                    if let Some(told) = told {
                        self.interview.say(&format!("It loads, and its self-test passes: {told}"));
                    }
                    return Ok(());
                }
                Err(why) => self.interview.refuse(&question, &answer, &why)?,
            }
        }
    }

    fn learning(&self) -> Question {
        let kept = self.former.as_ref().and_then(|former| former.text(&["learn", "folder"]));
        let usual =
            kept.unwrap_or_else(|| format!("/var/lib/normwatch{}/learnt", self.suffix("-")));
        let text = "Where are its pictures and bundles to lie? They stay on this board";
        Question::new("folder", text).usually(usual)
    }

    fn ready(&self, has_own: bool) -> Question {
        let kept = self.former.as_ref().filter(|_| has_own);
        let usual = kept.and_then(|former| former.text(&["bundle"]));
        Question::new("folder", "Which folder has the bundle?").perhaps(usual)
    }
}
