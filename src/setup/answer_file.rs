//! Answers from a file, for a setup that nobody watches.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use toml::Value;

use super::error::SetupError;
use super::question::{Answer, Interview, KEYS, Question};
use crate::config::similar;
use crate::fs::open_regular;

/// What lies behind it is nobody's answers.
const LONGEST: u64 = 1 << 20;

/// Answers from a TOML file. What it answers is shown on `out`.
pub struct AnswerFile<W> {
    file: PathBuf,
    answers: BTreeMap<String, Answer>,
    out: W,
}

impl<W: Write> AnswerFile<W> {
    /// # Errors
    /// The file cannot be read, is not TOML, or has a key that nobody asks for.
    pub fn read(file: &Path, out: W) -> Result<Self, SetupError> {
        let mut text = String::new();
        let read = open_regular(file).and_then(|f| f.take(LONGEST).read_to_string(&mut text));
        read.map_err(SetupError::file(file))?;
        let wrong = |what: String| SetupError::Answers { file: file.to_path_buf(), what };
        let table: toml::Table = text.parse().map_err(|e| wrong(format!("is not TOML: {e}")))?;
        let mut answers = BTreeMap::new();
        for (key, value) in table {
            let known = KEYS.map(|(known, _)| known);
            if !known.contains(&key.as_str()) {
                let meant = similar(&key, known.iter().copied());
                let meant = meant.map(|meant| format!("; did you mean `{meant}`?"));
                let meant = meant.unwrap_or_default();
                let all = known.join(", ");
                return Err(wrong(format!("nobody asks for `{key}`{meant}; asked for are: {all}")));
            }
            let answer = answer(value).map_err(|what| wrong(format!("`{key}` {what}")))?;
            answers.insert(key, answer);
        }
        Ok(Self { file: file.to_path_buf(), answers, out })
    }
}

fn answer(value: Value) -> Result<Answer, String> {
    let word = |value: Value| match value {
        Value::String(text) => Some(text),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        Value::Datetime(_) | Value::Array(_) | Value::Table(_) => None,
    };
    let wrong = || "has to be a text, a number, true, false or a list of words".to_owned();
    match value {
        Value::Array(items) => {
            let words: Option<Vec<_>> = items.into_iter().map(word).collect();
            words.map(Answer::Many).ok_or_else(wrong)
        }
        value => word(value).map(Answer::One).ok_or_else(wrong),
    }
}

impl<W: Write> Interview for AnswerFile<W> {
    fn say(&mut self, text: &str) {
        let _ = writeln!(self.out, "{text}").and_then(|()| self.out.flush());
    }

    fn ask(&mut self, question: &Question) -> Result<Answer, SetupError> {
        let key = question.key;
        let (answer, from) = match (self.answers.get(key), &question.usual) {
            (Some(answer), _) => (answer.clone(), ""),
            (None, Some(usual)) => (Answer::One(usual.clone()), ", as usual"),
            (None, None) => {
                let (file, question) = (self.file.clone(), question.text.clone());
                return Err(SetupError::Unanswered { file, key, question });
            }
        };
        self.say(&format!("{key} = {}{from}", answer.shown()));
        Ok(answer)
    }

    fn refuse(
        &mut self,
        question: &Question,
        answer: &Answer,
        why: &str,
    ) -> Result<(), SetupError> {
        Err(SetupError::Refused {
            file: self.file.clone(),
            key: question.key,
            answer: answer.shown(),
            why: why.into(),
        })
    }

    fn is_there(&self) -> bool {
        false
    }
}
