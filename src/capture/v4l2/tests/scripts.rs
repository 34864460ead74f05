//! Properties of the source under arbitrary behaviour of the camera.

use proptest::prelude::*;
use rustix::io::Errno;

use super::super::fake::{Act, Camera};
use super::{one, open, options, webcam};
use crate::capture::{FrameSource, SourceErrorKind, V4l2Options};

use Act::{Damaged, Fail, Frame, Gap, Interrupt, Short, Spurious};

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Frame),
        1 => Just(Damaged),
        1 => (0..400_000_usize).prop_map(Short),
        1 => (1..9_u32).prop_map(Gap),
        1 => Just(Spurious),
        1 => Just(Interrupt),
        1 => Just(Fail(Errno::NODEV)),
        1 => Just(Fail(Errno::IO)),
    ]
}

proptest! {
    /// Whatever a camera does, the kernel's rules are kept, sequence numbers
    /// rise, every frame is whole, and a lost camera stays lost.
    #[test]
    fn no_script_breaks_the_rules(
        acts in prop::collection::vec(any_act(), 0..40),
        grants in 1..5_u32,
        settle_frames in 0..4_u32,
    ) {
        let machine = one(Camera { grants, ..webcam() });
        machine.play("/dev/video0", &acts);
        let needs = V4l2Options { settle_frames, read_timeout_ms: 1, ..options() };
        let mut source = open(&machine, needs).unwrap();
        let mut last = None;
        let mut is_lost = false;
        for _ in 0..acts.len() + 3 {
            match source.next_frame() {
                Ok(frame) => {
                    let frame = frame.unwrap();
                    prop_assert!(!is_lost);
                    prop_assert!(last.is_none_or(|last| frame.sequence > last));
                    prop_assert_eq!(frame.data.len(), 320 * 240 * 2);
                    last = Some(frame.sequence);
                }
                Err(error) => {
                    prop_assert!(error.kind() != SourceErrorKind::Fatal);
                    prop_assert!(!is_lost || error.kind() == SourceErrorKind::Disconnected);
                    is_lost = error.kind() == SourceErrorKind::Disconnected;
                }
            }
        }
        prop_assert!(is_lost);
        drop(source);
        prop_assert_eq!(&machine.world().breaches, &Vec::<String>::new());
        prop_assert!(open(&machine, options()).is_ok());
    }
}
