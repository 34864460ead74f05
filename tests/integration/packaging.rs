//! The recipes in `packaging` say the same as `Cargo.toml`, as each other, and
//! as the files that they install.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

fn manifest() -> toml::Table {
    read("Cargo.toml").parse().unwrap()
}

fn buildroot() -> String {
    read("packaging/buildroot/package/normwatch/normwatch.mk")
}

/// The recipe's version, which its file's name states, and its text.
fn recipe() -> (String, String) {
    let folder = "packaging/yocto/meta-normwatch/recipes-support/normwatch";
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let recipes: Vec<_> = names.filter(|name| name.ends_with(".bb")).collect();
    let [name] = recipes.as_slice() else { panic!("{recipes:?}") };
    let version = name.strip_prefix("normwatch_").unwrap().strip_suffix(".bb").unwrap();
    (version.to_string(), read(&format!("{folder}/{name}")))
}

/// What stands behind `key = ` in a Makefile or a recipe.
fn value<'a>(text: &'a str, key: &str) -> &'a str {
    let start = format!("{key} ");
    let line = text.lines().find(|line| line.starts_with(&start) && line.contains("= "));
    let line = line.unwrap_or_else(|| panic!("{key} is missing"));
    line.split_once("= ").unwrap().1.trim_matches('"')
}

#[test]
fn all_recipes_are_for_this_version() {
    let workspace = manifest()["workspace"]["package"].clone();
    let version = workspace["version"].as_str().unwrap();
    assert_eq!(value(&buildroot(), "NORMWATCH_VERSION"), version);
    assert_eq!(recipe().0, version);
    let lock: toml::Table = read("Cargo.lock").parse().unwrap();
    let locked = lock["package"].as_array().unwrap().iter();
    let ours: Vec<_> = locked.filter(|p| p["name"].as_str() == Some("normwatch")).collect();
    assert_eq!(ours[0]["version"].as_str(), Some(version));
    let rust = workspace["rust-version"].as_str().unwrap();
    let help = read("packaging/buildroot/package/normwatch/Config.in");
    assert!(help.contains(&format!("Rust {rust} or later")), "{help}");
}

#[test]
fn recipes_build_the_default_features() {
    let defaults = manifest()["features"]["default"].clone();
    let defaults: BTreeSet<_> =
        defaults.as_array().unwrap().iter().map(|f| f.as_str().unwrap().to_string()).collect();
    let mk = buildroot();
    let mut offered = BTreeSet::from([value(&mk, "NORMWATCH_FEATURES").to_string()]);
    offered.extend(
        mk.lines().filter_map(|line| line.strip_prefix("NORMWATCH_FEATURES += ")).map(String::from),
    );
    assert_eq!(offered, defaults);
    let (_, recipe) = recipe();
    let mut offered: BTreeSet<_> =
        value(&recipe, "PACKAGECONFIG").split(' ').map(String::from).collect();
    assert!(recipe.contains("--no-default-features --features runtime,"));
    offered.insert("runtime".into());
    assert_eq!(offered, defaults);
}

#[test]
fn recipes_state_the_licence_and_its_checksums() {
    let licence = manifest()["workspace"]["package"]["license"].as_str().unwrap().to_string();
    assert_eq!(value(&buildroot(), "NORMWATCH_LICENSE"), licence.replace(" OR ", " or "));
    let (_, recipe) = recipe();
    assert_eq!(value(&recipe, "LICENSE"), licence.replace(" OR ", " | "));
    let hashes = read("packaging/buildroot/package/normwatch/normwatch.hash");
    let files = value(&buildroot(), "NORMWATCH_LICENSE_FILES").to_string();
    for file in files.split(' ') {
        let digest = Sha256::digest(fs::read(root().join(file)).unwrap());
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(hashes.lines().any(|line| line == format!("sha256  {hex}  {file}")), "{file}");
        let md5 = Command::new("md5sum").arg(root().join(file)).output().unwrap().stdout;
        let md5 = String::from_utf8(md5).unwrap();
        let sum = md5.split_whitespace().next().unwrap();
        assert!(recipe.contains(&format!("file://{file};md5={sum} ")), "{file}: {sum}");
    }
}

/// Files that a recipe takes from the source tree are there.
#[test]
fn recipes_install_files_that_exist() {
    let (_, recipe) = recipe();
    let mk = buildroot();
    let mut seen = 0;
    for (text, prefix) in [(&mk, "$(@D)/"), (&recipe, "${S}/")] {
        for word in text.split_whitespace().filter_map(|word| word.strip_prefix(prefix)) {
            if word.starts_with("target/") {
                continue;
            }
            let path = word.trim_end_matches("*.toml").trim_end_matches('*');
            assert!(root().join(path).exists(), "{word}");
            seen += 1;
        }
    }
    assert_eq!(seen, 14);
}

