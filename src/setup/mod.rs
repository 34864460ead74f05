//! `normwatch setup`: from questions and what can be found out to one site file.
//!
//! A [`Wizard`] asks whoever answers ([`Interview`]: a [`Prompt`] or an [`AnswerFile`]) about
//! a [`Machine`]. What is answered goes into a [`Draft`], and each step is read as the site
//! file would be before the next one: an answer that `check` would refuse is asked for again.
//! Nothing is written but a still of the camera, until [`write()`].

mod answer_file;
mod click;
mod draft;
mod error;
mod former;
mod here;
mod look;
mod machine;
mod next;
mod prompt;
mod question;
mod still;
mod wizard;
mod written;

pub use answer_file::AnswerFile;
pub use draft::{Draft, DraftLine};
pub use error::SetupError;
pub use former::Former;
pub use here::Here;
pub use look::Look;
pub use machine::{Facts, FoundCamera, Machine, TestedLine};
pub use next::{next_steps, service_of};
pub use prompt::Prompt;
pub use question::{Answer, Interview, KEYS, Question};
pub use still::Still;
pub use wizard::{Made, Place, Wizard};
pub use written::{can_write, write};
