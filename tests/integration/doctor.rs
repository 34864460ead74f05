//! `normwatch doctor` on this machine, and its eyes on made-up machines.

use std::fs;
use std::path::Path;

use crate::common::{Bench, json, stderr};
use normwatch::config::{Board, list_boards, load_board};
use normwatch::doctor::{Machine, Report, Scope, Severity, examine, matching_board};

/// A machine made of files.
struct Made(tempfile::TempDir);

impl Made {
    fn new(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(root)
    }

    fn board(&self, text: &str) -> Board {
        let file = self.0.path().join("my-board.toml");
        fs::write(&file, text).unwrap();
        load_board(&file, &[]).unwrap_or_else(|e| panic!("{e}"))
    }

    fn examine(&self, board: Option<&Board>) -> Report {
        let scope = Scope { root: self.0.path(), board, site: None };
        examine(scope, &Machine::read(self.0.path()))
    }
}

fn says(report: &Report, severity: Severity, text: &str) -> bool {
    report.findings.iter().any(|f| f.severity == severity && f.text.contains(text))
}

const PI: [(&str, &str); 14] = [
    ("proc/device-tree/model", "Raspberry Pi 9 Model B\0"),
    ("proc/device-tree/compatible", "raspberrypi,9-model-b\0brcm,bcm2719\0"),
    (
        "proc/cpuinfo",
        "processor\t: 0\nFeatures\t: fp asimd\n\nprocessor\t: 1\nFeatures\t: fp asimd\n",
    ),
    ("dev/watchdog", ""),
    ("dev/watchdog0", ""),
    ("sys/class/watchdog/watchdog0/identity", "Broadcom BCM2835 Watchdog timer\n"),
    ("sys/class/watchdog/watchdog0/timeout", "60\n"),
    ("sys/class/watchdog/watchdog0/bootstatus", "32\n"),
    ("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n"),
    ("sys/class/thermal/thermal_zone0/temp", "79100\n"),
    ("sys/class/thermal/thermal_zone0/trip_point_0_type", "passive\n"),
    ("sys/class/thermal/thermal_zone0/trip_point_0_temp", "80000\n"),
    ("sys/class/hwmon/hwmon3/name", "rpi_volt\n"),
    ("sys/class/hwmon/hwmon3/in0_lcrit_alarm", "1\n"),
];

const BOARD: &str = "description = 'nine'\ncompatible = ['brcm,bcm2719']\n[cpu]\ncores = 4\n\
    features = ['asimd', 'asimddp']\n[gpio]\ndriver = 'simulated'\n[watchdog]\n\
    device = '/dev/watchdog0'\nmax_timeout_s = 15\n[thermal]\nzones = ['cpu-thermal', 'gpu']\n";

#[test]
fn a_made_up_board_is_seen_through() {
    let made = Made::new(&PI);
    let board = made.board(BOARD);
    let report = made.examine(Some(&board));
    for (severity, text) in [
        (Severity::Ok, "Raspberry Pi 9 Model B; board file my-board: nine"),
        (Severity::Ok, "with 2 cores: asimd"),
        (Severity::Warn, "lists asimddp, which this processor lacks"),
        (Severity::Warn, "says 4 cores, but 2 are running"),
        (Severity::Ok, "/dev/watchdog0 Broadcom BCM2835 Watchdog timer, resets 60 s"),
        (Severity::Warn, "/dev/watchdog0 caused the last restart of this machine"),
        (Severity::Warn, "is set to 60 s, but its hardware counts to 15 s at most"),
        (Severity::Warn, "cpu-thermal is at 79 °C; the kernel acts at 80 °C"),
        (Severity::Warn, "thermal zone `gpu` is not there"),
        (Severity::Warn, "supply voltage"),
        (Severity::Warn, "no service that synchronises the clock was found"),
    ] {
        assert!(says(&report, severity, text), "{text}\n{report}");
    }
    assert_eq!(report.watchdogs.len(), 1, "the old name is no second device\n{report}");
    assert_eq!(report.severity, Severity::Warn);
}

#[test]
fn the_wrong_board_file_is_noticed() {
    let made = Made::new(&PI[1..]);
    let board = made.board(&BOARD.replace("brcm,bcm2719", "brcm,bcm2711"));
    let report = made.examine(Some(&board));
    assert!(says(&report, Severity::Warn, "board file my-board"), "{report}");
    let remedy = report.findings[0].remedy.as_deref().unwrap();
    assert!(remedy.contains("brcm,bcm2711"), "{remedy}");
}

