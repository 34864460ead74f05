//! Runs a plan: writes inputs into blocks, calls the steps of a stage one after
//! the other, and hands the outputs out as C×H×W.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::arena::Floats;
use super::integer::{Cell, CellKind, Unsigned};
use super::layout::{Grid, IntegerGrid, Shape};
use super::plan::{Plan, PlannedInput};
use super::step::StepContext;
use super::team::Team;

/// What `bench` says about a step.
#[derive(Clone, Copy, Debug)]
pub struct StepInfo<'a> {
    /// The node of the graph that it begins with.
    pub name: &'a str,
    pub kernel: &'static str,
    /// Multiply-accumulates that the layer stands for.
    pub macs: u64,
}

/// Runs a plan: the arena with everything that lives between two calls, and
/// the threads. Nothing is allocated by a run.
pub struct Engine {
    plan: Arc<Plan>,
    arena: Floats,
    scratch: Floats,
    team: Team,
}

impl Engine {
    pub fn new(plan: Arc<Plan>) -> Self {
        let threads = plan.options.threads;
        let arena = Floats::zeroed(plan.arena_len);
        let scratch = Floats::zeroed(plan.scratch_len * threads);
        Self { plan, arena, scratch, team: Team::new(threads) }
    }

    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The plan's steps, numbered as [`Engine::run_watched`] numbers them.
    pub fn steps(&self) -> impl Iterator<Item = StepInfo<'_>> {
        self.plan.steps.iter().map(|planned| StepInfo {
            name: &planned.name,
            kernel: planned.step.kernel(),
            macs: planned.step.macs(),
        })
    }

    /// Writes all channels of an input from parts that are one after the other
    /// C×H×W. Inputs of a stage are written after the stage before it ran.
    ///
    /// # Panics
    /// When there are fewer or more values than the input takes.
    pub fn write<'a>(&mut self, input: usize, parts: impl Iterator<Item = &'a [f32]>) {
        match self.plan.inputs[input] {
            PlannedInput::Floats(grid) => {
                write(self.arena.as_mut_slice(), &grid, 0.0, parts, |value| value);
            }
            PlannedInput::Planar(at, shape) => {
                write_planar(self.arena.as_mut_slice(), (at, shape), parts, |value| value);
            }
            PlannedInput::Integers(grid, shift, to) => {
                self.write_cells(&grid, parts, |value| to.integer(value - shift));
            }
        }
    }

    /// [`Engine::write`] for images whose bytes stand for `values`.
    ///
    /// # Panics
    /// When they hold fewer or more values than the input takes.
    pub fn write_bytes<'a>(
        &mut self,
        input: usize,
        images: impl Iterator<Item = &'a [u8]>,
        values: &[f32; 256],
    ) {
        match self.plan.inputs[input] {
            PlannedInput::Floats(grid) => {
                let value = |byte: u8| values[usize::from(byte)];
                write(self.arena.as_mut_slice(), &grid, 0.0, images, value);
            }
            PlannedInput::Planar(at, shape) => {
                let value = |byte: u8| values[usize::from(byte)];
                write_planar(self.arena.as_mut_slice(), (at, shape), images, value);
            }
            PlannedInput::Integers(grid, shift, to) => {
                let integers = values.map(|value| to.integer(value - shift));
                self.write_cells(&grid, images, |byte| integers[usize::from(byte)]);
            }
        }
    }

    fn write_cells<'a, V: Copy + 'a>(
        &mut self,
        grid: &IntegerGrid,
        parts: impl Iterator<Item = &'a [V]>,
        integer: impl Fn(V) -> i8,
    ) {
        fn of<'a, C: Cell, V: Copy + 'a>(
            arena: &mut [C],
            grid: &IntegerGrid,
            parts: impl Iterator<Item = &'a [V]>,
            integer: impl Fn(V) -> i8,
        ) {
            let cell = |value| C::of(integer(value));
            write(arena, &grid.grid, C::of(grid.zero_point), parts, cell);
        }
        match self.plan.cells {
            CellKind::Signed => of::<i8, V>(self.arena.as_mut_numbers(), grid, parts, integer),
            CellKind::Unsigned => {
                of::<Unsigned, V>(self.arena.as_mut_numbers(), grid, parts, integer);
            }
            CellKind::Word => of::<i16, V>(self.arena.as_mut_numbers(), grid, parts, integer),
        }
    }

    /// An output, C×H×W, as the last run of its stage left it.
    pub fn output(&self, output: usize) -> &[f32] {
        let (at, shape) = self.plan.outputs[output];
        &self.arena.as_slice()[at..at + shape.len()]
    }

    /// Runs a stage.
    pub fn run(&mut self, stage: usize) {
        for index in 0..self.plan.steps.len() {
            self.run_step(index, stage);
        }
    }

    /// Runs a stage and tells how long each step took.
    pub fn run_watched(&mut self, stage: usize, mut watch: impl FnMut(usize, Duration)) {
        for index in 0..self.plan.steps.len() {
            let start = Instant::now();
            if self.run_step(index, stage) {
                watch(index, start.elapsed());
            }
        }
    }

    fn run_step(&mut self, index: usize, stage: usize) -> bool {
        let planned = &self.plan.steps[index];
        if planned.stage != stage {
            return false;
        }
        let step = &planned.step;
        let memory = Memory {
            arena: self.arena.as_mut_ptr(),
            scratch: self.scratch.as_mut_ptr(),
            scratch_len: self.plan.scratch_len,
        };
        self.team.run(step.tasks(), &|worker, task| {
            let context = memory.context(worker);
            // SAFETY: arena and scratch have the plan's sizes, the team runs
            // each task once and all before it returns.
            unsafe { step.run(context, task) };
        });
        true
    }
}

