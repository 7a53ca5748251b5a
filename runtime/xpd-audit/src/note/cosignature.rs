//! Cosignatures of checkpoints by witnesses (C2SP tlog-cosignature, Ed25519).

use super::signed::{Note, NoteError, NoteSignature};
use super::vkey::CosignerKey;

/// Cosigns the text of a checkpoint. `time` is in seconds since 1970; `sign` makes the Ed25519 signature of
/// the key.
///
/// # Errors
/// `time` is out of range, or the signature does not verify under the key.
pub fn cosign(
    text: &str,
    key: &CosignerKey,
    time: u64,
    sign: impl FnOnce(&[u8]) -> [u8; 64],
) -> Result<NoteSignature, NoteError> {
    if !is_time(time) {
        return Err(NoteError::Form);
    }
    let message = message(text, time);
    let signature = sign(message.as_bytes());
    if !key.verifies(message.as_bytes(), &signature) {
        return Err(NoteError::Signature);
    }
    let bytes = time.to_be_bytes().into_iter().chain(signature).collect();
    Ok(NoteSignature { name: key.name().to_owned(), id: key.id(), bytes })
}

/// When the witness last cosigned the note, in seconds since 1970.
///
/// # Errors
/// The note has no cosignature by the witness, or has one that does not verify.
pub fn cosigned_at(note: &Note, key: &CosignerKey) -> Result<u64, NoteError> {
    let mut latest = None;
    for line in note.signatures_of(key.name(), key.id()) {
        let time = verified(note.unverified_text(), line, key).ok_or(NoteError::Signature)?;
        latest = latest.max(Some(time));
    }
    latest.ok_or(NoteError::Unsigned)
}

fn verified(text: &str, line: &NoteSignature, key: &CosignerKey) -> Option<u64> {
    let (time, signature) = line.bytes.split_first_chunk::<8>()?;
    let time = u64::from_be_bytes(*time);
    let signature: &[u8; 64] = signature.try_into().ok()?;
    (is_time(time) && key.verifies(message(text, time).as_bytes(), signature)).then_some(time)
}

fn message(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// The specification excludes zero and values beyond a signed 64-bit integer.
fn is_time(time: u64) -> bool {
    time != 0 && i64::try_from(time).is_ok()
}
