//! Clients that begin requests and never complete them, in processes of their own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Opens connections, begins a request on each, prints their number, and holds them until its stdin is
/// closed.
const HOLD: &str = r#"
import resource, socket, sys
path, count = sys.argv[1], int(sys.argv[2])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
held = []
for _ in range(count):
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    try:
        client.send(b"GET /healthz HTTP/1.1\r\nhost: ")
    except OSError:
        pass
    held.append(client)
print(len(held), flush=True)
sys.stdin.read()
"#;

/// Number of client processes.
const PROCESSES: usize = 4;

pub struct Crowd(Vec<Child>);

impl Crowd {
    /// Opens `connections` connections in all and waits until they are open.
    pub fn at(socket: &Path, connections: usize) -> Self {
        let each = connections.div_ceil(PROCESSES).to_string();
        let start = |_| {
            Command::new("python3")
                .args(["-c", HOLD])
                .arg(socket)
                .arg(&each)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("python3 starts; run `cargo dev setup` first")
        };
        let mut crowd = Self((0..PROCESSES).map(start).collect());
        for client in &mut crowd.0 {
            let mut line = String::new();
            let out = client.stdout.take().expect("a pipe");
            BufReader::new(out).read_line(&mut line).expect("a line");
            assert_eq!(line.trim(), each, "connections of one client");
        }
        crowd
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for client in &mut self.0 {
            let _ = client.kill();
            let _ = client.wait();
        }
    }
}
