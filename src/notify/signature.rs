//! Signatures of Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Of SHA-256.
const BLOCK_BYTES: usize = 64;

const PREFIX: &str = "whsec_";

/// What the header `webhook-signature` holds: one signature for each secret, so that a
/// secret can be changed without a gap.
///
/// # Errors
/// A secret is not one; the text does not quote it.
pub(super) fn sign(
    secrets: &[String],
    id: &str,
    unix_s: u64,
    body: &[u8],
) -> Result<String, String> {
    let signature = |secret: &String| {
        let key = STANDARD.decode(secret.strip_prefix(PREFIX).unwrap_or(secret)).ok();
        let key = key.filter(|key| !key.is_empty()).ok_or(
            "the secret is not one: it is `whsec_` and 24 to 64 bytes in base64, as \
             `echo whsec_$(openssl rand -base64 32)` makes one",
        )?;
        let head = format!("{id}.{unix_s}.");
        let sum = hmac_sha256(&key, &[head.as_bytes(), body]);
        Ok(format!("v1,{}", STANDARD.encode(sum)))
    };
    let signatures: Result<Vec<String>, String> = secrets.iter().map(signature).collect();
    Ok(signatures?.join(" "))
}

/// RFC 2104 over the parts, one behind the other.
fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut block = [0; BLOCK_BYTES];
    if key.len() > BLOCK_BYTES {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mut inner = Sha256::new();
    inner.update(block.map(|byte| byte ^ 0x36));
    parts.iter().for_each(|part| inner.update(part));
    let mut outer = Sha256::new();
    outer.update(block.map(|byte| byte ^ 0x5c));
    outer.update(inner.finalize());
    outer.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// RFC 4231, cases 2 and 6: a short key, and one longer than a block.
    #[test]
    fn the_code_is_that_of_the_rfc() {
        assert_eq!(
            hex(&hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"])),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let text = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(
            hex(&hmac_sha256(&[0xaa; 131], &[text])),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    /// Computed by `printf '%s' 'a-begin.1796022725.{"test":2432232314}' | openssl dgst -sha256
    /// -mac HMAC -macopt hexkey:KEY -binary | base64`.
    #[test]
    fn a_signature_is_that_of_openssl() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_string();
        let body = b"{\"test\":2432232314}";
        let one = sign(std::slice::from_ref(&secret), "a-begin", 1_796_022_725, body).unwrap();
        assert_eq!(one, "v1,iKh4jRnfAKDm503P4enJxB/1KRU68BOBtoFY90Go5J8=");
        // The example of the standard's own libraries.
        let body = b"{\"test\": 2432232314}";
        let theirs = sign(
            std::slice::from_ref(&secret),
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            body,
        );
        assert_eq!(theirs.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let two = sign(&[secret.clone(), secret], "a-begin", 1_796_022_725, b"{}").unwrap();
        assert_eq!(two.split(' ').count(), 2, "{two}");
        assert_ne!(two, format!("{one} {one}"), "the body counts");
        let told = sign(&["hunter2!".into()], "a", 1, body).unwrap_err();
        assert!(!told.contains("hunter2"), "{told}");
    }
}
