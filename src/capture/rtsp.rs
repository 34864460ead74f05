//! Network cameras by RTSP, received and decoded by the `ffmpeg` program.

use std::path::PathBuf;
use std::time::Duration;

use super::ffmpeg::{FFMPEG, Release, is_installed};
use super::process::Aside;
use super::rtsp_times::SenderTimes;
use super::secrets::Secrets;
use super::video_messages::{Announced, Announcements};
use super::{
    Frame, FrameSource, PipeCommand, PipeContent, PipeInput, PipeOptions, PipeSource, SourceError,
    SourceErrorKind, Timestamps, Wake,
};
use crate::clock::{Clock, SystemClock};
use crate::secret::password;

/// Which stream of which camera, and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtspOptions {
    /// `rtsp://…` or `rtsps://…`, without a name or password.
    pub url: String,
    pub user: Option<String>,
    /// Its first line is the password; it is read at each opening.
    pub password_file: Option<PathBuf>,
    /// A decoder of `ffmpeg`'s; `None` for the one that it takes by itself.
    pub decoder: Option<String>,
    /// How long to wait for each frame, and for each answer of the camera.
    pub read_timeout_ms: u32,
}

/// Lends the frames of a network camera as I420, at the camera's size, each with the
/// camera's own time on our clock. Those that came before the decoder was ready are passed
/// over. A camera that changes its size is lost, and one that
/// is opened again may have another size and codec.
#[derive(Debug)]
pub struct RtspSource {
    label: String,
    pipe: PipeSource,
    announcements: Announcements,
    times: SenderTimes,
    /// Of the first picture.
    size_px: Option<(u32, u32)>,
    read_timeout: Duration,
}

/// A camera may send a picture that stands for itself so seldom; none is seen before.
const FIRST_PICTURE_MS: u32 = 15_000;

/// Nobody looks at what it would say.
const NO_RATE: f64 = 25.0;

/// `ffmpeg` keeps so many characters of a name with its password.
const LONGEST_LOGIN: usize = 120;

/// What `ffmpeg` may use on behalf of a camera: no file of this machine's.
const PROTOCOLS: &str = "pipe,fd,rtsp,rtsps,rtp,tcp,tls,udp";

impl RtspSource {
    /// Starts `ffmpeg` and waits for the first picture.
    ///
    /// # Errors
    /// [`Fatal`](super::SourceErrorKind::Fatal) if `ffmpeg` is missing or too old, or the
    /// camera refuses the login; [`Disconnected`](super::SourceErrorKind::Disconnected)
    /// for whatever may be better the next time.
    pub fn open(options: &RtspOptions, wake: &Wake) -> Result<Self, SourceError> {
        Self::open_with(FFMPEG, options, wake)
    }

    fn open_with(program: &str, options: &RtspOptions, wake: &Wake) -> Result<Self, SourceError> {
        let label = Secrets::default().hide(&options.url);
        let release = usable(program).map_err(|error| error.of(&label))?;
        let login = login(options).map_err(|error| error.of(&label))?;
        let announcements = Announcements::default();
        let aside = Aside {
            tap: Some(announcements.tap()),
            feed: stream_list(options, &login),
            secrets: login.secrets(),
            header_timeout_ms: Some(options.read_timeout_ms.saturating_add(FIRST_PICTURE_MS)),
        };
        let pipe_options = PipeOptions {
            content: PipeContent::Y4m,
            // The camera says when its pictures are from.
            timestamps: Timestamps::Rate(NO_RATE),
            read_timeout_ms: options.read_timeout_ms,
        };
        let argv = arguments(program, release, options.decoder.as_deref());
        let input = PipeInput::Command(PipeCommand { argv });
        let pipe = PipeSource::open_aside(&input, pipe_options, wake, aside)
            .map_err(|error| explained(error).of(&label))?;
        Ok(Self {
            label,
            pipe,
            announcements,
            times: SenderTimes::default(),
            size_px: None,
            read_timeout: Duration::from_millis(options.read_timeout_ms.into()),
        })
    }

    /// What `ffmpeg` says of the picture that has come.
    fn announced(&self) -> Result<Announced, SourceError> {
        self.announcements.next(self.read_timeout).ok_or_else(|| {
            SourceError::disconnected("ffmpeg does not say when its pictures are from")
        })
    }

    /// # Errors
    /// A picture that is damaged, or has another size than the first.
    fn accept(&mut self, announced: Announced) -> Result<(), SourceError> {
        let first = *self.size_px.get_or_insert(announced.size_px.unwrap_or_default());
        if let Some((width, height)) = announced.size_px.filter(|size| *size != first) {
            let (old_width, old_height) = first;
            return Err(SourceError::disconnected(format!(
                "the camera has changed its size from {old_width}×{old_height} to {width}×{height}"
            )));
        }
        if announced.is_damaged {
            let what = "ffmpeg says that it is damaged, or made from one that is";
            return Err(SourceError::frame_skipped(what));
        }
        Ok(())
    }
}

/// # Errors
/// The pictures come ever later.
fn in_time(times: &SenderTimes) -> Result<(), SourceError> {
    let Some(late_s) = times.falls_behind_s() else { return Ok(()) };
    Err(SourceError::disconnected(format!(
        "its pictures come {late_s:.0} s after they were taken, and do not catch up: this machine \
         decodes more slowly than the camera sends, or the camera's clock is slow; choose a \
         smaller or slower stream in `url`, or a `decoder` of the hardware"
    )))
}

