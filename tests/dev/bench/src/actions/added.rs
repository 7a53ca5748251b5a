//! What the server adds to one request to an upstream on loopback: the request by itself, through the HTTP API and through the MCP
//! door, in turn.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use xp_scope::Value;
use xpd_proxy::{ActError, Connector, Permit, Sought};

use super::agent::Agent;
use super::site::{self, Site};
use crate::figures::{Sample, heading, row, time};
use crate::{Done, disk};

/// Requests of each kind that are measured, and those before them that are not.
const MEASURED: usize = 1_000;
const WARM: usize = 100;

/// The file system in memory on Linux.
const MEMORY: &str = "/dev/shm";

pub fn measure(scratch: &Path) -> Done {
    heading("latency that xpd adds to one request to an upstream on loopback");
    let memory = Path::new(MEMORY).is_dir().then(|| tempfile::tempdir_in(MEMORY)).transpose()?;
    let on_disk = ("on disk", scratch.join("added"));
    let in_memory = memory.as_ref().map(|folder| ("in memory", folder.path().join("added")));
    for (place, folder) in in_memory.into_iter().chain([on_disk]) {
        std::fs::create_dir(&folder)?;
        let before = disk::fdatasync(&folder)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let Taken { direct, http, mcp } = runtime.block_on(serve(&folder))?;
        let after = disk::fdatasync(&folder)?;
        let pair =
            |sample: &Sample| format!("p50 {}, p99 {}", time(sample.median()), time(sample.percentile(99)));
        row(&format!("store {place}: fdatasync of 4 KiB, before"), &pair(&before));
        row(&format!("store {place}: fdatasync of 4 KiB, after"), &pair(&after));
        row("  the request by itself", &pair(&direct));
        for (name, sample) in [("HTTP API (grant and use)", http), ("MCP door (one call)", mcp)] {
            let added = |percent| time(sample.percentile(percent).saturating_sub(direct.percentile(percent)));
            row(&format!("  through the {name}"), &pair(&sample));
            row("    added", &format!("p50 {}, p99 {}", added(50), added(99)));
        }
    }
    println!("  Each kind {MEASURED} times, in turn, by one agent that keeps its connections.");
    Ok(())
}

/// Latencies by the way that a request took.
struct Taken {
    direct: Sample,
    http: Sample,
    mcp: Sample,
}

async fn serve(folder: &Path) -> Done<Taken> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let upstream = Arc::new(Upstream::at(format!("http://{}/act", listener.local_addr()?))?);
    let acted = Arc::new(AtomicUsize::new(0));
    let answering = tokio::spawn(answer(listener, Arc::clone(&acted)));
    let folder = PathBuf::from(folder);
    let site = Site::write(&folder, 1)?;
    let server = site.open(Arc::<Upstream>::clone(&upstream)).await?;
    let url = server.url().ok_or("the server has no address")?;
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(server.run(async { drop(stopped.await) }));
    site::deploy(&folder, &url).await?;
    let agent = Agent::joined(0, &url).await?;
    let (mut direct, mut http, mut mcp) = (Vec::new(), Vec::new(), Vec::new());
    for id in 0..WARM + MEASURED {
        let begun = Instant::now();
        upstream.send().await?;
        let first = begun.elapsed();
        let begun = Instant::now();
        agent.act(id).await?;
        let second = begun.elapsed();
        let begun = Instant::now();
        agent.call(id).await?;
        let third = begun.elapsed();
        if id >= WARM {
            direct.push(first);
            http.push(second);
            mcp.push(third);
        }
    }
    drop(stop);
    task.await??;
    answering.abort();
    let wanted = 3 * (WARM + MEASURED);
    let acted = acted.load(Ordering::SeqCst);
    if acted != wanted {
        return Err(format!("the upstream was asked {acted} times instead of {wanted}").into());
    }
    Ok(Taken { direct: Sample::of(direct), http: Sample::of(http), mcp: Sample::of(mcp) })
}

/// A connector whose action is one request.
struct Upstream {
    client: reqwest::Client,
    url: String,
}

impl Upstream {
    fn at(url: String) -> Done<Self> {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
        Ok(Self { client, url })
    }

    async fn send(&self) -> Result<(), reqwest::Error> {
        let answer = self.client.post(&self.url).body("{}").send().await?.error_for_status()?;
        answer.bytes().await.map(drop)
    }
}

#[async_trait]
impl Connector for Upstream {
    fn name(&self) -> &str {
        "counting"
    }

    async fn act(&self, _: Permit) -> Result<Value, ActError> {
        self.send().await.map_err(|error| ActError::Unknown(error.to_string()))?;
        Ok(site::done())
    }

    async fn probe(&self, _: &Sought) -> Result<Option<Value>, ActError> {
        Ok(None)
    }
}

/// Answers every request.
async fn answer(listener: TcpListener, acted: Arc<AtomicUsize>) {
    while let Ok((stream, _)) = listener.accept().await {
        let acted = Arc::clone(&acted);
        tokio::spawn(async move { connection(stream, &acted).await });
    }
}

async fn connection(stream: TcpStream, acted: &AtomicUsize) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(stated) = line.strip_prefix("content-length:") {
                length = stated.trim().parse().unwrap_or_default();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        acted.fetch_add(1, Ordering::SeqCst);
        let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        stream.write_all(answer.as_bytes()).await?;
    }
}
