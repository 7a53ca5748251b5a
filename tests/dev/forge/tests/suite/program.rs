//! The stand-in as a program.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use crate::client::answer;

#[tokio::test]
async fn the_program_prints_its_address_and_ends_with_its_stdin() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("src")).unwrap();
    std::fs::write(folder.path().join("src/lib.rs"), "// one\n").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_xp-forge"))
        .args(["--stdin", "--user", "t0ken=dev", "--repo"])
        .arg(format!("acme/shop={}", folder.path().display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let request = reqwest::Client::new()
        .get(format!("{}/repos/acme/shop/contents/src/lib.rs", url.trim()))
        .header("user-agent", "suite")
        .header("authorization", "token t0ken");
    assert_eq!(answer(request).await.is(200).at("/content"), "Ly8gb25lCg==\n");
    let mut input = child.stdin.take().unwrap();
    input.flush().unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
}
