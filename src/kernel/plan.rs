use super::arena::{Lifetime, place};
use super::direct::Direct;
use super::finish::Export;
use super::graph::Graph;
use super::head::Head;
use super::isa::Isa;
use super::layout::{Destination, Grid, Shape};
use super::lower::{Buffer, BufferId, Form, Lowered, Lowering, Task, lower};
use super::simd::{self, Simd};
use super::step::Step;
use super::winograd::{self, Winograd};

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
    pub(super) inputs: Vec<Grid>,
    /// First float of each output, and its shape.
    pub(super) outputs: Vec<(usize, Shape)>,
    pub(super) arena_len: usize,
    pub(super) scratch_len: usize,
}

impl Plan {
    /// Compiles a graph.
    ///
    /// # Errors
    /// The first node that no kernel takes where it stands.
    ///
    /// # Panics
    /// When this machine lacks the instruction set.
    pub fn new(graph: Graph, options: PlanOptions) -> Result<Self, String> {
        assert!(options.threads > 0, "a plan needs a thread");
        let lowered = lower(graph)?;
        let plan = match options.isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => simd::Avx512::detect().map(|simd| compile(simd, &lowered, options)),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => simd::Avx2::detect().map(|simd| compile(simd, &lowered, options)),
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => simd::Neon::detect().map(|simd| compile(simd, &lowered, options)),
            Isa::Scalar => Some(compile(simd::Scalar::detect(), &lowered, options)),
            #[allow(unreachable_patterns)]
            _ => None,
        };
        Ok(plan.unwrap_or_else(|| panic!("this machine has no {}", options.isa)))
    }

    pub fn options(&self) -> PlanOptions {
        self.options
    }

    pub fn input_shape(&self, input: usize) -> Shape {
        self.inputs[input].shape
    }

    pub fn output_shape(&self, output: usize) -> Shape {
        self.outputs[output].1
    }

    /// Bytes of the arena and of the threads' scratch together.
    pub fn working_bytes(&self) -> usize {
        (self.arena_len + self.scratch_len * self.options.threads) * size_of::<f32>()
    }
}

fn compile<S: Simd>(simd: S, lowered: &Lowered, options: PlanOptions) -> Plan {
    let size = |buffer: &Buffer| {
        let grid = Grid { at: 0, shape: buffer.shape, lanes: S::LANES };
        if buffer.planar { buffer.shape.len() } else { grid.len() }
    };
    let lifetimes: Vec<Lifetime> = lowered
        .buffers
        .iter()
        .enumerate()
        .map(|(id, buffer)| lifetime(lowered, id, size(buffer)))
        .collect();
    let (starts, arena_len) = place(&lifetimes);
    let places = Places { simd, lowered, starts, options };
    let steps: Vec<PlannedStep> = lowered.steps.iter().filter_map(|s| places.step(s)).collect();
    let scratch_len = steps.iter().map(|step| step.step.scratch_len()).max().unwrap_or(0);
    Plan {
        options,
        steps,
        inputs: lowered.inputs.iter().map(|&id| places.grid(id)).collect(),
        outputs: lowered
            .outputs
            .iter()
            .map(|&id| (places.starts[id], lowered.buffers[id].shape))
            .collect(),
        arena_len,
        scratch_len,
    }
}

fn lifetime(lowered: &Lowered, id: BufferId, len: usize) -> Lifetime {
    let touches = |step: &Lowering| match &step.task {
        Task::Input { into } => *into == id,
        Task::Conv { sources, into, pooled, .. } => {
            sources.contains(&id) || *into == id || *pooled == Some(id)
        }
        Task::Head { sources, into, .. } => sources.contains(&id) || *into == id,
        Task::Export { source, into, .. } => *source == id || *into == id,
    };
    let mut uses = (0..lowered.steps.len()).filter(|&index| touches(&lowered.steps[index]));
    let born = uses.next().expect("every buffer is written");
    let last = uses.next_back().unwrap_or(born);
    let dies = if lowered.outputs.contains(&id) { usize::MAX } else { last };
    // All inputs of a stage are written before its first step.
    let stage = lowered.steps[born].stage;
    let first = lowered.steps.iter().position(|step| step.stage == stage).expect("its own");
    let born = if lowered.inputs.contains(&id) { first } else { born };
    Lifetime { len, born, dies }
}

struct Places<'a, S> {
    simd: S,
    lowered: &'a Lowered,
    starts: Vec<usize>,
    options: PlanOptions,
}

impl<S: Simd> Places<'_, S> {
    fn grid(&self, id: BufferId) -> Grid {
        Grid { at: self.starts[id], shape: self.lowered.buffers[id].shape, lanes: S::LANES }
    }

    fn grids(&self, ids: &[BufferId]) -> Vec<Grid> {
        ids.iter().map(|&id| self.grid(id)).collect()
    }

    fn step(&self, lowering: &Lowering) -> Option<PlannedStep> {
        let (simd, threads) = (self.simd, self.options.threads);
        let step: Box<dyn Step> = match &lowering.task {
            Task::Input { .. } => return None,
            Task::Conv { sources, form, filter, relu, into, pooled } => {
                let (sources, out) = (self.grids(sources), self.grid(*into));
                let pooled = pooled.map(|id| self.grid(id));
                let to = Destination { out, pooled, relu: *relu };
                if self.takes_winograd(*form, &sources, out) {
                    let layer = Winograd::new(simd, &sources, *form, filter, to, threads);
                    Box::new(layer)
                } else {
                    let layer = Direct::new(simd, &sources, *form, filter, to, threads);
                    Box::new(layer)
                }
            }
            Task::Head { sources, filter, finish, into } => {
                let (sources, into) = (self.grids(sources), self.starts[*into]);
                Box::new(Head::new(simd, &sources, filter, *finish, into, threads))
            }
            Task::Export { source, finish, into } => {
                let (source, into) = (self.grid(*source), self.starts[*into]);
                Box::new(Export { simd, source, finish: *finish, into, threads })
            }
        };
        Some(PlannedStep { name: lowering.name.clone(), stage: lowering.stage, step })
    }

    fn takes_winograd(&self, form: Form, sources: &[Grid], out: Grid) -> bool {
        match self.options.algorithm {
            Algorithm::Direct => false,
            Algorithm::Winograd => form != Form::Transposed,
            Algorithm::Cheapest => {
                let inputs = sources.iter().map(|grid| grid.shape.channels).sum();
                winograd::pays(form, inputs, S::LANES, out)
            }
        }
    }
}