#[test]
fn a_board_is_recognised_by_the_most_particular_name() {
    let made = Made::new(&PI);
    let machine = Machine::read(made.0.path());
    let board = |name: &str, compatible: &str| {
        let compatible = vec![compatible.to_owned()];
        Board { name: name.into(), compatible, ..made.board(BOARD) }
    };
    let boards = [board("family", "brcm,bcm2719"), board("exact", "raspberrypi,9-model-b")];
    assert_eq!(matching_board(&boards, &machine).unwrap().name, "exact");
    assert_eq!(matching_board(&boards[..1], &machine).unwrap().name, "family");
    assert!(matching_board(&[board("other", "x,y")], &machine).is_none());
}

fn shipped_boards() -> Vec<Board> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("boards");
    let dirs = std::slice::from_ref(&dir);
    let load = |name: &String| load_board(&dir.join(format!("{name}.toml")), dirs).unwrap();
    list_boards(dirs).iter().map(load).collect()
}

/// What the device trees of these boards say, and the board file for each.
#[test]
fn the_shipped_boards_are_recognised() {
    let boards = shipped_boards();
    for (compatible, name) in [
        (&["raspberrypi,3-model-b-plus", "brcm,bcm2837"][..], "raspberry-pi-3"),
        (&["raspberrypi,model-zero-2-w", "brcm,bcm2837"], "raspberry-pi-zero-2w"),
        (&["raspberrypi,400", "brcm,bcm2711"], "raspberry-pi-4"),
        (&["raspberrypi,5-model-b", "brcm,bcm2712"], "raspberry-pi-5"),
        (&["nvidia,p3541-0000", "nvidia,p3450-0000", "nvidia,tegra210"], "jetson-nano"),
        (&["nvidia,p3768-0000+p3767-0005-super", "nvidia,tegra234"], "jetson-orin-nano"),
        (&["linux,dummy-virt"], "virtual"),
    ] {
        let compatible = compatible.iter().map(|name| (*name).to_owned()).collect();
        let machine = Machine { compatible, arch: "aarch64", model: None };
        let found = matching_board(&boards, &machine).map(|board| board.name.as_str());
        assert_eq!(found, Some(name));
    }
}

#[test]
fn a_machine_without_a_device_tree_is_a_generic_one() {
    let boards = shipped_boards();
    for (arch, name) in
        [("x86_64", Some("generic-x86-64")), ("arm", Some("generic-armv7")), ("riscv64", None)]
    {
        let machine = Machine { arch, ..Machine::default() };
        let found = matching_board(&boards, &machine).map(|board| board.name.as_str());
        assert_eq!(found, name);
    }
}

fn site(bench: &Bench) {
    let text = "board = \"simulated\"\nbundle = \"bundle\"\n[camera]\nsource = \"pipe\"\n\
        command = [\"no-such-camera-program\"]\nformat = \"y4m\"\n[output.alarm]\nline = \"ALARM\"\n\
        [output.events]\npath = \"events.jsonl\"\n";
    fs::write(bench.path("site.toml"), text).unwrap();
}

#[test]
fn a_site_that_cannot_work_is_an_error_with_its_remedy() {
    let bench = Bench::new();
    site(&bench);
    let out = bench.run(&["doctor", "--config", "site.toml", "--json"]);
    assert_eq!(out.status.code(), Some(8), "{}", stderr(&out));
    let report = json(&out.stdout);
    assert_eq!(report["severity"], "error");
    let findings = report["findings"].as_array().unwrap();
    let texts = |severity: &str| -> Vec<&str> {
        let of = findings.iter().filter(|f| f["severity"] == severity);
        of.map(|f| f["text"].as_str().unwrap()).collect()
    };
    let errors = texts("error").join("\n");
    assert!(errors.contains("`no-such-camera-program` is not there"), "{errors}");
    assert!(errors.contains("normwatch calibrate"), "{errors}");
    assert!(texts("ok").iter().any(|text| text.contains("its self-test passes")));
    assert!(texts("ok").iter().any(|text| text.contains("free for the event log")));
}

#[test]
fn a_site_that_can_work_is_fit() {
    let bench = Bench::calibrated();
    let text = "board = \"simulated\"\nbundle = \"bundle\"\n[camera]\nsource = \"folder\"\n\
        path = \"normal/00\"\n[output.alarm]\nline = \"ALARM\"\n";
    fs::write(bench.path("site.toml"), text).unwrap();
    let out = bench.run(&["doctor", "--config", "site.toml"]);
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{text}{}", stderr(&out));
    assert!(text.contains("calibrated: alarm at"), "{text}");
}

#[test]
fn a_machine_without_a_site_is_no_error() {
    let bench = Bench::new();
    let out = bench.run(&["doctor", "--board", "simulated"]);
    assert!(out.status.success(), "{}", stderr(&out));
    let text = String::from_utf8(out.stdout).unwrap();
    for said in ["board file simulated", "clock source", "kernels: "] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let out = bench.run(&["doctor", "--board", "simulatd"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(stderr(&out).contains("boards available"), "{}", stderr(&out));
}
