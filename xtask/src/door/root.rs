//! A clean Debian system in a folder.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use normwatch_host::shell;
use tempfile::TempDir;

const MIRROR: &str = "http://deb.debian.org/debian";
/// Whom an installer is logged in as, and where.
const HOME: &str = "root";
const SITE: &str = "etc/normwatch/site.toml";

/// Does with the installed unit what `systemctl` would, without a systemd: starts the
/// unit's program as its user, in its folder. `show` prints what a PC's does.
const SYSTEMCTL: &str = r#"#!/bin/sh
set -e
unit=/lib/systemd/system/normwatch.service
value() { sed -n "s/^$1=//p" "$unit" | head -n 1; }
case "$*" in
*show*) echo "RuntimeWatchdogUSec=0" ;;
*enable*normwatch*|*restart\ normwatch*)
    user=$(value User)
    id "$user" > /dev/null
    install -d -o "$user" "$(value WorkingDirectory)"
    cd "$(value WorkingDirectory)"
    export $(value Environment)
    setpriv --reuid "$user" --clear-groups --regid "$(value Group)" \
        $(value ExecStart) > /root/service.log 2>&1 &
    echo $! > /root/service.pid ;;
*status*) head -n 3 /root/service.log ;;
*) echo "systemctl $*: not known in this root" >&2; exit 1 ;;
esac
"#;

/// Runs a script in a root that has its own `/proc`, which is gone afterwards.
const IN_ROOT: &str = r#"mount -t proc proc "$1/proc" && exec chroot "$1" sh -c "$2""#;

/// `doctor` finds that a root has no camera and no lines.
const DOCTOR_FINDS: i32 = 8;

/// Waits until the service says that it watches, ends it, and gives its exit status.
const WATCHES: &str = r"
pid=$(cat /root/service.pid)
for i in $(seq 600); do
    grep -q 'warm-up.*idle' /root/service.log && break
    kill -0 $pid
    sleep 0.5
done
grep 'warm-up.*idle' /root/service.log
kill -TERM $pid
for i in $(seq 120); do kill -0 $pid 2> /dev/null || exit 0; sleep 0.5; done
exit 1
";

/// A Debian root.
pub struct Root {
    folder: PathBuf,
    /// Removed with it, if it was made here.
    _made: Option<TempDir>,
}

