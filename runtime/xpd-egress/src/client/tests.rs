//! Clients with a lookup of the test's, which crates other than this cannot inject.

use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;
use crate::out_of_reach;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Answers every connection and reports it.
async fn server(address: SocketAddr) -> (u16, mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind(address).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (arrived, arrivals) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            arrived.send(()).unwrap();
            let mut bytes = [0; 4096];
            if stream.read(&mut bytes).await.is_ok() {
                let _ = stream.write_all(ANSWER).await;
            }
        }
    });
    (port, arrivals)
}

/// A lookup with these answers, one after the other; the last again and again.
fn answering(answers: &[&[&str]]) -> Lookup {
    let parsed = |answer: &&[&str]| {
        answer.iter().map(|text| SocketAddr::new(text.parse::<IpAddr>().unwrap(), 0)).collect()
    };
    let mut answers: Vec<Vec<SocketAddr>> = answers.iter().map(parsed).collect();
    answers.reverse();
    let answers = Mutex::new(answers);
    Arc::new(move |_| {
        let mut answers = answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop() } else { answers.last().cloned() };
        Box::pin(async move { Ok(answer.unwrap_or_default()) })
    })
}

fn reach(named: &[&str]) -> Reach {
    Reach::parse(&named.iter().map(|&text| text.to_owned()).collect::<Vec<_>>()).unwrap()
}

fn made(url: &Url, reach: &Reach, lookup: Lookup) -> reqwest::Client {
    client_by(url, reach, lookup).unwrap().timeout(Duration::from_secs(10)).build().unwrap()
}

#[tokio::test]
async fn a_name_is_resolved_and_judged_for_each_connection() {
    let (port, mut named) = server("127.0.0.2:0".parse().unwrap()).await;
    let (_, mut other) = server(SocketAddr::new("127.0.0.1".parse().unwrap(), port)).await;
    let url = Url::parse(&format!("http://upstream.example:{port}/")).unwrap();
    let client = made(&url, &reach(&["127.0.0.2"]), answering(&[&["127.0.0.2"], &["127.0.0.1"]]));
    assert!(client.get(url.clone()).send().await.unwrap().status().is_success());
    named.recv().await.unwrap();
    let error = client.get(url).send().await.unwrap_err();
    assert!(error.is_connect());
    let text = out_of_reach(&error).unwrap().to_string();
    assert_eq!(text, "`upstream.example` resolves to 127.0.0.1, which must be named by `reach`");
    assert!(named.try_recv().is_err() && other.try_recv().is_err());
}

#[tokio::test]
async fn only_the_permitted_addresses_of_a_name_are_connected_to() {
    let (port, mut arrivals) = server("127.0.0.1:0".parse().unwrap()).await;
    let url = Url::parse(&format!("http://upstream.example:{port}/")).unwrap();
    for address in ["127.0.0.1", "::ffff:127.0.0.1", "::1", "0.0.0.0", "::"] {
        let client = made(&url, &Reach::default(), answering(&[&[address, "10.0.0.1"]]));
        let error = client.get(url.clone()).send().await.unwrap_err();
        assert!(out_of_reach(&error).unwrap().to_string().contains(", 10.0.0.1, which"), "{error:?}");
    }
    assert!(arrivals.try_recv().is_err());
    // 127.0.0.2 is not named, so the connection is to the second address.
    let client = made(&url, &reach(&["127.0.0.1"]), answering(&[&["127.0.0.2", "127.0.0.1"]]));
    client.get(url).send().await.unwrap();
    arrivals.recv().await.unwrap();
}

#[tokio::test]
async fn a_public_address_passes_and_a_later_loopback_does_not() {
    use reqwest::dns::Resolve as _;
    let resolver = Resolver {
        host: Some("upstream.example".to_owned()),
        reach: Arc::new(Reach::default()),
        lookup: answering(&[&["8.8.8.8", "127.0.0.1", "2606:4700::1111"], &["127.0.0.1"]]),
    };
    let name = || "Upstream.Example".parse().unwrap();
    let found: Vec<String> =
        resolver.resolve(name()).await.unwrap().map(|address| address.ip().to_string()).collect();
    assert_eq!(found, ["8.8.8.8", "2606:4700::1111"]);
    assert!(resolver.resolve(name()).await.is_err());
}

#[tokio::test]
async fn a_client_is_for_the_host_of_its_url() {
    let (port, mut arrivals) = server("127.0.0.1:0".parse().unwrap()).await;
    let url = Url::parse(&format!("http://upstream.example:{port}/")).unwrap();
    let client = made(&url, &reach(&["127.0.0.0/8"]), answering(&[&["127.0.0.1"]]));
    let other = format!("http://other.example:{port}/");
    assert!(client.get(other).send().await.unwrap_err().is_connect());
    assert!(arrivals.try_recv().is_err());
    client.get(url).send().await.unwrap();
    arrivals.recv().await.unwrap();
}
