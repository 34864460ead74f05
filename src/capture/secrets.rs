//! Names, passwords and tokens, which no log may hold: what looks like one, and what a
//! command or an output was given.

/// What a word ends with, its hyphens and underscores left out, after which a secret
/// stands.
const NAMES: [&str; 15] = [
    "password",
    "passwd",
    "passphrase",
    "pass",
    "pwd",
    "token",
    "secret",
    "apikey",
    "accesskey",
    "auth",
    "authorization",
    "credential",
    "credentials",
    "signature",
    "sessionid",
];

/// Words after which a secret stands without more ado, as in `Bearer 0123`.
const SCHEMES: [&str; 3] = ["bearer", "basic", "digest"];

/// Options that take `name:password`.
const USER_OPTIONS: [&str; 3] = ["-u", "--user", "--proxy-user"];

/// A shorter one would be found in every word.
const SHORTEST: usize = 4;

const HIDDEN: &str = "…";

/// What is to be left out of whatever a command says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets {
    /// Longest first.
    known: Vec<String>,
}

impl Secrets {
    /// Those in the arguments of a command: in URLs, behind options and in settings.
    pub fn of(argv: &[String]) -> Self {
        let mut known = Vec::new();
        for (place, argument) in argv.iter().enumerate().skip(1) {
            for (start, end) in urls(argument).chain(values(argument)) {
                known.extend(with_parts(&argument[start..end]));
            }
            let option = &*argv[place - 1];
            if option.starts_with('-') && is_name(option) {
                known.push(argument.clone());
            }
            if USER_OPTIONS.contains(&option) {
                known.extend(with_parts(argument));
            }
        }
        Self::known(known)
    }

    /// These words, each of which is a secret.
    pub fn known(words: impl IntoIterator<Item = String>) -> Self {
        let mut known: Vec<String> = words.into_iter().collect();
        known.retain(|secret| secret.len() >= SHORTEST);
        known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        known.dedup();
        Self { known }
    }

    /// These, and more words.
    pub fn and(self, words: impl IntoIterator<Item = String>) -> Self {
        Self::known(self.known.into_iter().chain(words))
    }

    /// The text without them, and without what looks like others.
    pub fn hide(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for secret in &self.known {
            out = out.replace(secret, HIDDEN);
        }
        let out = without(&out, &urls(&out).collect::<Vec<_>>());
        without(&out, &values(&out).collect::<Vec<_>>())
    }
}

/// `name:password` and the password alone, also as it reads without its escapes.
fn with_parts(secret: &str) -> Vec<String> {
    let password = secret.split_once(':').map_or(secret, |(_, password)| password);
    [secret, password].into_iter().flat_map(|part| [part.to_owned(), unescaped(part)]).collect()
}