#[test]
fn user_and_groups_are_the_same_everywhere() {
    let unit = read("packaging/systemd/normwatch.service");
    let groups = value_of(&unit, "SupplementaryGroups").replace(' ', ",");
    let sysusers = read("packaging/systemd/sysusers.conf");
    let rules = read("packaging/udev/60-normwatch.rules");
    for group in groups.split(',') {
        assert!(rules.contains(&format!("GROUP=\"{group}\"")), "no rule for {group}");
        let system = group == "video";
        let made = sysusers.lines().any(|line| line.starts_with(&format!("g {group} ")));
        assert_eq!(made, !system, "{group}");
    }
    assert!(buildroot().contains(&format!(" {groups} normwatch alarm")));
    assert!(recipe().1.contains(&format!("--groups {groups} ")));
    assert!(sysusers.contains(&format!("u {} ", value_of(&unit, "User"))));
}

/// An end in order has to fit into the time that the unit grants it, and nothing
/// but the network that it has not got decides whether it is tried again.
#[test]
fn the_service_is_tried_again_and_bounded() {
    let unit = read("packaging/systemd/normwatch.service");
    assert_eq!(value_of(&unit, "Restart"), "always");
    assert_eq!(value_of(&unit, "StartLimitIntervalSec"), "0");
    assert!(!unit.contains("RestartPreventExitStatus"), "an error of the card would be final");
    assert!(value_of(&unit, "TimeoutStopSec").parse::<u32>().unwrap() >= 12);
    assert!(value_of(&unit, "TasksMax").parse::<u32>().unwrap() <= 64);
    assert!(value_of(&unit, "LimitNOFILE").parse::<u32>().unwrap() <= 256);
    assert_eq!(value_of(&unit, "PrivateNetwork"), "yes");
    assert_eq!(value_of(&unit, "UMask"), "0077");
    assert!(value_of(&unit, "RequiresMountsFor").contains("/etc/normwatch"));
    assert!(
        !value_of(&unit, "RequiresMountsFor").contains("/var/lib"),
        "the card of a log would end the watch"
    );
}

fn value_of<'a>(unit: &'a str, key: &str) -> &'a str {
    let line = unit.lines().find_map(|line| line.strip_prefix(&format!("{key}=")));
    line.unwrap_or_else(|| panic!("{key} is missing"))
}

#[test]
fn the_service_reaches_cameras_lines_and_watchdogs_alone() {
    let unit = read("packaging/systemd/normwatch.service");
    let devices = unit.lines().filter_map(|line| line.strip_prefix("DeviceAllow="));
    let devices: Vec<_> = devices.collect();
    let expected =
        ["char-video4linux rw", "char-gpiochip rw", "char-watchdog rw", "/dev/watchdog rw"];
    assert_eq!(devices, expected);
    assert_eq!(value_of(&unit, "DevicePolicy"), "closed");
    assert_eq!(value_of(&unit, "Type"), "notify");
    assert_eq!(value_of(&unit, "CapabilityBoundingSet"), "");
    assert!(value_of(&unit, "WatchdogSec").parse::<u32>().unwrap() <= 60);
    let program = value_of(&unit, "ExecStart");
    assert_eq!(
        program,
        "/usr/bin/normwatch run --config /etc/normwatch/site.toml --reload-on-sighup"
    );
    assert!(Path::new(value_of(&unit, "ConditionPathExists")).starts_with("/etc/normwatch"));
}

/// What the unit of further cameras has to have of its own, and nothing else: hardening
/// that is added to one of the two is missing in the other.
#[test]
fn the_unit_of_further_cameras_is_the_first_ones_but_for_its_own() {
    let (single, template) = (sentences("normwatch.service"), sentences("normwatch@.service"));
    let own = |line: &String| {
        let line = line.replace("=/etc/normwatch/site.toml", "=/etc/normwatch/%i.toml");
        let line = line.replace(" /etc/normwatch/site.toml", " /etc/normwatch/%i.toml");
        let folders = ["WorkingDirectory=/var/lib/", "StateDirectory=", "RuntimeDirectory="];
        match line.as_str() {
            "Description=Alarm on what is not normal in front of a camera" => {
                "Description=Alarm on what is not normal in front of the camera %i".into()
            }
            // One program holds the hardware watchdog.
            "SupplementaryGroups=video gpio watchdog" => "SupplementaryGroups=video gpio".into(),
            "DeviceAllow=char-watchdog rw" | "DeviceAllow=/dev/watchdog rw" => String::new(),
            _ if folders.iter().any(|folder| line == format!("{folder}normwatch")) => {
                format!("{line}-%i")
            }
            _ => line,
        }
    };
    let expected: Vec<_> = single.iter().map(own).filter(|line| !line.is_empty()).collect();
    let (weights, rest): (Vec<_>, Vec<_>) =
        template.into_iter().partition(|line| line.starts_with("CPUWeight="));
    assert_eq!(rest, expected);
    assert_eq!(weights, ["CPUWeight=100"], "what systemd gives the first one");
    let scripts =
        ["postinst", "prerm"].map(|name| read(&format!("packaging/deb/normwatch/{name}")));
    for script in scripts {
        assert!(script.contains("'normwatch@*.service'"), "{script}");
    }
}

