//! A recorded exchange: what a real Neovim said to the language server while somebody typed, and what came back
//! (`fixtures/editor/exchange.jsonl`, with `ROOT` for the temporary directory). It is said again, and the answers are the same.

use crate::bad_input::ground::program;
use crate::editor::project;
use crate::golden;
use crate::lsp::{Complaint, heard};
use lsp_server::Message;
use serde_json::Value;
use std::io::BufReader;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const RECORDED: &str = "tests/fixtures/editor/exchange.jsonl";
/// Longest time for one answer; a loaded machine is slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server in a directory, and what it says.
fn server(at: &Path) -> (Child, Complaint, Receiver<Value>) {
    let mut call = Command::new(program());
    call.arg("lsp").current_dir(at).env("CCCI_HOME", at.join("home")).env("HOME", at);
    let (mut child, complaint) = heard(&mut call);
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let (send, said) = channel();
    std::thread::spawn(move || {
        while let Ok(Some(message)) = Message::read(&mut output) {
            if send.send(serde_json::to_value(message).unwrap()).is_err() {
                break;
            }
        }
    });
    (child, complaint, said)
}

/// Whether this is the last thing that the server says after a message of the client. A file without findings that is
/// opened is not told; the recipe's compose file is, as it has some.
fn is_answer(to: &Value, said: &Value) -> bool {
    let told = said["method"] == "textDocument/publishDiagnostics";
    match to["method"].as_str().unwrap() {
        "textDocument/didOpen" => told,
        "textDocument/didChange" => {
            let document = &to["params"]["textDocument"];
            told && said["params"]["uri"] == document["uri"]
                && said["params"]["version"] == document["version"]
        }
        _ => !told && said["id"] == to["id"],
    }
}

/// The same with the files of a rename in order; the protocol has none for them.
fn sorted(mut answer: Value) -> Value {
    if let Some(changes) = answer.pointer_mut("/result/changes").and_then(Value::as_object_mut) {
        changes.sort_keys();
    }
    answer
}

#[test]
fn a_recorded_exchange_with_an_editor_is_answered_as_it_was() {
    let source = project();
    let root = source.around().canonicalize().unwrap().display().to_string();
    let (mut child, mut complaint, said) = server(Path::new(&root));
    let mut input = child.stdin.take().unwrap();
    let mut all = String::new();
    let recorded = std::fs::read_to_string(RECORDED).unwrap();
    let of_client = recorded.lines().filter(|line| line.starts_with("{\"client\""));
    for line in of_client {
        all.push_str(&format!("{line}\n"));
        let line: Value = serde_json::from_str(&line.replace("ROOT", &root)).unwrap();
        let to = &line["client"];
        serde_json::from_value::<Message>(to.clone()).unwrap().write(&mut input).unwrap();
        if matches!(to["method"].as_str(), Some("initialized" | "exit")) {
            continue;
        }
        loop {
            let answer = said.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("{e}: nothing after {to}"));
            let answer = sorted(answer);
            let shown = serde_json::json!({ "server": answer }).to_string();
            all.push_str(&format!("{}\n", shown.replace(&root, "ROOT")));
            if is_answer(to, &answer) {
                break;
            }
        }
    }
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    complaint.has_no_panic();
    golden::same(Path::new(RECORDED), &all);
}
