//! What is asked, and who answers: a person at a prompt or a file.

use super::error::SetupError;

/// The keys of a file of answers, each with a word on it.
pub const KEYS: [(&str, &str); 22] = [
    ("replace", "whether a site file that is there is replaced: true or false"),
    ("board", "name or path of the board file; the one that the machine is recognised as"),
    ("camera", "a device, \"board\", \"rtsp\", \"folder\", \"video\" or \"pipe\""),
    ("url", "of an rtsp camera"),
    ("user", "of an rtsp camera; \"none\""),
    ("password_file", "of an rtsp camera with a user"),
    ("path", "of a folder of pictures or a video"),
    ("command", "of a pipe: a list of words"),
    ("format", "of a pipe: \"y4m\", or \"i420\" and others with a size"),
    ("size", "of a pipe's raw frames: \"640x480\""),
    ("picture", "whether the still shows what is to be watched: \"yes\""),
    ("alarm_line", "a line of the board; ALARM where there is one"),
    ("alarm_active", "the level that switches the relay on: \"high\" or \"low\""),
    ("click", "whether the alarm line is switched for two seconds now: true or false"),
    ("heard", "whether the relay clicked: true or false"),
    ("fault_line", "a line of the board, or \"none\"; FAULT where there is one"),
    ("fault_active", "the level that switches its relay on: \"high\" or \"low\""),
    ("fault_pattern", "\"steady\" or \"heartbeat\""),
    ("alarms_per_day", "false alarms a day that you accept: 0.001 to 1000"),
    ("learn", "whether the board learns its camera itself: true or false"),
    ("folder", "where what is learnt lies, or the folder of a bundle that is there"),
    ("events", "path of the event log"),
];

/// One thing to be answered.
#[derive(Clone, Debug)]
pub struct Question {
    /// One of [`KEYS`].
    pub key: &'static str,
    pub text: String,
    /// What counts where nothing is said.
    pub usual: Option<String>,
}

impl Question {
    pub fn new(key: &'static str, text: impl Into<String>) -> Self {
        debug_assert!(KEYS.iter().any(|(known, _)| *known == key), "{key}");
        Self { key, text: text.into(), usual: None }
    }

    /// What counts where nothing is said.
    #[must_use]
    pub fn usually(mut self, usual: impl Into<String>) -> Self {
        self.usual = Some(usual.into());
        self
    }

    /// The same, if there is a usual answer.
    #[must_use]
    pub fn perhaps(mut self, usual: Option<String>) -> Self {
        self.usual = usual;
        self
    }
}

/// What was answered: one value, or a list of words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    One(String),
    Many(Vec<String>),
}

impl Answer {
    /// # Errors
    /// It is a list.
    pub fn text(&self) -> Result<&str, String> {
        match self {
            Self::One(text) => Ok(text),
            Self::Many(_) => Err("write one value, not a list".into()),
        }
    }

    /// As it is shown.
    pub fn shown(&self) -> String {
        match self {
            Self::One(text) => text.clone(),
            Self::Many(words) => words.join(" "),
        }
    }
}

/// Who answers.
pub trait Interview {
    /// Tells something; no answer is expected.
    fn say(&mut self, text: &str);

    /// # Errors
    /// Nothing is answered, and there is nothing usual; the input ended, or the program is to.
    fn ask(&mut self, question: &Question) -> Result<Answer, SetupError>;

    /// Tells what is wrong with an answer. `Ok` where it may be given again.
    ///
    /// # Errors
    /// Nobody can be asked again.
    fn refuse(&mut self, question: &Question, answer: &Answer, why: &str)
    -> Result<(), SetupError>;

    /// Shows grey pixels row by row, where they can be shown.
    fn show(&mut self, _grey: &[u8], _size_px: (usize, usize)) {}

    /// Whether somebody is there who sees, hears and answers again.
    fn is_there(&self) -> bool;
}

/// Asks until `read` takes the answer.
///
/// # Errors
/// The interview's.
pub(super) fn ask<T>(
    interview: &mut dyn Interview,
    question: &Question,
    mut read: impl FnMut(&Answer) -> Result<T, String>,
) -> Result<T, SetupError> {
    loop {
        let answer = interview.ask(question)?;
        match read(&answer) {
            Ok(value) => return Ok(value),
            Err(why) => interview.refuse(question, &answer, &why)?,
        }
    }
}

/// Asks for yes or no.
pub(super) fn ask_whether(
    interview: &mut dyn Interview,
    key: &'static str,
    text: &str,
    usual: Option<bool>,
) -> Result<bool, SetupError> {
    let usual = usual.map(|yes| if yes { "yes" } else { "no" }.to_owned());
    let question = Question::new(key, text).perhaps(usual);
    ask(interview, &question, |answer| match answer.text()?.to_lowercase().as_str() {
        "yes" | "y" | "true" => Ok(true),
        "no" | "n" | "false" => Ok(false),
        _ => Err("answer yes or no".into()),
    })
}

/// Asks for one of these words.
pub(super) fn ask_which(
    interview: &mut dyn Interview,
    question: &Question,
    words: &[&str],
) -> Result<String, SetupError> {
    ask(interview, question, |answer| {
        let text = answer.text()?.to_lowercase();
        match words.contains(&text.as_str()) {
            true => Ok(text),
            false => Err(format!("answer one of: {}", words.join(", "))),
        }
    })
}
