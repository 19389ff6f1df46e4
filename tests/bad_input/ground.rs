//! Where bad input is tried: a project with the recipe `ghost`, its repository, sockets that only pretend to be
//! engines, and the program.

use crate::repository::{Repository, compose};
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, Weak};
use tempfile::TempDir;

/// Set by tools that measure coverage.
const COUNTS: &str = "LLVM_PROFILE_FILE";

/// How a call ended.
pub(crate) struct Done {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// The project of one row.
pub(crate) struct Ground {
    dir: TempDir,
    _source: Arc<Repository>,
}

/// The address of an engine that does not exist.
const DEAD: &str = "unix:///nonexistent/engine.sock";

impl Ground {
    /// A project whose settings name a good source.
    pub(crate) fn new() -> Ground {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let source = source();
        let line = format!("source = \"{}\"\n", source.given());
        Ground { dir, _source: source }.recipe("recipe.toml", &line)
    }

    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.dir.path().join(inside)
    }

    /// Writes a file of the project.
    pub(crate) fn write(self, inside: &str, content: impl AsRef<[u8]>) -> Ground {
        let whole = self.path(inside);
        fs::create_dir_all(whole.parent().unwrap()).unwrap();
        fs::write(whole, content).unwrap();
        self
    }

    /// Writes a file of the recipe directory.
    pub(crate) fn recipe(self, inside: &str, content: &str) -> Ground {
        self.write(&format!("recipes/ghost/{inside}"), content)
    }

    /// Calls the program in the project.
    pub(crate) fn ccci<A: AsRef<OsStr>>(&self, args: &[A]) -> Done {
        self.with(args, |_| ())
    }

    /// The same with a change to the command.
    pub(crate) fn with<A: AsRef<OsStr>>(&self, args: &[A], change: impl FnOnce(&mut Command)) -> Done {
        let mut call = Command::new(program());
        call.args(args);
        self.surround(&mut call);
        change(&mut call);
        ended(&mut call)
    }

    /// The same with more environment variables.
    pub(crate) fn with_env<A: AsRef<OsStr>>(&self, args: &[A], env: &[(&str, &str)]) -> Done {
        self.with(args, |call| {
            call.envs(env.iter().copied());
        })
    }

    pub(crate) fn surround(&self, call: &mut Command) {
        call.current_dir(self.dir.path()).stdin(Stdio::null());
        call.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", self.dir.path());
        // where a program that counts which of its lines run writes the counts
        call.envs(std::env::var_os(COUNTS).map(|place| (COUNTS, place)));
        call.env("CCCI_HOME", self.path("home")).env("CCCI_LOCKS", self.path("locks"));
        call.env("DOCKER_HOST", DEAD).env("NO_COLOR", "1").env("COLUMNS", "100");
    }

    /// Starts an engine of this kind on a socket of the project; returns its address.
    pub(crate) fn engine(&self, kind: Engine) -> String {
        let socket = self.path("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || kind.serve(stream));
            }
        });
        format!("unix://{}", socket.display())
    }

    /// Calls the program as a user without privileges.
    pub(crate) fn as_nobody(&self, args: &[&str], env: &[(&str, &str)]) -> Done {
        if !rustix::process::geteuid().is_root() {
            return self.with_env(args, env);
        }
        let mut call = Command::new("setpriv");
        call.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]);
        let copy = program_for_all();
        call.arg(copy.path().join("ccci")).args(args);
        self.surround(&mut call);
        ended(call.envs(env.iter().copied()))
    }
}

fn ended(call: &mut Command) -> Done {
    let done = call.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Done { code: done.status.code(), out: text(&done.stdout), err: text(&done.stderr) }
}

pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_ccci"))
}

/// Makes a value that concurrent tests share; it is dropped with its last user.
fn shared<T>(place: &Mutex<Weak<T>>, make: impl FnOnce() -> T) -> Arc<T> {
    let mut place = place.lock().unwrap();
    place.upgrade().unwrap_or_else(|| {
        let made = Arc::new(make());
        *place = Arc::downgrade(&made);
        made
    })
}

