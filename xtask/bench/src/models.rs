//! The same weights in every form that one of the runtimes reads.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use normwatch::model::Precision;
use normwatch_host::cross;
use normwatch_toolchain::bundle::BundleFiles;
use normwatch_toolchain::{QuantizeArgs, quantise};

use super::BenchArgs;

/// The same weights in every form that somebody here reads.
pub(super) struct Models {
    pub name: String,
    pub f32_bundle: PathBuf,
    pub int8_bundle: PathBuf,
    /// Where everything that is made lies.
    pub folder: PathBuf,
    /// What everybody predicts from, planar u8, oldest first.
    pub frames: Vec<u8>,
    /// Bytes of one frame.
    pub frame_len: usize,
}

/// How the graphs of others hold bytes between two layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activations {
    /// What ONNX Runtime is fast with on x86-64: signed ones take ten times as
    /// long there.
    Unsigned,
    /// What it is fast with on ARM.
    Signed,
}

impl Activations {
    /// Of this machine.
    pub(super) fn native() -> Self {
        if cfg!(target_arch = "x86_64") { Self::Unsigned } else { Self::Signed }
    }

    /// As `quantize` has it.
    fn name(self) -> &'static str {
        match self {
            Self::Unsigned => "u8",
            Self::Signed => "i8",
        }
    }
}

/// The frames of [`Models`], as floats.
pub(super) const INPUT: &str = "frames.f32";

impl Models {
    /// Quantises the bundle and, for other runtimes, joins encoder, memory and
    /// decoder to one graph for each precision. What was made before from the
    /// same bundle is taken.
    ///
    /// # Errors
    /// A bundle that is not f32, or cannot be quantised or joined.
    pub(super) fn make(
        args: &BenchArgs,
        python: Option<&Path>,
        activations: Activations,
    ) -> Result<Self> {
        let bundle: &Path = &args.bundle;
        let files = BundleFiles::read(bundle)?;
        let precision = files.manifest.precision;
        ensure!(
            precision == Precision::F32,
            "{} is {precision}: give the f32 bundle, int8 is made from it",
            bundle.display()
        );
        let sum = &files.manifest.files["decoder.onnx"];
        let short = &sum[..12.min(sum.len())];
        let name = format!("{}-{short}-{}", files.manifest.name, activations.name());
        let folder = cross::root().join("target/bench").join(name);
        let golden = files.golden.frames.as_standard_layout();
        let models = Self {
            name: files.manifest.name.clone(),
            f32_bundle: bundle.to_path_buf(),
            int8_bundle: folder.join("int8"),
            frames: golden.iter().copied().collect(),
            frame_len: files.manifest.input.spec().frame_len(),
            folder,
        };
        let int8 = args.precision.contains(&Precision::Int8);
        if int8 {
            models.quantise(&args.footage, activations)?;
        }
        if let Some(python) = python {
            fs::create_dir_all(&models.folder)?;
            models.write_input()?;
            models.join(python, &models.f32_bundle, Precision::F32, &files)?;
            if int8 {
                models.join(python, &models.folder.join("qdq"), Precision::Int8, &files)?;
            }
        }
        Ok(models)
    }

    pub(super) fn bundle(&self, precision: Precision) -> &Path {
        if precision == Precision::F32 { &self.f32_bundle } else { &self.int8_bundle }
    }

    /// The joined graph.
    pub(super) fn graph(&self, precision: Precision) -> PathBuf {
        self.folder.join(format!("{precision}.onnx"))
    }

    fn quantise(&self, footage: &Path, activations: Activations) -> Result<()> {
        let qdq = self.folder.join("qdq");
        if self.int8_bundle.is_dir() && qdq.join("decoder.onnx").is_file() {
            return Ok(());
        }
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)?;
        }
        fs::create_dir_all(&self.folder)?;
        let quantize = ["quantize", "--qdq-activations", activations.name()];
        let paths: [&OsStr; 7] = [
            self.f32_bundle.as_ref(),
            "--out".as_ref(),
            self.int8_bundle.as_ref(),
            "--footage".as_ref(),
            footage.as_ref(),
            "--qdq".as_ref(),
            qdq.as_ref(),
        ];
        let line = quantize.map(OsStr::new).into_iter().chain(paths);
        quantise(&QuantizeArgs::try_parse_from(line)?).context("quantize failed")
    }

    fn write_input(&self) -> Result<()> {
        let floats = self.frames.iter().map(|&byte| f32::from(byte) / 127.5 - 1.0);
        let bytes: Vec<u8> = floats.flat_map(f32::to_le_bytes).collect();
        fs::write(self.folder.join(INPUT), bytes)?;
        Ok(())
    }

    fn join(
        &self,
        python: &Path,
        graphs: &Path,
        precision: Precision,
        files: &BundleFiles,
    ) -> Result<()> {
        let mut join = Command::new(python);
        join.arg(scripts().join("join.py"));
        join.args([graphs.join("encoder.onnx"), graphs.join("decoder.onnx")]);
        join.arg(self.f32_bundle.join("memory.npy"));
        join.arg(files.manifest.memory.temperature.to_string()).arg(self.graph(precision));
        run(join, "join.py")
    }
}

/// The folder of the Python scripts.
pub(super) fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/peers")
}

fn run(mut command: Command, name: &str) -> Result<()> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let status = command.status().with_context(|| format!("cannot start {name}"))?;
    if !status.success() {
        bail!("{name} failed: {status}");
    }
    Ok(())
}
