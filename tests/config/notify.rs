//! Hooks, webhooks and message services: what is wrong with them, and where.

use normwatch::config::{EVENT_KINDS, WebhookFormat};

use crate::{assert_problems, edited, load_text};

/// Line 8 of the site is the first of `text`.
fn problems(text: &str, expected: &[&str]) {
    assert_problems(&edited(8, text), expected);
}

const HOOK: &str = "[[output.hook]]\nname = 'tell'\ncommand = ['tell']";
const WEBHOOK: &str = "[[output.webhook]]\nname = 'desk'\nurl = 'https://desk.example/a'";

#[test]
fn what_is_wrong_with_a_hook() {
    for (text, expected) in [
        (
            "[[output.hook]]",
            &["8:1 missing key `output.hook[0].name`", "8:1 missing key `output.hook[0].command`"]
                [..],
        ),
        (
            "[[output.hook]]\nname = 'a b'\ncommand = ['tell']",
            &["9:8 `output.hook[0].name` is not a name"],
        ),
        (
            "[[output.hook]]\nname = 'tell'\ncommand = 'tell --now'",
            &["10:11 `output.hook[0].command` must be an array, not a string"],
        ),
        (
            "[[output.hook]]\nname = 'tell'\ncommand = []",
            &["10:11 `output.hook[0].command` is empty"],
        ),
        (&format!("{HOOK}\non = []"), &["11:6 `output.hook[0].on` is empty"]),
        (
            &format!("{HOOK}\non = ['start']"),
            &["11:7 `output.hook[0].on[0]` does not know `start`"],
        ),
        (
            &format!("{HOOK}\nkinds = ['anomly']"),
            &["11:10 `output.hook[0].kinds[0]` does not know `anomly` ?anomaly"],
        ),
        (
            &format!("{HOOK}\ntimeout_s = 0"),
            &["11:13 `output.hook[0].timeout_s` is 0, out of range"],
        ),
        (&format!("{HOOK}\n{HOOK}"), &["12:8 `output.hook[1].name` = \"tell\" stands twice"]),
    ] {
        problems(text, expected);
    }
}

#[test]
fn what_is_wrong_with_a_webhook() {
    let url = |url: &str| format!("[[output.webhook]]\nname = 'desk'\nurl = '{url}'");
    for address in ["desk.example", "ftp://desk.example", "https://", "http://:80/", "http://a b"] {
        problems(&url(address), &["10:7 `output.webhook[0].url` is not an address"]);
    }
    problems(
        &url("https://me:hunter2@desk.example/"),
        &["10:7 `output.webhook[0].url` holds a name or a password"],
    );
    problems(
        &format!("{WEBHOOK}\nformat = 'standard'\ntemplate = '{{text}}'"),
        &["11:1 `output.webhook[0].format` has no meaning beside `template`"],
    );
    problems(
        &format!("{WEBHOOK}\ntemplate = '{{\"a\": {{scor}}}}'"),
        &["11:12 `output.webhook[0].template` does not know `{scor}` ?score"],
    );
}

#[test]
fn what_is_wrong_with_a_message_service() {
    problems("[output.ntfy]\ntopic = 'a/b'", &["9:9 `output.ntfy.topic` is not a topic"]);
    problems(
        "[output.ntfy]\ntopic = 'a'\npriority = 6",
        &["10:12 `output.ntfy.priority` is 6, out of range"],
    );
    problems(
        "[output.telegram]\ntoken_file = 't'\nchat_id = 'me'",
        &["10:11 `output.telegram.chat_id` is not a chat"],
    );
    problems(
        "[output.telegram]\ntoken_file = 't'\nchat_id = 12",
        &["10:11 `output.telegram.chat_id` must be a string, not a whole number"],
    );
}

#[test]
fn what_is_left_out_has_its_default() {
    let text = format!(
        "{HOOK}\n{WEBHOOK}\n[output.ntfy]\ntopic = 'a'\n[output.telegram]\ntoken_file = 't'\n\
         chat_id = '@yard'"
    );
    let site = load_text(&edited(8, &text)).unwrap();
    let notify = site.output.notify;
    let hook = &notify.hooks[0];
    assert_eq!((hook.timeout_s, hook.per_hour), (30, 60));
    assert!(hook.about.begin && hook.about.end && hook.about.kinds == EVENT_KINDS);
    assert_eq!(notify.webhooks[0].format, WebhookFormat::Standard);
    let (ntfy, telegram) = (notify.ntfy.unwrap(), notify.telegram.unwrap());
    assert_eq!((ntfy.server.as_str(), ntfy.priority), ("https://ntfy.sh", 4));
    assert_eq!(telegram.server, "https://api.telegram.org");
    assert!(telegram.about.begin && !telegram.about.end);
    assert!(telegram.token_file.ends_with("t"));
}

#[test]
fn eight_hooks_are_enough() {
    let hooks: Vec<String> =
        (0..9).map(|n| HOOK.replace("tell'\nc", &format!("tell{n}'\nc"))).collect();
    problems(&hooks.join("\n"), &["8:1 `output.hook` stands 9 times, more than 8"]);
}
