//! Bad input: what is typed, written or found wrong -> the exit code and what the message must contain. One table, run
//! with the real program. `cargo test bad_input -- --nocapture` prints it.

pub(crate) mod ground;
mod swarm;

use ground::{Done, Engine, Ground, program_for_all, source};
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One kind of bad input.
struct Row {
    /// What is wrong.
    what: &'static str,
    /// The exit code of the call.
    exit: i32,
    /// Texts in the message: what was observed, where, what was expected, who is to blame, what to do.
    words: &'static [&'static str],
    /// Makes the call.
    call: fn(&str) -> Done,
}

/// A call in a project without faults.
fn plain(args: &[&str]) -> Done {
    Ground::new().ccci(args)
}

/// A call in a project whose recipe has a test.
fn with_a_test(args: &[&str]) -> Done {
    let test = "fn test_login(ctx) {\n    assert(ctx.get(\"/\").ok);\n}\n";
    Ground::new().recipe("custom/test_page.rhai", test).ccci(args)
}

/// A call with an engine of this kind.
fn with_engine(kind: Engine, args: &[&str]) -> Done {
    let ground = Ground::new();
    let host = ground.engine(kind);
    ground.with_env(args, &[("DOCKER_HOST", &host)])
}

/// A call with a record of these events.
fn with_record(args: &[&str], events: &[u8]) -> Done {
    Ground::new().write("rec/events.jsonl", events).ccci(args)
}

/// The first 20 lines of a good record, followed by `rest`.
fn torn(rest: &str) -> Vec<u8> {
    let whole = fs::read_to_string("tests/records/red_install.jsonl").unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    format!("{}\n{rest}", lines[..20].join("\n")).into_bytes()
}

macro_rules! rows {
    ($($what:literal $exit:literal [$($word:literal),* $(,)?] $call:expr;)*) => {
        const ROWS: &[Row] = &[$(Row { what: $what, exit: $exit, words: &[$($word),*], call: $call }),*];
    };
}

