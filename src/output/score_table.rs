//! `scores.csv`: the scores of a replay, frame by frame.

use std::io::{self, Write};

use crate::alarm::State;
use crate::score::{Block, Surprise};

/// Writes `scores.csv`, a row for each scored frame.
///
/// Numbers are printed with fixed digits, so that the same scores give the
/// same bytes.
#[derive(Debug)]
pub struct ScoreTable<W> {
    out: W,
}

/// The columns of a row.
#[derive(Clone, Copy, Debug)]
pub struct ScoreRow<'a> {
    pub clip: &'a str,
    pub frame: u64,
    pub time_ms: u64,
    pub psnr_db: f64,
    pub distance: f64,
    pub block: Block,
    pub gate_error: Option<f64>,
    pub view_ratio: Option<f64>,
    pub motion: Option<f64>,
    pub surprise: Option<Surprise>,
    pub state: State,
}

const HEADER: &str = "clip,frame,time_ms,psnr_db,distance,block_error,block_ratio,block_x_px,block_y_px,\
    gate_error,view_ratio,motion,surprise_block,surprise_memory,surprise_view,surprise_motion,\
    score,state";

impl<W: Write> ScoreTable<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// The writer's.
    pub fn new(mut out: W) -> io::Result<Self> {
        writeln!(out, "{HEADER}")?;
        Ok(Self { out })
    }

    /// # Errors
    /// The writer's.
    pub fn row(&mut self, row: &ScoreRow<'_>) -> io::Result<()> {
        let ScoreRow { clip, frame, time_ms, psnr_db, distance, block, .. } = *row;
        write!(self.out, "{},{frame},{time_ms},{psnr_db:.6},{distance:.9e}", quoted(clip))?;
        let Block { x_px, y_px, mean_sq, ratio, .. } = block;
        write!(self.out, ",{mean_sq:.9e},{ratio:.9e},{x_px},{y_px}")?;
        for value in [row.gate_error, row.view_ratio, row.motion] {
            match value {
                Some(value) => write!(self.out, ",{value:.9e}")?,
                None => write!(self.out, ",")?,
            }
        }
        match row.surprise {
            Some(Surprise { block, memory, view, motion, score, .. }) => {
                write!(self.out, ",{block:.6},{memory:.6},{view:.6},{motion:.6},{score:.6}")?;
            }
            None => write!(self.out, ",,,,,")?,
        }
        writeln!(self.out, ",{}", row.state.name())
    }

    /// Flushes and gives the writer back.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
