//! The end of whoever has the camera.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::head::Head;
use crate::capture::{Frame, FrameSource, SourceError};

/// How often somebody new is looked for.
const LOOK: Duration = Duration::from_millis(250);

/// How often the socket is looked after: it may have been removed with its folder.
const LOOK_AFTER: Duration = Duration::from_secs(10);

/// Who takes nothing for so long is let go.
const PATIENCE: Duration = Duration::from_secs(5);

/// Frames of a camera for one other process at a time, at a local socket that only the
/// same user may open. Clones are one and the same; the thread ends with the last of them.
#[derive(Clone, Debug)]
pub struct Sharing {
    shelf: Arc<Shelf>,
    _alive: Arc<()>,
}

/// The newest frame that has not been given yet.
#[derive(Debug, Default)]
struct Shelf {
    /// Somebody takes frames.
    is_wanted: AtomicBool,
    newest: Mutex<Newest>,
    fresh: Condvar,
}

#[derive(Debug, Default)]
struct Newest {
    /// `None` once it was given.
    head: Option<Head>,
    bytes: Vec<u8>,
}

impl Sharing {
    /// Offers frames at `socket`, from a thread of its own. A socket that cannot be made is
    /// tried again; it is said once.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(socket: &Path) -> io::Result<Self> {
        let (shelf, alive) = (Arc::<Shelf>::default(), Arc::new(()));
        let (own, weak) = (shelf.clone(), Arc::downgrade(&alive));
        let mut door = Door { socket: socket.to_path_buf(), told: false };
        let body = move || {
            let is_over = || weak.strong_count() == 0;
            while !is_over() {
                match door.bind() {
                    Some(listener) => own.serve(&door, &listener, &is_over),
                    None => wait(LOOK_AFTER, &is_over),
                }
            }
        };
        thread::Builder::new().name("camera-sharing".into()).spawn(body)?;
        Ok(Self { shelf, _alive: alive })
    }

    /// The same source, whose frames are offered as they pass.
    pub fn around(&self, source: Box<dyn FrameSource + Send>) -> Box<dyn FrameSource + Send> {
        Box::new(Shown { source, sharing: self.clone() })
    }
}

struct Shown {
    source: Box<dyn FrameSource + Send>,
    sharing: Sharing,
}

impl FrameSource for Shown {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let frame = self.source.next_frame()?;
        frame.iter().for_each(|frame| self.sharing.shelf.put(frame));
        Ok(frame)
    }

    fn describe(&self) -> String {
        self.source.describe()
    }
}

impl Shelf {
    /// Never waits; allocates for the first frames of whoever comes alone.
    fn put(&self, frame: &Frame<'_>) {
        if !self.is_wanted.load(Ordering::Acquire) {
            return;
        }
        if let Ok(mut newest) = self.newest.try_lock() {
            newest.bytes.clear();
            newest.bytes.extend_from_slice(frame.data);
            newest.head = Some(Head::of(frame));
            self.fresh.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Newest> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next frame, its bytes in exchange for those of one that was given.
    fn next(&self, given: &mut Vec<u8>, is_over: &dyn Fn() -> bool) -> Option<Head> {
        let mut newest = self.lock();
        loop {
            if let Some(head) = newest.head.take() {
                std::mem::swap(&mut newest.bytes, given);
                return Some(head);
            }
            if is_over() {
                return None;
            }
            let waited = self.fresh.wait_timeout(newest, LOOK);
            (newest, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// One after the other, until it is over or the socket is gone.
    fn serve(&self, door: &Door, listener: &UnixListener, is_over: &dyn Fn() -> bool) {
        let made = door.identity();
        let mut looked = Instant::now();
        while !is_over() {
            match listener.accept() {
                Ok((stream, _)) => {
                    log::info!("the camera is shared at {}", door.socket.display());
                    self.is_wanted.store(true, Ordering::Release);
                    let end = self.give(stream, is_over);
                    self.is_wanted.store(false, Ordering::Release);
                    log::info!("the camera is shared no more: {end}");
                }
                Err(_) => wait(LOOK, is_over),
            }
            if looked.elapsed() >= LOOK_AFTER {
                looked = Instant::now();
                if door.identity() != made {
                    return;
                }
            }
        }
        if door.identity() == made {
            let _ = fs::remove_file(&door.socket);
        }
    }

    /// Gives frames until one is not taken. Says why it has ended.
    fn give(&self, mut stream: UnixStream, is_over: &dyn Fn() -> bool) -> io::Error {
        // Of an earlier taker.
        self.lock().head = None;
        let mut bytes = Vec::new();
        let mut give = || -> io::Result<()> {
            stream.set_nonblocking(false)?;
            stream.set_write_timeout(Some(PATIENCE))?;
            while let Some(head) = self.next(&mut bytes, is_over) {
                stream.write_all(&head.encode())?;
                stream.write_all(&bytes)?;
            }
            Err(io::Error::other("the watch ends"))
        };
        match give() {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                io::Error::other("whoever looked has gone")
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                io::Error::other("whoever looked takes nothing")
            }
            Err(error) => error,
            Ok(()) => io::Error::other("the watch ends"),
        }
    }
}

/// Where the socket is.
struct Door {
    socket: PathBuf,
    /// It was said that there is none.
    told: bool,
}

impl Door {
    fn bind(&mut self) -> Option<UnixListener> {
        match self.try_bind() {
            Ok(listener) => {
                self.told = false;
                Some(listener)
            }
            Err(error) => {
                if !std::mem::replace(&mut self.told, true) {
                    let socket = self.socket.display();
                    let remedy = match error.kind() {
                        ErrorKind::NotFound => ": make the folder",
                        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                            ": the folder must belong to the user of this service"
                        }
                        ErrorKind::AddrInUse => {
                            ": give each camera a `folder` of its own in [learn]"
                        }
                        _ => "",
                    };
                    log::warn!("{socket}: {error}; nobody can learn while this watches{remedy}");
                }
                None
            }
        }
    }

    fn try_bind(&self) -> io::Result<UnixListener> {
        let socket = &self.socket;
        let is_socket = |found: &fs::Metadata| found.file_type().is_socket();
        if fs::symlink_metadata(socket).is_ok_and(|found| is_socket(&found)) {
            // Of a process that is no more, unless somebody answers.
            if UnixStream::connect(socket).is_ok() {
                let what = "another program shares a camera there";
                return Err(io::Error::new(ErrorKind::AddrInUse, what));
            }
            fs::remove_file(socket)?;
        }
        // A socket is open to all until its mode is set: not in a folder that is not.
        let closed = socket.with_extension("part");
        let _ = fs::remove_dir_all(&closed);
        DirBuilder::new().mode(0o700).create(&closed)?;
        let bound = (|| {
            let made = closed.join("socket");
            let listener = UnixListener::bind(&made)?;
            fs::set_permissions(&made, fs::Permissions::from_mode(0o600))?;
            listener.set_nonblocking(true)?;
            // Replaces nothing that has come there meanwhile.
            fs::hard_link(&made, socket)?;
            Ok(listener)
        })();
        let _ = fs::remove_dir_all(&closed);
        bound
    }

    fn identity(&self) -> Option<(u64, u64)> {
        fs::symlink_metadata(&self.socket).ok().map(|found| (found.dev(), found.ino()))
    }
}

fn wait(time: Duration, is_over: &dyn Fn() -> bool) {
    let begun = Instant::now();
    while begun.elapsed() < time && !is_over() {
        thread::sleep(LOOK.min(time));
    }
}
