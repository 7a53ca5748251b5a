//! Values as HTML. Everything is escaped text; characters that nobody sees, or that change the order of others, are drawn as their
//! code points.

use std::fmt::Write as _;

use xp_scope::Value;

/// Text for a line: nothing in it is invisible, and it has no line feed.
pub(super) fn inline(text: &str) -> String {
    text.chars().map(|c| if is_plain(c) { c.to_string() } else { point(c) }).collect()
}

fn point(c: char) -> String {
    format!("[U+{:04X}]", u32::from(c))
}

/// Whether a character is drawn as itself: it is assigned, visible, and changes nothing around it.
fn is_plain(c: char) -> bool {
    const BLANK: &[std::ops::RangeInclusive<u32>] = &[
        0x034F..=0x034F,
        0x115F..=0x1160,
        0x17B4..=0x17B5,
        0x180B..=0x180F,
        0x2800..=0x2800,
        0x3164..=0x3164,
        0xFE00..=0xFE0F,
        0xFFA0..=0xFFA0,
        0xE_0000..=0xE_0FFF,
    ];
    if c == '\\' || c == '"' || c == '\'' {
        return true;
    }
    // After a letter, so that combining marks count as themselves: what is escaped is not printable.
    let pair: String = ['a', c].iter().collect();
    pair.escape_debug().count() == 2 && !BLANK.iter().any(|range| range.contains(&u32::from(c)))
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push('\n'),
            '\t' => out.push_str("<span class=\"point\">⇥</span>\t"),
            c if is_plain(c) => out.push(c),
            c => {
                let _ = write!(out, "<span class=\"point\">U+{:04X}</span>", u32::from(c));
            }
        }
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    escape(text, &mut out);
    out
}

/// Whether text has the form of a unified diff.
fn is_diff(text: &str) -> bool {
    (text.starts_with("diff --git ") || text.starts_with("--- ")) && text.contains("\n@@ ")
}

fn diff(text: &str, out: &mut String) {
    out.push_str("<pre class=\"diff\">");
    for line in text.lines() {
        let class = match line.as_bytes().first() {
            _ if line.starts_with("+++") || line.starts_with("---") => "file",
            Some(b'+') => "plus",
            Some(b'-') => "minus",
            Some(b'@') => "hunk",
            _ => "same",
        };
        let _ = writeln!(out, "<span class=\"{class}\">{}</span>", escaped(line));
    }
    out.push_str("</pre>");
}

/// A value whole.
pub(super) fn value(value: &Value) -> String {
    let mut out = String::new();
    draw(value, &mut out);
    out
}

fn draw(value: &Value, out: &mut String) {
    match value {
        Value::Bool(yes) => out.push_str(if *yes { "<code>yes</code>" } else { "<code>no</code>" }),
        Value::Int(number) => {
            let _ = write!(out, "<code class=\"number\">{number}</code>");
        }
        Value::Text(text) if text.is_empty() => out.push_str("<span class=\"none\">empty text</span>"),
        Value::Text(text) if is_diff(text) => diff(text, out),
        Value::Text(text) if text.contains('\n') || text.chars().count() > 80 => {
            out.push_str("<pre>");
            escape(text, out);
            out.push_str("</pre>");
        }
        Value::Text(text) => {
            out.push_str("<code>");
            escape(text, out);
            out.push_str("</code>");
        }
        Value::List(list) if list.is_empty() => out.push_str("<span class=\"none\">empty list</span>"),
        Value::List(list) => {
            out.push_str("<ol class=\"list\">");
            for one in list {
                out.push_str("<li>");
                draw(one, out);
                out.push_str("</li>");
            }
            out.push_str("</ol>");
        }
        Value::Record(fields) => {
            out.push_str("<dl class=\"fields\">");
            for (name, one) in fields {
                let _ = write!(out, "<div><dt>{}</dt><dd>", escaped(name));
                draw(one, out);
                out.push_str("</dd></div>");
            }
            out.push_str("</dl>");
        }
    }
}

/// Characters of a value that stand in a list.
const SHORT: usize = 60;

/// The beginning of a value, in one line. For a list, in which nothing is decided.
pub(super) fn short(value: &Value) -> String {
    let text = match value {
        Value::Text(text) => inline(text),
        other => inline(&serde_json::json!(other).to_string()),
    };
    if text.chars().count() <= SHORT {
        return text;
    }
    let cut: String = text.chars().take(SHORT - 1).collect();
    format!("{cut}…")
}

/// A moment in UTC.
pub(super) fn moment(at: u64) -> String {
    let (days, seconds) = (at / 86_400_000, at / 1_000 % 86_400);
    let (year, month, day) = date(days);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", seconds / 3_600, seconds / 60 % 60)
}

/// The civil date of a day since 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let left = day - (365 * year + year / 4 - year / 100);
    let month = (5 * left + 2) / 153;
    let (day, month) = (left - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    (year + era * 400 + u64::from(month <= 2), month, day)
}

/// How long ago something was; `now` is in seconds.
pub(super) fn ago(at: u64, now: i64) -> String {
    let seconds = u64::try_from(now).unwrap_or_default().saturating_sub(at / 1_000);
    let of = |number: u64, unit: &str| format!("{number} {unit}{}", if number == 1 { "" } else { "s" });
    match seconds {
        0..60 => "less than a minute".to_owned(),
        60..3_600 => of(seconds / 60, "minute"),
        3_600..86_400 => of(seconds / 3_600, "hour"),
        _ => of(seconds / 86_400, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_drawn_as_a_code_point() {
        let hidden = [
            '\u{202E}',
            '\u{200B}',
            '\u{2066}',
            '\u{FEFF}',
            '\u{0}',
            '\u{1B}',
            '\u{E0041}',
            '\u{FE0F}',
            '\u{3164}',
            '\u{00AD}',
            '\u{2028}',
            '\u{85}',
            '\u{A0}',
            '\u{0378}',
            '\r',
            '\u{2800}',
            '\u{034F}',
        ];
        for c in hidden {
            let drawn = value(&Value::Text(format!("a{c}b")));
            assert!(drawn.contains(&format!("U+{:04X}", u32::from(c))), "{drawn}");
            assert!(!drawn.contains(c), "{drawn}");
            assert!(inline(&c.to_string()).contains("U+"));
        }
        for text in ["é", "e\u{301}", "नमस्ते", "日本", "a b", "\"quoted\" \\ 'it'"] {
            assert!(!value(&Value::Text(text.to_owned())).contains("U+"), "{text}");
        }
    }

    #[test]
    fn markup_of_others_is_text() {
        let drawn = value(&Value::Text("<img src=x onerror=alert(1)>&\"'".to_owned()));
        assert_eq!(drawn, "<code>&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#39;</code>");
    }

    #[test]
    fn moments_are_civil_dates() {
        assert_eq!(moment(0), "1970-01-01 00:00 UTC");
        assert_eq!(moment(1_709_210_096_000), "2024-02-29 12:34 UTC");
        assert_eq!(ago(0, 59), "less than a minute");
        assert_eq!(ago(0, 3_600), "1 hour");
    }
}
