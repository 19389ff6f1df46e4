//! `ccci lsp` with the real program and a client of the test: it says what `ccci check` says, while texts are edited and
//! broken, and what it offers fits this recipe.

use crate::bad_input::ground::{Ground, program};
use crate::repository::Repository;
use lsp_server::{Message, Notification, Request, RequestId};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Longest time for one answer; a loaded machine is slow.
const PATIENCE: Duration = Duration::from_secs(60);

const COMPOSE: &str = "version: \"3.8\"\nservices:\n  app:\n    image: nginx:stable\n    environment:\n      - A=${DOMAIN}\n    deploy:\n      labels:\n        \
                       - traefik.enable=true\n  database:\n    image: nginx:1.27.0\n    privileged: true\n";
const HOOKS: &str = "import \"lib/tools\" as tools;\n\nfn pre_backup(ctx) {\n    let path = \"/ü𝄞\"; tools::mark(ctx, path);\n    \
                     ctx.exec(\"app\", [\"true\"]);\n}\n";
const TOOLS: &str =
    "// Leaves a mark.\nfn mark(ctx, path) {\n    std::json::has(path, \"a\");\n    ctx.get(path);\n}\n";

/// A server with its client.
pub(crate) struct Client {
    ground: Ground,
    source: Repository,
    child: Child,
    complaint: Complaint,
    input: Option<ChildStdin>,
    answers: Receiver<Message>,
    told: BTreeMap<PathBuf, Value>,
    id: i32,
}

impl Client {
    /// A server for a project with one recipe; `encodings` are what the client offers.
    fn new(encodings: &[&str]) -> Client {
        let source = Repository::new();
        source.write("compose.yml", COMPOSE).write(".env.sample", "TYPE=ghost\nDOMAIN=ghost.example.com\n");
        source.commit("all");
        let ground = Ground::new()
            .recipe("recipe.toml", &format!("source = \"{}\"\n", source.given()))
            .recipe("hooks.rhai", HOOKS)
            .recipe("lib/tools.rhai", TOOLS);
        Client::start(ground, source, encodings)
    }

    /// A server for this project, whose recipe has this source.
    pub(crate) fn start(ground: Ground, source: Repository, encodings: &[&str]) -> Client {
        let mut call = Command::new(program());
        call.arg("lsp");
        ground.surround(&mut call);
        let (mut child, complaint) = heard(&mut call);
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (send, answers) = channel();
        std::thread::spawn(move || {
            while let Ok(Some(message)) = Message::read(&mut output) {
                if send.send(message).is_err() {
                    break;
                }
            }
        });
        let input = child.stdin.take();
        let told = BTreeMap::new();
        let mut client = Client { ground, source, child, complaint, input, answers, told, id: 0 };
        let root = uri(&client.ground.path(""));
        let capabilities = json!({"general": {"positionEncodings": encodings}});
        client
            .ask("initialize", json!({"processId": null, "rootUri": root, "capabilities": capabilities}))
            .unwrap();
        client.tell("initialized", json!({}));
        client
    }

    fn file(&self, inside: &str) -> PathBuf {
        match inside {
            "compose.yml" => self.source.path().join(inside),
            _ if inside.starts_with("recipe/") => self.source.around().join(inside),
            _ => self.ground.path("recipes/ghost").join(inside),
        }
    }

    fn send(&mut self, message: Message) {
        message.write(self.input.as_mut().unwrap()).unwrap();
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(Message::Notification(Notification { method: method.into(), params }));
    }

