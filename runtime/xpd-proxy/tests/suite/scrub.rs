//! Secrets in what an upstream answers, in the encodings in which it may have received or stored them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use xp_scope::Value;
use xpd_proxy::{Scrubber, Secret};

const MASK: &str = "[secret]";
/// Its encodings have the characters that the alphabets of base64 differ in, and others that are escaped.
const SECRET: &str = "corr~~~\"c?>\\t/horse+batt%25ery";

fn scrubber() -> Scrubber {
    Scrubber::new([Secret::new(SECRET).unwrap(), Secret::new("short").unwrap()])
}

#[track_caller]
fn masked(form: &str) {
    assert_eq!(scrubber().text(&format!("a {form} b")), format!("a {MASK} b"), "{form}");
}

fn each(byte: impl Fn(u8) -> String) -> String {
    SECRET.bytes().map(byte).collect()
}

#[test]
fn a_secret_is_scrubbed_plain_in_hex_and_escaped() {
    masked(SECRET);
    masked(&each(|byte| format!("{byte:02x}")));
    masked(&each(|byte| format!("{byte:02X}")));
    masked(&each(|byte| format!("%{byte:02x}")));
    masked(&each(|byte| format!("%{byte:02X}")));
    masked(&each(|byte| format!("\\u{byte:04x}")));
    masked(&each(|byte| format!("\\u{byte:04X}")));
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let percent = |byte: u8| match unreserved(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    masked(&each(percent));
    // As `encodeURI`, which leaves more as it is.
    masked(&each(|byte| if b"+/?".contains(&byte) { char::from(byte).to_string() } else { percent(byte) }));
    let json = serde_json::to_string(SECRET).unwrap();
    masked(json.trim_matches('"').trim_end_matches('\\'));
    masked(&json.trim_matches('"').replace('/', "\\/"));
}

#[test]
fn a_secret_is_scrubbed_in_base64_whatever_stands_around_it() {
    let before = ["", ":", "a:", "ab:", "abc:", "user:", "x-access-token:", "{\"token\":\""];
    for before in before {
        for after in ["", "\n", ":x", "xyz", "\"}"] {
            let whole = format!("{before}{SECRET}{after}");
            for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
                let encoded = engine.encode(&whole);
                // Characters that encode bits of nothing but what stands before, or after.
                let left = &encoded[..before.len() * 8 / 6];
                let right = &encoded[((before.len() + SECRET.len()) * 8).div_ceil(6)..];
                let wanted = format!("Basic {left}{MASK}{}.", right.trim_start_matches('='));
                assert_eq!(scrubber().text(&format!("Basic {encoded}.")), wanted, "{whole}");
            }
            let escaped = STANDARD.encode(&whole).replace('/', "%2F").replace('+', "%2b").replace('=', "%3D");
            let scrubbed = scrubber().text(&escaped);
            assert!(scrubbed.contains(MASK), "{whole}: {scrubbed}");
        }
    }
}

/// With every length, so that each number of leftover bits occurs.
#[test]
fn a_basic_pair_is_scrubbed_for_secrets_of_every_length() {
    for length in 8..40 {
        let secret: String = "k7~Zq-9_Vw?/".chars().cycle().take(length).collect();
        let scrubber = Scrubber::new([Secret::new(&secret).unwrap()]);
        for user in ["", "a", "ab", "abc"] {
            let pair = STANDARD.encode(format!("{user}:{secret}"));
            let kept = &pair[..(user.len() + 1) * 8 / 6];
            assert_eq!(scrubber.text(&pair), format!("{kept}{MASK}"), "{user} {length}");
        }
    }
}

#[test]
fn text_without_secrets_stays_as_it_is() {
    for text in [
        "",
        "a short text",
        "100% of \\u0041 \\ %zz %",
        "ü%C3%BC — \u{1f512}",
        "corr~~~\"c?>\\t/horse+batt%25er",
        "\\u00e9\\ud83d",
    ] {
        assert_eq!(scrubber().text(text), text);
    }
    assert_eq!(Scrubber::default().text("a"), "a");
}

#[test]
fn all_secrets_are_scrubbed_wherever_they_stand() {
    let (one, two) = ("secret-one-1", "one-1234567");
    let scrubber = Scrubber::new([Secret::new(one).unwrap(), Secret::new(two).unwrap()]);
    assert_eq!(scrubber.text(&format!("ü{one}{one}ü{two}")), "ü[secret][secret]ü[secret]");
    // Two that overlap leave nothing of either.
    assert_eq!(scrubber.text("a secret-one-1234567 b"), "a [secret] b");
    let named = Value::Record([(one.to_owned(), Value::List(vec![Value::Text(two.to_owned())]))].into());
    let clean = Value::Record([(MASK.to_owned(), Value::List(vec![Value::Text(MASK.to_owned())]))].into());
    assert_eq!(scrubber.value(named), clean);
}
