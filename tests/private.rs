//! What other users of the machine can see of a run: neither the arguments and environment of its processes, nor its
//! files.

use crate::bad_input::ground::program_for_all;
use crate::repository::Repository;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

/// The program with this umask and its own directories.
fn ccci(mask: &str, home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "umask \"$0\"; exec \"$@\"", mask, env!("CARGO_BIN_EXE_ccci")]).args(words);
    command.env("CCCI_HOME", home.join("state")).env("TMPDIR", home.join("tmp"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn places() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("tmp")).unwrap();
    home
}

/// A process and all its descendants, by the parents that the kernel shows.
fn family(of: u32) -> BTreeSet<u32> {
    let numbers =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|e| e.file_name().to_str()?.parse().ok());
    let parent = |pid: u32| -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
    };
    let parents: HashMap<u32, u32> = numbers.filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let is_of = |mut pid: u32| {
        while pid != of {
            match parents.get(&pid) {
                Some(parent) => pid = *parent,
                None => return false,
            }
        }
        true
    };
    parents.keys().copied().filter(|pid| is_of(*pid)).collect()
}

/// What is observed of all processes except the first one, whose arguments the caller wrote.
#[derive(Default)]
struct Watched {
    processes: BTreeSet<String>,
    found: BTreeSet<String>,
    open_files: BTreeSet<String>,
}

fn watch(of: u32, needles: &[String], dirs: &[&Path], observed: &Mutex<Watched>) {
    let mut observed = observed.lock().unwrap();
    for pid in family(of).into_iter().filter(|pid| *pid != of) {
        for file in ["cmdline", "environ"] {
            let text = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).replace('\0', " ");
            if file == "cmdline" {
                observed.processes.insert(text.chars().take(60).collect());
            }
            for needle in needles.iter().filter(|n| text.contains(n.as_str())) {
                observed.found.insert(format!("`{needle}` in the {file} of {text}"));
            }
        }
    }
    for dir in dirs {
        open_below(dir, &mut observed.open_files);
    }
}

/// Files that other users may read.
fn open_below(dir: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let Ok(meta) = fs::symlink_metadata(entry.path()) else { continue };
        if !meta.is_symlink() && meta.permissions().mode() & 0o077 != 0 {
            found.insert(format!("{} {:o}", entry.path().display(), meta.permissions().mode()));
        }
        if meta.is_dir() {
            open_below(&entry.path(), found);
        }
    }
}

/// Observes a program until it ends.
fn watched(mut child: Child, needles: &[String], dirs: &[&Path]) -> (Watched, String, Option<i32>) {
    let (observed, over, pid) = (Mutex::default(), AtomicBool::new(false), child.id());
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let said = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                watch(pid, needles, dirs, &observed);
                std::thread::sleep(Duration::from_millis(3));
            }
        });
        let out = scope.spawn(move || std::io::read_to_string(&mut out).unwrap());
        let said = std::io::read_to_string(&mut err).unwrap() + out.join().unwrap().as_str();
        over.store(true, Ordering::SeqCst);
        said
    });
    let code = child.wait().unwrap().code();
    (observed.into_inner().unwrap(), said, code)
}

