//! Pictures of a camera that sways, moved back to where it usually looks.

use super::edges::Edges;
use super::input::InputSpec;
use super::plane::Plane;
use super::source::Source;
use super::stabiliser::Stabiliser;

/// The largest slip that is taken for a sway, as a share of the picture's
/// width: beyond it somebody turned the camera, and that must stay
/// visible.
const LARGEST_SHARE: f32 = 0.03;
/// A slip is found to within a few percent, so a large one takes several looks.
const LOOKS: usize = 4;
/// After so many pictures the middle of the sway is known. The first picture, which all
/// others are moved to until then, may be from its far end.
const SETTLING: i32 = 64;

/// Finds the slip of each picture and takes it back.
#[derive(Debug)]
pub(super) struct Steady {
    spec: InputSpec,
    stabiliser: Stabiliser,
    /// In pixels of the source, to the left and up.
    moved_px: (i32, i32),
    edges: Edges,
    moved: Vec<u8>,
    settling: Settling,
}

/// Where the first pictures lay against the very first.
#[derive(Clone, Copy, Debug, Default)]
struct Settling {
    pictures: i32,
    sum_px: (i32, i32),
}

impl Settling {
    /// Another picture lay there: after the last of them, where the middle is.
    fn middle(&mut self, (x, y): (i32, i32)) -> Option<(i32, i32)> {
        if self.pictures == SETTLING {
            return None;
        }
        self.pictures += 1;
        self.sum_px = (self.sum_px.0 + x, self.sum_px.1 + y);
        let mean = |sum: i32| (sum as f32 / SETTLING as f32).round() as i32;
        (self.pictures == SETTLING).then(|| (mean(self.sum_px.0), mean(self.sum_px.1)))
    }
}

impl Steady {
    pub fn new(spec: InputSpec) -> Self {
        let planes = spec.channels.planes();
        let stabiliser = Stabiliser::new(spec.width_px, spec.height_px, planes);
        Self {
            spec,
            stabiliser,
            moved_px: (0, 0),
            edges: Edges::default(),
            moved: Vec::new(),
            settling: Settling::default(),
        }
    }

    pub fn moved_px(&self) -> (i32, i32) {
        self.moved_px
    }

    pub fn edges(&self) -> Edges {
        self.edges
    }

    pub fn forget(&mut self) {
        self.stabiliser.forget();
        self.settling = Settling::default();
    }

    /// `out` holds `planes` as `source` resizes them, and afterwards as they
    /// would have been without the slip.
    pub fn settle(&mut self, planes: [Option<Plane<'_>>; 3], source: &mut Source, out: &mut [u8]) {
        self.moved_px = (0, 0);
        let (width, height) = (source.size_px.0 as f32, source.size_px.1 as f32);
        let scale = (width / self.spec.width_px as f32, height / self.spec.height_px as f32);
        let limit = LARGEST_SHARE * width;
        let mut is_known = self.settling.pictures == 0;
        for _ in 0..LOOKS {
            let Some(slip) = self.stabiliser.slip(out) else { break };
            is_known = true;
            let step = ((slip.x_px * scale.0).round(), (slip.y_px * scale.1).round());
            if step == (0.0, 0.0) {
                break;
            }
            let to = (self.moved_px.0 as f32 + step.0, self.moved_px.1 as f32 + step.1);
            let sways = to.0.hypot(to.1) <= limit;
            self.moved_px = if sways { (to.0 as i32, to.1 as i32) } else { (0, 0) };
            self.render(planes, source, out);
            if !sways {
                is_known = false;
                break;
            }
        }
        let middle = is_known.then(|| self.settling.middle(self.moved_px)).flatten();
        if let Some((x, y)) = middle.filter(|middle| *middle != (0, 0)) {
            self.moved_px = (self.moved_px.0 - x, self.moved_px.1 - y);
            self.render(planes, source, out);
            self.stabiliser.forget();
        }
        self.edges = edges(self.moved_px, scale);
        self.stabiliser.fill(out, &self.edges);
        self.stabiliser.learn(out);
    }

    /// Resizes every plane as if its content lay [`Self::moved_px`] to the left
    /// and up; edges are repeated.
    fn render(&mut self, planes: [Option<Plane<'_>>; 3], source: &mut Source, out: &mut [u8]) {
        let outs = out.chunks_exact_mut(source.resizer.target_len());
        for (plane, out) in planes.into_iter().flatten().zip(outs) {
            source.resizer.resize(self.move_back(plane), out);
        }
    }

    fn move_back<'a>(&'a mut self, plane: Plane<'a>) -> Plane<'a> {
        let (x, y) = self.moved_px;
        if (x, y) == (0, 0) {
            return plane;
        }
        let Plane { width, height, .. } = plane;
        let shift = (x.unsigned_abs() as usize).min(width - 1);
        self.moved.resize(width * height, 0);
        for (to, out) in self.moved.chunks_exact_mut(width).enumerate() {
            let from = (to as i64 + i64::from(y)).clamp(0, height as i64 - 1);
            plane.copy_row(from as usize, out);
            let (first, last) = (out[0], out[width - 1]);
            if x >= 0 {
                out.copy_within(shift.., 0);
                out[width - shift..].fill(last);
            } else {
                out.copy_within(..width - shift, shift);
                out[..shift].fill(first);
            }
        }
        Plane::packed(&self.moved, width, height)
    }
}

/// What is missing from a picture that was moved to the left and up, where a
/// model pixel is `scale` of the source's wide and high. A pixel more, since
/// the neighbours have their part in a resized pixel.
fn edges((x, y): (i32, i32), scale: (f32, f32)) -> Edges {
    let missing = |moved: i32, scale: f32| {
        if moved > 0 { (moved as f32 / scale).ceil() as usize + 1 } else { 0 }
    };
    Edges {
        left_px: missing(-x, scale.0),
        right_px: missing(x, scale.0),
        top_px: missing(-y, scale.1),
        bottom_px: missing(y, scale.1),
    }
}
