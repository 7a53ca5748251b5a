//! Values of every kind in every place: each arrives identical, or nothing arrives.

use percent_encoding::percent_decode_str;
use xpd_egress::{compose, header_value};

use crate::recorder::Recorder;

/// A value, and the places (segment, query, header) where it can be sent.
const VALUES: [(&str, &str); 64] = [
    ("a", "sqh"),
    ("main", "sqh"),
    ("a-b_c~d.e", "sqh"),
    ("...", "sqh"),
    (".a", "sqh"),
    ("a.", "sqh"),
    ("a..b", "sqh"),
    ("a b", "sqh"),
    ("a  b", "sqh"),
    (" a", "sq"),
    ("a ", "sq"),
    (" ", "sq"),
    ("", "q"),
    (".", "qh"),
    ("..", "qh"),
    ("%2e", "qh"),
    ("%2E", "qh"),
    ("%2e%2e", "qh"),
    ("%2E%2e", "qh"),
    (".%2e", "qh"),
    ("%2e.", "qh"),
    ("%252e%252e", "sqh"),
    ("/", "qh"),
    ("a/b", "qh"),
    ("../a", "qh"),
    ("a/../b", "qh"),
    ("/etc/passwd", "qh"),
    ("//evil.example", "qh"),
    ("https://evil.example/", "qh"),
    ("%2f", "qh"),
    ("a%2Fb", "qh"),
    ("..%2f..", "qh"),
    ("\\", "qh"),
    ("..\\a", "qh"),
    ("%5c", "qh"),
    (";", "qh"),
    ("a;b=c", "qh"),
    ("..;", "qh"),
    ("%3b", "qh"),
    ("\t", ""),
    ("a\tb", ""),
    ("a\nb", ""),
    ("a\r\nx: y", ""),
    ("\r", ""),
    ("\0", ""),
    ("\u{7f}", ""),
    ("\u{85}", ""),
    ("%00", "qh"),
    ("%0d%0a", "qh"),
    ("?", "sqh"),
    ("a?b=c", "sqh"),
    ("#a", "sqh"),
    ("a&b=c", "sqh"),
    ("a+b", "sqh"),
    ("100%", "sqh"),
    ("%zz", "sqh"),
    ("%20", "sqh"),
    ("@evil.example", "sqh"),
    ("user:pass@host", "sqh"),
    ("\"<>`{}|^[]'()*!$,=", "sqh"),
    ("ü", "sq"),
    ("e\u{301}\u{202e}\u{200b}", "sq"),
    ("．．", "sq"),
    ("\u{1f512}", "sq"),
];

#[tokio::test]
async fn a_segment_arrives_identical_or_nothing_is_sent() {
    let mut recorder = Recorder::new().await;
    for (value, places) in VALUES {
        let url = compose(&recorder.base, &["customers", value, "cards"], &[]);
        assert_eq!(url.is_ok(), places.contains('s'), "{value:?}: {url:?}");
        let Ok(url) = url else { continue };
        recorder.http.delete(url).send().await.unwrap();
        let request = recorder.one();
        let (_, path) = request.line();
        let found: Vec<String> =
            path.split('/').map(|part| percent_decode_str(part).decode_utf8().unwrap().into()).collect();
        assert_eq!(found, ["", "base", "v1", "customers", value, "cards"], "{path}");
    }
    recorder.none();
}

#[tokio::test]
async fn a_query_value_arrives_identical_or_nothing_is_sent() {
    let mut recorder = Recorder::new().await;
    for (value, places) in VALUES {
        let url = compose(&recorder.base, &["customers"], &[("first", "1"), ("q", value), ("last", "2")]);
        assert_eq!(url.is_ok(), places.contains('q'), "{value:?}: {url:?}");
        let Ok(url) = url else { continue };
        recorder.http.get(url).send().await.unwrap();
        let request = recorder.one();
        let (path, query) = request.line().1.split_once('?').unwrap();
        assert_eq!(path, "/base/v1/customers");
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let found: Vec<(String, String)> = query
            .split('&')
            .map(|pair| pair.split_once('=').map(|(name, value)| (decoded(name), decoded(value))).unwrap())
            .collect();
        let wanted = [("first", "1"), ("q", value), ("last", "2")];
        assert_eq!(found, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())), "{query}");
        assert!(!query.contains('+'), "{query}");
    }
    recorder.none();
}

#[tokio::test]
async fn a_header_value_arrives_identical_or_nothing_is_sent() {
    let mut recorder = Recorder::new().await;
    for (value, places) in VALUES {
        let header = header_value(value);
        assert_eq!(header.is_ok(), places.contains('h'), "{value:?}: {header:?}");
        let Ok(header) = header else { continue };
        recorder.http.get(recorder.base.clone()).header("x-value", header).send().await.unwrap();
        assert_eq!(recorder.one().header("x-value"), value);
    }
    recorder.none();
}

#[tokio::test]
async fn a_deletion_never_becomes_one_of_what_contains_it() {
    let mut recorder = Recorder::new().await;
    for id in [".", "..", "", "%2e%2e", "..;", "a/..", "\t", "\n"] {
        assert!(compose(&recorder.base, &["customers", id], &[]).is_err(), "{id:?}");
    }
    recorder.none();
    let url = compose(&recorder.base, &["customers", "c 1"], &[]).unwrap();
    recorder.http.delete(url).send().await.unwrap();
    assert_eq!(recorder.one().line(), ("DELETE", "/base/v1/customers/c%201"));
}
