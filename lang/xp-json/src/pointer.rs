//! JSON pointers (RFC 6901).

/// The reference tokens of a JSON pointer (RFC 6901); none if it is not one. `""` is the whole.
#[must_use]
pub fn pointer(text: &str) -> Option<Vec<String>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let rest = text.strip_prefix('/')?;
    rest.split('/').map(unescaped).collect()
}

fn unescaped(token: &str) -> Option<String> {
    let mut found = String::with_capacity(token.len());
    let mut chars = token.chars();
    while let Some(c) = chars.next() {
        found.push(match c {
            '~' => match chars.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            c => c,
        });
    }
    Some(found)
}

/// A token of a pointer that counts elements of an array.
#[must_use]
pub fn index(token: &str) -> Option<usize> {
    let plain = token == "0" || (!token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit()));
    if plain { token.parse().ok() } else { None }
}
