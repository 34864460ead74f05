//! What every kernel looks like to the engine: a step of independent tasks over
//! one arena.

/// What a step's tasks share.
#[derive(Clone, Copy)]
pub(super) struct StepContext {
    /// The engine's arena.
    pub arena: *mut f32,
    /// [`Step::scratch_len`] floats that only this task's thread uses.
    pub scratch: *mut f32,
}

/// One fused piece of the network, run as tasks that may run at the same time.
pub(super) trait Step: Send + Sync {
    /// The name of the algorithm.
    fn kernel(&self) -> &'static str;

    /// Multiplications that the layer stands for, as it is computed here but
    /// before Winograd's saving.
    fn macs(&self) -> u64;

    fn tasks(&self) -> usize;

    /// Floats that each thread needs for itself.
    fn scratch_len(&self) -> usize {
        0
    }

    /// Runs one of [`Step::tasks`].
    ///
    /// # Safety
    /// The arena and the scratch are as large as the plan says; each task runs
    /// once, and no other step runs meanwhile.
    unsafe fn run(&self, context: StepContext, task: usize);
}

/// Pixels of a band, as many as stay in the second cache between the chunks
/// of channels.
const BAND_PIXELS: usize = 1024;

/// Rows of a band, an even number.
pub(super) fn band_rows(height: usize, width: usize, threads: usize) -> usize {
    (BAND_PIXELS / width).clamp(1, height.div_ceil(threads)).next_multiple_of(2)
}