/// A copy of the program that every user can start: the checkout may be in a home directory that is closed to others.
pub(crate) fn program_for_all() -> Arc<TempDir> {
    static COPY: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());
    shared(&COPY, || {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let place = dir.path().join("ccci");
        fs::hard_link(program(), &place).or_else(|_| fs::copy(program(), &place).map(drop)).unwrap();
        dir
    })
}

/// A repository with one good version, and branches that each have one fault.
pub(crate) fn source() -> Arc<Repository> {
    static SOURCE: Mutex<Weak<Repository>> = Mutex::new(Weak::new());
    shared(&SOURCE, make_source)
}

fn make_source() -> Repository {
    let r = Repository::new();
    r.write(".env.sample", "TYPE=ghost\nDOMAIN=ghost.example.com\n");
    r.release("1.0.0+1.25");
    let branch = |name: &str, file: &str, content: &str| {
        r.git(&["checkout", "-q", "-b", name, "main"]);
        r.write(file, content);
        r.commit(name);
    };
    branch("no-app", "compose.yml", "services:\n  web:\n    image: nginx:1\n");
    branch("bad-yaml", "compose.yml", "services:\n  app:\n    image: [nginx\n");
    let needs = compose("1.0.0+1.25").replace("nginx:1.25", "nginx:${TAG:?name a tag}");
    branch("needs-tag", "compose.yml", &needs);
    branch("odd-port", "compose.yml", "services:\n  app:\n    image: nginx:1\n    ports: [\"80:http\"]\n");
    r.git(&["checkout", "-q", "-b", "no-compose", "main"]);
    r.git(&["rm", "-q", "compose.yml"]);
    r.commit("no-compose");
    r.git(&["checkout", "-q", "main"]);
    fs::set_permissions(r.around(), Permissions::from_mode(0o755)).unwrap();
    r
}

/// What answers on the engine's socket.
#[derive(Clone, Copy)]
pub(crate) enum Engine {
    /// A swarm manager that answers the first requests and refuses all others.
    Manager,
    /// An engine that is in no swarm.
    Alone,
    /// An engine that is a worker of a swarm.
    Worker,
    /// An engine that is too old.
    Old,
    /// Something that is no engine.
    Stranger,
    /// An engine that accepts every request and answers none.
    Silent,
}

impl Engine {
    fn serve(self, mut stream: UnixStream) {
        let mut head = vec![];
        let mut byte = [0];
        while matches!(stream.read(&mut byte), Ok(1)) {
            head.push(byte[0]);
            if head.ends_with(b"\r\n\r\n") && !matches!(self, Engine::Silent) {
                let text = String::from_utf8_lossy(&head).into_owned();
                let path = text.split(' ').nth(1).unwrap_or_default();
                let (status, body) = self.answer(path);
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                );
                if stream.write_all(answer.as_bytes()).is_err() {
                    return;
                }
                head.clear();
            }
        }
    }

    fn answer(self, path: &str) -> (&'static str, String) {
        if matches!(self, Engine::Stranger) {
            return ("200 OK", "hello".into());
        }
        let api = if matches!(self, Engine::Old) { "1.40" } else { "1.41" };
        if path.ends_with("/version") {
            let version = if matches!(self, Engine::Old) { "19.03.8" } else { "20.10.24" };
            return (
                "200 OK",
                format!(
                    r#"{{"Version":"{version}","ApiVersion":"{api}","MinAPIVersion":"1.12","Os":"linux"}}"#
                ),
            );
        }
        if path.ends_with("/info") {
            let (state, manager) = match self {
                Engine::Alone => ("inactive", false),
                Engine::Worker => ("active", false),
                _ => ("active", true),
            };
            let swarm = format!(r#"{{"LocalNodeState":"{state}","ControlAvailable":{manager},"Nodes":1}}"#);
            return ("200 OK", format!(r#"{{"Swarm":{swarm},"OperatingSystem":"x"}}"#));
        }
        ("500 Internal Server Error", r#"{"message":"this engine refuses everything"}"#.into())
    }
}
