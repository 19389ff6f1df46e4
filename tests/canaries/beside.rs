//! What happens next to a canary's run: a port is in use, a volume is held, somebody interferes. The canary's run
//! makes it at the moment that its row names; it is removed with the run.

use crate::docker::{called, docker};
use ccci_model::event::{Event, What};
use ccci_model::tier::Status;
use std::io::{Read, Write};
use std::net::TcpListener;

/// What happens next to a canary's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    Nothing,
    /// Another program uses this port of the machine.
    Port(u16),
    /// A registry without any image, on this port of loopback.
    EmptyRegistry(u16),
    /// A service of the same name in another stack, which answers, on the proxy's network.
    Namesake,
    /// Objects with these names that belong to somebody else.
    SameNames {
        network: &'static str,
        volume: &'static str,
        config: &'static str,
    },
    /// As soon as the app runs, a foreign container mounts a volume of the stack.
    Holder {
        volume: &'static str,
    },
    /// An image has a second name, which no registry knows.
    Alias {
        of: &'static str,
        name: &'static str,
    },
    /// As soon as the head has converged, somebody gives service `app` another commit label.
    Meddler,
}

/// Does what a row asks for. What it made is removed when it is dropped.
pub(crate) struct Neighbour {
    what: Beside,
    stack: String,
    listener: Option<TcpListener>,
    container: Option<String>,
    service: Option<String>,
    /// Kind and name of each object, and the output of `docker inspect` for it.
    objects: Vec<(&'static str, &'static str, String)>,
}

impl Neighbour {
    /// Makes what must exist before the run.
    pub(crate) fn new(what: Beside, stack: &str) -> Neighbour {
        let listener = match what {
            Beside::Port(port) => {
                Some(TcpListener::bind(("0.0.0.0", port)).expect("the canary's port is free"))
            }
            Beside::EmptyRegistry(port) => {
                let own = TcpListener::bind(("127.0.0.1", port)).expect("the canary's port is free");
                let shared = own.try_clone().expect("a second handle");
                std::thread::spawn(move || answer_that_nothing_is_here(&shared));
                Some(own)
            }
            _ => None,
        };
        let service = (what == Beside::Namesake).then(|| {
            let name = format!("canary-namesake-{}_app", std::process::id());
            let network = "name=proxy,alias=app";
            docker(&["service", "create", "-q", "-d", "--name", &name, "--network", network, "nginx:1.27.0"]);
            name
        });
        if let Beside::Alias { of, name } = what {
            docker(&["tag", of, name]);
        }
        let objects = match what {
            Beside::SameNames { network, volume, config } => objects(network, volume, config),
            _ => vec![],
        };
        Neighbour { service, what, stack: stack.into(), listener, container: None, objects }
    }

    /// Receives every event while the run waits for it to return, so it acts at exactly that moment.
    pub(crate) fn hear(&mut self, event: &Event, title: &str) {
        let What::StepEnded { status: Status::Pass, .. } = &event.what else { return };
        match self.what {
            Beside::Holder { volume } if title.starts_with("converge to") && self.container.is_none() => {
                let name = format!("{}-holder", self.stack);
                let mount = format!("{}_{volume}:/held", self.stack);
                let words = ["run", "-d", "--name", &name, "-v", &mount, "ccci-lab/base:1", "sleep", "600"];
                docker(&words);
                self.container = Some(name);
            }
            Beside::Meddler if title == "converge to the head" => {
                let label = format!("coop-cloud.{}.chaos-version=0000000", self.stack);
                docker(&[
                    "service",
                    "update",
                    "-q",
                    "-d",
                    "--label-add",
                    &label,
                    &format!("{}_app", self.stack),
                ]);
            }
            _ => {}
        }
    }

    /// Whether everything that the run must not touch is still as it was.
    pub(crate) fn stands(&self) -> bool {
        let running = |name: &String| docker(&["inspect", "-f", "{{.State.Running}}", name]).trim() == "true";
        let there =
            |name: &String| docker(&["service", "ls", "--format", "{{.Name}}"]).contains(name.as_str());
        self.container.as_ref().is_none_or(running)
            && self.service.as_ref().is_none_or(there)
            && self.objects.iter().all(|(kind, name, was)| docker(&[kind, "inspect", name]) == *was)
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        self.listener.take();
        if let Beside::Alias { name, .. } = self.what {
            docker(&["rmi", name]);
        }
        if let Some(name) = self.service.take() {
            docker(&["service", "rm", &name]);
        }
        if let Some(name) = self.container.take() {
            docker(&["rm", "-f", &name]);
        }
        for (kind, name, _) in &self.objects {
            docker(&[kind, "rm", name]);
        }
    }
}

fn objects(
    network: &'static str,
    volume: &'static str,
    config: &'static str,
) -> Vec<(&'static str, &'static str, String)> {
    docker(&["network", "create", "-d", "overlay", network]);
    docker(&["volume", "create", volume]);
    docker(&["config", "create", config, "Cargo.toml"]);
    let all = [("network", network), ("volume", volume), ("config", config)];
    all.map(|(kind, name)| (kind, name, docker(&[kind, "inspect", name]))).into()
}

/// Answers as a registry API, only as far as a pull needs to learn that the image does not exist.
fn answer_that_nothing_is_here(registry: &TcpListener) {
    for visitor in registry.incoming() {
        let Ok(mut visitor) = visitor else { return };
        let mut head = [0; 4096];
        let read = visitor.read(&mut head).unwrap_or(0);
        let is_greeting = head[..read].starts_with(b"GET /v2/ ");
        let unknown = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
        let (status, body) = if is_greeting { ("200 OK", "{}") } else { ("404 Not Found", unknown) };
        let kind = "Content-Type: application/json\r\nConnection: close";
        let _ =
            write!(visitor, "HTTP/1.1 {status}\r\n{kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    }
}

/// The network of an operator's proxy, which every operator's swarm has. Made for the test if there is none.
pub(crate) struct ProxyNetwork {
    made: bool,
}

impl ProxyNetwork {
    pub(super) fn new() -> ProxyNetwork {
        let names = docker(&["network", "ls", "--format", "{{.Name}}"]);
        let made = !names.lines().any(|n| n == "proxy");
        if made {
            docker(&["network", "create", "-d", "overlay", "--attachable", "proxy"]);
        }
        ProxyNetwork { made }
    }
}

impl Drop for ProxyNetwork {
    fn drop(&mut self) {
        if self.made {
            // if something else uses it by now, docker refuses and the network stays
            called(&["network", "rm", "proxy"]);
        }
    }
}
