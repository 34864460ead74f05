//! The coefficients of one block out of a scan's bits.

use super::bits::Bits;
use super::component::{Gathered, Quant, ZIGZAG};
use super::error::{JpegError, damaged};
use super::idct::{Block, scale};
use super::table::Table;

/// Sizes of numbers that 8-bit samples cannot need.
const DC_SIZE_LIMIT: u8 = 11;
const AC_SIZE_LIMIT: u8 = 10;
const DC_LIMIT: i32 = 2047;

const TOO_MANY: JpegError = JpegError::Damaged("more coefficients than a block has");

/// Reads blocks; knows how many empty ones a progressive scan still owes.
#[derive(Debug)]
pub(super) struct Entropy<'a> {
    pub bits: Bits<'a>,
    /// Blocks that bring nothing new in this band.
    pub empty_run: u32,
}

impl Entropy<'_> {
    /// All coefficients of a block of a sequential JPEG, multiplied. Returns the
    /// place of the last that is not zero. `block` is zero before.
    #[inline]
    pub fn sequential(
        &mut self,
        (dc, ac): (&Table, &Table),
        predictor: &mut i32,
        quant: &Quant,
        block: &mut Block,
    ) -> Result<usize, JpegError> {
        block[0][0] = scale(self.first(dc, predictor)?, quant[0]);
        let (mut at, mut last) = (1, 0);
        while at < 64 {
            let symbol = self.bits.symbol(ac)?;
            let (run, size) = (usize::from(symbol >> 4), symbol & 15);
            if size == 0 {
                if run < 15 {
                    break;
                }
                at += 16;
                continue;
            }
            at += run;
            if at > 63 {
                return Err(TOO_MANY);
            }
            let value = self.number(size)?;
            let place = usize::from(ZIGZAG[at]);
            block[place / 8][place % 8] = scale(value, quant[at]);
            last = at;
            at += 1;
        }
        // A run of zeros may end with the block, not behind it.
        if at > 64 { Err(TOO_MANY) } else { Ok(last) }
    }

    #[inline]
    fn first(&mut self, table: &Table, predictor: &mut i32) -> Result<i32, JpegError> {
        let size = self.bits.symbol(table)?;
        if size > DC_SIZE_LIMIT {
            return damaged("a coefficient that no picture has");
        }
        *predictor += self.bits.signed(size.into())?;
        if predictor.abs() > DC_LIMIT {
            return damaged("a brightness that no picture has");
        }
        Ok(*predictor)
    }

    #[inline]
    fn number(&mut self, size: u8) -> Result<i32, JpegError> {
        if size > AC_SIZE_LIMIT {
            return damaged("a coefficient that no picture has");
        }
        self.bits.signed(size.into())
    }

    pub fn dc_first(
        &mut self,
        table: &Table,
        predictor: &mut i32,
        low: u8,
        block: &mut Gathered,
    ) -> Result<(), JpegError> {
        block[0] = (self.first(table, predictor)? << low) as i16;
        Ok(())
    }

    pub fn dc_refine(&mut self, low: u8, block: &mut Gathered) -> Result<(), JpegError> {
        block[0] |= (self.bits.unsigned(1)? << low) as i16;
        Ok(())
    }

    pub fn ac_first(
        &mut self,
        table: &Table,
        (from, to): (usize, usize),
        low: u8,
        block: &mut Gathered,
    ) -> Result<(), JpegError> {
        if self.empty_run > 0 {
            self.empty_run -= 1;
            return Ok(());
        }
        let mut at = from;
        while at <= to {
            let symbol = self.bits.symbol(table)?;
            let (run, size) = (symbol >> 4, symbol & 15);
            match (run, size) {
                (15, 0) => at += 16,
                (_, 0) => {
                    self.empty_run = (1 << run) - 1 + self.bits.unsigned(run.into())?;
                    return Ok(());
                }
                _ => {
                    at += usize::from(run);
                    if at > to {
                        return Err(TOO_MANY);
                    }
                    block[usize::from(ZIGZAG[at])] = (self.number(size)? << low) as i16;
                    at += 1;
                }
            }
        }
        if at > to + 1 { Err(TOO_MANY) } else { Ok(()) }
    }

    pub fn ac_refine(
        &mut self,
        table: &Table,
        (from, to): (usize, usize),
        low: u8,
        block: &mut Gathered,
    ) -> Result<(), JpegError> {
        let step = 1i16 << low;
        let mut at = from;
        while self.empty_run == 0 && at <= to {
            let symbol = self.bits.symbol(table)?;
            let (run, size) = (symbol >> 4, symbol & 15);
            let fresh = match size {
                0 if run < 15 => {
                    self.empty_run = (1 << run) + self.bits.unsigned(run.into())?;
                    break;
                }
                0 => 0,
                1 if self.bits.unsigned(1)? == 1 => step,
                1 => -step,
                _ => return damaged("a coefficient that is refined by more than a bit"),
            };
            at = self.pass_zeros(run, (at, to), step, block)?;
            if fresh != 0 {
                let place = ZIGZAG.get(at).filter(|_| at <= to).ok_or(TOO_MANY)?;
                block[usize::from(*place)] = fresh;
            }
            at += 1;
        }
        if self.empty_run > 0 {
            self.empty_run -= 1;
            self.pass_zeros(u8::MAX, (at, to), step, block)?;
        }
        Ok(())
    }

    /// Refines what is not zero until `run` zeros are passed and another stands
    /// there; returns its place.
    fn pass_zeros(
        &mut self,
        mut run: u8,
        (from, to): (usize, usize),
        step: i16,
        block: &mut Gathered,
    ) -> Result<usize, JpegError> {
        for at in from..=to {
            let value = &mut block[usize::from(ZIGZAG[at])];
            if *value == 0 {
                if run == 0 {
                    return Ok(at);
                }
                run -= 1;
            } else if self.bits.unsigned(1)? == 1 && *value & step == 0 {
                *value = value.wrapping_add(if *value > 0 { step } else { -step });
            }
        }
        Ok(to + 1)
    }
}
