//! Every kernel in memory between pages that fault when they are touched.

use std::ptr;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use rustix::param::page_size;

use super::super::graph::{Graph, Op, Value};
#[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
use super::super::integer::Words;
use super::super::integer::{self, Cell, Dot, DotKernel, Quantisation, Requantise};
use super::super::layout::INTEGER_LANES;
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

#[test]
fn nothing_outside_the_arena_is_touched_by_integers() {
    for (channels, height, width) in [(1, 3, 5), (4, 8, 8), (16, 5, 13), (17, 6, 9), (33, 2, 30)] {
        let (mut graph, mut noise) = (Graph::new(), Noise::new(4));
        let input = graph.input("in", Shape::new(channels, height, width));
        let to = Quantisation { scale: 0.01, zero_point: 0 };
        let quantise = Op::Quantise { shift: 0.0, to };
        let mut value = graph.add("i8", quantise, &[input]).unwrap();
        let mut add = |name: &str, op: Op, value: Value| graph.add(name, op, &[value]).unwrap();
        let mut conv = |side, inputs, outputs| {
            Op::IntegerConv(noise.integer_filter(side, inputs, outputs, (0, 0)))
        };
        value = add("a", conv(3, channels, 19), value);
        value = add("pool", Op::MaxPool, value);
        value = add("b", conv(3, 19, 8), value);
        value = add("large", Op::Upsample, value);
        value = add("c", conv(3, 8, 5), value);
        value = add("d", conv(2, 5, 12), value);
        value = add("spread", Op::DepthToSpace, value);
        value = add("e", conv(3, 3, 2), value);
        value = add("f32", Op::Dequantise(to), value);
        let unit = add("unit", Op::UnitLength { floor: 1e-12 }, value);
        graph.output(unit);
        run_guarded(&graph);
    }
}

struct AtTheEdge;

impl<D: Dot> DotKernel<D> for AtTheEdge {
    #[inline(always)]
    fn run(self, dot: D) {
        let pixel_floats = INTEGER_LANES * size_of::<D::Cell>() / size_of::<f32>();
        for groups in 1..=INTEGER_LANES / D::DEPTH {
            let pixels = Guarded::new(4 * pixel_floats);
            let weight_bytes = D::DEPTH * INTEGER_LANES * size_of::<D::Weight>();
            let weights = Guarded::new(groups * 2 * weight_bytes / size_of::<f32>());
            let (bias, multipliers) = (Guarded::new(16), Guarded::new(16));
            let to = Guarded::new(pixel_floats);
            let how = Requantise {
                bias: bias.data.cast(),
                multipliers: multipliers.data,
                least: -128.0,
                most: 127.0,
                zero: 7 + D::Cell::OFFSET,
            };
            let mut sums = [[dot.zero(); 4]; 2];
            // SAFETY: four pixels, two blocks of weights for each group, and
            // constants and cells of one block.
            unsafe {
                let (pixel, to) = (pixels.data.cast::<D::Cell>(), to.data.cast::<D::Cell>());
                dot.accumulate(&mut sums, pixel, weights.data.cast(), groups);
                dot.settle(&mut sums);
                dot.requantise(sums[1][3], &how, to);
                let read = || to.cast::<[D::Cell; INTEGER_LANES]>().read().map(D::Cell::integer);
                assert_eq!(read(), [7; INTEGER_LANES]);
                let last = pixel.add(3 * INTEGER_LANES);
                last.write(D::Cell::of(3));
                dot.largest([pixel, pixel, pixel, last].map(|p| p.cast_const()), to);
                let rest = pixel.read().integer();
                assert_eq!(read()[..2], [3.max(rest), rest]);
            }
            let pixels = Guarded::new(2 * pixel_floats);
            let weights = Guarded::new(groups * weight_bytes / size_of::<f32>());
            let mut sums = [[dot.zero(); 2]];
            // SAFETY: two pixels, and a block of weights for each group.
            unsafe {
                dot.accumulate(&mut sums, pixels.data.cast(), weights.data.cast(), groups);
            }
        }
    }
}

/// Two whole blocks of the tile that is in assembly.
#[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
fn blocks_of_words_at_the_edge<W: Words, const P: usize>(words: W) {
    let per_float = size_of::<f32>() / size_of::<i16>();
    let pixels = Guarded::new(2 * P * INTEGER_LANES / per_float);
    let weights = Guarded::new(2 * INTEGER_LANES * INTEGER_LANES / per_float);
    let mut sums = [words.zero(); P];
    let (from, by) = (pixels.data.cast::<i16>(), weights.data.cast::<i16>());
    // SAFETY: two times P pixels, and weights for each of their lanes.
    let done = unsafe { words.accumulate_blocks(&mut sums, from, P * INTEGER_LANES, by, 2) };
    assert!(done, "the tile is not this one");
}

/// Buffers of exactly the bytes that a tile of the inner loop may read, with
/// every number of groups, and as many as it may write.
#[test]
fn the_inner_loop_of_integers_reads_no_further_than_its_tile() {
    fn at_the_edge<D: Dot>(dot: D) {
        dot.vectorise(AtTheEdge);
    }
    at_the_edge(integer::ScalarWords);
    #[cfg(target_arch = "x86_64")]
    {
        integer::Avx2Words::detect().into_iter().for_each(at_the_edge);
        integer::AvxVnni::detect().into_iter().for_each(at_the_edge);
        integer::Avx512Vnni::detect().into_iter().for_each(at_the_edge);
    }
    #[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
    integer::NeonWords::detect().into_iter().for_each(at_the_edge);
    #[cfg(target_arch = "arm")]
    integer::NeonWords::detect().into_iter().for_each(blocks_of_words_at_the_edge::<_, 2>);
    #[cfg(target_arch = "aarch64")]
    {
        integer::NeonWords::detect().into_iter().for_each(blocks_of_words_at_the_edge::<_, 4>);
        integer::Sdot::detect().into_iter().for_each(at_the_edge);
        integer::Smmla::detect().into_iter().for_each(at_the_edge);
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
        blocks::<S, 4>(simd);
        blocks::<S, 8>(simd);
    }
    fn blocks<S: Simd, const P: usize>(simd: S) {
        let pixels = Guarded::new(2 * P * S::LANES);
        let weights = Guarded::new(2 * 2 * S::LANES * S::LANES);
        let mut acc = [[simd.splat(0.0); P]; 2];
        let (from, by) = (pixels.data, weights.data);
        // SAFETY: two times P pixels, and two vectors for each of their lanes.
        unsafe { simd.accumulate_blocks(&mut acc, from, P * S::LANES, by, 2) };
        assert_eq!(simd.sum(acc[1][P - 1]), 0.0);
    }
    at_the_edge(super::super::simd::Scalar::detect());
    #[cfg(target_arch = "x86_64")]
    {
        super::super::simd::Avx2::detect().into_iter().for_each(at_the_edge);
        super::super::simd::Avx512::detect().into_iter().for_each(at_the_edge);
    }
    #[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
    super::super::simd::Neon::detect().into_iter().for_each(at_the_edge);
}
