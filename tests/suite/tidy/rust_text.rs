//! Rust source with irrelevant parts blanked. A lexer for this purpose, not a parser.

/// The text without comments and without inline test modules. Strings are kept.
pub fn without_tests_and_comments(text: &str) -> String {
    cut_tests(&blank(text, false), &blank(text, true))
}

/// The text without comments, contents of literals, and inline test modules.
pub fn code(text: &str) -> String {
    let blanked = blank(text, true);
    cut_tests(&blanked, &blanked).replace("r#", "")
}

/// Names of the modules in other files that are compiled for tests only.
pub fn test_modules(text: &str) -> Vec<String> {
    let blanked = blank(text, true);
    blanked
        .match_indices("#[cfg(test)]")
        .filter_map(|(at, mark)| {
            let after = blanked[at + mark.len()..].trim_start();
            let (name, _) = after.trim_start_matches("pub(crate) ").strip_prefix("mod ")?.split_once(';')?;
            (!name.contains('{')).then(|| name.trim().to_owned())
        })
        .collect()
}

/// Replaces comments and, if asked, contents of literals by spaces. Length and line breaks are kept.
fn blank(text: &str, literals: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let (end, wipe) = token(bytes, at);
        if wipe == Wipe::Comment || (wipe == Wipe::Literal && literals) {
            out[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        }
        at = end;
    }
    String::from_utf8(out).expect("whole characters became spaces")
}

#[derive(PartialEq, Eq)]
enum Wipe {
    Comment,
    Literal,
    Nothing,
}

/// The end of the token that begins here, and whether to blank it.
fn token(bytes: &[u8], at: usize) -> (usize, Wipe) {
    let rest = &bytes[at..];
    let word_before = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    if rest.starts_with(b"//") {
        let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        return (at + length, Wipe::Comment);
    }
    if rest.starts_with(b"/*") {
        return (at + block_comment(rest), Wipe::Comment);
    }
    if rest[0] == b'"' {
        return (at + quoted(rest, b'"'), Wipe::Literal);
    }
    if rest[0] == b'r' && (!word_before || bytes[at - 1] == b'b') {
        let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
        if rest.get(1 + hashes) == Some(&b'"') {
            let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
            let body = &rest[2 + hashes..];
            let length = body.windows(close.len()).position(|w| w == close).unwrap_or(body.len());
            return ((at + 2 + hashes + length + close.len()).min(bytes.len()), Wipe::Literal);
        }
    }
    if rest[0] == b'\'' {
        // A lifetime has no closing quote after its first character.
        let text = std::str::from_utf8(&rest[1..]).unwrap_or_default();
        let mut characters = text.chars();
        let first = characters.next();
        if first == Some('\\') || characters.next() == Some('\'') {
            return (at + quoted(rest, b'\''), Wipe::Literal);
        }
    }
    (at + 1, Wipe::Nothing)
}

fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0_u32, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// Removes `#[cfg(test)] … { … }` and `#[test] … { … }` from `text`, with braces matched in `code`.
fn cut_tests(text: &str, code: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    while let Some((start, mark)) = ["#[cfg(test)]", "#[test]"]
        .iter()
        .filter_map(|mark| Some((from + code[from..].find(mark)?, mark)))
        .min()
    {
        let after = start + mark.len();
        let end = match code[after..].find(['{', ';']).map(|n| after + n) {
            Some(open) if code.as_bytes()[open] == b'{' => closing(code, open),
            Some(semicolon) => semicolon + 1,
            None => code.len(),
        };
        kept.push_str(&text[from..start]);
        from = end;
    }
    kept.push_str(&text[from..]);
    kept
}

fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_u32;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn comments_strings_and_tests_do_not_count() {
    let text = r##"
        use crate::kept; // crate::a
        /* crate::b /* crate::c */ crate::d */
        const S: &str = "crate::e \" crate::f"; const R: &str = r#"crate::g " crate::h"#; const C: char = '"';
        fn life<'a>(x: &'a str) -> char { '\'' } // "
        #[cfg(test)]
        mod tests { use crate::i; fn f() { let s = "}"; } }
        #[cfg(test)]
        mod elsewhere;
        fn also() { crate::also_kept() }
    "##;
    let code = code(text);
    let names: Vec<&str> =
        code.split("crate::").skip(1).map(|rest| &rest[..rest.find([';', '(']).unwrap()]).collect();
    assert_eq!(names, ["kept", "also_kept"]);
    assert_eq!(test_modules(text), ["elsewhere"]);
    assert!(without_tests_and_comments(text).contains("crate::e"));
    assert!(!without_tests_and_comments(text).contains("crate::i"));
}
