//! Characters that are no part of the language, with what was probably meant.

use xp_diagnostics::{Diagnostic, codes};

use super::{Kind, Lexer, is_word, shorten, show};

/// Marks of other languages, longer ones first.
const MARKS: [&str; 5] = ["=>", "==", "!=", "<-", "<"];

impl Lexer<'_> {
    /// Something that starts with a character unknown here.
    pub(super) fn foreign(&mut self) {
        let rest = self.rest();
        let mark = MARKS.into_iter().find(|mark| rest.starts_with(mark));
        if let Some(mark) = mark {
            return self.foreign_mark(mark);
        }
        let line = rest.split('\n').next().unwrap_or("");
        match foreign_string(line) {
            Some(len) => self.foreign_string(len),
            None => self.unknown_characters(),
        }
    }

    fn foreign_mark(&mut self, mark: &str) {
        let span = self.span(mark.len());
        match mark {
            "=>" => {
                let fault = Diagnostic::error(codes::BAD_CHARACTER, "`=>` means nothing here").at(span);
                self.out.faults.push(fault.help("an arrow is written `->`").fix(span, "->", "write `->`"));
            }
            "<-" => self.out.faults.push(
                Diagnostic::error(codes::BAD_CHARACTER, "`<-` means nothing here")
                    .at(span)
                    .help("an arrow is written `->`, and what is made is named with `as`"),
            ),
            "<" => return self.type_in_angles(),
            _ => {
                let is = if mark == "!=" { "is not" } else { "is" };
                let fault = Diagnostic::error(codes::BAD_CHARACTER, format!("`{mark}` means nothing here"));
                let fault =
                    fault.at(span).help("values are compared with `is`, `is not`, `<`, `<=`, `>` and `>=`");
                self.out.faults.push(fault.fix(span, format!(" {is} "), format!("write `{is}`")));
            }
        }
        self.push(Kind::Bad, mark.len());
    }

    /// What follows would be the type of elements in other languages.
    pub(super) fn after_collection(&self) -> bool {
        matches!(self.last_word(), "list" | "set")
    }

    /// `list<path>`.
    fn type_in_angles(&mut self) {
        let line = self.rest().split('\n').next().unwrap_or("");
        let inner = line.split_once('>').and_then(|(before, _)| before.strip_prefix('<'));
        let plain =
            |inner: &&str| !inner.is_empty() && inner.chars().all(|c| is_word(c) || c == '.' || c == ' ');
        let fault = Diagnostic::error(codes::BAD_CHARACTER, "`<` means nothing here").at(self.span(1));
        match inner.filter(plain) {
            Some(inner) => {
                let (len, inner) = (inner.len() + 2, inner.trim());
                let fault = fault.help(format!("what it holds is written with `of`: `of {inner}`"));
                self.out.faults.push(fault.fix(self.span(len), format!(" of {inner}"), "write `of`"));
                self.push(Kind::Bad, len);
            }
            None => {
                self.out.faults.push(fault.help("what it holds is written with `of`: `list of path`"));
                self.push(Kind::Bad, 1);
            }
        }
    }

    /// Text between quotes of another kind.
    fn foreign_string(&mut self, len: usize) {
        if !self.hidden(len, false) {
            let written = self.rest().get(..len).unwrap_or("");
            let mut inside = written.chars();
            let open = inside.next().unwrap_or('\'');
            inside.next_back();
            let inside = inside.as_str();
            let fault = Diagnostic::error(codes::BAD_CHARACTER, format!("`{open}` means nothing here"))
                .at(self.span(open.len_utf8()))
                .help("strings stand between straight double quotes `\"`");
            self.out.faults.push(if inside.contains(['"', '\\']) {
                fault
            } else {
                fault.fix(self.span(len), format!("\"{inside}\""), "write `\"`")
            });
        }
        self.push(Kind::Bad, len);
    }

    /// The mark at hand stands inside a word.
    fn between_word_characters(&self, at: usize, mark: &str) -> bool {
        let before = self.out.text.get(..at).and_then(|text| text.chars().next_back());
        let after = self.out.text.get(at..).and_then(|text| text.strip_prefix(mark)?.chars().next());
        before.is_some_and(is_word) && after.is_some_and(is_word)
    }

    fn unknown_characters(&mut self) {
        let known = |c: char| {
            is_word(c)
                || c.is_ascii_whitespace()
                || matches!(c, '"' | '{' | '}' | '(' | ')' | '[' | ']' | ',' | ':' | '.' | '=' | '|')
        };
        let start = self.at;
        let first = self.rest().chars().next().map_or(1, char::len_utf8);
        let mut len = first;
        for c in self.out.text.get(start + first..).unwrap_or("").chars() {
            // A run ends where something else could begin.
            if known(c) || c == '/' || c == '-' {
                break;
            }
            len += c.len_utf8();
        }
        if self.out.text.get(start..start + 1) == Some("#") {
            // The rest of the line is meant as a comment.
            let line = self.rest().find('\n').unwrap_or(self.rest().len());
            len = self.rest().get(..line).map_or(len, str::len);
            if !self.hidden(len, true) {
                let fault =
                    Diagnostic::error(codes::BAD_CHARACTER, "`#` means nothing here").at(self.span(1));
                self.out.faults.push(fault.help("a comment starts with `//`").fix(
                    self.span(1),
                    "//",
                    "write `//`",
                ));
            }
            return self.push(Kind::Bad, len);
        }
        if self.between_word_characters(start, "-") {
            let fault = Diagnostic::error(codes::BAD_CHARACTER, "`-` means nothing here").at(self.span(1));
            let fault = fault.help("names are written with the letters a to z, digits and `_`");
            self.out.faults.push(fault.fix(self.span(1), "_", "write `_`"));
            return self.push(Kind::Bad, 1);
        }
        let written = self.out.text.get(start..start + len).unwrap_or("");
        let shown: String = shorten(written).chars().flat_map(show).collect();
        let mut fault = Diagnostic::error(codes::BAD_CHARACTER, format!("`{shown}` means nothing here"))
            .at(self.span(len));
        if written.chars().all(|c| c == ';') {
            fault = fault.help("nothing ends with `;`: take it out").fix(self.span(len), "", "remove `;`");
        } else if written.chars().any(char::is_alphabetic) {
            fault = fault.help("names are written with the letters a to z, digits and `_`");
        } else if written == "/" {
            fault = fault.help("a comment starts with `//`");
        } else if written == "-" || written == "–" || written == "—" || written == "→" {
            fault = fault.help("an arrow is written `->`");
        } else if written.starts_with(['“', '”', '\'', '‘', '’', '`', '„']) {
            fault = fault.help("strings stand between straight double quotes `\"`");
        } else if written == "&&" || written == "&" {
            fault = fault.help("write `and`").fix(self.span(len), "and", "write `and`");
        } else if written == "!" {
            fault = fault.help("write `not`").fix(self.span(len), "not ", "write `not`");
        }
        self.out.faults.push(fault);
        self.push(Kind::Bad, len);
    }
}

/// The length of what starts with a quote of another kind and ends with its partner, in bytes.
fn foreign_string(line: &str) -> Option<usize> {
    let open = line.chars().next()?;
    let closing: &[char] = match open {
        '\'' => &['\''],
        '`' => &['`', '\''],
        '‘' | '’' => &['’'],
        '“' | '”' => &['”'],
        '„' => &['“', '”'],
        '«' => &['»'],
        _ => return None,
    };
    let inside = line.get(open.len_utf8()..)?;
    let end = inside.find(closing)?;
    let close = inside.get(end..)?.chars().next()?;
    // A comment is no part of a string.
    (!inside.get(..end)?.contains(" //")).then_some(open.len_utf8() + end + close.len_utf8())
}
