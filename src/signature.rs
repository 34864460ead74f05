//! Signatures as minisign makes them: Ed25519 over a text, by a key that a site names.

use std::fmt;

/// A key whose signatures count: the second line of the `.pub` file that minisign, or
/// `normwatch sign --new-key`, writes.
#[derive(Clone)]
pub struct PublicKey {
    text: String,
    key: minisign_verify::PublicKey,
}

impl PublicKey {
    /// # Errors
    /// The text is not such a line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim().to_owned();
        let key = minisign_verify::PublicKey::from_base64(&text).map_err(|e| e.to_string())?;
        Ok(Self { text, key })
    }

    /// Whether `signature`, the text of a `.minisig` file, is this key's over `signed`.
    ///
    /// # Errors
    /// It is another key's, of another text, or not a signature.
    pub fn verify(&self, signed: &[u8], signature: &str) -> Result<(), String> {
        let signature = minisign_verify::Signature::decode(signature).map_err(|e| e.to_string())?;
        self.key.verify(signed, &signature, false).map_err(|e| e.to_string())
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.text)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
