use super::*;

#[test]
fn the_install_page_says_what_to_type() {
    let mut all = Vec::new();
    for (page, heading) in PAGES {
        let text = fs::read_to_string(cross::root().join(page)).unwrap();
        let found = deeds(&text, heading, "amd64");
        assert!(!found.is_empty(), "{heading}");
        all.extend(found);
    }
    let typed = |start: &str| {
        all.iter().any(|deed| matches!(deed, Deed::Type(command) if command.starts_with(start)))
    };
    for start in [
        "sudo apt install ./normwatch_0.1.0_amd64.deb ",
        "normwatch demo",
        "normwatch doctor",
        "normwatch check --config /etc/normwatch/site.toml",
        "sudo systemctl enable --now normwatch",
    ] {
        assert!(typed(start), "nobody types `{start}` in {all:?}");
    }
    assert_eq!(all.iter().filter(|deed| **deed == Deed::Edit).count(), 1);
    assert!(!typed("scp"));
}

#[test]
fn the_upgrade_page_says_what_to_type() {
    let text = fs::read_to_string(cross::root().join(UPGRADE)).unwrap();
    for (heading, start) in [
        ("Before", "sudo tar -czf "),
        ("Upgrade", "sudo apt install --reinstall ./normwatch_0.1.0_amd64.deb"),
        ("Go back", "sudo apt install --reinstall --allow-downgrades ./old/normwatch_0.1.0_amd64"),
    ] {
        let typed = deeds(&text, heading, "amd64").into_iter().find_map(|deed| match deed {
            Deed::Type(command) => Some(command),
            _ => None,
        });
        assert!(typed.is_some_and(|command| command.starts_with(start)), "{heading}");
    }
}

#[test]
fn a_section_ends_where_the_next_begins() {
    let page =
        "## A\n\n    one\n\ntext\n\n    sudoedit x\n\n### Part\n\n    two\n\n## B\n\n    three\n";
    let typed = |text: &str| Deed::Type(text.into());
    assert_eq!(deeds(page, "A", "arm64"), [typed("one"), Deed::Edit, typed("two")]);
    assert_eq!(deeds(page, "B", "arm64"), [typed("three")]);
    assert!(deeds(page, "C", "arm64").is_empty());
}
