//! A real broker in a folder of its own.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use async_nats::jetstream::{self, stream::Stream};
use chassis::broker::STREAM;
use tempfile::TempDir;

/// A broker that can be killed and started again on the same port.
pub struct Broker {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Broker {
    /// A broker that is away.
    pub fn away() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("its address").port();
        Self { folder, port, child: None }
    }

    /// A broker that runs.
    pub fn started() -> Self {
        let mut broker = Self::away();
        broker.start();
        broker
    }

    pub fn start(&mut self) {
        let program = xtask::tools::NATS_SERVER.bring().expect("nats-server");
        let store = self.folder.path().join("store");
        let mut command = Command::new(program);
        command.args(["--addr", "127.0.0.1", "--port", &self.port.to_string(), "--jetstream", "--store_dir"]);
        command.arg(store).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().expect("nats-server runs"));
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("killed");
            child.wait().expect("reaped");
        }
    }

    /// Forgets every stream and consumer. It must be away.
    pub fn wipe(&self) {
        std::fs::remove_dir_all(self.folder.path().join("store")).expect("wiped");
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The stream, once there is one.
    pub async fn stream(&self) -> Stream {
        let context = self.context().await;
        super::pair::until(async || context.get_stream(STREAM).await.ok()).await
    }

    pub async fn context(&self) -> jetstream::Context {
        let client = async_nats::ConnectOptions::new().retry_on_initial_connect().connect(self.url()).await;
        jetstream::new(client.expect("a client"))
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}
