//! One scan: which components and coefficients it brings, and its units.

use super::bits::Bits;
use super::component::Component;
use super::entropy::Entropy;
use super::error::{JpegError, damaged};
use super::frame::FrameState;
use super::table::Table;

/// A component's place in the frame, and its tables' slots.
#[derive(Clone, Copy, Debug, Default)]
struct Member {
    place: usize,
    dc: usize,
    ac: usize,
}

/// What a scan header says.
#[derive(Debug)]
struct Scan {
    members: [Member; 3],
    count: usize,
    /// First and last coefficient.
    from: usize,
    to: usize,
    /// Bits before and after it, of a progressive JPEG.
    high: u8,
    low: u8,
}

const BLOCKS_LIMIT: usize = 10;

/// Decodes the scan whose header is `body` and whose data begins at `position`.
/// Returns where the next marker is to be looked for.
pub(super) fn decode(
    frame: &mut FrameState,
    body: &[u8],
    data: &[u8],
    position: usize,
) -> Result<usize, JpegError> {
    let scan = Scan::read(frame, body)?;
    scan.prepare(frame)?;
    let units = match scan.members() {
        [only] => {
            let component = &frame.components[only.place];
            (component.width.div_ceil(8), component.height.div_ceil(8))
        }
        _ => frame.units(),
    };
    let mut interval = Interval::new(frame.restart_interval);
    let mut entropy = Entropy { bits: Bits::new(data, position), empty_run: 0 };
    let is_progressive = frame.is_progressive;
    let (components, tables) = frame.parts();
    for down in 0..units.1 {
        for across in 0..units.0 {
            if interval.is_over() {
                end_run(&entropy)?;
                entropy.bits.restart(interval.next())?;
                components.iter_mut().for_each(|component| component.predictor = 0);
            }
            for member in scan.members() {
                let component = &mut components[member.place];
                let (wide, high) = if scan.count == 1 { (1, 1) } else { component.sampling };
                for y in down * high..(down + 1) * high {
                    for x in across * wide..(across + 1) * wide {
                        let tables = (&tables[0][member.dc], &tables[1][member.ac]);
                        match is_progressive {
                            false => sequential_block(&mut entropy, tables, component, (x, y))?,
                            true => scan.block(&mut entropy, tables, component, (x, y))?,
                        }
                    }
                }
            }
        }
    }
    end_run(&entropy)?;
    entropy.bits.end_scan()?;
    let says_nonsense = !is_progressive && !body.ends_with(&[0, 63, 0]);
    frame.is_odd |= entropy.bits.is_filled() || says_nonsense;
    Ok(entropy.bits.position())
}

/// No run of empty blocks goes past a restart or the end.
fn end_run(entropy: &Entropy<'_>) -> Result<(), JpegError> {
    match entropy.empty_run {
        0 => Ok(()),
        _ => damaged("a run of empty blocks past its end"),
    }
}

fn sequential_block(
    entropy: &mut Entropy<'_>,
    tables: (&Table, &Table),
    component: &mut Component,
    (x, y): (usize, usize),
) -> Result<(), JpegError> {
    let mut block = [[0; 8]; 8];
    let mut predictor = component.predictor;
    let last = entropy.sequential(tables, &mut predictor, component.quant(), &mut block)?;
    component.predictor = predictor;
    if component.is_wanted {
        component.write(x, y, &block, last);
    }
    Ok(())
}

impl Scan {
    fn read(frame: &FrameState, body: &[u8]) -> Result<Self, JpegError> {
        let cannot_be = || JpegError::Damaged("a scan header that cannot be");
        let (&count, rest) = body.split_first().ok_or_else(cannot_be)?;
        let count = usize::from(count);
        if !(1..=3).contains(&count) || rest.len() != 2 * count + 3 {
            return Err(cannot_be());
        }
        let (pairs, spectral) = rest.split_at(2 * count);
        let mut members = [Member::default(); 3];
        for (at, pair) in pairs.chunks_exact(2).enumerate() {
            let (dc, ac) = (usize::from(pair[1] >> 4), usize::from(pair[1] & 15));
            let place = frame.components[..frame.count].iter().position(|c| c.id == pair[0]);
            let place = place.filter(|place| members[..at].iter().all(|m| m.place != *place));
            let place = place.filter(|_| dc < 4 && ac < 4).ok_or_else(cannot_be)?;
            members[at] = Member { place, dc, ac };
        }
        // A sequential scan brings all coefficients, whatever the camera says of them.
        let [from, to, bits] = match frame.is_progressive {
            true => [spectral[0], spectral[1], spectral[2]],
            false => [0, 63, 0],
        };
        let (from, to, high, low) = (usize::from(from), usize::from(to), bits >> 4, bits & 15);
        let scan = Self { members, count, from, to, high, low };
        let blocks = |member: &Member| {
            let sampling = frame.components[member.place].sampling;
            sampling.0 * sampling.1
        };
        let is_too_large =
            count > 1 && scan.members().iter().map(blocks).sum::<usize>() > BLOCKS_LIMIT;
        let can_be = match frame.is_progressive {
            false => true,
            true if from == 0 => to == 0 && low <= 13 && (high == 0 || high == low + 1),
            true => {
                from <= to && to < 64 && count == 1 && low <= 13 && (high == 0 || high == low + 1)
            }
        };
        if can_be && !is_too_large { Ok(scan) } else { Err(cannot_be()) }
    }

    fn members(&self) -> &[Member] {
        &self.members[..self.count]
    }

    /// Notes what it brings, and makes sure of the tables that it needs.
    fn prepare(&self, frame: &mut FrameState) -> Result<(), JpegError> {
        for member in self.members() {
            frame.latch_quant(member.place)?;
            if self.from == 0 && self.high == 0 {
                frame.prepare_table(0, member.dc)?;
            }
            if self.to > 0 {
                frame.prepare_table(1, member.ac)?;
            }
            let component = &mut frame.components[member.place];
            component.note(self.from, self.to, self.high, self.low)?;
            component.predictor = 0;
        }
        Ok(())
    }

    /// One block of a progressive JPEG.
    fn block(
        &self,
        entropy: &mut Entropy<'_>,
        (dc, ac): (&Table, &Table),
        component: &mut Component,
        (x, y): (usize, usize),
    ) -> Result<(), JpegError> {
        let (band, low) = ((self.from, self.to), self.low);
        let mut predictor = component.predictor;
        let block = component.gathered(x, y);
        match (self.from, self.high) {
            (0, 0) => entropy.dc_first(dc, &mut predictor, low, block)?,
            (0, _) => entropy.dc_refine(low, block)?,
            (_, 0) => entropy.ac_first(ac, band, low, block)?,
            _ => entropy.ac_refine(ac, band, low, block)?,
        }
        component.predictor = predictor;
        Ok(())
    }
}

/// Counts units from restart to restart.
#[derive(Debug)]
struct Interval {
    length: usize,
    left: usize,
    restarts: u8,
}

impl Interval {
    fn new(length: usize) -> Self {
        Self { length, left: length, restarts: 0 }
    }

    /// Whether a restart comes before the next unit, which is counted.
    #[inline]
    fn is_over(&mut self) -> bool {
        if self.length == 0 {
            return false;
        }
        let is_over = self.left == 0;
        self.left = if is_over { self.length } else { self.left } - 1;
        is_over
    }

    /// The number of the restart.
    fn next(&mut self) -> u8 {
        let number = self.restarts;
        self.restarts = (number + 1) % 8;
        number
    }
}
