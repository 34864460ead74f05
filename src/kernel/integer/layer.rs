//! A convolution in integers with its places, before a way to compute it is
//! chosen.

use super::super::layout::IntegerGrid;
use super::super::lower::IntegerForm;
use super::filter::IntegerFilter;

/// What a convolution of integers is made of.
pub(in crate::kernel) struct IntegerLayer<'a> {
    /// One after the other in the filter's input channels, of one size.
    pub sources: &'a [IntegerGrid],
    pub form: IntegerForm,
    /// It fits the sources, see [`IntegerFilter::check`].
    pub filter: &'a IntegerFilter,
    pub out: IntegerGrid,
    /// Where the 2×2 maxima go, too.
    pub pooled: Option<IntegerGrid>,
    pub threads: usize,
}

impl IntegerLayer<'_> {
    /// Channels of all sources.
    pub(super) fn inputs(&self) -> usize {
        self.sources.iter().map(|source| source.grid.shape.channels).sum()
    }
}