/// The lines of a unit that mean something.
fn sentences(file: &str) -> Vec<String> {
    let text = read(&format!("packaging/systemd/{file}"));
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(String::from).collect()
}

/// Whoever learns has the service's user and its walls, one device fewer, and gives way.
#[test]
fn the_unit_that_learns_is_walled_in_as_the_service_is_and_steps_back() {
    let (watches, learns) = (sentences("normwatch.service"), sentences("normwatch-learn.service"));
    let walls = watches.iter().skip_while(|line| !line.starts_with("CapabilityBoundingSet="));
    for line in walls {
        assert!(learns.contains(line), "{line}");
    }
    let (watch, learn) = (watches.join("\n"), learns.join("\n"));
    for key in ["User", "Group", "UMask", "StateDirectory", "DevicePolicy", "Environment"] {
        assert_eq!(value_of(&learn, key), value_of(&watch, key));
    }
    let devices: Vec<_> = learns.iter().filter(|line| line.starts_with("DeviceAllow=")).collect();
    assert_eq!(devices, ["DeviceAllow=char-video4linux rw"], "neither lines nor watchdogs");
    assert_eq!(value_of(&learn, "Restart"), "on-failure", "what is done is not begun again");
    assert_eq!(value_of(&learn, "Nice"), "10");
    assert!(learns.contains(&"SystemCallFilter=setpriority".into()), "its children's is 19");
    assert_eq!(value_of(&learn, "MemoryMax"), "75%", "the rest is for whoever watches");
    assert!(value_of(&learn, "OOMScoreAdjust").parse::<i32>().unwrap() > 0);
    let stop_s: u32 = value_of(&learn, "TimeoutStopSec").parse().unwrap();
    assert!(stop_s > 60, "a training may take a minute to its checkpoint");
    let start = "/usr/bin/normwatch learn --config /etc/normwatch/site.toml";
    assert_eq!(value_of(&learn, "ExecStart"), start);
}

#[test]
fn the_unit_that_learns_a_further_camera_differs_in_names_alone() {
    let own = |line: String| {
        let line = line.replace("/etc/normwatch/site.toml", "/etc/normwatch/%i.toml");
        let line = line.replace("/var/lib/normwatch", "/var/lib/normwatch-%i");
        let line = line.replace("StateDirectory=normwatch", "StateDirectory=normwatch-%i");
        let line = line.replace(" normwatch.service", " normwatch@%i.service");
        line.replace("in front of a camera", "in front of the camera %i")
    };
    let expected: Vec<_> = sentences("normwatch-learn.service").into_iter().map(own).collect();
    assert_eq!(sentences("normwatch-learn@.service"), expected);
    for name in ["postinst", "prerm"] {
        let script = read(&format!("packaging/deb/normwatch/{name}"));
        assert!(script.contains("'normwatch-learn*.service'"), "{script}");
    }
}

/// Scripts that the guides print are scripts of a shell, and the one that calls Apprise
/// hands it what a hook is given.
#[test]
fn scripts_of_the_guides_run() {
    for guide in ["notifications", "home-assistant", "several-cameras"] {
        let text = read(&format!("docs/guide/{guide}.md"));
        for block in text.split("```sh\n").skip(1) {
            let script = block.split("```").next().unwrap();
            let shell = Command::new("sh").args(["-n", "-c", script]).status().unwrap();
            assert!(shell.success(), "{guide}: {script}");
        }
    }
    let text = read("docs/guide/notifications.md");
    let script = text.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let script = script.replace("exec apprise", "printf '%s\\n'");
    for (picture, more) in [(None, ""), (Some("/tmp/a b.jpg"), "--attach=/tmp/a b.jpg\n")] {
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).envs(picture.map(|path| ("NORMWATCH_PICTURE", path)));
        shell.env("NORMWATCH_TITLE", "Yard: anomaly").env("NORMWATCH_TEXT", "Yard: $(id)");
        let told = String::from_utf8(shell.output().unwrap().stdout).unwrap();
        let lines = "--title=Yard: anomaly\n--body=Yard: $(id)\n";
        assert!(told.ends_with(&format!("{lines}{more}")), "{told}");
    }
}
