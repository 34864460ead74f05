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

    /// Writes all channels of an input from one iterator over C·H·W values,
    /// channel by channel and row by row. Inputs of a stage are written after
    /// the stage before it ran.
    ///
    /// # Panics
    /// When there are fewer or more values than the input takes.
    pub fn write(&mut self, input: usize, mut values: impl Iterator<Item = f32>) {
        match self.plan.inputs[input] {
            PlannedInput::Floats(grid) => {
                let arena = self.arena.as_mut_slice();
                clear_input(arena, &grid, 0.0);
                write(arena, &grid, &mut values);
            }
            PlannedInput::Integers(grid, shift, to) => {
                let mut integers = values.by_ref().map(|value| to.integer(value - shift));
                match self.plan.cells {
                    CellKind::Signed => self.write_cells::<i8>(&grid, &mut integers),
                    CellKind::Unsigned => self.write_cells::<Unsigned>(&grid, &mut integers),
                    CellKind::Word => self.write_cells::<i16>(&grid, &mut integers),
                }
            }
        }
        assert!(values.next().is_none(), "more values than the input takes");
    }

    /// [`Engine::write`] for images whose bytes stand for `values`: one after
    /// the other, each C×H×W, they hold all channels of the input.
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
                let arena = self.arena.as_mut_slice();
                clear_input(arena, &grid, 0.0);
                write_table(arena, &grid, images, values);
            }
            PlannedInput::Integers(grid, shift, to) => {
                let integers = values.map(|value| to.integer(value - shift));
                match self.plan.cells {
                    CellKind::Signed => self.write_cell_table::<i8>(&grid, images, integers),
                    CellKind::Unsigned => {
                        self.write_cell_table::<Unsigned>(&grid, images, integers);
                    }
                    CellKind::Word => self.write_cell_table::<i16>(&grid, images, integers),
                }
            }
        }
    }

    fn write_cells<C: Cell>(&mut self, grid: &IntegerGrid, values: &mut impl Iterator<Item = i8>) {
        let arena = self.arena.as_mut_numbers::<C>();
        clear_input(arena, &grid.grid, C::of(grid.zero_point));
        write(arena, &grid.grid, &mut values.map(C::of));
    }

    fn write_cell_table<'a, C: Cell>(
        &mut self,
        grid: &IntegerGrid,
        images: impl Iterator<Item = &'a [u8]>,
        integers: [i8; 256],
    ) {
        let arena = self.arena.as_mut_numbers::<C>();
        clear_input(arena, &grid.grid, C::of(grid.zero_point));
        write_table(arena, &grid.grid, images, &integers.map(C::of));
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

/// The places of an input's channel in a row, from the first on.
fn row<'a, T>(
    arena: &'a mut [T],
    grid: &Grid,
    channel: usize,
    y: usize,
) -> impl Iterator<Item = &'a mut T> + use<'a, T> {
    let (block, lane) = (channel / grid.lanes, channel % grid.lanes);
    let start = grid.pixel(block, y as isize, 0) + lane;
    arena[start..].iter_mut().step_by(grid.lanes).take(grid.shape.width)
}

fn write<T>(arena: &mut [T], grid: &Grid, values: &mut impl Iterator<Item = T>) {
    for channel in 0..grid.shape.channels {
        for y in 0..grid.shape.height {
            for to in row(arena, grid, channel, y) {
                *to = values.next().expect("as many values as the input takes");
            }
        }
    }
}

fn write_table<'a, T: Copy>(
    arena: &mut [T],
    grid: &Grid,
    images: impl Iterator<Item = &'a [u8]>,
    table: &[T; 256],
) {
    let Shape { channels, height, width } = grid.shape;
    let mut rows = 0;
    for image in images {
        assert!(image.len().is_multiple_of(width), "images consist of whole rows");
        for bytes in image.chunks_exact(width) {
            let (channel, y) = (rows / height, rows % height);
            assert!(channel < channels, "more values than the input takes");
            for (to, &byte) in row(arena, grid, channel, y).zip(bytes) {
                *to = table[usize::from(byte)];
            }
            rows += 1;
        }
    }
    assert!(rows == channels * height, "fewer values than the input takes");
}
