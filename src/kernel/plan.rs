//! Compiles a graph for an instruction set: every task becomes a step of a
//! kernel with packed weights, every buffer a place in one arena.

mod steps;

use std::error::Error;
use std::fmt;

use self::steps::Places;
use super::arena::{ALIGN_FLOATS, Lifetime, place};
use super::error::NodeError;
use super::graph::Graph;
use super::integer::{CellKind, Dot, Quantisation};
use super::isa::{Isa, MissingIsa, UnitWork};
use super::layout::{Grid, INTEGER_LANES, IntegerGrid, Shape};
use super::lower::{Buffer, BufferId, Lowered, Storage, lower};
use super::simd::Simd;
use super::step::Step;

/// Which algorithm 3×3 convolutions run on, but transposed ones, which are
/// always direct.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// Whichever is estimated to take fewer operations, for each layer.
    #[default]
    Cheapest,
    Direct,
    Winograd,
}

/// How a plan is made.
#[derive(Clone, Copy, Debug)]
pub struct PlanOptions {
    pub isa: Isa,
    /// Threads that share every layer; 1 is the caller alone.
    pub threads: usize,
    pub algorithm: Algorithm,
}

/// A graph that cannot be planned.
#[derive(Clone, Debug, PartialEq)]
pub enum PlanError {
    Node(NodeError),
    Isa(MissingIsa),
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(error) => error.fmt(f),
            Self::Isa(error) => error.fmt(f),
        }
    }
}

impl Error for PlanError {}

impl From<NodeError> for PlanError {
    fn from(error: NodeError) -> Self {
        Self::Node(error)
    }
}

impl From<MissingIsa> for PlanError {
    fn from(error: MissingIsa) -> Self {
        Self::Isa(error)
    }
}

/// A step of a plan with what `bench` says about it.
pub(super) struct PlannedStep {
    pub name: String,
    pub stage: usize,
    pub step: Box<dyn Step>,
}

/// A network compiled for an instruction set: steps with packed weights, and
/// one arena in which every map has its place. Immutable; engines share it.
pub struct Plan {
    pub(super) options: PlanOptions,
    pub(super) steps: Vec<PlannedStep>,
    pub(super) inputs: Vec<PlannedInput>,
    /// First float of each output, and its shape.
    pub(super) outputs: Vec<(usize, Shape)>,
    /// Floats of the arena.
    pub(super) arena_len: usize,
    pub(super) scratch_len: usize,
    /// What maps of integers hold.
    pub(super) cells: CellKind,
}

/// Where an input is written, and as what.
#[derive(Clone, Copy, Debug)]
pub(super) enum PlannedInput {
    Floats(Grid),
    /// As it comes, from this float of the arena on.
    Planar(usize, Shape),
    /// Less the shift, as integers.
    Integers(IntegerGrid, f32, Quantisation),
}

impl PlannedInput {
    fn shape(&self) -> Shape {
        match self {
            Self::Floats(grid) | Self::Integers(IntegerGrid { grid, .. }, ..) => grid.shape,
            Self::Planar(_, shape) => *shape,
        }
    }
}

impl Plan {
    /// Compiles a graph.
    ///
    /// # Errors
    /// The first node that no kernel takes where it stands, or an instruction
    /// set that this machine lacks.
    ///
    /// # Panics
    /// When no thread is asked for.
    pub fn new(graph: Graph, options: PlanOptions) -> Result<Self, PlanError> {
        assert!(options.threads > 0, "a plan needs a thread");
        let lowered = lower(graph)?;
        Ok(options.isa.with_units(Compiler { lowered: &lowered, options })?)
    }

    pub fn options(&self) -> PlanOptions {
        self.options
    }

    /// How many inputs there are, those of all stages.
    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// The first input that stays as it comes.
    pub fn planar_input(&self) -> Option<usize> {
        self.inputs.iter().position(|input| matches!(input, PlannedInput::Planar(..)))
    }

    pub fn input_shape(&self, input: usize) -> Shape {
        self.inputs[input].shape()
    }

    pub fn output_shape(&self, output: usize) -> Shape {
        self.outputs[output].1
    }

    /// Bytes of the arena and of the threads' scratch together.
    pub fn working_bytes(&self) -> usize {
        (self.arena_len + self.scratch_len * self.options.threads) * size_of::<f32>()
    }
}

struct Compiler<'a> {
    lowered: &'a Lowered,
    options: PlanOptions,
}

impl UnitWork for Compiler<'_> {
    type Output = Plan;

    fn run<S: Simd, D: Dot>(self, simd: S, dot: D) -> Plan {
        let Self { lowered, options } = self;
        let size = |buffer: &Buffer| {
            let blocks = |lanes| Grid { at: 0, shape: buffer.shape, lanes }.len();
            match buffer.storage {
                Storage::Planar => buffer.shape.len() * size_of::<f32>(),
                Storage::Floats => blocks(S::LANES) * size_of::<f32>(),
                Storage::Integers { .. } => blocks(INTEGER_LANES) * size_of::<D::Cell>(),
            }
        };
        let lifetimes: Vec<Lifetime> = lowered
            .buffers
            .iter()
            .enumerate()
            .map(|(id, buffer)| lifetime(lowered, id, size(buffer)))
            .collect();
        let (starts, arena_bytes) = place(&lifetimes);
        let places = Places { simd, dot, lowered, starts, options };
        let steps: Vec<PlannedStep> = lowered.steps.iter().filter_map(|s| places.step(s)).collect();
        let scratch_len = steps.iter().map(|step| step.step.scratch_len()).max().unwrap_or(0);
        let output = |&id: &BufferId| (places.first_float(id), lowered.buffers[id].shape);
        Plan {
            options,
            steps,
            inputs: lowered.inputs.iter().map(|input| places.input(input)).collect(),
            outputs: lowered.outputs.iter().map(output).collect(),
            arena_len: arena_bytes / size_of::<f32>(),
            // Every thread's part is aligned as the first one is.
            scratch_len: scratch_len.next_multiple_of(ALIGN_FLOATS),
            cells: D::CELLS,
        }
    }
}

fn lifetime(lowered: &Lowered, id: BufferId, len: usize) -> Lifetime {
    let touches = |&step: &usize| lowered.steps[step].task.buffers().any(|buffer| buffer == id);
    let mut uses = (0..lowered.steps.len()).filter(touches);
    let born = uses.next().expect("every buffer is written");
    let last = uses.next_back().unwrap_or(born);
    let dies = if lowered.outputs.contains(&id) { usize::MAX } else { last };
    // All inputs of a stage are written before its first step.
    let stage = lowered.steps[born].stage;
    let first = lowered.steps.iter().position(|step| step.stage == stage).expect("its own");
    let is_input = lowered.inputs.iter().any(|input| input.into == id);
    let born = if is_input { first } else { born };
    Lifetime { len, born, dies }
}