    /// The result of a request, or the message of its error.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Result<Value, String> {
        self.id += 1;
        let id = RequestId::from(self.id);
        self.send(Message::Request(Request { id: id.clone(), method: method.into(), params }));
        loop {
            match self.answers.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("{method}: {e}")) {
                Message::Response(answer) if answer.id == id => {
                    let value = serde_json::to_value(&answer).unwrap();
                    return match value.get("error") {
                        Some(e) => Err(e["message"].as_str().unwrap_or_default().to_string()),
                        None => Ok(value["result"].clone()),
                    };
                }
                message => self.take(message),
            }
        }
    }

    fn take(&mut self, message: Message) {
        if let Message::Notification(n) = message {
            let path = n.params["uri"].as_str().unwrap_or_default().trim_start_matches("file://").to_string();
            self.told.insert(PathBuf::from(path), n.params);
        }
    }

    pub(crate) fn open(&mut self, inside: &str, text: &str) {
        let uri = uri(&self.file(inside));
        let document = json!({"uri": uri, "languageId": "x", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
    }

    /// Replaces a whole text.
    pub(crate) fn change(&mut self, inside: &str, version: i32, text: &str) {
        self.edit(inside, version, json!([{"text": text}]));
    }

    fn edit(&mut self, inside: &str, version: i32, changes: Value) {
        let document = json!({"uri": uri(&self.file(inside)), "version": version});
        self.tell("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
    }

    /// The codes of a file's findings, once it was told for this version.
    fn codes(&mut self, inside: &str, version: Option<i32>) -> Vec<String> {
        let file = self.file(inside).canonicalize().unwrap();
        loop {
            if let Some(told) = self.told.get(&file)
                && (version.is_none() || told["version"].as_i64() == version.map(i64::from))
            {
                let all = told["diagnostics"].as_array().unwrap();
                return all.iter().map(|d| d["code"].as_str().unwrap().to_string()).collect();
            }
            let message = self.answers.recv_timeout(PATIENCE).expect("findings");
            self.take(message);
        }
    }

    /// The place in a file, for a request.
    pub(crate) fn place(&self, inside: &str, line: usize, character: usize) -> Value {
        let position = json!({"line": line, "character": character});
        json!({"textDocument": {"uri": uri(&self.file(inside))}, "position": position})
    }

    fn at(&self, inside: &str, text: &str, of: &str) -> Value {
        let byte = text.find(of).unwrap() + of.len();
        let line = text[..byte].matches('\n').count();
        let column = text[..byte].rsplit('\n').next().unwrap().encode_utf16().count();
        self.place(inside, line, column)
    }

    fn labels(&mut self, inside: &str, text: &str, of: &str) -> Vec<String> {
        let at = self.at(inside, text, of);
        let items = self.ask("textDocument/completion", at).unwrap();
        items.as_array().unwrap().iter().map(|i| i["label"].as_str().unwrap().to_string()).collect()
    }

    pub(crate) fn end(mut self) {
        self.ask("shutdown", Value::Null).unwrap();
        self.tell("exit", Value::Null);
        drop(self.input.take());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.complaint.has_no_panic();
    }
}

/// What a server writes to standard error until it ends.
pub(crate) struct Complaint(Option<JoinHandle<String>>);

impl Complaint {
    /// A server answers the next request also after a panic, so a test would not notice it otherwise.
    pub(crate) fn has_no_panic(&mut self) {
        let said = self.0.take().map_or(String::new(), |reader| reader.join().unwrap());
        assert!(std::thread::panicking() || !said.contains("panicked at"), "the server panicked:\n{said}");
    }
}

/// Starts a server whose standard error is read.
pub(crate) fn heard(call: &mut Command) -> (Child, Complaint) {
    let piped = call.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let mut from = child.stderr.take().unwrap();
    let read = std::thread::spawn(move || {
        let mut said = vec![];
        let _ = from.read_to_end(&mut said);
        String::from_utf8_lossy(&said).into_owned()
    });
    (child, Complaint(Some(read)))
}

#[test]
fn a_panic_that_a_server_prints_fails_its_test() {
    let (mut child, mut complaint) = heard(Command::new("sh").args(["-c", "echo 'x panicked at y' >&2"]));
    assert!(child.wait().unwrap().success());
    let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| complaint.has_no_panic()));
    assert!(looked.is_err());
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.canonicalize().unwrap().display())
}

#[test]
fn the_server_says_what_check_says() {
    let mut client = Client::new(&[]);
    client.open("hooks.rhai", HOOKS);
    let done = client.ground.ccci(&["check", "recipes/ghost", "--format", "json"]);
    let all: Vec<Value> = serde_json::from_str(&done.out).unwrap();
    for file in ["compose.yml", "hooks.rhai", "recipe.toml", "lib/tools.rhai"] {
        let path = client.file(file).canonicalize().unwrap();
        let said = all
            .iter()
            .filter(|d| d["path"].as_str().is_some_and(|p| path.ends_with(p) || path == Path::new(p)));
        let said: Vec<String> = said.map(|d| d["code"].as_str().unwrap().to_string()).collect();
        if !said.is_empty() {
            assert_eq!(client.codes(file, None), said, "{file}");
        }
    }
    client.end();
}

