//! Signatures for bundles, and keys to make them with.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use minisign::{KeyPair, SecretKey, SecretKeyBox};
use normwatch::model::{Bundle, Covers};

const OWNER_ONLY: u32 = 0o600;
/// How the second line of a secret key's file begins.
const SECRET_KEY: &str = "RW";

const EXAMPLE: &str = "\
Make a key once, then sign:
  normwatch sign --new-key fleet.key --password-file password.txt
  normwatch sign walkway-edge --key fleet.key --password-file password.txt";

/// Signs a bundle, so that boards take it from you alone.
///
/// A site file that has `bundle_keys` watches with no other bundle than one that one
/// of these keys has signed. Keys and signatures are those of minisign (Ed25519): you may
/// make and check them with that program as well.
///
/// Signed is what the manifest says and each file that it lists. A new calibration
/// needs a new signature, unless the network alone was signed.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLE)]
pub struct SignArgs {
    /// The bundle.
    #[arg(required_unless_present = "new_key", conflicts_with = "new_key")]
    bundle: Option<PathBuf>,
    /// The secret key to sign with.
    #[arg(long, value_name = "FILE", required_unless_present = "new_key")]
    key: Option<PathBuf>,
    /// Leave the calibration out of it: whoever may write to the bundle may then
    /// calibrate it, and change its levels.
    #[arg(long, conflicts_with = "new_key")]
    network_alone: bool,
    /// Make a key: the secret one in FILE, the public one in FILE.pub. Neither may exist.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    new_key: Option<PathBuf>,
    /// The secret key's password, on the first line of FILE; a key without one is only as
    /// safe as the disk that it lies on.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// # Errors
/// A key, password or bundle that does not fit, or a file that cannot be read or
/// written.
pub fn run(args: &SignArgs) -> Result<()> {
    let password = args.password_file.as_deref().map(read_password).transpose()?;
    match (&args.new_key, &args.bundle, &args.key) {
        (Some(file), ..) => make_key(file, password),
        (None, Some(bundle), Some(key)) => {
            let covers =
                if args.network_alone { Covers::NetworkAlone } else { Covers::Calibration };
            sign(bundle, &read_key(key, password)?, covers)
        }
        _ => bail!("name a bundle and its `--key`, or `--new-key`"),
    }
}

fn read_password(file: &Path) -> Result<String> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let line = text.lines().next().unwrap_or_default();
    ensure!(!line.is_empty(), "{}: its first line is empty", file.display());
    Ok(line.to_owned())
}

fn make_key(file: &Path, password: Option<String>) -> Result<()> {
    let mut public = file.as_os_str().to_owned();
    public.push(".pub");
    let public = PathBuf::from(public);
    for path in [file, &public] {
        ensure!(!path.exists(), "{}: exists, and a key is never overwritten", path.display());
    }
    let pair = match password {
        Some(password) => KeyPair::generate_encrypted_keypair(Some(password)),
        None => KeyPair::generate_unencrypted_keypair(),
    }?;
    create(file, OWNER_ONLY, pair.sk.to_box(Some("normwatch secret key"))?.into_string())?;
    create(&public, 0o644, pair.pk.to_box()?.into_string())?;
    println!("{}: keep it secret, and a copy of it", file.display());
    println!("{}: for the site file:\n", public.display());
    println!("bundle_keys = [\"{}\"]", pair.pk.to_base64());
    Ok(())
}

fn create(file: &Path, mode: u32, text: String) -> Result<()> {
    let mut opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(file);
    let written = opened.as_mut().map_err(|e| std::io::Error::from(e.kind()));
    written
        .and_then(|file| file.write_all(format!("{}\n", text.trim_end()).as_bytes()))
        .with_context(|| file.display().to_string())
}

fn read_key(file: &Path, password: Option<String>) -> Result<SecretKey> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let is_one = text.lines().nth(1).is_some_and(|line| line.starts_with(SECRET_KEY));
    ensure!(is_one, "{}: not a secret key of minisign", file.display());
    let read = || SecretKeyBox::from_string(&text);
    if let Ok(key) = read()?.into_unencrypted_secret_key() {
        return Ok(key);
    }
    let Some(password) = password else {
        bail!("{}: not a key without a password: give it by `--password-file`", file.display());
    };
    let key = read()?.into_secret_key(Some(password));
    key.with_context(|| format!("{}: this is not its password, or not its text", file.display()))
}

fn sign(bundle: &Path, key: &SecretKey, covers: Covers) -> Result<()> {
    let bundle = Bundle::load(bundle)?;
    let statement = bundle.statement(covers);
    let name = &bundle.manifest().name;
    let signature =
        minisign::sign(None, key, statement.as_bytes(), Some(name), Some("normwatch bundle"))?;
    let [said, signed] = bundle.signature_files();
    let parts = [(&said, statement.clone()), (&signed, signature.into_string())];
    for (file, text) in parts {
        normwatch::fs::write_atomically(file, text.as_bytes())
            .with_context(|| file.display().to_string())?;
    }
    let what = match (covers, bundle.calibration_file()) {
        (Covers::NetworkAlone, _) => "the network alone: its calibration may change",
        (Covers::Calibration, None) => "it has no calibration yet; one needs another signature",
        (Covers::Calibration, Some(_)) => "with its calibration",
    };
    println!("{}: signed, {what}", signed.display());
    Ok(())
}

#[cfg(test)]
mod tests;