/// A server that asks for a login and has no content. It reports the login and answers when it is told to.
fn server() -> (u16, std::sync::mpsc::Receiver<String>, std::sync::mpsc::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let ((told, asked), (go, may_go)) = (channel(), channel::<()>());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let head: Vec<String> =
                BufReader::new(&stream).lines().map_while(Result::ok).take_while(|l| !l.is_empty()).collect();
            let login = head.iter().find_map(|l| l.strip_prefix("Authorization: ").map(str::to_string));
            let answer = match login {
                None => {
                    "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                }
                Some(login) => {
                    let _ = told.send(login);
                    let _ = may_go.recv_timeout(Duration::from_secs(10));
                    "HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                }
            };
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (port, asked, go)
}

#[test]
fn the_login_of_a_source_reaches_git_and_stands_in_no_process_and_no_readable_file() {
    let (port, asked, go) = server();
    let home = places();
    let dir = home.path().join("recipes/private");
    fs::create_dir_all(&dir).unwrap();
    let source = format!("source = \"http://bot:s3cret-tok3n@127.0.0.1:{port}/x.git\"\n");
    fs::write(dir.join("recipe.toml"), source).unwrap();
    let child = ccci("000", home.path(), &["plan", dir.to_str().unwrap()]).spawn().unwrap();
    let answering = std::thread::spawn(move || {
        let login = asked.recv_timeout(Duration::from_secs(10)).unwrap();
        // long enough to be observed
        std::thread::sleep(Duration::from_millis(100));
        go.send(()).unwrap();
        login
    });
    let (tmp, state) = (home.path().join("tmp"), home.path().join("state"));
    let (observed, said, code) = watched(child, &["s3cret-tok3n".into()], &[&tmp, &state]);
    // base64 of `bot:s3cret-tok3n`
    assert_eq!(answering.join().unwrap(), "Basic Ym90OnMzY3JldC10b2szbg==", "{said}");
    assert!(observed.processes.iter().any(|p| p.contains("remote-http")), "{:?}", observed.processes);
    assert_eq!(observed.found, BTreeSet::new());
    assert_eq!(observed.open_files, BTreeSet::new());
    assert!(!said.contains("s3cret"), "{said}");
    assert_eq!(code, Some(2), "{said}");
}

const COMPOSE: &str = r#"version: "3.8"
services:
  app:
    image: nginx:1.25.0
    command: ["sh", "-c", "cat /run/secrets/own; exec nginx -g 'daemon off;'"]
    networks: [proxy]
    secrets: [own, made]
    volumes: ["data:/data"]
    configs: [{source: conf, target: /conf}]
    environment: [PASSED]
    deploy:
      labels:
        - "traefik.enable=true"
        - "traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80"
        - "traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`)"
        - "traefik.http.routers.${STACK_NAME}.entrypoints=web-secure"
        - "traefik.http.routers.${STACK_NAME}.tls.certresolver=${LETS_ENCRYPT_ENV}"
        - "coop-cloud.${STACK_NAME}.version=1.0.0+1.25.0"
        - "backupbot.backup=true"
        - "backupbot.backup.pre-hook=echo $$PASSED > /data/kept"
networks: {proxy: {external: true}}
volumes: {data: {}}
configs: {conf: {name: "${STACK_NAME}_conf_v1", file: conf.tmpl, template_driver: golang}}
secrets:
  own: {external: true, name: "${STACK_NAME}_own_${SECRET_OWN_VERSION}"}
  made: {external: true, name: "${STACK_NAME}_made_${SECRET_MADE_VERSION}"}
"#;

/// Twenty secrets on all their ways: set, in the env, logged, kept as marks, passed to commands in a container.
fn hooks(secrets: &[String]) -> String {
    format!(
        "const ALL = {};\nfn install_steps(ctx) {{ ctx.set_secret(\"own\", global::ALL[0]); }}\n\
         fn extra_env(ctx) {{ #{{ PASSED: global::ALL[1] }} }}\n\
         fn pre_install(ctx) {{\n    for s in global::ALL {{\n        ctx.log(s);\n        ctx.remember(\"m\", s);\n        \
         ctx.try_exec(\"app\", [\"echo\", s]);\n    }}\n}}\n",
        serde_json::to_string(secrets).unwrap()
    )
}

#[test]
fn of_a_whole_run_nobody_else_sees_an_argument_or_a_file() {
    if std::env::var_os("CCCI_SWARM").is_none() {
        return println!("NOT RUN: what others see of a run needs a Swarm; `make test` runs it");
    }
    let secrets: Vec<String> = (0..20).map(|n| format!("pl4nted-secret-{n:02}-qx")).collect();
    let repository = Repository::new();
    repository.write("compose.yml", COMPOSE).write("conf.tmpl", "{{ env \"PASSED\" }}\n");
    let sample = "TYPE=private\nDOMAIN=p.example.com\nLETS_ENCRYPT_ENV=production\nPASSED=x\nSECRET_OWN_VERSION=v1\n\
                  SECRET_MADE_VERSION=v1 # length=32\n";
    repository.write(".env.sample", sample);
    repository.commit("first");
    let home = places();
    let dir = home.path().join("recipes/private");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("recipe.toml"), format!("source = {:?}\n", repository.given())).unwrap();
    fs::write(dir.join("hooks.rhai"), hooks(&secrets)).unwrap();
    let (tmp, state) = (home.path().join("tmp"), home.path().join("state"));
    for mask in ["000", "077"] {
        let child = ccci(mask, home.path(), &["run", dir.to_str().unwrap()]).spawn().unwrap();
        let (observed, said, code) = watched(child, &secrets, &[&tmp, &state]);
        assert_eq!(code, Some(0), "{said}");
        assert!(observed.processes.iter().any(|p| p.contains("stack deploy")), "{:?}", observed.processes);
        assert_eq!(observed.found, BTreeSet::new());
        assert_eq!(observed.open_files, BTreeSet::new(), "under the mask {mask}");
        println!("mask {mask}: {} kinds of processes seen", observed.processes.len());
    }
}

/// A run of one user must see the locks of another, whatever umask each has.
#[test]
fn locks_are_seen_by_every_user_of_the_machine() {
    use ccci_swarm::ports::locks::Locks;
    let dir = tempfile::tempdir().unwrap();
    let locks = ccci_adapters::locks::FileLocks::new(dir.path().join("locks"));
    let _held = locks.take("a.ccci.test").unwrap().unwrap();
    locks.keep("b.ccci.test", &[]).unwrap();
    for (name, mode) in [("", 0o1777), ("a.ccci.test.lock", 0o644), ("b.ccci.test.kept", 0o644)] {
        let meta = fs::metadata(dir.path().join("locks").join(name)).unwrap();
        assert_eq!(meta.permissions().mode() & 0o7777, mode, "{name}");
    }
}

#[test]
fn without_a_home_it_is_said_where_records_go_and_never_a_place_that_all_can_guess() {
    let program = program_for_all();
    let ran = |user: &str| {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", user, "--clear-groups"])
            .arg(program.path().join("ccci"))
            .args(["check", "/nowhere"]);
        command.env_clear().env("PATH", "/usr/bin:/bin").output().unwrap()
    };
    let root = ran("0");
    let said = String::from_utf8_lossy(&root.stderr).into_owned();
    assert!(said.contains("note: HOME is not set; records are kept in /root/.local/state/ccci"), "{said}");
    // a user whom the system does not know
    let nobody = ran("54321");
    let said = String::from_utf8_lossy(&nobody.stderr).into_owned();
    assert_eq!(nobody.status.code(), Some(3), "{said}");
    assert!(said.contains("there is no place for records") && said.contains("CCCI_HOME"), "{said}");
}
