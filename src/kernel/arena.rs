//! Aligned memory, and the plan of the arena: buffers that never live at the
//! same time share a place.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;

/// Alignment of the memory and of every part of it: a cache line, and the
/// widest vector.
pub(super) const ALIGN_BYTES: usize = 64;
pub(super) const ALIGN_FLOATS: usize = ALIGN_BYTES / size_of::<f32>();

/// Zeroed, aligned numbers that stay where they are.
pub(super) struct Aligned<T> {
    data: NonNull<T>,
    len: usize,
}

pub(super) type Floats = Aligned<f32>;

/// # Safety
/// Any bytes are a value of the type, which needs no drop.
pub(super) unsafe trait Number: Copy {}

// SAFETY: a number.
unsafe impl Number for f32 {}
// SAFETY: a number.
unsafe impl Number for i32 {}
// SAFETY: a number.
unsafe impl Number for i16 {}
// SAFETY: a number.
unsafe impl Number for i8 {}

// SAFETY: it owns its memory, as a `Vec` does.
unsafe impl<T: Number + Send> Send for Aligned<T> {}
// SAFETY: shared access only reads.
unsafe impl<T: Number + Sync> Sync for Aligned<T> {}

impl<T: Number> Aligned<T> {
    pub(super) fn zeroed(len: usize) -> Self {
        let len = len.max(1).next_multiple_of(ALIGN_BYTES / size_of::<T>());
        let layout = layout::<T>(len);
        // SAFETY: the size is not zero.
        let data = unsafe { alloc_zeroed(layout) };
        let Some(data) = NonNull::new(data.cast()) else { handle_alloc_error(layout) };
        Self { data, len }
    }

    pub(super) fn as_ptr(&self) -> *const T {
        self.data.as_ptr()
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut T {
        self.data.as_ptr()
    }

    pub(super) fn as_slice(&self) -> &[T] {
        // SAFETY: `len` initialised numbers that this value owns.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.len) }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: as above, and borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_ptr(), self.len) }
    }
}

impl Floats {
    /// The same memory as smaller numbers.
    pub(super) fn as_mut_numbers<T: Number>(&mut self) -> &mut [T] {
        const { assert!(size_of::<f32>().is_multiple_of(size_of::<T>())) };
        let len = self.len * (size_of::<f32>() / size_of::<T>());
        // SAFETY: any bytes make a float, and any of a number's size one.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_ptr().cast(), len) }
    }
}

fn layout<T>(len: usize) -> Layout {
    Layout::array::<T>(len)
        .and_then(|layout| layout.align_to(ALIGN_BYTES))
        .expect("the arena fits the address space")
}

impl<T> Drop for Aligned<T> {
    fn drop(&mut self) {
        // SAFETY: allocated with this very layout.
        unsafe { dealloc(self.data.as_ptr().cast(), layout::<T>(self.len)) }
    }
}

impl<T: Number> Clone for Aligned<T> {
    fn clone(&self) -> Self {
        let mut copy = Self::zeroed(self.len);
        copy.as_mut_slice().copy_from_slice(self.as_slice());
        copy
    }
}

impl<T: Number> FromIterator<T> for Aligned<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let values: Vec<T> = values.into_iter().collect();
        let mut aligned = Self::zeroed(values.len());
        aligned.as_mut_slice()[..values.len()].copy_from_slice(&values);
        aligned
    }
}

/// A buffer's bytes, and the first and last step that needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lifetime {
    pub len: usize,
    pub born: usize,
    pub dies: usize,
}

/// Places buffers so that none overlaps another that lives at the same time:
/// the largest first, each at the lowest place that is free for its lifetime.
/// Returns where each begins, and the size of all.
pub(super) fn place(buffers: &[Lifetime]) -> (Vec<usize>, usize) {
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(buffers[index].len));
    let mut starts = vec![0; buffers.len()];
    let mut placed: Vec<usize> = Vec::new();
    let mut total = 0;
    for index in order {
        let buffer = buffers[index];
        let mut busy: Vec<(usize, usize)> = placed
            .iter()
            .filter(|&&other| {
                buffers[other].born <= buffer.dies && buffer.born <= buffers[other].dies
            })
            .map(|&other| (starts[other], starts[other] + rounded(buffers[other].len)))
            .collect();
        busy.sort_unstable();
        let mut start = 0;
        for (from, to) in busy {
            if start + rounded(buffer.len) <= from {
                break;
            }
            start = start.max(to);
        }
        starts[index] = start;
        total = total.max(start + rounded(buffer.len));
        placed.push(index);
    }
    (starts, total)
}

fn rounded(len: usize) -> usize {
    len.next_multiple_of(ALIGN_BYTES)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lifetime() -> impl Strategy<Value = Lifetime> {
        (1usize..500, 0usize..20, 0usize..6).prop_map(|(len, born, lasts)| Lifetime {
            len,
            born,
            dies: born + lasts,
        })
    }

    proptest! {
        #[test]
        fn no_two_living_buffers_overlap(
            buffers in prop::collection::vec(lifetime(), 1..24)
        ) {
            let (starts, total) = place(&buffers);
            for (i, a) in buffers.iter().enumerate() {
                prop_assert!(starts[i] % ALIGN_BYTES == 0);
                prop_assert!(starts[i] + a.len <= total);
                for (j, b) in buffers.iter().enumerate().skip(i + 1) {
                    let together = a.born <= b.dies && b.born <= a.dies;
                    let apart =
                        starts[i] + a.len <= starts[j] || starts[j] + b.len <= starts[i];
                    prop_assert!(!together || apart, "{i} and {j}: {starts:?}");
                }
            }
        }
    }

    #[test]
    fn dead_buffers_make_room() {
        let chain: Vec<Lifetime> =
            (0..10).map(|born| Lifetime { len: 640, born, dies: born + 1 }).collect();
        assert_eq!(place(&chain).1, 1280);
    }
}
