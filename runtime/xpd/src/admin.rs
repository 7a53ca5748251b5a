//! The administrators' door: listeners of its own, on threads of its own. Whatever is asked at the agents' doors, and however
//! much of it, takes none of its connections and none of its turns.

use std::net::SocketAddr;
use std::os::unix::net::UnixListener as StdUnixListener;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{oneshot, watch};
use xpd_doors::api;
use xpd_doors::socket::{self, Place};

use crate::config::Config;
use crate::settled::{SOCKET_URL, ServeError, limits};

/// Connections of each of its listeners.
const CONNECTIONS: usize = 32;
/// How long a head may take to come.
const HEAD: Duration = Duration::from_secs(10);
/// Permission bits of its socket.
const MODE: u32 = 0o600;

/// Listeners that are bound and not answered on yet.
pub(crate) struct Door {
    unix: StdUnixListener,
    place: Place,
    tcp: Option<(std::net::TcpListener, String)>,
}

impl Door {
    /// Binds the socket in the data folder, and the listener where one is configured.
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

    /// The URL that proofs over its TCP listener must name.
    pub fn url(&self) -> Option<&str> {
        self.tcp.as_ref().map(|(_, url)| url.as_str())
    }

    /// Goes away without having answered anybody.
    pub async fn leave(self) {
        self.place.remove().await;
    }

    /// Answers on threads of its own until `stop` says so: comes back when they have ended, with the place of the socket.
    pub fn open(
        self,
        app: api::App,
        config: &Config,
        stop: watch::Receiver<bool>,
    ) -> std::io::Result<(oneshot::Receiver<()>, Place)> {
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
                let doors = |url: &str| {
                    let app = api::App { base: url.to_owned(), ..app.clone() };
                    api::administrators(app, bounds)
                };
                let mut tasks = tokio::task::JoinSet::new();
                match UnixListener::from_std(unix) {
                    Ok(unix) => drop(tasks.spawn(api::serve(unix, doors(SOCKET_URL), budget, stop.clone()))),
                    Err(error) => tracing::error!(%error, "the administrators' socket cannot be used"),
                }
                if let Some((tcp, url)) = tcp {
                    match TcpListener::from_std(tcp) {
                        Ok(tcp) => drop(tasks.spawn(api::serve(tcp, doors(&url), budget, stop))),
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
