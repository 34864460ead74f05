//! Which board it is: known, or asked.

use super::Wizard;
use crate::config::{Board, load_board, similar};
use crate::doctor::matching_board;
use crate::setup::error::SetupError;
use crate::setup::question::Question;

impl Wizard<'_> {
    /// The board: the one that the device tree names, unless somebody says otherwise.
    pub(super) fn board(&mut self) -> Result<Board, SetupError> {
        if self.facts.boards.is_empty() {
            let folders = self.place.board_dirs.iter().map(|dir| dir.display().to_string());
            return Err(SetupError::NoBoards { folders: folders.collect() });
        }
        let machine = &self.facts.machine;
        let model = machine.model.clone();
        let found = matching_board(&self.facts.boards, machine).cloned();
        let named =
            |board: &Board| board.compatible.iter().any(|ours| machine.compatible.contains(ours));
        let is_certain = found.as_ref().is_some_and(named);
        let former = self.former.as_ref().and_then(|former| former.text(&["board"]));
        let model = model.unwrap_or_else(|| "a machine that does not say what it is".into());
        self.interview.say(&format!("This is {model}."));
        if let Some(board) = &found
            && is_certain
            && self.interview.is_there()
            && former.as_ref().is_none_or(|name| *name == board.name)
        {
            self.interview.say(&format!("Board: {}, {}", board.name, board.description));
            return self.with_lines(board.clone());
        }
        let names: Vec<_> = self.facts.boards.iter().map(|board| board.name.as_str()).collect();
        let text = format!("Which board is it? A name or a file. Known: {}", names.join(", "));
        let question =
            Question::new("board", text).perhaps(former.or(found.map(|board| board.name)));
        loop {
            let answer = self.interview.ask(&question)?;
            match answer.text().and_then(|text| self.called(text)) {
                Ok(board) => return self.with_lines(board),
                Err(why) => self.interview.refuse(&question, &answer, &why)?,
            }
        }
    }

    fn with_lines(&self, board: Board) -> Result<Board, SetupError> {
        match board.gpio.lines.is_empty() {
            true => Err(SetupError::NoLines { file: board.file }),
            false => Ok(board),
        }
    }

    fn called(&self, text: &str) -> Result<Board, String> {
        if let Some(board) = self.facts.boards.iter().find(|board| board.name == text) {
            return Ok(board.clone());
        }
        if text.contains('/') || text.ends_with(".toml") {
            let folder = self.place.file.parent().unwrap_or(self.place.file);
            return load_board(&folder.join(text), self.place.board_dirs)
                .map_err(|error| error.to_string());
        }
        let meant = similar(text, self.facts.boards.iter().map(|board| board.name.as_str()));
        let meant = meant.map(|meant| format!("; did you mean `{meant}`?"));
        Err(format!("there is no board `{text}`{}", meant.unwrap_or_default()))
    }

    /// What the site file calls the board: its name, or its file where it has none.
    pub(super) fn board_word(&self, board: &Board) -> String {
        match self.facts.boards.iter().any(|known| known.file == board.file) {
            true => board.name.clone(),
            false => {
                std::path::absolute(&board.file).unwrap_or(board.file.clone()).display().to_string()
            }
        }
    }
}
