//! What clients connect to and what they do with answers.

use std::time::Duration;

use reqwest::Url;
use xpd_egress::{EgressError, Reach, client, out_of_reach};

use crate::recorder::Recorder;

/// Every spelling of a loopback address is, as the host of a URL, an address (which the operator has written),
/// or a name (which is resolved and judged), or no host at all. It is never both.
#[tokio::test]
async fn a_spelling_of_loopback_is_what_the_operator_wrote_or_a_name_that_is_judged() {
    let mut recorder = Recorder::new().await;
    let port = recorder.base.port().unwrap();
    for (host, is) in [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0X7F000001", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0x7f.0.0.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("0177.0.0.01", "127.0.0.1"),
        ("127.0.0.0x1", "127.0.0.1"),
        ("①②⑦.0.0.1", "127.0.0.1"),
        ("１２７.0.0.1", "127.0.0.1"),
        ("127。0。0。1", "127.0.0.1"),
        ("%31%32%37.0.0.1", "127.0.0.1"),
        ("127.127.127.127", "127.127.127.127"),
        ("0", "0.0.0.0"),
        ("[::1]", "[::1]"),
        ("[0:0:0:0:0:0:0:1]", "[::1]"),
        ("[0000::0001]", "[::1]"),
        ("[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
        ("[::ffff:7f00:1]", "[::ffff:7f00:1]"),
        ("[::127.0.0.1]", "[::7f00:1]"),
        ("[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]"),
        ("localhost", "name"),
        ("LOCALHOST", "name"),
        ("localhost.", "name"),
        ("ⓛocalhost", "name"),
        ("local%68ost", "name"),
        ("127.0.0.256", "none"),
        ("127.0.0.1.1", "none"),
        ("4294967296", "none"),
        ("[::1%25lo]", "none"),
        ("[127.0.0.1]", "none"),
        ("127.0.0.1%00", "none"),
    ] {
        let parsed = Url::parse(&format!("http://{host}:{port}/"));
        let Ok(url) = parsed else {
            assert_eq!(is, "none", "{host}");
            continue;
        };
        if url.domain().is_none() {
            assert_eq!(url.host_str().unwrap(), is, "{host}");
            continue;
        }
        assert_eq!(is, "name", "{host}");
        let http = client(&url, &Reach::default()).unwrap().timeout(Duration::from_secs(10)).build().unwrap();
        let error = http.get(url).send().await.unwrap_err();
        assert!(error.is_connect(), "{host}: {error:?}");
        recorder.none();
    }
}

#[tokio::test]
async fn the_name_of_loopback_is_reached_if_it_is_named() {
    let mut recorder = Recorder::new().await;
    let port = recorder.base.port().unwrap();
    let url = Url::parse(&format!("http://localhost:{port}/")).unwrap();
    let made = |reach: &Reach| client(&url, reach).unwrap().timeout(Duration::from_secs(10)).build().unwrap();
    let error = made(&Reach::default()).get(url.clone()).send().await.unwrap_err();
    assert!(out_of_reach(&error).unwrap().to_string().starts_with("`localhost` resolves to "), "{error:?}");
    recorder.none();
    let reach = Reach::parse(&["127.0.0.1".to_owned()]).unwrap();
    assert!(made(&reach).get(url.clone()).send().await.unwrap().status().is_success());
    recorder.one();
}

#[tokio::test]
async fn no_redirect_is_followed_and_nothing_is_sent_twice() {
    for answer in [
        "HTTP/1.1 301 Moved\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 307 Moved\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 308 Moved\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 503 Later\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nalt-svc: h2=\"127.0.0.1:1\"\r\ncontent-length: 0\r\n\r\n",
        "",
    ] {
        let mut recorder = Recorder::answering(answer).await;
        let sent = recorder.http.post(recorder.base.clone()).body("{}").send().await;
        assert_eq!(sent.is_err(), answer.is_empty());
        recorder.one();
    }
}

#[test]
fn a_client_is_for_an_http_host() {
    for (url, wanted) in [
        ("ftp://a.example", EgressError::Address),
        ("data:text", EgressError::Address),
        ("unix:/run/a", EgressError::Address),
        ("https://user@a.example", EgressError::User),
        ("https://:secret@a.example", EgressError::User),
    ] {
        let made = client(&Url::parse(url).unwrap(), &Reach::default());
        assert_eq!(made.err(), Some(wanted), "{url}");
    }
}

#[tokio::test]
async fn an_https_client_sends_nothing_in_the_clear() {
    let mut recorder = Recorder::new().await;
    let mut url = recorder.base.clone();
    url.set_scheme("https").unwrap();
    let http = client(&url, &Reach::default()).unwrap().build().unwrap();
    assert!(http.get(recorder.base.clone()).send().await.is_err());
    recorder.none();
}