/// A copy starts with an arena and threads of its own, and nothing in them.
impl Clone for Engine {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.plan))
    }
}

#[derive(Clone, Copy)]
struct Memory {
    arena: *mut f32,
    scratch: *mut f32,
    scratch_len: usize,
}

// SAFETY: the pointers are used only by the tasks of one step, which write
// disjoint parts.
unsafe impl Sync for Memory {}

impl Memory {
    fn context(&self, worker: usize) -> StepContext {
        let scratch = self.scratch.wrapping_add(worker * self.scratch_len);
        StepContext { arena: self.arena, scratch }
    }
}

/// Gives `zero` to what no value of an input is written to: border and spare
/// lanes.
fn clear_input<T: Copy>(arena: &mut [T], grid: &Grid, zero: T) {
    let last = grid.blocks() - 1;
    if grid.depth(last) < grid.lanes {
        let start = grid.at + last * grid.plane();
        arena[start..start + grid.plane()].fill(zero);
    }
    // SAFETY: the grid lies in the arena, which is borrowed exclusively.
    unsafe { grid.fill_border(arena.as_mut_ptr(), zero, 0..grid.shape.height) };
}

/// Writes the values of parts that are together C×H×W as they come.
fn write_planar<'a, V: Copy + 'a>(
    arena: &mut [f32],
    (at, shape): (usize, Shape),
    parts: impl Iterator<Item = &'a [V]>,
    value: impl Fn(V) -> f32,
) {
    let mut rest = &mut arena[at..at + shape.len()];
    for part in parts {
        assert!(part.len() <= rest.len(), "more values than the input takes");
        let (here, more) = rest.split_at_mut(part.len());
        here.iter_mut().zip(part).for_each(|(to, &from)| *to = value(from));
        rest = more;
    }
    assert!(rest.is_empty(), "fewer values than the input takes");
}

/// Writes the values of parts that are together C×H×W, and `zero` into border
/// and spare lanes.
fn write<'a, V: Copy + 'a, T: Copy>(
    arena: &mut [T],
    grid: &Grid,
    zero: T,
    parts: impl Iterator<Item = &'a [V]>,
    cell: impl Fn(V) -> T,
) {
    clear_input(arena, grid, zero);
    let Shape { channels, height, width } = grid.shape;
    let mut rows = 0;
    for part in parts {
        assert!(part.len().is_multiple_of(width), "parts consist of whole rows");
        for values in part.chunks_exact(width) {
            let (channel, y) = (rows / height, rows % height);
            assert!(channel < channels, "more values than the input takes");
            let (block, lane) = (channel / grid.lanes, channel % grid.lanes);
            let start = grid.pixel(block, y as isize, 0) + lane;
            let row = &mut arena[start..][..(width - 1) * grid.lanes + 1];
            for (pixel, &value) in row.chunks_mut(grid.lanes).zip(values) {
                pixel[0] = cell(value);
            }
            rows += 1;
        }
    }
    assert!(rows == channels * height, "fewer values than the input takes");
}