impl FrameSource for RtspSource {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let sequence = match self.pipe.next_frame() {
            Ok(Some(frame)) => frame.sequence,
            Ok(None) => return Ok(None),
            Err(error) => return Err(explained(error).of(&self.label)),
        };
        let now_ns = SystemClock.monotonic_ns();
        let announced = self.announced().map_err(|error| error.of(&self.label))?;
        let timestamp_ns = self.times.stamp(announced.time_s, now_ns);
        self.accept(announced).map_err(|error| error.of(&self.label))?;
        in_time(&self.times).map_err(|error| error.of(&self.label))?;
        if self.times.is_catching_up() {
            let what = "it has waited for the decoder";
            return Err(SourceError::new(SourceErrorKind::Settling, what).of(&self.label));
        }
        Ok(Some(Frame { timestamp_ns, sequence, ..self.pipe.lent() }))
    }

    fn describe(&self) -> String {
        format!("{}, through {}", self.label, self.pipe.describe())
    }
}

/// Sums up what the decoder complained of.
impl Drop for RtspSource {
    fn drop(&mut self) {
        let (complaints, last) = self.announcements.complaints();
        if complaints > 0 {
            let last = Secrets::default().hide(&last);
            log::warn!("{}: ffmpeg complained {complaints} times, last: {last}", self.label);
        }
    }
}

/// # Errors
/// `ffmpeg` is not there, or knows no time limit of a camera's.
fn usable(program: &str) -> Result<Release, SourceError> {
    if !is_installed(program) {
        let what =
            format!("{program} is not installed, which receives its pictures: apt install ffmpeg");
        return Err(SourceError::fatal(what));
    }
    let release = Release::of(program);
    if !release.is_from(5, 0) {
        let what = "ffmpeg is older than 5.0, which cannot be told how long to wait: install a \
            newer one";
        return Err(SourceError::fatal(what));
    }
    Ok(release)
}

/// What stands before the `@` of an address, ready for it.
#[derive(Default)]
struct Login {
    user: String,
    password: String,
}

impl Login {
    /// With everything escaped that is not plain.
    fn in_address(&self) -> String {
        match (&*self.user, &*self.password) {
            ("", _) => String::new(),
            (user, "") => format!("{}@", escaped(user)),
            (user, password) => format!("{}:{}@", escaped(user), escaped(password)),
        }
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.password.clone(), escaped(&self.password), self.in_address()]
    }
}

/// # Errors
/// The password cannot be read, or is longer than `ffmpeg` can keep.
fn login(options: &RtspOptions) -> Result<Login, SourceError> {
    let Some(user) = options.user.clone() else { return Ok(Login::default()) };
    let Some(file) = &options.password_file else {
        return Ok(Login { user, password: String::new() });
    };
    let shown = file.display();
    let cannot = |what: String| {
        SourceError::disconnected(format!("cannot read the password in {shown}: {what}"))
    };
    let bytes = password(file).map_err(|error| cannot(error.to_string()))?;
    let password = String::from_utf8(bytes).map_err(|_| cannot("it is not UTF-8".into()))?;
    let login = Login { user, password };
    if login.in_address().len() > LONGEST_LOGIN {
        let what = format!(
            "name and password are longer than ffmpeg can keep, {LONGEST_LOGIN} characters"
        );
        return Err(SourceError::fatal(what));
    }
    Ok(login)
}

fn escaped(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let each = |byte: u8| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(each).collect()
}

/// What `ffmpeg` reads on its standard input: there nobody else can read the password,
/// as everybody could in its arguments.
fn stream_list(options: &RtspOptions, login: &Login) -> String {
    let (scheme, rest) = options.url.split_once("://").unwrap_or(("rtsp", &options.url));
    let address = format!("{scheme}://{}{rest}", login.in_address()).replace('\'', r"'\''");
    let timeout_us = u64::from(options.read_timeout_ms) * 1000;
    format!(
        "ffconcat version 1.0\nfile '{address}'\noption rtsp_transport tcp\n\
         option timeout {timeout_us}\noption allowed_media_types video\n\
         option fpsprobesize 0\n"
    )
}

/// Pictures are handed over as they come, and each as soon as it is decoded.
fn arguments(program: &str, release: Release, decoder: Option<&str>) -> Vec<String> {
    let before = [
        "-hide_banner",
        "-nostats",
        "-loglevel",
        "level+info",
        "-nostdin",
        "-thread_type",
        "slice",
    ];
    let decoder = decoder.map(|name| ["-c:v", name]);
    let after = [
        "-protocol_whitelist",
        PROTOCOLS,
        "-f",
        "concat",
        "-safe",
        "0",
        "-i",
        "pipe:0",
        "-map",
        "0:v:0",
        "-vf",
        "showinfo=checksum=0",
        release.keeping_times(),
        "passthrough",
        "-enc_time_base",
        "1:90000",
        "-pix_fmt",
        "yuv420p",
        "-flush_packets",
        "1",
        "-f",
        "yuv4mpegpipe",
        "-",
    ];
    let all = [&[program][..], &before, decoder.as_ref().map_or(&[], |d| &d[..]), &after];
    all.concat().into_iter().map(String::from).collect()
}

/// The failure with what to do about it, where the camera's answer says it.
fn explained(error: SourceError) -> SourceError {
    let said = error.to_string();
    let has = |part: &str| said.contains(part);
    let (remedy, kind) = if has("401 Unauthorized") || has("403 Forbidden") {
        let remedy = "the camera refuses the login: correct `user` and the file of `password_file`";
        (remedy, SourceErrorKind::Fatal)
    } else if has("404 Not Found") {
        ("the camera has no such stream: correct the path in `url`", error.kind())
    } else if has("Unknown decoder") {
        ("correct `decoder`: `ffmpeg -decoders` lists them", SourceErrorKind::Fatal)
    } else {
        return error;
    };
    error.retold(|what| format!("{remedy}; {what}")).with_kind(kind)
}

#[cfg(test)]
mod tests;
