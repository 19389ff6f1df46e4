//! The live state and signals with the real program on a real Swarm: SIGUSR1 and the key while a run waits, several
//! concurrent runs, and SIGINT, which stops all of them. Runs if `CCCI_SWARM` is set; without it each test prints that
//! it was not run.

use crate::bad_input::ground::{Ground, program};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Whether a Swarm may be used; if not, prints that the test is not run.
pub(crate) fn swarm(story: &str) -> bool {
    let there = std::env::var_os("CCCI_SWARM").is_some();
    if !there {
        println!("NOT RUN: {story} needs a Swarm; `make test` runs it");
    }
    there
}

/// A project whose recipe is one nginx with its default page; `rest` is appended to its compose file.
pub(crate) fn small_app(rest: &str) -> Ground {
    let compose = format!(
        "services:\n  app:\n    image: nginx:1.27.0\n    deploy:\n      labels:\n        \
         - coop-cloud.${{STACK_NAME}}.version=1.0.0+1.27.0\n{rest}"
    );
    let ground = Ground::new()
        .write("source/compose.yml", compose)
        .write("source/.env.sample", "TYPE=ghost\nDOMAIN=ghost.example.com\n")
        .recipe("recipe.toml", "source = \"../../source\"\n");
    for args in [&["init", "-q", "-b", "main"][..], &["add", "-A"], &["commit", "-q", "-m", "one"]] {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=A", "-c", "user.email=a@example.org"]).args(args);
        assert!(git.current_dir(ground.path("source")).status().unwrap().success(), "git {args:?}");
    }
    ground
}

/// A run of the real program in progress.
pub(crate) struct TestRun {
    child: Child,
    told: std::path::PathBuf,
}

impl TestRun {
    /// Starts a run on the real engine; its output goes to a file.
    pub(crate) fn begin(ground: &Ground, args: &[&str]) -> TestRun {
        let told = ground.path(&format!("told-{:?}.txt", Instant::now()).replace(' ', ""));
        let mut call = Command::new(program());
        ground.surround(call.args(args));
        call.env_remove("DOCKER_HOST").env_remove("CCCI_LOCKS");
        for name in ["DOCKER_HOST", "CCCI_LOCKS"] {
            call.envs(std::env::var_os(name).map(|v| (name, v)));
        }
        call.stdout(Stdio::null()).stderr(File::create(&told).unwrap());
        TestRun { child: call.spawn().unwrap(), told }
    }

    pub(crate) fn text(&self) -> String {
        std::fs::read_to_string(&self.told).unwrap()
    }

    /// Looks repeatedly until there is a result.
    pub(crate) fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(Instant::now() < deadline, "{what} did not come:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn says(&self, words: &str) {
        self.until(words, || self.text().contains(words).then_some(()));
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        (code, self.text())
    }
}

/// An app that is never ready: the probe returns false until the run is stopped.
fn never_ready() -> Ground {
    small_app("").recipe("hooks.rhai", "fn ready_probe(ctx) { false }\n")
}

#[test]
fn sigusr1_prints_what_runs_what_is_waited_for_since_when_and_the_time_left() {
    if !swarm("the live state") {
        return;
    }
    let ground = never_ready();
    let run = TestRun::begin(&ground, &["run", "ghost", "--tiers", "install", "--deadline", "20m"]);
    run.says("converge to the head");
    std::thread::sleep(Duration::from_millis(1_500));
    run.signal(Signal::USR1);
    run.says(" to the deadline, failures 0");
    run.says("  now      wait for ready_probe, ");
    let text = run.text();
    assert!(text.contains("  time     ") && text.contains(" of 1"), "{text}");
    assert!(text.contains("  waiting  for ") && text.contains("install  in progress"), "{text}");
    let left = text.lines().find(|l| l.contains(" to the deadline")).unwrap();
    assert!(left.contains(", 19m"), "{left}");
    let began = Instant::now();
    run.signal(Signal::INT);
    let (code, text) = run.end();
    assert_eq!(code, Some(130), "{text}");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert!(text.contains("INTERRUPTED") && text.contains("pass  remove everything"), "{text}");
}

#[test]
fn concurrent_runs_have_lines_of_their_own_and_one_signal_ends_them_all() {
    if !swarm("recipes side by side") {
        return;
    }
    let ground = never_ready();
    let more = ground.path("recipes/spook");
    std::fs::create_dir_all(&more).unwrap();
    for file in ["recipe.toml", "hooks.rhai"] {
        std::fs::copy(ground.path("recipes/ghost").join(file), more.join(file)).unwrap();
    }
    let run =
        TestRun::begin(&ground, &["run", "ghost", "spook", "ghost", "--jobs", "2", "--tiers", "install"]);
    run.says("ghost | ");
    run.says("spook | ");
    for name in ["ghost", "spook"] {
        let waits = |l: &str| l.starts_with(&format!("{name} |")) && l.contains("pass  converge to the head");
        run.until(name, || run.text().lines().any(waits).then_some(()));
    }
    run.signal(Signal::USR1);
    run.until("two states", || (run.text().matches(" to the deadline").count() == 2).then_some(()));
    run.signal(Signal::INT);
    let (code, text) = run.end();
    assert_eq!(code, Some(130), "{text}");
    assert_eq!(text.matches("pass  remove everything").count(), 2, "{text}");
    assert!(
        text.contains("recipes: 3") && text.contains("not run       ghost: stopped before it began"),
        "{text}"
    );
}

#[test]
fn the_key_t_prints_the_state_on_a_terminal_which_is_afterwards_as_it_was() {
    if !swarm("the key t") {
        return;
    }
    let ground = never_ready();
    let told = ground.path("screen.txt");
    // the shell must survive the key that interrupts the run; script(1) provides the terminal and passes on what is
    // typed
    let call = format!(
        "trap : INT; stty -a > before; {} run ghost --tiers install; echo exit $?; stty -a > after",
        program().display()
    );
    let mut script = Command::new("script");
    script.args(["-q", "-e", "-f", "-c", &call]).arg(&told);
    ground.surround(&mut script);
    script.env_remove("DOCKER_HOST").env_remove("CCCI_LOCKS").env("TERM", "xterm").env("SHELL", "/bin/sh");
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut keys = child.stdin.take().unwrap();
    let screen = || String::from_utf8_lossy(&std::fs::read(&told).unwrap_or_default()).into_owned();
    let until = |what: &str| {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !screen().contains(what) {
            assert!(Instant::now() < deadline, "{what} did not come:\n{}", screen());
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    until("> wait for ready_probe");
    keys.write_all(b"t").unwrap();
    until(" to the deadline, failures 0");
    keys.write_all(b"\x03").unwrap();
    until("exit 130");
    child.wait().unwrap();
    let text = screen();
    // ccci never hides the cursor: if it were stopped or killed, nobody would show it again
    assert!(!text.contains("\u{1b}[?25"), "the cursor is left alone");
    let read = |name: &str| std::fs::read_to_string(ground.path(name)).unwrap();
    assert_eq!(read("before"), read("after"), "the terminal is as it was");
}
