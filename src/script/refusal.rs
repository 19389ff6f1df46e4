//! Why a script does not compile: what the engine refuses, at which place, and what to write instead.

use super::limits::{EXPRESSION_DEPTH, FUNCTIONS};
use super::scan::tokens::{self, Token};
use super::sources::{TOKEN, place};
use ccci_model::diag::codes::{
    DUPLICATE_FUNCTION, SCRIPT_SYNTAX, SCRIPT_TOO_LARGE, UNKNOWN_MODULE, UNKNOWN_VARIABLE,
};
use ccci_model::diag::fix::{Fix, Safety};
use ccci_model::diag::{Code, Diagnostic, Help, Place, Text};
use rhai::{LexError, ParseError, ParseErrorType as P, Position};
use std::sync::Arc;

/// What is told: code, message, and what to do.
type Said = (&'static Code, String, Help);

/// Words of other languages, and what to do instead.
const WORDS: &[(&[&str], &str)] = &[
    (&["func", "function", "def", "fun", "sub", "Fn"], "a function begins with `fn`: `fn name(ctx) { … }`"),
    (&["els", "elif", "elsif", "elseif"], "write `else`, or `else if`"),
    (&["var"], "a variable is made by `let`"),
    (&["await", "async"], "remove it: every call waits for its answer"),
    (
        &["null", "nil", "none", "None", "undefined"],
        "write `()` for no value; an argument that is not needed is left out",
    ),
    (&["True", "False"], "write `true` or `false`"),
    (&["and", "or", "not", "is"], "write `&&`, `||`, `!` or `==`"),
    (&["eval"], "scripts cannot run text as code; write the code itself"),
    (&["goto"], "a page is opened with `page.open(path)`"),
];

/// Why a text does not compile.
pub(super) fn of(text: &Arc<Text>, e: &ParseError) -> Diagnostic {
    let at = e.position();
    match e.err_type() {
        P::MissingToken(sign, _) if sign == ";" => return without_end(text, at),
        P::UnexpectedEOF => return open_bracket(text).unwrap_or_else(|| ends_early(text, at)),
        P::MissingToken(..) if is_at_end(text, at) => {
            if let Some(open) = open_bracket(text) {
                return open;
            }
        }
        P::MissingToken(sign, _) if [")", "]", "}"].contains(&sign.as_str()) => {
            if let Some(open) = other_bracket(text, at) {
                return open;
            }
        }
        P::TooManyFunctions => return too_many_functions().at(place(text, at, TOKEN)),
        P::FnDuplicatedDefinition(name, n) => {
            let message = format!("`{name}` with {n} parameters is defined twice");
            let d = Diagnostic::new(DUPLICATE_FUNCTION, message).at(name_after(text, name, at));
            return d.help("give one of them another name, or remove it");
        }
        _ => {}
    }
    let (code, message, help) = of_names(e.err_type())
        .or_else(|| of_signs(e.err_type()))
        .unwrap_or_else(|| of_others(text, e.err_type(), at));
    Diagnostic::new(code, message).at(place(text, at, TOKEN)).help(help)
}

/// The name that stands behind `fn`.
fn name_after(text: &Arc<Text>, name: &str, at: Position) -> Place {
    let found = place(text, at, TOKEN);
    let after = text.content[found.range.end..].find(name).map(|n| found.range.end + n);
    after.map_or(found, |start| Place::new(text, start..start + name.len()))
}

pub(super) fn too_many_functions() -> Diagnostic {
    let message = format!("the file has more than {} functions, closures included", FUNCTIONS.most);
    Diagnostic::new(SCRIPT_TOO_LARGE, message).help("move some of them to other files under `lib/`")
}

fn of_other_language(word: &str) -> Option<&'static str> {
    WORDS.iter().find(|(words, _)| words.contains(&word)).map(|(_, help)| *help)
}

/// What to do about a variable that does not exist.
pub(super) fn made_first(name: &str) -> String {
    let cure = || {
        format!("make it first: `let {name} = …;`; what another function has, it passes on as an argument")
    };
    of_other_language(name).map_or_else(cure, str::to_string)
}