#[test]
fn findings_follow_the_edits_and_nothing_of_a_text_before_stays() {
    let mut client = Client::new(&[]);
    client.open("hooks.rhai", HOOKS);
    assert!(client.codes("compose.yml", None).contains(&"moving-tag".to_string()));
    client.change("hooks.rhai", 2, &HOOKS.replace("pre_backup", "pre_bakup"));
    assert_eq!(client.codes("hooks.rhai", Some(2)), ["unknown-hook"]);
    client.change("hooks.rhai", 3, "fn pre_backup(ctx) {\n");
    assert_eq!(client.codes("hooks.rhai", Some(3)), ["script-syntax"]);
    // one word is put right by a range in UTF-16, after two characters that it counts differently
    client.change("hooks.rhai", 4, &HOOKS.replace("tools::mark", "tools::mork"));
    assert_eq!(client.codes("hooks.rhai", Some(4)), ["unknown-function"]);
    let range = json!({"start": {"line": 3, "character": 30}, "end": {"line": 3, "character": 34}});
    client.edit("hooks.rhai", 5, json!([{"range": range, "text": "mark"}]));
    assert_eq!(client.codes("hooks.rhai", Some(5)), Vec::<String>::new());
    // a compose file in the editor counts before it is saved
    client.open("compose.yml", &COMPOSE.replace("stable", "1.27.0"));
    assert!(!client.codes("compose.yml", Some(1)).contains(&"moving-tag".to_string()));
    client.end();
}

