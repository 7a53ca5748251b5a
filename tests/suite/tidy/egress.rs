//! One crate of the runtime constructs HTTP clients.

use super::files::{self, File};
use super::rust_text;

/// The crate that constructs them.
const HOME: &str = "runtime/xpd-egress/";

/// What constructs an HTTP client, or hides that it does. Blanks are removed before the search.
const MAKERS: [&str; 10] = [
    "Client::builder",
    "Client::new()",
    "Client::default",
    "ClientBuilder::new",
    "ClientBuilder::default",
    "reqwest::get",
    "reqwest::blocking",
    "reqwest::{get",
    "hyper::client",
    "hyper_util::client",
];

/// HTTP clients that are made outside [`HOME`] in product sources of the runtime.
fn clients(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("runtime/") && file.is("rs")) {
        if file.path.starts_with(HOME) || !file.path.contains("/src/") {
            continue;
        }
        let text = rust_text::code(file.text.as_deref().unwrap_or_default());
        let dense: String = text.split_whitespace().collect();
        found.extend(
            MAKERS
                .iter()
                .filter(|maker| dense.contains(**maker))
                .map(|maker| format!("{}: {maker}", file.path)),
        );
        // Under another name a client is not recognised.
        let words: Vec<&str> =
            text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()).collect();
        let renamed =
            |pair: &[&str]| pair[1] == "as" && ["Client", "ClientBuilder", "reqwest"].contains(&pair[0]);
        if words.windows(2).any(renamed) {
            found.push(format!("{}: an HTTP client under another name", file.path));
        }
    }
    found
}

#[test]
fn http_clients_are_made_by_one_crate() {
    super::none(&clients(files::all()));
    let seen = |code: &str, wanted: &str| {
        let made = |path: &str| clients(&[File::made(path, code)]);
        super::seen(&made("runtime/xpd/src/a.rs"), wanted);
        super::seen(&made("runtime/xpd-connectors/src/github/a.rs"), wanted);
        super::none(&made("runtime/xpd-egress/src/client.rs"));
        super::none(&made("runtime/xpd/tests/suite/a.rs"));
    };
    seen("fn f() { reqwest::Client::builder(); }", "Client::builder");
    seen("use reqwest::Client;\nfn f() { Client ::\n  builder(); }", "Client::builder");
    seen("use reqwest::Client;\nfn f() { Client::new(); }", "Client::new()");
    seen("fn f() { reqwest::Client::default(); }", "Client::default");
    seen("fn f() { reqwest::ClientBuilder::new(); }", "ClientBuilder::new");
    seen("async fn f() { reqwest::get(\"http://a\").await; }", "reqwest::get");
    seen("use reqwest::{get, Url};", "reqwest::{get");
    seen("use hyper::client::conn::http1;", "hyper::client");
    seen("use hyper_util::client::legacy::Client;", "hyper_util::client");
    seen("use reqwest::Client as Http;", "another name");
    seen("use reqwest as http;", "another name");
    let fine = "// reqwest::Client::builder\nfn f() { Client::new(&server); reqwest::Url::parse(\"a\"); }";
    super::none(&clients(&[File::made("runtime/xpd/src/a.rs", fine)]));
}
