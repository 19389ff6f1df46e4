//! `ccci lsp`: a language server on standard streams (LSP 3.17). It says what `ccci check` says, of the texts in the
//! editor. Edits and requests are handled in order on one thread; recipes are checked on another.

mod actions;
mod address;
mod analysis;
mod buffers;
mod complete;
mod features;
mod hover;
mod navigate;
mod position;
mod project;
mod rename;
mod symbols;
mod told;

use crate::app::Session;
use analysis::Analysis;
use ccci_adapters::disk::Disk;
use ccci_recipe::files::{Buffers, FileSystem};
use gen_lsp_types::{
    CodeActionKind, CodeActionOptions, CompletionOptions, DidChangeTextDocumentParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, InitializeParams, InitializeResult, RenameOptions,
    ServerCapabilities, ServerInfo, TextDocumentSyncKind,
};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use position::Encoding;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open file.
struct Document {
    version: i32,
    text: String,
}

/// The state of one connection.
struct Server {
    encoding: Encoding,
    documents: BTreeMap<PathBuf, Document>,
    analysis: Analysis,
    /// Where the sources of `std::` are written when somebody wants to see them.
    library: PathBuf,
}

/// Why the server ended before its client asked it to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LspError {
    /// The client does not speak the protocol.
    #[error("talk to the editor: {0}")]
    Protocol(String),
}

/// Serves one client until it says `exit` or closes the stream.
pub(crate) fn serve(session: &Session, connection: &Connection) -> Result<(), LspError> {
    let wrong = |e: lsp_server::ProtocolError| LspError::Protocol(e.to_string());
    let (id, params) = connection.initialize_start().map_err(wrong)?;
    let params: InitializeParams =
        serde_json::from_value(params).map_err(|e| LspError::Protocol(format!("`initialize`: {e}")))?;
    let general = params.capabilities.general.as_ref();
    let encoding = Encoding::chosen(general.and_then(|g| g.position_encodings.as_deref()));
    let info = ServerInfo { name: "ccci".into(), version: Some(env!("CARGO_PKG_VERSION").into()) };
    let result = InitializeResult { capabilities: capabilities(encoding), server_info: Some(info) };
    let result = serde_json::to_value(result).map_err(|e| LspError::Protocol(e.to_string()))?;
    connection.initialize_finish(id, result).map_err(wrong)?;
    let sender = connection.sender.clone();
    // a client that is gone needs nothing
    let send = Arc::new(move |message| drop(sender.send(message)));
    let analysis = Analysis::start(session.clone(), root_of(&params), encoding, send)
        .map_err(|e| LspError::Protocol(format!("failed to start a thread: {e}")))?;
    let library = session.config.home.join("std");
    let mut server = Server { encoding, documents: BTreeMap::new(), analysis, library };
    for message in &connection.receiver {
        match message {
            Message::Request(request) => {
                if connection.handle_shutdown(&request).map_err(wrong)? {
                    break;
                }
                let answer = server.answer(request);
                if connection.sender.send(Message::Response(answer)).is_err() {
                    break;
                }
            }
            Message::Notification(notification) => server.notice(notification),
            Message::Response(_) => {}
        }
    }
    Ok(())
}

/// The first directory that is open in the editor.
fn root_of(params: &InitializeParams) -> Option<PathBuf> {
    let params = serde_json::to_value(params).ok()?;
    let folder = params["workspaceFolders"][0]["uri"].as_str().or(params["rootUri"].as_str())?;
    address::path(&gen_lsp_types::Uri(folder.to_string()))
}

fn capabilities(encoding: Encoding) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(TextDocumentSyncKind::Incremental.into()),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some([".", ":", "\"", "{", "="].map(String::from).to_vec()),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(true.into()),
        definition_provider: Some(true.into()),
        references_provider: Some(true.into()),
        document_symbol_provider: Some(true.into()),
        rename_provider: Some(
            RenameOptions { prepare_provider: Some(true), ..RenameOptions::default() }.into(),
        ),
        code_action_provider: Some(
            CodeActionOptions {
                code_action_kinds: Some(vec![CodeActionKind::QuickFix]),
                ..CodeActionOptions::default()
            }
            .into(),
        ),
        ..ServerCapabilities::default()
    }
}

impl Server {
    /// Answers a request. A bug of ccci becomes an error for this request only.
    fn answer(&mut self, request: Request) -> Response {
        let id = request.id.clone();
        let answered =
            catch_unwind(AssertUnwindSafe(|| features::answer(self, &request.method, request.params)));
        match answered {
            Ok(Ok(value)) => Response::new_ok(id, value),
            Ok(Err(features::Refusal::Unknown)) => {
                let text = format!("`{}` is not supported", request.method);
                Response::new_err(id, ErrorCode::MethodNotFound as i32, text)
            }
            Ok(Err(features::Refusal::Wrong(text))) => {
                Response::new_err(id, ErrorCode::InvalidParams as i32, text)
            }
            Err(_) => Response::new_err(
                id,
                ErrorCode::InternalError as i32,
                "a bug in ccci, please report it".into(),
            ),
        }
    }

    /// Takes a notification. One that cannot be read is ignored, because nobody waits for an answer.
    fn notice(&mut self, notification: Notification) {
        match notification.method.as_str() {
            "textDocument/didOpen" => {
                let Some(opened) = read::<DidOpenTextDocumentParams>(notification) else { return };
                let document = opened.text_document;
                if let Some(path) = address::path(&document.uri) {
                    self.analysis.renew();
                    let open = Document { version: document.version, text: document.text };
                    self.documents.insert(path.clone(), open);
                    self.check(&path);
                }
            }
            "textDocument/didChange" => {
                let Some(changed) = read::<DidChangeTextDocumentParams>(notification) else { return };
                let Some(path) = address::path(&changed.text_document.text_document_identifier.uri) else {
                    return;
                };
                let Some(document) = self.documents.get_mut(&path) else { return };
                document.version = changed.text_document.version;
                for change in changed.content_changes {
                    self.encoding.change(&mut document.text, change);
                }
                self.check(&path);
            }
            "textDocument/didClose" => {
                let Some(closed) = read::<DidCloseTextDocumentParams>(notification) else { return };
                if let Some(path) = address::path(&closed.text_document.uri) {
                    self.documents.remove(&path);
                    // the text on the disk counts again
                    self.check_open();
                    let open: Vec<PathBuf> = self.documents.keys().cloned().collect();
                    self.analysis.close(&path, &open);
                }
            }
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => {
                self.analysis.renew();
                self.check_open();
            }
            _ => {}
        }
    }

    /// Checks the recipes of all open files.
    fn check_open(&mut self) {
        let open: Vec<PathBuf> = self.documents.keys().cloned().collect();
        open.iter().for_each(|path| self.check(path));
    }

    fn check(&mut self, path: &Path) {
        let mut texts = Buffers::default();
        for (path, document) in &self.documents {
            texts.set(Disk.real(path).unwrap_or_else(|_| path.clone()), &document.text);
        }
        let versions = self.documents.iter().map(|(path, d)| (path.clone(), d.version)).collect();
        self.analysis.check(path, texts, versions);
    }

    /// The text of a file: the editor's, or else the disk's.
    fn text(&self, path: &Path) -> Option<String> {
        match self.documents.get(path) {
            Some(document) => Some(document.text.clone()),
            None => std::fs::read_to_string(path).ok(),
        }
    }
}

fn read<T: DeserializeOwned>(notification: Notification) -> Option<T> {
    serde_json::from_value(notification.params).ok()
}
