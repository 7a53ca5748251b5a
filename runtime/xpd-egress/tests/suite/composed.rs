//! URLs that are composed.

use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use reqwest::Url;
use xpd_egress::{Fault, Unsendable, check_segment, compose, header_value};

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

#[test]
fn everything_but_unreserved_characters_is_encoded() {
    let made = compose(
        &url("https://ghe.example/api/v3/"),
        &["repos", "ü ?#%&+=:@", "a...b~_-"],
        &[("q", "a:\"b\" &c/;"), ("x y", "")],
    );
    assert_eq!(
        made.unwrap().as_str(),
        "https://ghe.example/api/v3/repos/%C3%BC%20%3F%23%25%26%2B%3D%3A%40/a...b~_-?q=a%3A%22b%22%20%26c%2F%3B&x%20y="
    );
}

#[test]
fn scheme_host_port_and_path_of_the_base_are_kept() {
    for (base, wanted) in [
        ("https://api.example", "https://api.example/a"),
        ("https://api.example/", "https://api.example/a"),
        ("https://api.example/v1", "https://api.example/v1/a"),
        ("https://api.example/v1/", "https://api.example/v1/a"),
        ("https://api.example//", "https://api.example//a"),
        ("https://api.example/x;y/%41", "https://api.example/x;y/%41/a"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/a"),
        ("http://[::1]:1/p", "http://[::1]:1/p/a"),
        ("https://api.example:443", "https://api.example/a"),
    ] {
        assert_eq!(compose(&url(base), &["a"], &[]).unwrap().as_str(), wanted);
    }
    for base in ["https://api.example/", "https://api.example/v1"] {
        assert_eq!(compose(&url(base), &[], &[]).unwrap().as_str(), base);
    }
}

#[test]
fn a_base_that_is_more_or_less_than_a_place_is_refused() {
    for base in [
        "https://api.example?x",
        "https://api.example/#x",
        "https://user@api.example",
        "https://user:secret@api.example",
        "ftp://api.example",
        "data:text",
        "file:///etc",
    ] {
        assert_eq!(compose(&url(base), &["a"], &[]), Err(Unsendable::Base), "{base}");
    }
}

#[test]
fn what_is_wrong_is_said_without_the_value() {
    let base = url("https://api.example");
    for (made, wanted) in [
        (compose(&base, &["a", "canary;"], &[]), "segment 2 of the path holds `;`, which"),
        (compose(&base, &[".."], &[]), "segment 1 of the path is `.` or `..`, which"),
        (compose(&base, &[""], &[]), "segment 1 of the path is empty"),
        (compose(&base, &["canary\n"], &[]), "segment 1 of the path holds a control character"),
        (compose(&base, &["a"], &[("q", "canary\n")]), "pair 1 of the query holds a control character"),
        (compose(&base, &["a"], &[("a", "b"), ("", "canary")]), "pair 2 of the query is empty"),
        (compose(&base, &["a"], &[("q", &"canary".repeat(10_000))]), "the URL is too long"),
    ] {
        let text = made.unwrap_err().to_string();
        assert!(text.starts_with(wanted) && !text.contains("canary"), "{text}");
    }
    assert_eq!(header_value(" canary").unwrap_err(), Unsendable::Header(Fault::OuterBlank));
    assert_eq!(check_segment("%2E%2E"), Err(Fault::Dots));
}

/// Text in which what separates and encodes is frequent.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("..".to_owned()),
        Just("%2e".to_owned()),
        "[./\\\\;%?#&=+ \t:@a-f0-9]{1,3}",
        any::<char>().prop_map(String::from),
        "[a-z]{1,4}",
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// What is sent, decoded by another decoder, is what was given.
    #[test]
    fn what_is_sent_is_what_was_given(
        segments in proptest::collection::vec(text(), 0..4),
        query in proptest::collection::vec((text(), text()), 0..4),
    ) {
        let base = url("https://api.example:8443/base/v1");
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let pairs: Vec<(&str, &str)> = query.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let Ok(made) = compose(&base, &parts, &pairs) else {
            let poor = segments.iter().any(|part| check_segment(part).is_err());
            let poor_pair = query.iter().any(|(name, value)| {
                name.is_empty() || name.chars().chain(value.chars()).any(char::is_control)
            });
            prop_assert!(poor || poor_pair, "refused for no reason: {parts:?} {pairs:?}");
            return Ok(());
        };
        let sent = made.as_str().strip_prefix("https://api.example:8443/base/v1").unwrap();
        let (path, rest) = sent.split_once('?').map_or((sent, None), |(path, rest)| (path, Some(rest)));
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let found: Vec<String> = path.split('/').skip(1).map(decoded).collect();
        prop_assert_eq!(found, segments);
        let found: Vec<(String, String)> = rest.into_iter().flat_map(|rest| rest.split('&'))
            .map(|pair| pair.split_once('=').map(|(name, value)| (decoded(name), decoded(value))).unwrap())
            .collect();
        prop_assert_eq!(found, query);
    }

    /// Segments of a path as a strict server reads them: neither removed, nor divided.
    #[test]
    fn a_segment_that_is_sent_is_one_that_no_server_reads_otherwise(part in text()) {
        if check_segment(&part).is_ok() {
            let twice = percent_decode_str(&part).decode_utf8_lossy().into_owned();
            for read in [part, twice] {
                let alone = !read.is_empty() && read != "." && read != "..";
                prop_assert!(alone && !read.contains(['/', '\\', ';']) && !read.chars().any(char::is_control));
            }
        }
    }

    #[test]
    fn a_header_value_is_what_was_given(text in "[ -~]{0,8}|\\PC{0,4}") {
        if let Ok(value) = header_value(&text) {
            prop_assert_eq!(value.as_bytes(), text.as_bytes());
            prop_assert_eq!(text.trim(), text.as_str());
        }
    }
}
