//! Real servers for the tests of the stores: PostgreSQL, a single Valkey or
//! Redis, and a cluster of three, on free ports of this machine, with their data
//! below `target/services`.
//!
//! Each runs in a loop, so that a test may kill it and find it again. All of
//! them end with this program, whichever way that ends.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::tools;
use crate::workspace::{Workspace, output, run};

/// How often, and how many times, a server is asked whether it is ready.
const ASK_AGAIN: Duration = Duration::from_millis(100);
const ASK_TIMES: usize = 300;
/// The password of all of them: tests only, and on this machine only.
const PASSWORD: &str = "only-for-tests";

/// Servers that run until this is dropped.
pub(crate) struct Services {
    running: Vec<Running>,
    folder: PathBuf,
}

impl Services {
    /// None yet; what earlier runs left behind is removed.
    pub(crate) fn new(workspace: &Workspace) -> Result<Self> {
        Self::in_folder(workspace, "services")
    }

    /// The same with the data in another folder below `target`, for tests that
    /// may run at the same time.
    pub(crate) fn in_folder(workspace: &Workspace, name: &str) -> Result<Self> {
        let folder = workspace.target.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("could not empty {}", folder.display()))?;
        }
        fs::create_dir_all(&folder)?;
        Ok(Self {
            running: Vec::new(),
            folder,
        })
    }

    /// A PostgreSQL with an empty database; gives its URL.
    pub(crate) fn postgres(&mut self, workspace: &Workspace, name: &str) -> Result<String> {
        let programs = tools::postgres(workspace)?;
        let (folder, port) = (self.folder_of(name)?, free_port()?);
        let (data, password) = (folder.join("data"), folder.join("password"));
        fs::write(&password, PASSWORD)?;
        let user = Unprivileged::find(workspace)?;
        user.own(&folder)?;
        user.own(&password)?;
        let mut make = workspace.command(programs.join("initdb"));
        make.arg("--pgdata")
            .arg(&data)
            .arg("--pwfile")
            .arg(&password);
        make.args(["--username", "sesame", "--auth", "scram-sha-256"]);
        make.args(["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]);
        user.runs(&mut make);
        let log = File::create(folder.join("initdb.log"))?;
        run(make.stdout(log.try_clone()?).stderr(log))
            .with_context(|| format!("see {}", folder.join("initdb.log").display()))?;
        let mut server = looped(&programs.join("postgres"));
        server.arg("-D").arg(&data);
        for setting in [
            &format!("port={port}"),
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            // The data is thrown away, and the disk is not what is tested.
            "fsync=off",
        ] {
            server.args(["-c", setting]);
        }
        user.runs(&mut server);
        self.start(server, &folder)?;
        wait_for(name, &folder, || {
            // Eight bytes that ask for TLS; `N` is the answer of one without.
            exchange(port, &[0, 0, 0, 8, 4, 210, 22, 47]) == Some(b'N')
        })?;
        Ok(format!(
            "postgres://sesame:{PASSWORD}@127.0.0.1:{port}/postgres"
        ))
    }

    /// One Valkey or Redis; gives its URL.
    pub(crate) fn valkey(&mut self, workspace: &Workspace, name: &str) -> Result<String> {
        let port = self.valkey_with(workspace, name, &[])?;
        Ok(format!("valkey://:{PASSWORD}@127.0.0.1:{port}"))
    }

    /// A cluster of three masters; gives its URL.
    pub(crate) fn valkey_cluster(&mut self, workspace: &Workspace, name: &str) -> Result<String> {
        let mut nodes = Vec::new();
        for node in 1..=3 {
            let bus = free_port()?.to_string();
            let settings = ["--cluster-enabled", "yes", "--cluster-port", &bus];
            let port = self.valkey_with(workspace, &format!("{name}-{node}"), &settings)?;
            nodes.push(format!("127.0.0.1:{port}"));
        }
        let mut join = client(workspace)?;
        join.args(["--cluster", "create"]).args(&nodes);
        output(join.args(["--cluster-yes", "--cluster-replicas", "0"]))?;
        for node in &nodes {
            let port = node.rsplit(':').next().unwrap_or_default();
            wait_for(name, &self.folder, || {
                let mut info = match client(workspace) {
                    Ok(client) => client,
                    Err(_) => return false,
                };
                info.args(["-p", port, "cluster", "info"]);
                output(&mut info).is_ok_and(|text| text.contains("cluster_state:ok"))
            })?;
        }
        let nodes = nodes.join(",");
        Ok(format!("valkey-cluster://:{PASSWORD}@{nodes}"))
    }

    fn valkey_with(&mut self, workspace: &Workspace, name: &str, settings: &[&str]) -> Result<u16> {
        let program = tools::valkey(workspace)?;
        let (folder, port) = (self.folder_of(name)?, free_port()?);
        let mut server = looped(Path::new(program.server));
        server.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
        server.args(["--requirepass", PASSWORD, "--save", ""]);
        server.args(["--appendonly", "yes", "--appendfsync", "always", "--dir"]);
        server.arg(&folder).args(settings);
        self.start(server, &folder)?;
        wait_for(name, &folder, || exchange(port, b"PING\r\n").is_some())?;
        Ok(port)
    }

    fn folder_of(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    fn start(&mut self, mut command: Command, folder: &Path) -> Result<()> {
        let log = File::create(folder.join("log"))?;
        command.stdout(log.try_clone()?).stderr(log);
        self.running.push(Running::start(command)?);
        Ok(())
    }
}

/// A server in its loop, and the shell that ends both when we do.
struct Running {
    server: Child,
    watch: Child,
}

/// Reads until nobody can write any more, which is when this program has ended
/// or wants it; then ends the group of processes that is given.
const WATCH: &str = "trap '' INT TERM HUP; read -r none; kill -s TERM -- \"-$1\"; \
    for wait in 1 2 3 4 5 6 7 8 9 10; do \
        kill -s 0 -- \"-$1\" || exit 0; sleep 0.2; done; \
    kill -s KILL -- \"-$1\"";

impl Running {
    fn start(mut command: Command) -> Result<Self> {
        in_own_group(&mut command);
        let server = command.spawn().context("could not start a server")?;
        let mut watch = Command::new("sh");
        watch.args(["-c", WATCH, "sh", &server.id().to_string()]);
        watch
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        in_own_group(&mut watch);
        match watch.spawn() {
            Ok(watch) => Ok(Self { server, watch }),
            Err(error) => {
                let mut server = server;
                let _ = server.kill();
                let _ = server.wait();
                Err(error).context("could not start a shell")
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        let _ = self.server.wait();
        let _ = self.watch.wait();
    }
}

/// A group of its own can be ended as a whole, and a key press does not reach it.
fn in_own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Starts a program, and again whenever it ends.
fn looped(program: &Path) -> Command {
    let mut command = Command::new("sh");
    command.stdin(Stdio::null());
    command.args(["-c", "while :; do \"$@\"; sleep 0.2; done", "sh"]);
    command.arg(program);
    command
}

/// PostgreSQL does not run as root; then it runs as `nobody`.
struct Unprivileged(Option<u32>);

impl Unprivileged {
    fn find(workspace: &Workspace) -> Result<Self> {
        if !tools::root(workspace) {
            return Ok(Self(None));
        }
        let id = output(workspace.command("id").args(["-u", "nobody"]))?;
        let id = id
            .trim()
            .parse()
            .context("`id -u nobody` printed no number")?;
        Ok(Self(Some(id)))
    }

    fn own(&self, path: &Path) -> Result<()> {
        #[cfg(unix)]
        if let Self(Some(id)) = self {
            std::os::unix::fs::chown(path, Some(*id), None)
                .with_context(|| format!("could not give {} away", path.display()))?;
        }
        #[cfg(not(unix))]
        let _ = path;
        Ok(())
    }

    fn runs(&self, command: &mut Command) {
        #[cfg(unix)]
        if let Self(Some(id)) = self {
            std::os::unix::process::CommandExt::uid(command, *id);
        }
        #[cfg(not(unix))]
        let _ = command;
    }
}

/// The command-line client of Valkey or Redis, let in.
fn client(workspace: &Workspace) -> Result<Command> {
    let mut client = workspace.command(tools::valkey(workspace)?.client);
    client.env("REDISCLI_AUTH", PASSWORD);
    Ok(client)
}

/// A port that nobody listens on at the moment.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Sends some bytes and gives the first that comes back.
fn exchange(port: u16, bytes: &[u8]) -> Option<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    stream.write_all(bytes).ok()?;
    let mut first = [0];
    stream.read_exact(&mut first).ok()?;
    Some(first[0])
}

fn wait_for(name: &str, folder: &Path, ready: impl Fn() -> bool) -> Result<()> {
    for _ in 0..ASK_TIMES {
        if ready() {
            return Ok(());
        }
        thread::sleep(ASK_AGAIN);
    }
    bail!("{name} did not get ready; see {}", folder.display())
}