/// Names that do not exist or that the language keeps for itself.
fn of_names(e: &P) -> Option<Said> {
    Some(match e {
        P::VariableUndefined(name) => {
            let help = match name.chars().any(char::is_lowercase) {
                true => made_first(name),
                false => format!("a constant of this file is written as `global::{name}`"),
            };
            (UNKNOWN_VARIABLE, format!("there is no variable `{name}`"), help.into())
        }
        P::ModuleUndefined(name) => {
            let help = format!("write `import \"lib/{name}\" as {name};` at the top of the file");
            (UNKNOWN_MODULE, format!("there is no module `{name}`"), help.into())
        }
        P::Reserved(word) => {
            let help = of_other_language(word).unwrap_or("choose another name");
            let message = format!("`{word}` is a reserved word and cannot be used here");
            (SCRIPT_SYNTAX, message, help.into())
        }
        P::BadInput(LexError::ImproperSymbol(word, _)) if word == "eval" => {
            let message = "there is no `eval`: scripts cannot run text as code";
            (SCRIPT_SYNTAX, message.into(), "write the code itself".into())
        }
        P::WrongFnDefinition => {
            let help =
                "add the `}` that is missing before it, or move the function to the top level of the file";
            (SCRIPT_SYNTAX, "a function is defined inside a block or another function".into(), help.into())
        }
        _ => return None,
    })
}

/// Signs and texts that end or stand wrongly, and what is too deep or too long.
fn of_signs(e: &P) -> Option<Said> {
    Some(match e {
        P::BadInput(LexError::UnterminatedString) => {
            let help = "write the quote at its end; a text of several lines stands in backticks";
            (SCRIPT_SYNTAX, "the text that begins here has no end".into(), help.into())
        }
        P::BadInput(LexError::MalformedChar(text)) => {
            let instead = Some(format!("\"{text}\"")).filter(|_| !text.contains('"'));
            let help = Help { text: "texts stand in double quotes".into(), instead };
            (SCRIPT_SYNTAX, format!("`'{text}'` is not one character"), help)
        }
        P::UnknownOperator(sign) => {
            let help = match sign.as_str() {
                "++" | "--" => format!("write `{} 1`", sign.replacen(['+', '-'], "", 1) + "="),
                _ => "`ccci explain` lists what scripts may call".into(),
            };
            (SCRIPT_SYNTAX, format!("there is no operator `{sign}`"), help.into())
        }
        P::BadInput(LexError::ImproperSymbol(sign, why)) => {
            let instead = why.rsplit_once('\'').and_then(|(before, _)| before.rsplit_once('\''));
            let instead = instead.map(|(_, sign)| sign).filter(|_| why.contains("Should it be"));
            let help = match instead {
                Some(other) => {
                    Help { text: format!("did you mean `{other}`?"), instead: Some(other.to_string()) }
                }
                None => "remove it".into(),
            };
            (SCRIPT_SYNTAX, format!("`{sign}` is no sign of the language"), help)
        }
        P::ExprTooDeep => {
            let message =
                format!("expressions or blocks are nested more than {} levels deep", EXPRESSION_DEPTH.most);
            (SCRIPT_TOO_LARGE, message, "move parts of it to variables or functions".into())
        }
        P::LiteralTooLarge(what, most) => {
            let help = "make it of several shorter ones";
            (SCRIPT_TOO_LARGE, format!("{} is over {most}", what.to_lowercase()), help.into())
        }
        _ => return None,
    })
}

/// Everything else, in the engine's words.
fn of_others(text: &Text, e: &P, at: Position) -> Said {
    let help = match e {
        P::MissingToken(sign, _) => match (in_condition(text, at), sign.as_str()) {
            (Some(help), _) => help,
            (None, ",") => "write `,` between two of them, or the bracket that ends them".into(),
            (None, sign) => {
                format!("write `{sign}` before this, or look for a slip in what stands before it")
            }
        },
        P::PropertyExpected => "after a dot stands a name, as in `answer.status`".into(),
        P::VariableExpected => "choose a name of letters, digits and `_`".into(),
        P::AssignmentToConstant(_) => {
            "make it with `let` instead of `const`, or make another variable".into()
        }
        P::AssignmentToInvalidLHS(_) => {
            "only variables, members and elements can be set; `==` compares".into()
        }
        P::ExprExpected(_) => "write a value or a call here, or remove what asks for one".into(),
        P::WrongDocComment => "write it with two slashes, or place it right above a function".into(),
        P::LoopBreak => "end a function with `return`".into(),
        P::FnMissingParams(_) => "write its parameters in brackets: `fn name(ctx) { … }`".into(),
        P::FnMissingBody(_) => "write its body in braces: `fn name(ctx) { … }`".into(),
        P::FnMissingName => "name it: `fn name(ctx) { … }`".into(),
        _ => "look for a slip here or just before it".to_string(),
    };
    let message = match e {
        P::MissingToken(sign, why) => format!("expected `{sign}` {why}").trim_end().to_string(),
        _ => lower(&e.to_string()),
    };
    (SCRIPT_SYNTAX, message, help.into())
}

