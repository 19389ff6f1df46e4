//! Which request is answered by what.

use super::{Server, actions, address, complete, hover, navigate, rename, symbols};
use gen_lsp_types::{
    CodeActionParams, DocumentSymbolParams, ReferenceParams, RenameParams, TextDocumentPositionParams, Uri,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::PathBuf;

/// Why a request has no result.
pub(super) enum Refusal {
    /// No such request is supported.
    Unknown,
    /// It cannot be done, in words.
    Wrong(String),
}

/// The file, its text, and the byte that a request is about.
pub(super) struct At {
    pub path: PathBuf,
    pub text: String,
    pub byte: usize,
}

/// The result of a request.
pub(super) fn answer(server: &Server, method: &str, params: Value) -> Result<Value, Refusal> {
    match method {
        "textDocument/completion" => Ok(value(complete::items(server, &at(server, read(params)?)?))),
        "textDocument/hover" => Ok(value(hover::page(server, &at(server, read(params)?)?))),
        "textDocument/definition" => Ok(value(navigate::definition(server, &at(server, read(params)?)?))),
        "textDocument/references" => {
            let params: ReferenceParams = read(params)?;
            let declared = params.context.include_declaration;
            let at = at(server, params.text_document_position_params)?;
            Ok(value(navigate::references(server, &at, declared)))
        }
        "textDocument/prepareRename" => Ok(value(rename::prepare(server, &at(server, read(params)?)?))),
        "textDocument/rename" => {
            let params: RenameParams = read(params)?;
            let at = at(server, params.text_document_position_params)?;
            rename::edit(server, &at, &params.new_name).map(value).map_err(Refusal::Wrong)
        }
        "textDocument/documentSymbol" => {
            let params: DocumentSymbolParams = read(params)?;
            let (path, text) = file(server, &params.text_document.uri)?;
            Ok(value(symbols::of(&path, &text, server.encoding)))
        }
        "textDocument/codeAction" => {
            let params: CodeActionParams = read(params)?;
            let (path, text) = file(server, &params.text_document.uri)?;
            Ok(value(actions::fixes(server, &path, &text, params.range)))
        }
        _ => Err(Refusal::Unknown),
    }
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, Refusal> {
    serde_json::from_value(params).map_err(|e| Refusal::Wrong(e.to_string()))
}

fn value(of: impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or(Value::Null)
}

fn file(server: &Server, uri: &Uri) -> Result<(PathBuf, String), Refusal> {
    let path = address::path(uri).ok_or_else(|| Refusal::Wrong(format!("`{}` is no file", uri.0)))?;
    let text = server.text(&path).ok_or_else(|| Refusal::Wrong(format!("`{}` cannot be read", uri.0)))?;
    Ok((path, text))
}

fn at(server: &Server, params: TextDocumentPositionParams) -> Result<At, Refusal> {
    let (path, text) = file(server, &params.text_document.uri)?;
    let byte = server.encoding.offset(&text, params.position);
    Ok(At { path, text, byte })
}
