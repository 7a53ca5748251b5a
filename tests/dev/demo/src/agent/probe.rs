//! A probe of the container: its contents, and what is reachable from inside.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::api::Api;

/// Tries to connect to every address and to the socket, and lists the environment and the files.
pub fn look(api: &Api, addresses: &[&str]) -> Value {
    let tried: Vec<Value> = addresses
        .iter()
        .map(|address| {
            let answer = match address.parse::<SocketAddr>() {
                Err(error) => error.to_string(),
                Ok(parsed) => match TcpStream::connect_timeout(&parsed, Duration::from_secs(2)) {
                    Ok(_) => "answers".to_owned(),
                    Err(error) => error.to_string(),
                },
            };
            json!([address, answer])
        })
        .collect();
    let socket = api.send("GET", "/v1/server", None, None).map(|reply| reply.status).unwrap_or_default();
    let environment: Vec<String> =
        std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    let interfaces: Vec<String> = std::fs::read_to_string("/proc/net/dev")
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_once(':').map(|(name, _)| name.trim().to_owned()))
        .collect();
    let mut files: Vec<String> = std::fs::read_dir(super::HOME)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    json!({ "tried": tried, "socket": socket, "environment": environment, "interfaces": interfaces, "files": files })
}
