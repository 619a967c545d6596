//! A way to a server that can be blocked, cut and opened again.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of what goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It arrives.
    Open,
    /// It gets stuck, as on the way to a server that hangs.
    Blocked,
    /// Every connection breaks, as those to a server that was ended.
    Cut,
}

/// The way to one server.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    way: watch::Sender<Way>,
}

impl Proxy {
    /// To the server that a URL names.
    pub(crate) async fn to(url: &str) -> Self {
        let server = address_in(url).to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (way, seen) = watch::channel(Way::Open);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, server.clone(), seen.clone()));
            }
        });
        Self { address, way }
    }

    /// The URL with the proxy in place of the server.
    pub(crate) fn instead_in(&self, url: &str) -> String {
        url.replace(address_in(url), &self.address.to_string())
    }

    pub(crate) fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

/// `host:port` of a URL.
pub(crate) fn address_in(url: &str) -> &str {
    let rest = url.split("://").nth(1).unwrap();
    let rest = rest.split('@').next_back().unwrap();
    rest.split(['/', '?']).next().unwrap()
}

async fn pass(mut client: TcpStream, server: String, mut way: watch::Receiver<Way>) {
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    loop {
        let now = *way.borrow_and_update();
        let ended = match now {
            Way::Cut => return,
            Way::Blocked => way.changed().await.is_err(),
            Way::Open => tokio::select! {
                _ = copy_bidirectional(&mut client, &mut server) => true,
                changed = way.changed() => changed.is_err(),
            },
        };
        if ended {
            return;
        }
    }
}
