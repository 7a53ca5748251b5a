//! Values of headers.

use reqwest::header::HeaderValue;

use crate::unsendable::{Fault, Unsendable};

/// A header value of visible ASCII, with blanks (U+0020) inside only: others are removed or altered on the
/// way.
///
/// # Errors
/// The text is empty or has other characters.
pub fn header_value(text: &str) -> Result<HeaderValue, Unsendable> {
    let wrong = |fault| Err(Unsendable::Header(fault));
    if text.is_empty() {
        return wrong(Fault::Empty);
    }
    if text.chars().any(char::is_control) {
        return wrong(Fault::Control);
    }
    if !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return wrong(Fault::NotAscii);
    }
    if text.starts_with(' ') || text.ends_with(' ') {
        return wrong(Fault::OuterBlank);
    }
    HeaderValue::from_str(text).map_err(|_| Unsendable::Header(Fault::NotAscii))
}
