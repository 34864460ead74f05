//! Edges of a picture that hold nothing of what the camera saw.

/// Columns and rows along the edges of a picture that hold nothing of what the
/// camera saw, in model pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edges {
    pub left_px: usize,
    pub right_px: usize,
    pub top_px: usize,
    pub bottom_px: usize,
}

impl Edges {
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// What either of two pictures lacks.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            left_px: self.left_px.max(other.left_px),
            right_px: self.right_px.max(other.right_px),
            top_px: self.top_px.max(other.top_px),
            bottom_px: self.bottom_px.max(other.bottom_px),
        }
    }

    /// Calls `fill` with every run of pixels of a plane that lies in them.
    pub fn for_each_run<T>(
        &self,
        plane: &mut [T],
        width: usize,
        mut fill: impl FnMut(usize, &mut [T]),
    ) {
        if self.is_none() {
            return;
        }
        let height = plane.len() / width;
        for (y, row) in plane.chunks_exact_mut(width).enumerate() {
            let start = y * width;
            if y < self.top_px || y + self.bottom_px >= height {
                fill(start, row);
                continue;
            }
            let left = self.left_px.min(width);
            let right = width - self.right_px.min(width - left);
            fill(start, &mut row[..left]);
            fill(start + right, &mut row[right..]);
        }
    }
}