#[test]
fn closing_the_last_file_of_a_recipe_takes_its_findings_back() {
    let mut client = Client::new(&[]);
    client.open("hooks.rhai", HOOKS);
    assert!(!client.codes("compose.yml", None).is_empty());
    client.told.clear();
    let uri = uri(&client.file("hooks.rhai"));
    client.tell("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
    assert_eq!(client.codes("compose.yml", None), Vec::<String>::new());
    client.end();
}

#[test]
fn a_quick_fix_mends_the_finding_under_the_cursor() {
    let mut client = Client::new(&[]);
    let text = HOOKS.replace("pre_backup", "pre_bakup");
    client.open("hooks.rhai", &text);
    assert_eq!(client.codes("hooks.rhai", Some(1)), ["unknown-hook"]);
    let at = client.at("hooks.rhai", &text, "fn pre_b");
    let range = json!({"start": at["position"], "end": at["position"]});
    let asked = json!({"textDocument": at["textDocument"], "range": range, "context": {"diagnostics": []}});
    let actions = client.ask("textDocument/codeAction", asked).unwrap();
    let edits = actions[0]["edit"]["changes"].as_object().unwrap().values().next().unwrap();
    assert_eq!(edits[0]["newText"], "pre_backup", "{actions}");
    assert_eq!(edits[0]["range"]["start"], json!({"line": 2, "character": 3}));
    client.end();
}

#[test]
fn completion_offers_what_this_recipe_has() {
    let mut client = Client::new(&["utf-16"]);
    let text = HOOKS.replace("ctx.exec(\"app\"", "ctx.exec(\"");
    client.open("hooks.rhai", &text);
    client.codes("compose.yml", None);
    assert_eq!(client.labels("hooks.rhai", &text, "ctx.exec(\""), ["app", "database"]);
    let members = client.labels("hooks.rhai", &text, "    ctx.");
    assert!(members.contains(&"get".to_string()) && members.contains(&"domain".to_string()), "{members:?}");
    assert_eq!(client.labels("hooks.rhai", &text, "tools::"), ["mark"]);
    let new = format!("{HOOKS}\nfn ");
    client.change("hooks.rhai", 2, &new);
    let hooks = client.labels("hooks.rhai", &new, "}\n\nfn ");
    assert!(
        hooks.contains(&"ready_probe".to_string()) && !hooks.contains(&"pre_backup".to_string()),
        "{hooks:?}"
    );
    let settings = "[health]\n";
    client.open("recipe.toml", settings);
    let keys = client.labels("recipe.toml", settings, "[health]\n");
    assert_eq!(keys, ["ok", "path", "timeout"]);
    client.open("compose.yml", COMPOSE);
    assert_eq!(client.labels("compose.yml", COMPOSE, "A=${"), ["DOMAIN", "TYPE"]);
    client.end();
}

#[test]
fn hover_definition_references_and_rename_work_over_files() {
    let mut client = Client::new(&[]);
    client.open("hooks.rhai", HOOKS);
    let hover = |client: &mut Client, of: &str| {
        let at = client.at("hooks.rhai", HOOKS, of);
        client.ask("textDocument/hover", at).unwrap()["contents"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_string()
    };
    assert!(hover(&mut client, "ctx.ex").contains("ctx.exec("), "a row of the reference");
    assert!(hover(&mut client, "tools::ma").contains("Leaves a mark."), "the comment of an own function");
    assert!(hover(&mut client, "fn pre_ba").contains("pre_backup"), "a hook");
    let at = client.at("hooks.rhai", HOOKS, "tools::ma");
    let target = client.ask("textDocument/definition", at.clone()).unwrap();
    assert!(target["uri"].as_str().unwrap().ends_with("lib/tools.rhai"), "{target}");
    assert_eq!(target["range"]["start"], json!({"line": 1, "character": 3}));
    let at_std = client.at("lib/tools.rhai", TOOLS, "std::json::ha");
    let target = client.ask("textDocument/definition", at_std).unwrap();
    assert!(target["uri"].as_str().unwrap().ends_with("std/json.rhai"), "{target}");
    let mut asked = at.clone();
    asked["context"] = json!({"includeDeclaration": true});
    assert_eq!(client.ask("textDocument/references", asked).unwrap().as_array().unwrap().len(), 2);
    let mut asked = at.clone();
    asked["newName"] = json!("leave");
    let edit = client.ask("textDocument/rename", asked.clone()).unwrap();
    assert_eq!(edit["changes"].as_object().unwrap().len(), 2, "{edit}");
    asked["newName"] = json!("path");
    assert!(client.ask("textDocument/rename", asked).unwrap_err().contains("already used"));
    let mut hook = client.at("hooks.rhai", HOOKS, "fn pre_ba");
    hook["newName"] = json!("x");
    assert!(client.ask("textDocument/rename", hook).unwrap_err().contains("no hooks"));
    let symbols = json!({"textDocument": {"uri": uri(&client.file("lib/tools.rhai"))}});
    assert_eq!(client.ask("textDocument/documentSymbol", symbols).unwrap()[0]["name"], "mark");
    client.end();
}

#[test]
fn nonsense_is_answered_and_breaks_nothing() {
    let mut client = Client::new(&[]);
    assert!(client.ask("textDocument/hover", json!({"x": 1})).is_err());
    assert!(client.ask("textDocument/nothing", json!({})).unwrap_err().contains("not supported"));
    let nowhere = json!({"textDocument": {"uri": "file:///nowhere/hooks.rhai"}, "position": {"line": 1, "character": 1}});
    assert!(client.ask("textDocument/hover", nowhere).is_err());
    client.tell("textDocument/didChange", json!({"no": "sense"}));
    client.open("hooks.rhai", HOOKS);
    let far = json!({"start": {"line": 900, "character": 900}, "end": {"line": 0, "character": 0}});
    client.edit("hooks.rhai", 2, json!([{"range": far, "text": "fn x("}]));
    assert!(!client.codes("hooks.rhai", Some(2)).is_empty());
    client.change("hooks.rhai", 3, &"fn a(ctx) { }\n".repeat(200_000));
    while !client.codes("recipe.toml", None).contains(&"unreadable-file".to_string()) {
        let message = client.answers.recv_timeout(PATIENCE).expect("findings");
        client.take(message);
    }
    client.end();
    // half a message, and then nothing: the server ends
    let mut client = Client::new(&[]);
    client.input.as_mut().unwrap().write_all(b"Content-Length: 100\r\n\r\n{\"jsonrpc\"").unwrap();
    drop(client.input.take());
    assert!(client.child.wait().unwrap().code().is_some());
}