/// With each `%xx` as the character that it stands for.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).filter(|_| *first == b'%').map(String::from_utf8_lossy);
        let code = digits.and_then(|digits| u8::from_str_radix(&digits, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn without(text: &str, places: &[(usize, usize)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for &(start, end) in places.iter().filter(|(start, end)| end > start) {
        if start >= from {
            out.push_str(&text[from..start]);
            out.push_str(HIDDEN);
            from = end;
        }
    }
    out + &text[from..]
}

/// Where the names and passwords of URLs stand, without their `@`.
fn urls(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    text.match_indices("://").filter_map(|(at, mark)| {
        let start = at + mark.len();
        let is_end = |c: char| matches!(c, '/' | '"' | '\'') || c.is_whitespace();
        let host = &text[start..];
        let host = &host[..host.find(is_end).unwrap_or(host.len())];
        host.rfind('@').map(|length| (start, start + length))
    })
}

/// Where values stand behind words that announce a secret: `password=…`,
/// `"token": "…"`, `--api-key …`, `Authorization: Basic …`.
fn values(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    words(text).filter_map(|(start, end)| {
        let word = &text[start..end];
        let rest = &text[end..];
        let sign = rest.trim_start_matches(['"', '\'', ' ']).chars().next();
        let is_set = matches!(sign, Some('=' | ':'));
        let is_option = word.starts_with('-') && rest.starts_with(' ');
        let is_scheme = SCHEMES.contains(&&*word.to_ascii_lowercase()) && rest.starts_with(' ');
        if !(is_name(word) && (is_set || is_option) || is_scheme) {
            return None;
        }
        let value = rest.trim_start_matches(['"', '\'', ' ', '=', ':']);
        // What comes next is found as a word of its own.
        if SCHEMES.iter().any(|scheme| has_prefix(value, scheme)) {
            return None;
        }
        let is_end =
            |c: char| matches!(c, '&' | '"' | '\'' | ',' | ';' | ')' | '}') || c.is_whitespace();
        let length = value.find(is_end).unwrap_or(value.len());
        let at = text.len() - value.len();
        Some((at, at + length))
    })
}

fn has_prefix(text: &str, word: &str) -> bool {
    let start = text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    start && text[word.len()..].starts_with(' ')
}

fn words(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text[from..].find(is_part)?;
        let length = text[start..].find(|c| !is_part(c)).unwrap_or(text.len() - start);
        from = start + length;
        Some((start, from))
    })
}

fn is_name(word: &str) -> bool {
    let letters = word.chars().filter(|c| !matches!(c, '-' | '_'));
    let word: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    NAMES.iter().any(|name| word.ends_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_not_told() {
        for (line, told) in [
            ("rtsp://me:se@cret@10.0.0.1/live: gone", "rtsp://…@10.0.0.1/live: gone"),
            ("a 'http://u:p@h' b rtsp://x/@y", "a 'http://…@h' b rtsp://x/@y"),
            ("mail me@home", "mail me@home"),
            ("rtsp://user@", "rtsp://…@"),
            (
                "GET /snap.cgi?user=admin&password=hunter2&n=1",
                "GET /snap.cgi?user=admin&password=…&n=1",
            ),
            ("http://h/x?access_token=ab.cd HTTP/1.1", "http://h/x?access_token=… HTTP/1.1"),
            ("{\"apiKey\": \"0123\", \"fps\": 25}", "{\"apiKey\": \"…\", \"fps\": 25}"),
            ("Authorization: Basic YWRtaW46aA==", "Authorization: Basic …"),
            ("> authorization: Bearer e.y.J; retry", "> authorization: Bearer …; retry"),
            ("running cam --password hunter2 --fps 5", "running cam --password … --fps 5"),
            ("camera.passwd = hunter2", "camera.passwd = …"),
            ("second pass done", "second pass done"),
            ("pass 1 of 2", "pass 1 of 2"),
            ("fps: 25, width=640, bypass", "fps: 25, width=640, bypass"),
            ("ein Schlüssel: ä ö ü", "ein Schlüssel: ä ö ü"),
        ] {
            assert_eq!(Secrets::default().hide(line), told);
        }
    }

    #[test]
    fn what_the_command_was_given_is_not_told_wherever_it_stands() {
        for argv in [
            &["cam", "rtsp://admin:hunter%402@10.0.0.1/live"][..],
            &["cam", "--password", "hunter@2"],
            &["curl", "-u", "admin:hunter@2", "http://10.0.0.1"],
            &["cam", "http://10.0.0.1/?password=hunter%402&x=1"],
            &["sh", "-c", "cam --token=hunter@2 | tee"],
        ] {
            let argv: Vec<String> = argv.iter().copied().map(String::from).collect();
            let told = Secrets::of(&argv).hide("login of hunter@2 failed at 10.0.0.1");
            assert_eq!(told, "login of … failed at 10.0.0.1", "{argv:?}");
        }
        let argv = ["cam", "--pass", "a"].map(String::from);
        assert_eq!(Secrets::of(&argv).hide("a cat"), "a cat", "one letter is everywhere");
    }
}
