//! The camera: which, whether it delivers, and whether its picture will do.

use toml_edit::Value;

use super::Wizard;
use crate::capture::is_installed;
use crate::config::{Board, CameraSource};
use crate::setup::draft::{Draft, list};
use crate::setup::error::SetupError;
use crate::setup::former::site_of;
use crate::setup::look::Look;
use crate::setup::machine::FoundCamera;
use crate::setup::question::{Answer, Question};
use crate::setup::still::Still;

const OTHERS: [&str; 4] = ["rtsp", "folder", "video", "pipe"];

const NONE: &str = "No camera was found: plug one in, then answer \"again\"; `normwatch doctor` lists \
    what the kernel sees, with remedies. A CSI camera is read by a command (\"pipe\"), a network camera \
    by its address (\"rtsp\").";

const SOURCES: &str = "Which camera? A number or a device from the list, or \"rtsp\" (a network camera), \
    \"folder\" (pictures), \"video\" (a file), \"pipe\" (a command)";

/// What a question about the still comes to.
enum Verdict {
    Good,
    Again,
    Other,
}

impl Wizard<'_> {
    pub(super) fn camera(&mut self, draft: &mut Draft, board: &Board) -> Result<(), SetupError> {
        let mut tell = true;
        loop {
            if std::mem::take(&mut tell) {
                let told = self.list_cameras(board);
                self.interview.say(&told);
            }
            if !self.source(draft, board)? {
                self.facts = self.machine.facts(self.place.file);
                tell = true;
                continue;
            }
            loop {
                match self.looks_at(draft)? {
                    Verdict::Good => return Ok(()),
                    Verdict::Again => {}
                    Verdict::Other => break,
                }
            }
        }
    }

    fn usable(&self) -> impl Iterator<Item = &FoundCamera> {
        self.facts.cameras.iter().filter(|camera| camera.problem.is_none())
    }

    fn list_cameras(&self, board: &Board) -> String {
        let mut text = String::from("\nCameras:");
        for (number, camera) in self.usable().enumerate() {
            text += &format!("\n  {}  {} ({})", number + 1, camera.name, camera.device);
        }
        if let Some(camera) = &board.camera {
            text += &match &camera.source {
                CameraSource::Pipe { command, .. } => {
                    format!("\n  board  the board's own, through `{}`", command.argv[0])
                }
                _ => "\n  board  the board's own".into(),
            };
        }
        for camera in &self.facts.cameras {
            if let Some(problem) = &camera.problem {
                text += &format!("\n  -  {}: {problem}", camera.device);
            }
        }
        if self.usable().next().is_none() && !self.has_own(board) {
            text += &format!("\n  {NONE}");
        }
        text
    }

    /// Asks for the source and what it needs; false to look again.
    fn source(&mut self, draft: &mut Draft, board: &Board) -> Result<bool, SetupError> {
        let usual = self.usual_source(board);
        let text = match usual {
            None => format!("{NONE} {SOURCES}"),
            Some(_) => SOURCES.into(),
        };
        let question = Question::new("camera", text).perhaps(usual);
        loop {
            let answer = self.interview.ask(&question)?;
            let word = answer.shown();
            if word == "again" && self.interview.is_there() {
                return Ok(false);
            }
            let tried = self.chosen(&word, board).map(|camera| draft.camera = camera);
            let done = match word.as_str() {
                "rtsp" => self.network_camera(draft)?,
                "folder" | "video" => self.footage(draft, &word)?,
                "pipe" => self.command(draft)?,
                _ => tried.and_then(|()| self.tried(draft, "camera").map(drop)),
            };
            match done {
                Ok(()) => return Ok(true),
                Err(why) => self.interview.refuse(&question, &answer, &why)?,
            }
        }
    }

    fn chosen(&self, word: &str, board: &Board) -> Result<Vec<(&'static str, Value)>, String> {
        if OTHERS.contains(&word) {
            return Ok(Vec::new());
        }
        if word == "board" {
            return match board.camera {
                Some(_) => Ok(Vec::new()),
                None => Err(format!("the board {} has no camera of its own", board.name)),
            };
        }
        let numbered = word.parse().ok().and_then(|number: usize| number.checked_sub(1));
        let found = self.usable().enumerate().find(|(at, camera)| {
            numbered == Some(*at) || camera.device == word || camera.name == word
        });
        let device = match found {
            Some((_, camera)) => camera.device.clone(),
            None if word.starts_with("/dev/") => word.into(),
            None => return Err("no such camera: give one of the list, or a path under /dev".into()),
        };
        Ok(vec![("source", "v4l2".into()), ("device", device.into())])
    }

    /// The camera of the site file that there is, or the one that is most likely meant.
    fn usual_source(&self, board: &Board) -> Option<String> {
        if let Some(former) = &self.former {
            let source = former.text(&["camera", "source"]);
            match source.as_deref() {
                None if board.camera.is_some() => return Some("board".into()),
                None => {}
                Some("v4l2") => {
                    let device = former.text(&["camera", "device"]);
                    return device.or_else(|| self.first_camera());
                }
                Some(_) => return source,
            }
        }
        let on_usb = self.usable().find(|camera| camera.device.contains("/by-id/usb-"));
        let own = self.has_own(board).then(|| "board".to_owned());
        on_usb.map(|camera| camera.device.clone()).or(own).or_else(|| self.first_camera())
    }

    /// Whether the board has a camera of its own that could work here.
    fn has_own(&self, board: &Board) -> bool {
        match board.camera.as_ref().map(|camera| &camera.source) {
            Some(CameraSource::Pipe { command, .. }) => is_installed(&command.argv[0]),
            Some(_) => self.usable().next().is_some(),
            None => false,
        }
    }

    fn first_camera(&self) -> Option<String> {
        self.usable().next().map(|camera| camera.device.clone())
    }

    fn kept(&self, key: &str) -> Option<String> {
        self.former.as_ref().and_then(|former| former.text(&["camera", key]))
    }

    fn network_camera(&mut self, draft: &mut Draft) -> Result<Result<(), String>, SetupError> {
        draft.camera = vec![("source", "rtsp".into())];
        let text = "Which address? Without name and password: rtsp://camera.local/stream2";
        self.one(draft, Question::new("url", text).perhaps(self.kept("url")), "url")?;
        let usual = self.kept("user").unwrap_or_else(|| "none".into());
        let text = "As which user does it let you in? A name, or \"none\"";
        let user = Question::new("user", text).usually(usual);
        if self.one(draft, user, "user")? {
            let text = "Which file has the password in its first line? Only root and normwatch may \
                read it; or \"none\"";
            let usual = self.kept("password_file").unwrap_or_else(|| "none".into());
            self.one(draft, Question::new("password_file", text).usually(usual), "password_file")?;
        }
        Ok(self.tried(draft, "camera").map(drop))
    }

    fn footage(&mut self, draft: &mut Draft, kind: &str) -> Result<Result<(), String>, SetupError> {
        draft.camera = vec![("source", kind.into())];
        if kind == "folder" {
            draft.camera.push(("loop", true.into()));
        }
        let text = "Where is it? A relative path counts from the site file's folder";
        self.one(draft, Question::new("path", text).perhaps(self.kept("path")), "path")?;
        Ok(self.tried(draft, "camera").map(drop))
    }

    fn command(&mut self, draft: &mut Draft) -> Result<Result<(), String>, SetupError> {
        draft.camera = vec![("source", "pipe".into())];
        let text = "Which command writes frames to its standard output? Words with blanks between";
        let question = Question::new("command", text);
        loop {
            let answer = self.interview.ask(&question)?;
            let words = match &answer {
                Answer::One(text) => text.split_whitespace().map(str::to_owned).collect(),
                Answer::Many(words) => words.clone(),
            };
            match words.first() {
                Some(program) if is_installed(program) => {
                    draft.camera.push(("command", list(&words)));
                    break;
                }
                Some(program) => {
                    let why = format!("there is not a program `{program}`: install it first");
                    self.interview.refuse(&question, &answer, &why)?;
                }
                None => self.interview.refuse(&question, &answer, "name a program")?,
            }
        }
        let text = "In which format? \"y4m\", or raw: \"i420\", \"grey\", \"yuyv\", \"rgb24\" …";
        let usual = self.kept("format").unwrap_or_else(|| "y4m".into());
        self.one(draft, Question::new("format", text).usually(usual), "format")?;
        let is_raw = draft.camera.last().is_some_and(|(_, format)| format.as_str() != Some("y4m"));
        if is_raw {
            self.size(draft)?;
        }
        Ok(self.tried(draft, "camera").map(drop))
    }

    fn size(&mut self, draft: &mut Draft) -> Result<(), SetupError> {
        let question = Question::new("size", "How large are its frames? For instance 640x480");
        let side = |text: &str| text.trim().parse::<i64>().ok();
        loop {
            let answer = self.interview.ask(&question)?;
            let shown = answer.shown().to_lowercase();
            let sides = shown.split_once(['x', '×']).map(|(w, h)| (side(w), side(h)));
            if let Some((Some(width), Some(height))) = sides {
                draft.camera.push(("width_px", width.into()));
                draft.camera.push(("height_px", height.into()));
                return Ok(());
            }
            self.interview.refuse(&question, &answer, "write it as 640x480")?;
        }
    }

    /// Asks for one key of the camera until the site file could have it; whether there is
    /// one: "none" leaves it out.
    fn one(
        &mut self,
        draft: &mut Draft,
        question: Question,
        key: &'static str,
    ) -> Result<bool, SetupError> {
        let full = format!("camera.{key}");
        loop {
            let answer = self.interview.ask(&question)?;
            let tried = answer.text().map(str::to_owned).and_then(|text| {
                if text == "none" {
                    return Ok(false);
                }
                draft.camera.push((key, text.into()));
                // What is asked for later is missing still.
                match site_of(draft, None, self.place.board_dirs) {
                    Err(error) => match super::concerns(&error, &full) {
                        Some(why) => Err(why),
                        None => Ok(true),
                    },
                    Ok(_) => Ok(true),
                }
            });
            match tried {
                Ok(is_there) => return Ok(is_there),
                Err(why) => {
                    draft.camera.retain(|(known, _)| *known != key);
                    self.interview.refuse(&question, &answer, &why)?;
                }
            }
        }
    }

    /// Takes a still, shows it, and asks.
    fn looks_at(&mut self, draft: &Draft) -> Result<Verdict, SetupError> {
        let site = self.tried(draft, "camera").map_err(SetupError::Picture)?;
        self.interview.say("\nTaking a still …");
        let still = match self.machine.still(&site.camera) {
            Ok(still) => still,
            Err(SetupError::Camera(error)) if self.interview.is_there() => {
                self.interview.say(&format!("  The camera does not deliver: {error}"));
                return Ok(Verdict::Other);
            }
            Err(error) => return Err(error),
        };
        self.tell(&still)?;
        let text = "Is this what is to be watched? \"yes\", \"again\" after you have moved it, or \
            \"other\" for another camera";
        let question = Question::new("picture", text).usually("yes");
        loop {
            let answer = self.interview.ask(&question)?;
            let is_there = self.interview.is_there();
            match answer.shown().to_lowercase().as_str() {
                "yes" | "y" | "true" => return Ok(Verdict::Good),
                "again" if is_there => return Ok(Verdict::Again),
                "other" | "no" | "n" if is_there => return Ok(Verdict::Other),
                _ => {
                    let why =
                        if is_there { "answer yes, again or other" } else { "answer \"yes\"" };
                    self.interview.refuse(&question, &answer, why)?;
                }
            }
        }
    }

    fn tell(&mut self, still: &Still) -> Result<(), SetupError> {
        let file = self.place.still;
        let jpeg = still.jpeg().map_err(SetupError::Picture)?;
        std::fs::write(file, jpeg).map_err(SetupError::file(file))?;
        let (size_px, grey) = (still.size_px(), still.grey());
        self.interview.show(&grey, size_px);
        let look = Look::of(&grey, size_px.0);
        let shown = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
        self.interview.say(&format!(
            "{}, {}×{} px. The still is in {}\n{}",
            still.described,
            size_px.0,
            size_px.1,
            shown.display(),
            look.describe()
        ));
        let advice = look.advice();
        advice.iter().for_each(|advice| self.interview.say(&format!("  → {advice}")));
        if advice.is_empty() {
            self.interview.say("  Sharpness and light will do.");
        }
        Ok(())
    }
}
