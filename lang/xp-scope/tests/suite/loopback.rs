//! Which hosts are this one, as the `url` crate writes them.

use url::Url;
use xp_scope::is_loopback;

#[test]
fn a_host_is_this_one_in_any_spelling() {
    let host = |host: &str| Url::parse(&format!("https://{host}/")).unwrap().host_str().unwrap().to_owned();
    for one in [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.b.localhost",
        "127.0.0.1",
        "127.9.9.9",
        "0x7f.1",
        "2130706433",
        "127.1",
        "\u{2460}\u{2461}\u{2466}.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "%6cocalhost",
    ] {
        assert!(is_loopback(&host(one)), "{one}");
    }
    for one in ["localhost.example", "xlocalhost", "example.com", "10.0.0.1", "128.0.0.1", "[2001:db8::1]"] {
        assert!(!is_loopback(&host(one)), "{one}");
    }
}