/// A statement without `;`. The engine sees it at the next one, which may stand some lines below.
fn without_end(text: &Arc<Text>, at: Position) -> Diagnostic {
    let next = place(text, at, TOKEN);
    let end = end_of_code(&text.content, next.range.start);
    let told = |message: &str| Diagnostic::new(SCRIPT_SYNTAX, message);
    if end == 0 || !text.content[end..next.range.start].contains('\n') {
        let found = text.content[next.range.clone()].to_string();
        let message = format!("expected `;` or an operator before `{found}`");
        let d = told(&message).at(next);
        return d.help("write `;` between two statements, or the operator that is missing");
    }
    let (last, after) = (Place::new(text, end - 1..end), Place::new(text, end..end));
    told("the statement that ends here has no `;`")
        .at(last)
        .other(next, "the next statement begins here")
        .help("write `;` after it")
        .fix(Fix::new(Safety::Likely, "write `;`", after, ";"))
}

/// Where the code before a byte ends, without white space and comments.
fn end_of_code(content: &str, before: usize) -> usize {
    let comments = tokens::read(content).comments;
    let mut end = content[..before].trim_end().len();
    while let Some(comment) = comments.iter().rev().find(|c| c.start < end && end <= c.end) {
        end = content[..comment.start].trim_end().len();
    }
    end
}

/// The last bracket that is never closed.
fn open_bracket(text: &Arc<Text>) -> Option<Diagnostic> {
    let mut open = vec![];
    for token in tokens::read(&text.content).tokens {
        match token {
            Token::Sign(at, sign @ (b'(' | b'[' | b'{')) => open.push((at, sign)),
            Token::Sign(_, b')' | b']' | b'}') => drop(open.pop()),
            _ => {}
        }
    }
    let (at, sign) = open.pop()?;
    Some(never_closed(text, at, sign))
}

/// The bracket that is still open where another kind of bracket is closed.
fn other_bracket(text: &Arc<Text>, at: Position) -> Option<Diagnostic> {
    let here = place(text, at, 0).range.start;
    let mut open = vec![];
    for token in tokens::read(&text.content).tokens {
        match token {
            Token::Sign(at, sign @ (b'(' | b'[' | b'{')) => open.push((at, sign)),
            Token::Sign(at, sign @ (b')' | b']' | b'}')) => {
                let (begun, last) = open.pop()?;
                if char::from(sign) != end_of(last) {
                    return (at == here).then(|| never_closed(text, begun, last));
                }
            }
            _ => {}
        }
    }
    None
}

fn end_of(sign: u8) -> char {
    match sign {
        b'(' => ')',
        b'[' => ']',
        _ => '}',
    }
}

fn never_closed(text: &Arc<Text>, at: usize, sign: u8) -> Diagnostic {
    let message = format!("the `{}` here is never closed", char::from(sign));
    let d = Diagnostic::new(SCRIPT_SYNTAX, message).at(Place::new(text, at..at + 1));
    d.help(format!("write `{}` where what it begins ends", end_of(sign)))
}

fn ends_early(text: &Arc<Text>, at: Position) -> Diagnostic {
    let d = Diagnostic::new(SCRIPT_SYNTAX, "the file ends too early").at(place(text, at, 0));
    d.help("end the last statement, or remove what was begun")
}

fn is_at_end(text: &Arc<Text>, at: Position) -> bool {
    place(text, at, 0).range.start >= end_of_code(&text.content, text.content.len())
}

/// Common mistakes in conditions: `=` instead of `==`, and `assert(x, "text")`, because `assert` looks like a function
/// call.
fn in_condition(text: &Text, at: Position) -> Option<String> {
    let line = text.content.lines().nth(at.line()?.checked_sub(1)?)?;
    let before: String = line.chars().take(at.position()?).collect();
    if before.ends_with('=') {
        return Some("`==` compares; a single `=` sets a variable".into());
    }
    before.rsplit(['{', ';']).next()?.trim_start().starts_with("assert").then(|| {
        "`assert` takes one expression, `assert(a == b);`, and shows both sides when it fails".into()
    })
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
