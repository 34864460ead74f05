//! Standard input, of which there is one, and which goes on where it was.

use std::io::IsTerminal;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

use super::SourceError;
use super::pipe_options::PipeContent;
use super::pipe_stream::Stream;
use super::wake::Wake;

/// The stream of a source that was dropped before its end: the rest of a frame and
/// what was read ahead would be lost with it, and every later picture be torn.
static PARKED: Mutex<Option<(PipeContent, Stream)>> = Mutex::new(None);

/// A second handle on standard input, past the buffer of [`std::io::stdin`].
pub(super) fn open() -> Result<OwnedFd, SourceError> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(SourceError::fatal(
            "standard input is a terminal: pipe the frames of a camera command into it",
        ));
    }
    let handle = stdin.as_fd().try_clone_to_owned();
    handle.map_err(|error| SourceError::fatal(format!("standard input is closed: {error}")))
}

/// The stream where it was left, if it was with the same content.
pub(super) fn take_up(content: PipeContent, wake: &Wake) -> Option<Stream> {
    let mut parked = PARKED.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, mut stream) = parked.take_if(|(before, _)| *before == content)?;
    stream.reader.obey(wake.clone());
    Some(stream)
}

pub(super) fn park(content: PipeContent, stream: Stream) {
    *PARKED.lock().unwrap_or_else(PoisonError::into_inner) = Some((content, stream));
}

#[cfg(test)]
mod tests {
    use std::io::{Write, pipe};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::capture::layout::Layout;
    use crate::capture::pipe_stream::FrameStop;
    use crate::capture::stream::TimedReader;
    use crate::capture::{PixelFormat, SourceError};

    #[test]
    fn a_frame_that_came_too_late_is_not_the_start_of_the_next() -> Result<(), SourceError> {
        let (reader, mut writer) = pipe().unwrap();
        let content = PipeContent::Raw {
            format: PixelFormat::Grey,
            width_px: 3,
            height_px: 2,
            stride_bytes: None,
        };
        let layout = Layout::check(PixelFormat::Grey, 3, 2, None)?;
        let reader = TimedReader::new(reader.into(), Wake::never());
        let mut stream = Stream { reader, layout, header_fps: None, owed: 0 };
        let soon = || Instant::now() + Duration::from_millis(30);
        let mut frame = [0; 6];
        writer.write_all(b"abcd").unwrap();
        let stop = stream.fill(&mut frame, 0, false, soon());
        assert!(matches!(stop, Err(FrameStop::TimedOut)), "{stop:?}");
        park(content, stream);
        assert!(take_up(PipeContent::Y4m, &Wake::never()).is_none());
        let mut stream = take_up(content, &Wake::never()).unwrap();
        writer.write_all(b"efABCDEF").unwrap();
        stream.reader.discard(&mut stream.owed, soon()).unwrap();
        stream.fill(&mut frame, 0, false, soon()).unwrap();
        assert_eq!(&frame, b"ABCDEF");
        Ok(())
    }
}
