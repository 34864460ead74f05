use std::ptr;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use rustix::param::page_size;

use super::super::graph::{Graph, Op};
use super::super::simd::Simd;
use super::super::step::StepContext;
use super::super::{Algorithm, Isa, Plan, PlanOptions, Shape};
use super::networks::Noise;

/// Memory between two pages that may not be touched; it ends right before the
/// second one.
struct Guarded {
    start: *mut u8,
    mapped: usize,
    data: *mut f32,
}

impl Guarded {
    fn new(len: usize) -> Self {
        let page = page_size();
        let bytes = len * size_of::<f32>();
        let mapped = bytes.next_multiple_of(page) + 2 * page;
        let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
        // SAFETY: a fresh mapping, and two pages at its ends.
        unsafe {
            let start: *mut u8 =
                mmap_anonymous(ptr::null_mut(), mapped, access, flags).unwrap().cast();
            mprotect(start.cast(), page, MprotectFlags::empty()).unwrap();
            let end = start.add(mapped - page);
            mprotect(end.cast(), page, MprotectFlags::empty()).unwrap();
            Self { start, mapped, data: end.sub(bytes).cast() }
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: the mapping of `new`, which nobody uses any more.
        unsafe { munmap(self.start.cast(), self.mapped).unwrap() };
    }
}

/// Runs every step in memory that ends at a page which faults when touched.
fn run_guarded(graph: &Graph) {
    for isa in Isa::here() {
        for algorithm in [Algorithm::Direct, Algorithm::Winograd] {
            let options = PlanOptions { isa, threads: 1, algorithm };
            let plan = Plan::new(graph.clone(), options).unwrap();
            let (arena, scratch) = (Guarded::new(plan.arena_len), Guarded::new(plan.scratch_len));
            for planned in &plan.steps {
                for task in 0..planned.step.tasks() {
                    let context = StepContext { arena: arena.data, scratch: scratch.data };
                    // SAFETY: the sizes of the plan, one task after the other.
                    unsafe { planned.step.run(context, task) };
                }
            }
        }
    }
}

#[test]
fn nothing_outside_the_arena_is_touched() {
    for (channels, height, width) in [(1, 3, 5), (4, 8, 8), (16, 5, 13), (17, 6, 9), (33, 2, 30)] {
        let (mut graph, mut noise) = (Graph::new(), Noise::new(3));
        let shape = Shape::new(channels, height, width);
        let input = graph.input("in", shape);
        let skip = graph.add("a", Op::Conv(noise.filter(channels, 19)), &[input]).unwrap();
        let pooled = graph.add("pool", Op::MaxPool, &[skip]).unwrap();
        let deep = graph.add("b", Op::Conv(noise.filter(19, 8)), &[pooled]).unwrap();
        let large = graph.add("large", Op::Upsample, &[deep]).unwrap();
        let up = graph.add("c", Op::Conv(noise.filter(8, 5)), &[large]).unwrap();
        let more = graph.add("d", Op::Transposed(noise.filter(5, 3)), &[up]).unwrap();
        let last = graph.add("e", Op::Conv(noise.filter(3, 2)), &[more]).unwrap();
        let last = graph.add("tanh", Op::Tanh, &[last]).unwrap();
        graph.output(last);
        run_guarded(&graph);
    }
}

/// A buffer of exactly the floats that a tile of the inner loop may read.
#[test]
fn the_inner_loop_reads_no_further_than_its_tile() {
    fn at_the_edge<S: Simd>(simd: S) {
        let (pixels, weights) = (Guarded::new(4 * S::LANES), Guarded::new(3 * 2 * S::LANES));
        let mut acc = [[simd.splat(0.0); 4]; 2];
        // SAFETY: four pixels, and two vectors for each of three channels.
        unsafe { simd.accumulate(&mut acc, pixels.data, weights.data, 3.min(S::LANES)) };
        assert_eq!(simd.sum(acc[1][3]), 0.0);
    }
    at_the_edge(super::super::simd::Scalar::detect());
    #[cfg(target_arch = "x86_64")]
    {
        super::super::simd::Avx2::detect().into_iter().for_each(at_the_edge);
        super::super::simd::Avx512::detect().into_iter().for_each(at_the_edge);
    }
    #[cfg(target_arch = "aarch64")]
    super::super::simd::Neon::detect().into_iter().for_each(at_the_edge);
}