rows! {
    // the call
    "no command" 2 ["Usage: ccci [OPTIONS] <COMMAND>", "doctor"] |_| plain(&[]);
    "unknown command" 2 ["unrecognized subcommand 'runn'", "'run'"] |_| plain(&["runn"]);
    "unknown flag" 2 ["unexpected argument '--tire'", "--tiers"] |_| plain(&["run", "ghost", "--tire"]);
    "no recipe" 2 ["required", "<RECIPE>..."] |_| plain(&["run"]);
    "unknown recipe" 2 ["no recipe `gohst` under `recipes`", "did you mean `ghost`?"] |_| plain(&["run", "gohst"]);
    "recipe path that is not there" 2 ["`./gohst`", "does not exist", "give the directory that holds recipe.toml"] |_| plain(&["plan", "./gohst"]);
    "argument that is no UTF-8" 2 ["invalid UTF-8"] |_| {
        Ground::new().ccci(&[std::ffi::OsStr::new("plan"), std::ffi::OsStr::from_bytes(b"gh\xffst")])
    };
    "recipe name that is none" 2 ["`gh ost`", "letters"] |_| plain(&["plan", "gh ost"]);
    "--tiers unknown" 2 ["`upgarde` is no tier", "tiers are install, upgrade, backup, restore, custom"]
        |_| plain(&["run", "ghost", "--tiers", "upgarde"]);
    "--tiers without what they need" 2 ["`restore` without `backup` has nothing to put back", "write `backup,restore`"]
        |_| plain(&["run", "ghost", "--tiers", "restore"]);
    "--tiers empty" 2 ["`` is no tier", "tiers are install"] |_| plain(&["run", "ghost", "--tiers", ""]);
    "--test that fits nothing" 2 ["bad-flag", "--test: no test of the recipe fits `test_x*`", "the recipe has no tests of its own"]
        |_| plain(&["run", "ghost", "--test", "test_x*"]);
    "--test with a slip" 2 ["no test of the recipe fits `test_lgoin`", "did you mean `test_login`?", "`ccci run --list` shows all"]
        |_| with_a_test(&["plan", "ghost", "--test", "test_lgoin"]);
    "--test of a tier that is left out" 2 ["means tests that this run leaves out, such as", "test_page.rhai::test_login`", "not among the tiers asked for"]
        |_| with_a_test(&["run", "ghost", "--test", "test_l*", "--tiers", "install"]);
    "--deadline 0" 2 ["'0' for '--deadline <SPAN>'", "write a number and a unit, like `45m`"]
        |_| plain(&["run", "ghost", "--deadline", "0"]);
    "--deadline without a unit" 2 ["'60' for '--deadline <SPAN>'", "write a number and a unit"]
        |_| plain(&["run", "ghost", "--deadline", "60"]);
    "--jobs 0" 2 ["'0' for '--jobs <N>'", "1..=64"] |_| plain(&["run", "ghost", "--jobs", "0"]);
    "CCCI_LOG that is no filter" 2 ["CCCI_LOG: `ccci=loud` is no filter", "write levels (off, error, warn, info, debug, trace)"]
        |_| Ground::new().with_env(&["plan", "ghost"], &[("CCCI_LOG", "ccci=loud")]);
    "CCCI_LOG with a slip" 2 ["`debgu` is no level", "did you mean `debug`?"]
        |_| Ground::new().with_env(&["plan", "ghost", "-v"], &[("CCCI_LOG", "debgu,hyper=off")]);
    "--base that is no version" 2 ["--base: `1.0`", "write a published version, `none`"]
        |_| plain(&["plan", "ghost", "--base", "1.0"]);
    "--base that was never published" 2 ["no-such-base", "`9.0.0+1.25`", "1.0.0+1.25"]
        |_| plain(&["plan", "ghost", "--base", "9.0.0+1.25"]);
    "unknown name to explain" 2 ["unknown name `pre_bakup`", "did you mean `pre_backup`?"]
        |_| plain(&["explain", "pre_bakup"]);
    "unknown function to explain" 2 ["unknown name `ctx.gett`", "did you mean `ctx.get`?"]
        |_| plain(&["explain", "ctx.gett"]);
    "name to explain that is like none" 2 ["unknown name `wombat`", "call `ccci explain` with one of settings, hooks"]
        |_| plain(&["explain", "wombat"]);
    // the source
    "no source" 2 ["no source of the recipe `ghost` is known", "write `source = ", "recipes/ghost/recipe.toml", "--source"]
        |_| Ground::new().recipe("recipe.toml", "health.path = \"/\"\n").ccci(&["run", "ghost"]);
    "source that is not there" 2 ["recipes/ghost/recipe.toml:2:10", "does not exist", "clone the recipe repository there"]
        |_| Ground::new().recipe("recipe.toml", "# the source\nsource = \"../../gone\"\n").ccci(&["run", "ghost"]);
    "source that is no git repository" 2 ["is no git repository", "git -C", "init"]
        |_| Ground::new().write("plain/compose.yml", "services: {}\n").ccci(&["run", "ghost", "--source", "plain"]);
    "source without a commit" 2 ["has no commit yet", "commit the recipe first"] |_| {
        let ground = Ground::new();
        let made = std::process::Command::new("git").args(["init", "-q"]).arg(ground.path("empty")).status();
        assert!(made.unwrap().success());
        ground.ccci(&["plan", "ghost", "--source", "empty"])
    };
    "source at a server that does not answer" 3 ["failed to clone `http://127.0.0.1:9/x.git`", "the source to be reachable", "blame     infra"]
        |_| plain(&["plan", "ghost", "--source", "http://127.0.0.1:9/x.git"]);
    "no such ref" 2 ["no revision `1.0.0+1.52`", "did you mean `1.0.0+1.25`?"] |_| plain(&["run", "ghost", "--ref", "1.0.0+1.52"]);
    "no git" 3 ["failed to start git: it is not installed", "apt-get install git", "blame     infra"]
        |_| Ground::new().with_env(&["plan", "ghost"], &[("PATH", "/nonexistent")]);
    // the recipe's files
    "no compose file" 2 ["no-compose-file", "compose.yml"] |_| plain(&["run", "ghost", "--ref", "no-compose"]);
    "no service called app" 2 ["no-app-service", "`app`", "web"] |_| plain(&["run", "ghost", "--ref", "no-app"]);
    "YAML that does not parse" 2 ["yaml-syntax", "compose.yml:"] |_| plain(&["run", "ghost", "--ref", "bad-yaml"]);
    "a `${X:?}` that is missing" 2 ["missing-variable", "TAG", "name a tag", "compose.yml:4:"]
        |_| plain(&["run", "ghost", "--ref", "needs-tag"]);
    "a shape that docker refuses" 2 ["compose-shape", "80:http", "compose.yml:4:"] |_| plain(&["run", "ghost", "--ref", "odd-port"]);
    // the recipe directory
    "settings that do not parse" 2 ["toml-syntax", "recipes/ghost/recipe.toml:1:"]
        |_| Ground::new().recipe("recipe.toml", "source = \n").ccci(&["run", "ghost"]);
    "unknown setting" 2 ["unknown-key", "`helth`", "recipes/ghost/recipe.toml:1:1", "did you mean the section `health`?"]
        |_| Ground::new().recipe("recipe.toml", "helth.path = \"/\"\n").ccci(&["run", "ghost"]);
    "duration without a unit" 2 ["deploy.timeout", "recipes/ghost/recipe.toml:1:18", "in quotes, but is the number 10", "20m"]
        |_| Ground::new().recipe("recipe.toml", "deploy.timeout = 10\n").ccci(&["run", "ghost"]);
    "hooks that do not compile" 2 ["script-syntax", "recipes/ghost/hooks.rhai:2:"]
        |_| Ground::new().recipe("hooks.rhai", "fn pre_backup(ctx) {\n    let x = ;\n}\n").ccci(&["run", "ghost"]);
    "misspelt hook" 2 ["unknown-hook", "`pre_bakup`", "recipes/ghost/hooks.rhai:1:4", "did you mean `pre_backup`?"]
        |_| Ground::new().recipe("hooks.rhai", "fn pre_bakup(ctx) {}\n").ccci(&["run", "ghost"]);
    "hook with a parameter too many" 2 ["hook-arity", "pre_backup", "recipes/ghost/hooks.rhai:1:"]
        |_| Ground::new().recipe("hooks.rhai", "fn pre_backup(ctx, page) {}\n").ccci(&["run", "ghost"]);
    "file without a meaning" 2 ["unknown-file", "hook.rhai", "hooks.rhai"]
        |_| Ground::new().recipe("hook.rhai", "").ccci(&["run", "ghost"]);
    "empty directory" 2 ["`recipes/ghost` is empty", "write recipe.toml"] |_| {
        let ground = Ground::new();
        fs::remove_file(ground.path("recipes/ghost/recipe.toml")).unwrap();
        ground.ccci(&["check", "recipes/ghost"])
    };
    "nothing to check" 2 ["nothing to check", "recipes/", "name a recipe directory"] |_| {
        let ground = Ground::new();
        fs::remove_dir_all(ground.path("recipes")).unwrap();
        ground.ccci(&["check"])
    };
    "links that go in a circle" 2 ["unknown-file", "`recipes/ghost/lib` is not used", "lib/*.rhai"] |_| {
        let ground = Ground::new();
        std::os::unix::fs::symlink(ground.path("recipes/ghost"), ground.path("recipes/ghost/lib")).unwrap();
        ground.ccci(&["check", "recipes/ghost"])
    };
    "link to itself" 2 ["unreadable-file", "hooks.rhai", "symbolic link"] |_| {
        let ground = Ground::new();
        std::os::unix::fs::symlink("hooks.rhai", ground.path("recipes/ghost/hooks.rhai")).unwrap();
        ground.ccci(&["check", "recipes/ghost"])
    };
    "file that may not be read" 2 ["unreadable-file", "hooks.rhai", "ermission denied"] |_| {
        let ground = Ground::new().recipe("hooks.rhai", "");
        fs::set_permissions(ground.path("recipes/ghost/hooks.rhai"), Permissions::from_mode(0o000)).unwrap();
        ground.as_nobody(&["check", "recipes/ghost"], &[])
    };
    "file that is too large" 2 ["unreadable-file", "hooks.rhai", "it has 10 MiB; files up to 1 MiB are read"]
        |_| Ground::new().recipe("hooks.rhai", &"// x\n".repeat(2 << 20)).ccci(&["check", "recipes/ghost"]);
    "file that is no UTF-8" 2 ["unreadable-file", "hooks.rhai", "UTF-8"]
        |_| Ground::new().write("recipes/ghost/hooks.rhai", b"// \xff\n").ccci(&["check", "recipes/ghost"]);
    "check of a source that is not there" 0 ["source-not-checked", "source of `recipes/ghost` was not checked: the source `recipes/nowhere` does not exist", "errors: 0, warnings: 1"]
        |_| Ground::new().recipe("recipe.toml", "source = \"../nowhere\"\n").ccci(&["check", "recipes/ghost"]);
    "check of a source out of reach" 3 ["source-not-checked", "was not checked: failed to clone `http://127.0.0.1:9/x.git`", "expected the source to be reachable", "errors: 0, warnings: 1"]
        |_| Ground::new().recipe("recipe.toml", "source = \"http://127.0.0.1:9/x.git\"\n").ccci(&["check", "recipes/ghost"]);
    "check of a source out of reach, as data" 3 ["\"source-not-checked\"", "\"warning\""]
        |_| Ground::new().recipe("recipe.toml", "source = \"http://127.0.0.1:9/x.git\"\n").ccci(&["check", "recipes/ghost", "--format", "json"]);
    // the engine
    "no engine" 3 ["no engine answers at unix:///nonexistent/engine.sock", "expected  a Docker engine that is a swarm manager", "DOCKER_HOST", "blame     infra", "start the engine"]
        |_| plain(&["run", "ghost"]);
    "no engine, for clean" 3 ["no engine answers at unix:///nonexistent/engine.sock", "start the engine"] |_| plain(&["clean"]);
    "no engine, for doctor" 3 ["BAD  engine at unix:///nonexistent/engine.sock", "to do: start the engine"] |_| plain(&["doctor"]);
    "address that is none" 3 ["error: `gopher://x` is not the address of an engine", "unix://", "blame     infra"]
        |_| Ground::new().with_env(&["run", "ghost"], &[("DOCKER_HOST", "gopher://x")]);
    "engine in no swarm" 3 ["its node is inactive", "docker swarm init", "blame     infra"] |_| with_engine(Engine::Alone, &["run", "ghost"]);
    "engine that is a worker" 3 ["its node is a worker, not a manager", "point DOCKER_HOST at a manager", "blame     infra"]
        |_| with_engine(Engine::Worker, &["run", "ghost"]);
    "engine that is too old" 3 ["19.03.8", "ccci needs API 1.41 (Docker Engine 20.10) or newer", "blame     infra"]
        |_| with_engine(Engine::Old, &["run", "ghost"]);
    "something else on the socket" 3 ["the engine's answer cannot be read", "blame     infra"]
        |_| with_engine(Engine::Stranger, &["run", "ghost"]);
    "engine that refuses everything" 3 ["this engine refuses everything", "No verdict on the recipe", "infra"]
        |_| with_engine(Engine::Manager, &["run", "ghost"]);
    "no permission on the socket" 3 ["failed to open the engine's socket", "ermission denied", "become root, or join the group", "blame     infra"] |_| {
        let ground = Ground::new();
        let host = ground.engine(Engine::Manager);
        fs::set_permissions(ground.path("engine.sock"), Permissions::from_mode(0o000)).unwrap();
        ground.as_nobody(&["run", "ghost"], &[("DOCKER_HOST", &host)])
    };
    // where things are written
    "--out on a file" 2 ["bad-flag", "--out: failed to use `file` for the record: it is not a directory", "name another directory with `--out DIR`"] |_| {
        let ground = Ground::new().write("file", "");
        let host = ground.engine(Engine::Manager);
        ground.with_env(&["run", "ghost", "--out", "file"], &[("DOCKER_HOST", &host)])
    };
    "--out that holds a record" 2 ["bad-flag", "--out: failed to use `rec` for the record: it already contains a record", "name another directory with `--out DIR`"] |_| {
        let ground = Ground::new().write("rec/events.jsonl", "precious\n");
        let host = ground.engine(Engine::Manager);
        let done = ground.with_env(&["run", "ghost", "--out", "rec"], &[("DOCKER_HOST", &host)]);
        assert_eq!(fs::read_to_string(ground.path("rec/events.jsonl")).unwrap(), "precious\n");
        done
    };
    "--out that cannot be made" 3 ["failed to write `/proc/ccci-run`", "No such file or directory", "put the record elsewhere with `--out DIR`", "blame     infra"]
        |_| with_engine(Engine::Manager, &["run", "ghost", "--out", "/proc/ccci-run"]);
    "locks that cannot be made" 3 ["failed to take the lock of", "make a directory for all users", "blame     infra"] |_| {
        let ground = Ground::new();
        let host = ground.engine(Engine::Manager);
        ground.with_env(&["run", "ghost"], &[("DOCKER_HOST", &host), ("CCCI_LOCKS", "/proc/ccci-locks")])
    };
    "temporary directory that is not there" 3 ["failed to make a home directory for git", "TMPDIR", "blame     infra"]
        |_| Ground::new().with_env(&["plan", "ghost"], &[("TMPDIR", "/nonexistent")]);
    "nothing kept to open" 2 ["no app of `ghost` is kept", "`ccci run ghost --keep` keeps one"] |_| plain(&["open", "ghost"]);
    // records
    "no run is kept" 2 ["no runs are kept in", "home/runs", "`ccci run` makes one"] |_| plain(&["why"]);
    "unknown run" 2 ["no run is called `yesterday`", "`ccci records list`"] |_| plain(&["report", "yesterday"]);
    "directory without a record" 2 ["expected a record in `recipes`", "events.jsonl"] |_| plain(&["why", "recipes"]);
    "empty record" 2 ["expected a record that begins with `run_started`", "rec/events.jsonl:1:1"]
        |_| with_record(&["report", "rec"], b"");
    "record that is garbage" 2 ["line 1 is no event", "rec/events.jsonl:1:"] |_| with_record(&["why", "rec"], b"nonsense\n\xff\xfe\n");
    "record that is torn in the middle" 2 ["line 21 is no event", "rec/events.jsonl:21:"]
        |_| with_record(&["report", "rec"], &torn("{\"at\":1,\"event\":\"wai\n{\"at\":2}\n"));
    "record of a newer ccci" 2 ["line 21 is no event", "unknown variant `levitated`", "newer ccci"]
        |_| with_record(&["report", "rec"], &torn("{\"at\":1,\"event\":\"levitated\"}\n"));
    "unknown format" 2 ["no format is called `htlm`", "did you mean `html`?", "junit"] |_| plain(&["report", "--format", "htlm"]);
    "prune without a limit" 2 ["--older <DAYS>", "--keep <N>", "--max-size <BYTES>"] |_| plain(&["records", "prune"]);
    "size without a number" 2 ["`big` is no size", "like `500M`"] |_| plain(&["records", "prune", "--max-size", "big"]);
    "unknown verdict" 2 ["no verdict is called `blue`; there are green, red"]
        |_| plain(&["records", "list", "--verdict", "blue"]);
    "since nobody knows when" 2 ["`yesterday` is neither a day nor a duration", "`7d`"]
        |_| plain(&["records", "list", "--since", "yesterday"]);
    "show an unknown run" 2 ["no run is called `yesterday`", "`ccci records list`"]
        |_| plain(&["records", "show", "yesterday"]);
    "diff of one run" 2 ["takes two runs", "ccci report diff OLD NEW"] |_| plain(&["report", "diff", "rec"]);
    // calls that succeed, although something is unusual
    "--list of a test that is asked" 0 ["custom custom/test_page.rhai test_login asked"]
        |_| with_a_test(&["run", "ghost", "--list"]);
    "--list of a test that is left out" 0 ["test_login not asked: not among the tiers asked for"]
        |_| with_a_test(&["run", "ghost", "--list", "--tiers", "install"]);
    "--list with a pattern that fits nothing, as data" 0 ["\"asked\": false", "\"reason\": \"the tests asked for do not need it\""]
        |_| with_a_test(&["run", "ghost", "--list", "--test", "x", "--format", "json"]);
    "record whose last line was being written" 0 ["killed", "The record ends before the run did"]
        |_| with_record(&["why", "rec"], &torn("{\"at\":99,\"ev"));
    "nobody reads the output" 0 [] |_| {
        Ground::new().with(&["plan", "ghost", "--json"], |c| {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            c.stdout(Stdio::from(writer));
        })
    };
}

