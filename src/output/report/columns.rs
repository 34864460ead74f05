//! Long curves in few points, without losing a peak.

/// One point of a thinned curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) frame: usize,
    pub(super) value: f32,
}

/// The lowest and highest value that fell into one column, in frame order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) first: Point,
    pub(super) second: Option<Point>,
}

impl Column {
    /// The column's highest value.
    pub(super) fn peak(&self) -> Point {
        match self.second {
            Some(second) if second.value > self.first.value => second,
            _ => self.first,
        }
    }
}

/// Sorts the values into at most `most` columns and keeps each one's minimum
/// and maximum, so the curve's envelope is the same as with every point.
///
/// `None` stands for a column without a value. With no more frames than
/// columns, every frame has a column of its own.
pub(super) fn columns(values: &[Option<f32>], most: usize) -> Vec<Option<Column>> {
    let count = values.len().min(most);
    (0..count)
        .map(|c| {
            let start = c * values.len() / count;
            let end = (c + 1) * values.len() / count;
            extremes(&values[start..end], start)
        })
        .collect()
}

fn extremes(values: &[Option<f32>], start: usize) -> Option<Column> {
    let mut known = values.iter().enumerate().filter_map(|(i, v)| {
        v.filter(|v| !v.is_nan()).map(|value| Point { frame: start + i, value })
    });
    let first = known.next()?;
    let (low, high) = known.fold((first, first), |(low, high), p| {
        (if p.value < low.value { p } else { low }, if p.value > high.value { p } else { high })
    });
    Some(match low.frame.cmp(&high.frame) {
        std::cmp::Ordering::Less => Column { first: low, second: Some(high) },
        std::cmp::Ordering::Greater => Column { first: high, second: Some(low) },
        std::cmp::Ordering::Equal => Column { first: low, second: None },
    })
}
