//! One channel of an image, and the way to its bytes.

/// One channel of an image: `height` rows of `width` pixels. A packed image is
/// its own luma plane, so that only the pixels that a resize looks at are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plane<'a> {
    /// From the first pixel's byte on.
    pub data: &'a [u8],
    /// Bytes from one row to the next.
    pub stride_bytes: usize,
    /// Bytes from one pixel to the next, 1 or 2.
    pub step_bytes: usize,
    pub width: usize,
    pub height: usize,
}

impl<'a> Plane<'a> {
    /// Rows of bytes, one right behind the other.
    pub fn packed(data: &'a [u8], width: usize, height: usize) -> Self {
        Self { data, stride_bytes: width, step_bytes: 1, width, height }
    }

    /// A row from the first to the last pixel's byte.
    pub fn row(&self, y: usize) -> &'a [u8] {
        &self.data[y * self.stride_bytes..][..(self.width - 1) * self.step_bytes + 1]
    }

    /// A row without what lies between the pixels.
    pub fn copy_row(&self, y: usize, out: &mut [u8]) {
        match self.step_bytes {
            1 => out.copy_from_slice(self.row(y)),
            _ => gather::<0, 2>(self.row(y), out),
        }
    }
}

/// Byte `OFFSET` of every group of `STEP` bytes of `row`, as many as `out`
/// holds; the last group may end behind that byte.
pub(super) fn gather<const OFFSET: usize, const STEP: usize>(row: &[u8], out: &mut [u8]) {
    let (groups, rest) = row.as_chunks::<STEP>();
    for (out, group) in out.iter_mut().zip(groups) {
        *out = group[OFFSET];
    }
    if let Some(last) = out.get_mut(groups.len()) {
        *last = rest[OFFSET];
    }
}