/// A message as one line of a table.
fn told(done: &Done) -> String {
    let text = format!("{}{}", done.err, done.out);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let short: String = lines.join(" / ").chars().take(300).collect();
    short.replace('|', "\\|").replace('`', "'")
}

/// The table line of a row, and which of its expectations are not met.
fn look(row: &Row) -> (String, Vec<String>) {
    let done = (row.call)(row.what);
    let text = format!("{}{}", done.out, done.err);
    // messages may be wrapped
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut wrong = vec![];
    if done.code != Some(row.exit) {
        wrong.push(format!("exit {:?}, expected {}", done.code, row.exit));
    }
    for word in row.words {
        let word_flat = word.split_whitespace().collect::<Vec<_>>().join(" ");
        if !flat.contains(&word_flat) {
            wrong.push(format!("does not say `{word}`"));
        }
    }
    for never in ["panicked", "RUST_BACKTRACE", "\u{1b}"] {
        if text.contains(never) {
            wrong.push(format!("says {never:?}"));
        }
    }
    if !wrong.is_empty() {
        wrong.push(text);
    }
    (format!("| {} | {} | {} |", row.what, row.exit, told(&done)), wrong)
}

#[test]
fn every_bad_input_has_its_exit_code_and_says_what_where_and_what_to_do() {
    let _once = (source(), program_for_all());
    let next = AtomicUsize::new(0);
    let observed: Mutex<Vec<(usize, String, Vec<String>)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let n = next.fetch_add(1, Ordering::SeqCst)
                    && let Some(row) = ROWS.get(n)
                {
                    let (line, wrong) = look(row);
                    observed.lock().unwrap().push((n, line, wrong));
                }
            });
        }
    });
    let mut observed = observed.into_inner().unwrap();
    observed.sort();
    println!("| input | exit | message |\n|---|---|---|");
    observed.iter().for_each(|(_, line, _)| println!("{line}"));
    let wrong: Vec<String> = observed
        .iter()
        .filter(|(_, _, wrong)| !wrong.is_empty())
        .map(|(n, _, wrong)| format!("{}: {}", ROWS[*n].what, wrong.join("\n  ")))
        .collect();
    assert_eq!(observed.len(), ROWS.len(), "a row ended its thread");
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), ROWS.len(), wrong.join("\n"));
}
