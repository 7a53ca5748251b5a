//! `htu` (RFC 9449 section 4.3): scheme, authority and path, normalised by case, default port and needless escapes.
//! What would have to be repaired further (dot segments, user info, raw non-ASCII) is refused.

use super::error::ProofError;

/// The normal form of an absolute http(s) URL without query and fragment.
pub(crate) fn normalise(url: &str) -> Result<String, ProofError> {
    normal_form(url).ok_or(ProofError::Url)
}

fn normal_form(url: &str) -> Option<String> {
    if url.len() > 2048 || !url.bytes().all(|b| b.is_ascii_graphic() && !b"\\<>\"`{}|^".contains(&b)) {
        return None;
    }
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "http" => "80",
        "https" => "443",
        _ => return None,
    };
    let rest = rest.split(['?', '#']).next()?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let authority = authority.to_ascii_lowercase();
    if authority.contains(['@', '%']) {
        return None;
    }
    let (host, port) = split_port(&authority)?;
    if host.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) || port.len() > 5 {
        return None;
    }
    let port = if port.is_empty() || port == default_port { String::new() } else { format!(":{port}") };
    let path = path.split('/').map(segment).collect::<Option<Vec<_>>>()?.join("/");
    Some(format!("{scheme}://{host}{port}{path}"))
}

/// Splits off the port; an IPv6 host keeps its brackets.
fn split_port(authority: &str) -> Option<(&str, &str)> {
    if authority.starts_with('[') {
        let end = authority.find(']')?;
        let (host, rest) = authority.split_at(end + 1);
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, port)),
            None => rest.is_empty().then_some((host, "")),
        };
    }
    match authority.split_once(':') {
        Some((_, port)) if port.contains(':') => None,
        Some(parts) => Some(parts),
        None => Some((authority, "")),
    }
}

/// One path segment with escapes of unreserved characters undone and the others in upper case.
fn segment(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(char::from(byte));
            continue;
        }
        let (high, low) = (char::from(bytes.next()?), char::from(bytes.next()?));
        let code = u8::try_from(high.to_digit(16)? * 16 + low.to_digit(16)?).ok()?;
        if code.is_ascii_alphanumeric() || b"-._~".contains(&code) {
            out.push(char::from(code));
        } else {
            out.push('%');
            out.push(high.to_ascii_uppercase());
            out.push(low.to_ascii_uppercase());
        }
    }
    (out != "." && out != "..").then_some(out)
}

#[cfg(test)]
mod tests {
    use super::normalise;

    #[test]
    fn equal_urls_have_one_form() {
        for (url, form) in [
            ("HTTP://LocalHost:80/a/b?q=1#f", "http://localhost/a/b"),
            ("https://h:443", "https://h/"),
            ("https://h:8443/%7ea/%2fb", "https://h:8443/~a/%2Fb"),
            ("http://[::1]:7000/x", "http://[::1]:7000/x"),
            ("http://h:/x", "http://h/x"),
        ] {
            assert_eq!(normalise(url).as_deref(), Ok(form), "{url}");
        }
    }

    #[test]
    fn what_two_parsers_may_read_differently_is_refused() {
        for url in [
            "",
            "h/x",
            "ftp://h/x",
            "http:///x",
            "http://a@h/x",
            "http://h/a/../b",
            "http://h/a/%2e%2E/b",
            "http://h/a\\b",
            "http://h/a b",
            "http://h/é",
            "http://h:8x/",
            "http://h:80:80/",
            "http://[::1/x",
            "http://[::1]x/",
            "http://h/%4",
            "http://h/%zz",
            "http://h%2f/x",
            "http://h:123456/",
        ] {
            assert!(normalise(url).is_err(), "{url}");
        }
    }
}
