//! Neighbours: what others have on the engine is byte for byte the same after runs, after cleaning, and after a run
//! that was killed, however similar it is to ours.

use super::alone;
use super::victim::{Victim, When, locks};
use crate::docker::{called, docker};
use rustix::process::Signal;
use std::fs::File;
use std::time::Duration;

const IMAGE: &str = "nginx:1.25.0";
const LONGEST: Duration = Duration::from_secs(600);

/// Foreign objects, made by the docker client, with names or labels similar to ours.
struct Neighbours {
    made: Vec<(&'static str, String)>,
    _lock: File,
}

impl Neighbours {
    fn move_in() -> Neighbours {
        let own = std::process::id();
        let locked = format!("word-{own:06x}.ccci.test");
        std::fs::create_dir_all(locks()).unwrap();
        let lock = File::create(locks().join(format!("{locked}.lock"))).unwrap();
        lock.try_lock().unwrap();
        let mut it = Neighbours { made: vec![], _lock: lock };
        let live = [format!("ccci.run=20260101-000000-{own:06x}"), format!("ccci.domain={locked}")];
        // an object with only one of our labels belongs to somebody else, and so does one with labels that only begin
        // like ours
        let labels: [&[String]; 10] = [
            &[],
            &["ccci.something=word".into()],
            &["ccci.run=x".into()],
            &["ccci.domain=dead.ccci.test".into()],
            &["ccci.domain.of=x".into(), "ccci.running=1".into()],
            &live,
            &["CCCI.RUN=x".into(), "CCCI.DOMAIN=y".into()],
            &["com.docker.stack.namespace=word-000000_ccci_test".into()],
            &["coop-cloud.word.chaos=true".into()],
            &["ccci=run".into(), "domain=ccci.test".into()],
        ];
        for (n, labels) in labels.iter().enumerate() {
            it.make("volume", n, labels, &["create"], &[]);
            it.make("network", n, labels, &["create", "--driver", "overlay", "--attachable"], &[]);
            it.make("container", n, labels, &["run", "--detach", "--name"], &[IMAGE, "sleep", "10000"]);
            it.make("secret", n, labels, &["create"], &["/etc/hostname"]);
            it.make("config", n, labels, &["create"], &["/etc/hostname"]);
            let create = ["create", "--quiet", "--detach", "--endpoint-mode", "dnsrr", "--name"];
            it.make("service", n, labels, &create, &[IMAGE, "sleep", "10000"]);
        }
        it
    }

    /// Makes an object whose name begins like those of runs of `wordpress`, whose stacks are `word-…_ccci_test`.
    fn make(&mut self, kind: &'static str, n: usize, labels: &[String], create: &[&str], rest: &[&str]) {
        let name = format!("word-{:06x}{n}_ccci_test_{kind}", std::process::id());
        let labels: Vec<String> = labels.iter().map(|l| format!("--label={l}")).collect();
        let mut words = vec![kind];
        let (last, options) = create.split_last().unwrap();
        words.extend(options);
        // the name comes after its option, or before all other arguments
        if *last == "--name" {
            words.extend(labels.iter().map(String::as_str));
            words.extend(["--name", name.as_str()]);
        } else {
            words.push(last);
            words.extend(labels.iter().map(String::as_str));
            words.push(&name);
        }
        words.extend(rest);
        docker(&words);
        self.made.push((kind, name));
    }

    /// All objects as the client shows them, byte for byte.
    fn look(&self) -> Vec<String> {
        let kinds = ["service", "container", "network", "volume", "secret", "config"];
        let of = |kind: &&str| {
            let names = self.made.iter().filter(|(k, _)| k == kind).map(|(_, name)| name.as_str());
            docker(&[kind, "inspect"].into_iter().chain(names).collect::<Vec<_>>())
        };
        kinds.iter().map(of).collect()
    }
}

impl Drop for Neighbours {
    fn drop(&mut self) {
        for kind in ["service", "container", "network", "volume", "secret", "config"] {
            for (_, name) in self.made.iter().filter(|(k, _)| *k == kind) {
                let mut words = vec![kind, "rm", name.as_str()];
                if kind == "container" {
                    words.insert(2, "--force");
                }
                // a network may still be in use for a moment
                for _ in 0..50 {
                    if called(&words).0 {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(200));
                }
            }
        }
    }
}

#[test]
fn what_others_have_is_byte_for_byte_the_same_whatever_runs_do() {
    let Some(_alone) = alone("the neighbours") else { return };
    let neighbours = Neighbours::move_in();
    let before = neighbours.look();
    let same = |after: &str| {
        for (was, is) in before.iter().zip(neighbours.look()) {
            assert!(*was == is, "{after}\nbefore: {was}\nafter: {is}");
        }
    };
    let mut run = Victim::start("recipes/custom-html", &[]);
    assert_eq!(run.end(LONGEST).expect("it hangs").code(), Some(0), "{}", run.said());
    same("a run");
    assert_eq!(run.clean().status.code(), Some(0));
    same("a clean");
    let mut killed = Victim::start("recipes/wordpress", &[]);
    assert!(killed.reach(When { part: 0.3, after: Duration::from_secs(1) }), "{}", killed.said());
    killed.signal(Signal::KILL);
    killed.end(LONGEST);
    assert_eq!(killed.clean().status.code(), Some(0));
    assert_eq!(killed.left(), Vec::<String>::new());
    same("a run that was killed and cleaned up after");
}