impl Root {
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), _made: None }
    }

    /// # Errors
    /// mmdebstrap is not there, or fails.
    pub fn make(suite: &str, architecture: &str) -> Result<Self> {
        let made = tempfile::tempdir()?;
        let folder = made.path().join("root");
        let path = folder.to_string_lossy();
        let architecture = format!("--architectures={architecture}");
        let args = ["--variant=minbase", "--include=sudo", &architecture, suite, &path, MIRROR];
        shell::run("mmdebstrap", &args, &[])
            .context("a clean root is made by mmdebstrap: `sudo apt install mmdebstrap`")?;
        Ok(Self { folder, _made: Some(made) })
    }

    /// Puts the packages where `scp` would have, a network for apt, and a camera.
    ///
    /// # Errors
    /// No package of that architecture, or a file cannot be copied.
    pub fn bring(&self, packages: &Path, architecture: &str) -> Result<()> {
        let ending = format!("_{architecture}.deb");
        let mut count = 0;
        for entry in fs::read_dir(packages).with_context(|| packages.display().to_string())? {
            let file = entry?.path();
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.ends_with(&ending) {
                fs::copy(&file, self.path(HOME).join(&name))?;
                count += 1;
            }
        }
        ensure!(count == 2, "{} has {count} packages, not two", packages.display());
        let systemctl = self.path("usr/local/bin/systemctl");
        fs::write(&systemctl, SYSTEMCTL)?;
        fs::set_permissions(&systemctl, fs::Permissions::from_mode(0o755))?;
        for file in ["etc/resolv.conf", "etc/hosts"] {
            fs::copy(Path::new("/").join(file), self.path(file)).context(file)?;
        }
        self.types("apt-get update -qq")
    }

    /// Runs a line as a person at the root's prompt would.
    ///
    /// # Errors
    /// It fails.
    pub fn types(&self, command: &str) -> Result<()> {
        // Nobody is there to say yes.
        let line = command.replace("apt install", "apt-get install -y -qq");
        let script = format!(
            "set -e; cd /{HOME}; export HOME=/{HOME} USER=root DEBIAN_FRONTEND=noninteractive \
             LC_ALL=C.UTF-8; {line}"
        );
        let mut chroot = Command::new("unshare");
        chroot.args(["--mount", "sh", "-c", IN_ROOT, "sh"]).arg(&self.folder).arg(&script);
        let mut child = chroot.stdin(Stdio::piped()).spawn().context("cannot start `unshare`")?;
        // dpkg asks whether an example that changed takes the site file's place.
        if let Some(mut asked) = child.stdin.take() {
            let _ = asked.write_all(b"N\nN\n");
        }
        let status = child.wait()?;
        let may_fail =
            command.starts_with("normwatch doctor") && status.code() == Some(DOCTOR_FINDS);
        ensure!(status.success() || may_fail, "it ended with {status}");
        Ok(())
    }

    /// Does in the site file what the page asks for: names a camera that is there, which
    /// is the demonstration's clip, over and over.
    ///
    /// # Errors
    /// The package brought no site file.
    pub fn edits(&self) -> Result<()> {
        let file = self.path(SITE);
        let text = fs::read_to_string(&file).with_context(|| format!("no {SITE}"))?;
        let mut site: toml_edit::DocumentMut = text.parse()?;
        let mut camera = toml_edit::Table::new();
        camera["source"] = toml_edit::value("folder");
        camera["path"] = toml_edit::value("/usr/share/normwatch/models/walkway-clip/frames/204");
        camera["loop"] = toml_edit::value(true);
        site["camera"] = toml_edit::Item::Table(camera);
        // A root has no chip of lines.
        site["board"] = toml_edit::value("simulated");
        for (output, line) in [("alarm", "ALARM"), ("fault", "FAULT")] {
            let mut section = toml_edit::Table::new();
            section["line"] = toml_edit::value(line);
            site["output"][output] = toml_edit::Item::Table(section);
        }
        site.remove("input");
        fs::write(&file, site.to_string())?;
        println!("# {SITE}: the demonstration's clip as the camera, simulated lines");
        Ok(())
    }

    /// Whether the service that was started watches, and ends in order.
    ///
    /// # Errors
    /// It does not; with its log.
    pub fn watches(&self) -> Result<()> {
        let log = || fs::read_to_string(self.path("root/service.log")).unwrap_or_default();
        self.types(WATCHES).with_context(|| format!("the service does not watch: {}", log()))?;
        println!("the service watched, and ended when it was asked to");
        Ok(())
    }

    /// A bundle, such as an installer puts beside the package's.
    ///
    /// # Errors
    /// It cannot be copied.
    pub fn has_things_of_its_own(&self) -> Result<()> {
        self.types("mkdir -p /srv/normwatch; cp -r /usr/share/normwatch/models/* /srv/normwatch")
    }

    /// The site file, the bundle and the beginning of the event log.
    ///
    /// # Errors
    /// One of them is not there.
    pub fn things(&self) -> Result<[Vec<u8>; 3]> {
        let read = |name: &str| fs::read(self.path(name)).with_context(|| name.to_owned());
        let mut events = read("var/lib/normwatch/events.jsonl")?;
        events.truncate(events.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1));
        ensure!(!events.is_empty(), "the event log is empty");
        Ok([read(SITE)?, read("srv/normwatch/walkway-edge/manifest.toml")?, events])
    }

    /// Both packages with another version, and another example in one; the old ones go to
    /// `old`, as the page has it.
    ///
    /// # Errors
    /// dpkg-deb fails.
    pub fn makes_next_packages(&self, version: &str, next: &str, architecture: &str) -> Result<()> {
        self.types(&format!(
            "mkdir -p old; for p in normwatch normwatch-toolchain; do \
             rm -rf tree; dpkg-deb -R ${{p}}_{version}_{architecture}.deb tree; \
             sed -i 's/^Version: .*/Version: {next}/' tree/DEBIAN/control; \
             if [ -f tree/{SITE} ]; then echo '# a newer example' >> tree/{SITE}; \
             rm -f tree/DEBIAN/md5sums; fi; \
             dpkg-deb -b tree ${{p}}_{next}_{architecture}.deb; \
             mv ${{p}}_{version}_{architecture}.deb old; done; rm -rf tree"
        ))
    }

    /// # Errors
    /// The installed package has another version.
    pub fn has_version(&self, version: &str) -> Result<()> {
        self.types(&format!("test \"$(dpkg-query -W -f '${{Version}}' normwatch)\" = {version}"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}
