//! `xpc deploy OUT.xpa --server URL`: posts the bytes to a server's HTTP API. Knows nothing of the server but that.

use std::time::Duration;

use ed25519_dalek::SigningKey;
use xp_artifact::{Envelope, Trust};

use crate::args::Deploy;
use crate::commands::verify;
use crate::exit::{self, Exit};
use crate::proof;

/// Longest wait for the server's answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Longest answer that is read and shown.
const MAX_ANSWER: usize = 64 * 1024;

pub fn run(options: &Deploy) -> Exit {
    let bytes = match verify::read(&options.artifact) {
        Ok(bytes) => bytes,
        Err(exit) => return exit,
    };
    if let Err(error) = Envelope::open(&bytes, Trust::FormOnly) {
        let path = options.artifact.display();
        return exit::rejected(&format!("error[{}]: `{path}`: {error}", error.code()));
    }
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
    match runtime.block_on(post(&options.server, &key, credential.as_deref(), bytes)) {
        Ok((status, text)) if status.is_success() => {
            exit::print(&format!("{}\n", text.trim_end())).err().unwrap_or(Exit::Ok)
        }
        Ok((status, text)) => {
            exit::rejected(&format!("the server refused the artifact ({status}): {}", text.trim()))
        }
        Err(message) => exit::failed(&message),
    }
}

async fn post(
    server: &str,
    key: &SigningKey,
    credential: Option<&str>,
    bytes: Vec<u8>,
) -> Result<(reqwest::StatusCode, String), String> {
    let builder =
        reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).no_proxy();
    let (builder, base) = match server.strip_prefix("unix:") {
        Some(path) => (builder.unix_socket(path), "http://xpd"),
        None => (builder, server.trim_end_matches('/')),
    };
    let client = builder.build().map_err(|error| format!("no HTTP client: {}", error.without_url()))?;
    let url = format!("{base}/v1/artifacts");
    let proof = proof::of(key, &url, &bytes)?;
    let mut request = client
        .post(url)
        .header("dpop", proof)
        .header("content-type", "application/vnd.xp.artifact+json")
        .body(bytes);
    if let Some(credential) = credential {
        request = request.bearer_auth(credential);
    }
    let mut answer = request.send().await.map_err(|error| {
        let why = if error.is_timeout() { "it did not answer in time" } else { "it cannot be reached" };
        format!("the server at `{server}`: {why}")
    })?;
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| format!("the answer of `{server}` broke off"))? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            return Err(format!("the answer of `{server}` is too long"));
        }
    }
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}
