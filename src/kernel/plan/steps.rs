//! Every task of a lowered graph as a step of a kernel, with the places of its
//! buffers; here it is chosen which kernel.

use super::{Algorithm, PlanOptions, PlannedInput, PlannedStep};
use crate::kernel::direct::Direct;
use crate::kernel::finish::Export;
use crate::kernel::head::Head;
use crate::kernel::integer::{Dot, IntegerConv, IntegerExport, IntegerLayer, ToFloats, ToIntegers};
use crate::kernel::layout::{Destination, Grid, INTEGER_LANES, IntegerGrid};
use crate::kernel::lower::{
    Buffer, BufferId, Form, Lowered, LoweredInput, Lowering, Storage, Task,
};
use crate::kernel::simd::Simd;
use crate::kernel::step::Step;
use crate::kernel::sum::Sum;
use crate::kernel::winograd::{self, Winograd};

/// The tasks with the places of their buffers.
pub(super) struct Places<'a, S, D> {
    pub simd: S,
    pub dot: D,
    pub lowered: &'a Lowered,
    /// In bytes.
    pub starts: Vec<usize>,
    pub options: PlanOptions,
}

impl<S: Simd, D: Dot> Places<'_, S, D> {
    pub fn first_float(&self, id: BufferId) -> usize {
        self.starts[id] / size_of::<f32>()
    }

    fn grid(&self, id: BufferId) -> Grid {
        let shape = self.lowered.buffers[id].shape;
        Grid { at: self.first_float(id), shape, lanes: S::LANES }
    }

    fn integer_grid(&self, id: BufferId) -> IntegerGrid {
        let Buffer { shape, storage } = self.lowered.buffers[id];
        let Storage::Integers { zero_point } = storage else {
            unreachable!("the graph knows which values are integers");
        };
        let at = self.starts[id] / size_of::<D::Cell>();
        IntegerGrid { grid: Grid { at, shape, lanes: INTEGER_LANES }, zero_point }
    }

    fn grids(&self, ids: &[BufferId]) -> Vec<Grid> {
        ids.iter().map(|&id| self.grid(id)).collect()
    }

    pub fn input(&self, input: &LoweredInput) -> PlannedInput {
        let Buffer { shape, storage } = self.lowered.buffers[input.into];
        match input.quantise {
            None if storage == Storage::Planar => {
                PlannedInput::Planar(self.first_float(input.into), shape)
            }
            None => PlannedInput::Floats(self.grid(input.into)),
            Some((shift, to)) => PlannedInput::Integers(self.integer_grid(input.into), shift, to),
        }
    }

    pub fn step(&self, lowering: &Lowering) -> Option<PlannedStep> {
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
                let (sources, into) = (self.grids(sources), self.first_float(*into));
                Box::new(Head::new(simd, &sources, filter, *finish, into, threads))
            }
            Task::IntegerConv { sources, form, filter, into, pooled } => {
                let sources: Vec<_> = sources.iter().map(|&id| self.integer_grid(id)).collect();
                let layer = IntegerLayer {
                    sources: &sources,
                    form: *form,
                    filter,
                    out: self.integer_grid(*into),
                    pooled: pooled.map(|id| self.integer_grid(id)),
                    threads,
                };
                let better = match self.options.algorithm {
                    Algorithm::Direct => None,
                    Algorithm::Cheapest | Algorithm::Winograd => {
                        self.dot.head(&layer).or_else(|| self.dot.winograd(&layer))
                    }
                };
                better.unwrap_or_else(|| Box::new(IntegerConv::new(self.dot, &layer)))
            }
            Task::Add { addend, into } => {
                let shape = self.lowered.buffers[*into].shape;
                let [addend, into] = [addend, into].map(|id| self.first_float(*id));
                Box::new(Sum { simd, shape, addend, into, threads })
            }
            Task::ToFloats { source, quantisation, into } => {
                let (source, into) = (self.integer_grid(*source), self.grid(*into));
                Box::new(ToFloats::<D::Cell>::new(source, into, *quantisation, threads))
            }
            Task::ToIntegers { source, shift, quantisation, into } => {
                let (source, into) = (self.grid(*source), self.integer_grid(*into));
                let how = (*shift, *quantisation);
                Box::new(ToIntegers::<D::Cell>::new(source, into, how, threads))
            }
            Task::Export { source, dequantise: Some(from), finish, into } => {
                let (source, into) = (self.integer_grid(*source), self.first_float(*into));
                Box::new(IntegerExport::<D::Cell>::new(source, (*from, *finish), into, threads))
            }
            Task::Export { source, dequantise: None, finish, into } => {
                let (source, into) = (self.grid(*source), self.first_float(*into));
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
