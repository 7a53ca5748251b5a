//! `xpc deploy OUT.xpa --server URL`: posts the bytes to a server's HTTP API. Knows nothing of the server but that.

use std::time::Duration;

use ed25519_dalek::SigningKey;
use xp_artifact::{Envelope, Trust};
use xp_wire::body::DeployResponse;

use crate::args::Deploy;
use crate::commands::address::{self, Address};
use crate::commands::verify;
use crate::exit::{self, Exit};
use crate::proof;

/// Longest wait for the server's answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Longest answer that is read and shown.
const MAX_ANSWER: usize = 64 * 1024;

pub fn run(options: &Deploy) -> Exit {
    let server = match address::of(&options.server) {
        Ok(server) => server,
        Err(message) => return exit::rejected(&message),
    };
    let bytes = match verify::read(&options.artifact) {
        Ok(bytes) => bytes,
        Err(exit) => return exit,
    };
    let named = Envelope::open(&bytes, Trust::FormOnly)
        .and_then(|(_, artifact)| Ok((artifact.digest()?.to_string(), artifact.workflow.name)));
    let (digest, name) = match named {
        Ok(named) => named,
        Err(error) => {
            let path = options.artifact.display();
            return exit::rejected(&format!("error[{}]: `{path}`: {error}", error.code()));
        }
    };
    let credential = match options.credential.as_deref().map(std::fs::read_to_string).transpose() {
        Ok(text) => text.map(|text| text.trim().to_owned()),
        Err(error) => return exit::rejected(&format!("the credential file cannot be read: {error}")),
    };
    let key = match proof::key(&options.key) {
        Ok(key) => key,
        Err(message) => return exit::rejected(&message),
    };
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        return exit::failed("the cryptographic provider cannot be installed");
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit::failed(&format!("no runtime: {error}")),
    };
    let (status, text) =
        match runtime.block_on(post(&server, options.shadow, &key, credential.as_deref(), bytes)) {
            Ok(answer) => answer,
            Err(why) => return exit::failed(&format!("the server at `{}`: {why}", options.server)),
        };
    let text = text.trim();
    match status.as_u16() {
        200..=299 if names(text, &digest, &name, options.shadow) => {
            exit::print(&format!("{text}\n")).err().unwrap_or(Exit::Ok)
        }
        200..=299 => exit::failed(&format!(
            "the answer of `{}` does not name this artifact ({name}, {digest}{}): it is not known to be in force there",
            options.server,
            if options.shadow { ", in shadow" } else { "" }
        )),
        401 | 403 => exit::rejected(&format!(
            "the server does not take the key `{}` ({status}): {text}; give its administrator's with `--key`",
            options.key.display()
        )),
        429 | 503 => exit::failed(&format!("the server is busy ({status}): {text}; try again")),
        400..=499 => exit::rejected(&format!("the server refused the artifact ({status}): {text}")),
        _ => exit::failed(&format!("the server failed ({status}): {text}")),
    }
}

/// The answer is about the artifact that was sent, deployed as it was asked. Any web server says 200.
fn names(answer: &str, digest: &str, name: &str, shadow: bool) -> bool {
    let answer = serde_json::from_str::<DeployResponse>(answer);
    answer.is_ok_and(|answer| answer.artifact == digest && answer.name == name && answer.shadow == shadow)
}

async fn post(
    server: &Address,
    shadow: bool,
    key: &SigningKey,
    credential: Option<&str>,
    bytes: Vec<u8>,
) -> Result<(reqwest::StatusCode, String), String> {
    let builder =
        reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).no_proxy();
    let (builder, base) = match server {
        Address::Socket(path) => (builder.unix_socket(path.as_str()), "http://xpd"),
        Address::Base(url) => (builder, url.as_str()),
    };
    let client = builder.build().map_err(|error| format!("no HTTP client: {}", error.without_url()))?;
    // A path of its own, since a proof covers the path and no query.
    let url = format!("{base}/v1/{}artifacts", if shadow { "shadow/" } else { "" });
    let proof = proof::of(key, &url, &bytes)?;
    let mut request = client
        .post(url)
        .header("dpop", proof)
        .header("content-type", "application/vnd.xp.artifact+json")
        .body(bytes);
    if let Some(credential) = credential {
        request = request.bearer_auth(credential);
    }
    let mut answer = request.send().await.map_err(|error| address::unreached(server, &error))?;
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| "its answer broke off".to_owned())? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            return Err("its answer is too long".to_owned());
        }
    }
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}
