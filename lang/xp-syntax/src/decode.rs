//! Bytes to text.

use xp_diagnostics::{Diagnostic, codes};

/// The text of a file; a byte order mark is dropped.
///
/// # Errors
/// When the bytes are not UTF-8. The fault has no file yet: put it in one with [`Diagnostic::in_file`].
pub fn decode(bytes: &[u8]) -> Result<String, Box<Diagnostic>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()),
        Err(error) => {
            let at = error.valid_up_to();
            let line = bytes.iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
            let byte = bytes.get(at).copied().unwrap_or(0);
            let mut fault = Diagnostic::error(codes::NOT_UTF8, "the file is not UTF-8")
                .because(format!("line {line} holds the byte 0x{byte:02X} at offset {at}"));
            fault = if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
                fault.help("it looks like UTF-16: save it as UTF-8")
            } else {
                fault.help("save it as UTF-8")
            };
            Err(Box::new(fault))
        }
    }
}
