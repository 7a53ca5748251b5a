//! The administrators' listeners. They have their own threads and connection limit, so load on the agents'
//! listeners cannot block them.

use std::net::SocketAddr;
use std::os::unix::net::UnixListener as StdUnixListener;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{oneshot, watch};
use xpd_doors::socket::{self, BoundSocket};
use xpd_doors::{agents, api};

use crate::config::Config;
use crate::settled::{SOCKET_URL, ServeError, limits};

/// Upper bound on the connections of each listener.
const CONNECTIONS: usize = 32;
/// Time limit for receiving the head of a request.
const HEAD: Duration = Duration::from_secs(10);
/// Permission bits of the socket.
const MODE: u32 = 0o600;

/// Bound listeners that do not serve yet.
pub(crate) struct Door {
    unix: StdUnixListener,
    place: BoundSocket,
    tcp: Option<(std::net::TcpListener, String)>,
}

impl Door {
    /// Binds the socket in the data folder and, if configured, a TCP listener.
    pub async fn bind(config: &Config) -> Result<Self, ServeError> {
        let path = config.admin_socket();
        let bound = socket::bind(&path, MODE).await.and_then(|(unix, place)| Ok((unix.into_std()?, place)));
        let (unix, place) = bound.map_err(|error| ServeError::Listen(path.display().to_string(), error))?;
        let tcp = match config.admin_listen {
            None => None,
            Some(address) => match Self::listen(address, config.admin_url.as_deref()).await {
                Ok(bound) => Some(bound),
                Err(error) => {
                    place.remove().await;
                    return Err(ServeError::Listen(address.to_string(), error));
                }
            },
        };
        Ok(Self { unix, place, tcp })
    }

    async fn listen(
        address: SocketAddr,
        url: Option<&str>,
    ) -> std::io::Result<(std::net::TcpListener, String)> {
        let listener = TcpListener::bind(address).await?;
        let own = format!("http://{}", listener.local_addr()?);
        Ok((listener.into_std()?, url.map_or(own, str::to_owned)))
    }

    /// The URL that proofs over the TCP listener must name.
    pub fn url(&self) -> Option<&str> {
        self.tcp.as_ref().map(|(_, url)| url.as_str())
    }

    /// Unbinds without having served.
    pub async fn leave(self) {
        self.place.remove().await;
    }

    /// Serves on threads of its own until `stop`. The receiver completes when they have ended; the `BoundSocket` is
    /// the socket's.
    pub fn open(
        self,
        app: api::App,
        config: &Config,
        stop: watch::Receiver<bool>,
    ) -> std::io::Result<(oneshot::Receiver<()>, BoundSocket)> {
        let Self { unix, place, tcp } = self;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("xpd-admin")
            .enable_all()
            .build()?;
        let (ended, end) = oneshot::channel();
        let bounds = limits(config);
        let budget = api::Budget { connections: CONNECTIONS, head: HEAD };
        std::thread::Builder::new().name("xpd-admin".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let doors = |url: &str, port| {
                    let app = api::App { base: url.to_owned(), ..app.clone() };
                    agents::administrators(app, bounds, port)
                };
                let mut tasks = tokio::task::JoinSet::new();
                match UnixListener::from_std(unix) {
                    Ok(unix) => {
                        drop(tasks.spawn(api::serve(unix, doors(SOCKET_URL, None), budget, stop.clone())))
                    }
                    Err(error) => tracing::error!(%error, "the administrators' socket cannot be used"),
                }
                if let Some((tcp, url)) = tcp {
                    match TcpListener::from_std(tcp) {
                        Ok(tcp) => {
                            let port = tcp.local_addr().map(|address| address.port()).unwrap_or_default();
                            tasks.spawn(api::serve(tcp, doors(&url, Some(port)), budget, stop));
                        }
                        Err(error) => tracing::error!(%error, "the administrators' listener cannot be used"),
                    }
                }
                while tasks.join_next().await.is_some() {}
            });
            let _ = ended.send(());
        })?;
        Ok((end, place))
    }
}
