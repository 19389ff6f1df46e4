//! Literal arguments that a function always refuses: spans of time, ports, paths, and the keys of maps of options. The
//! names of parameters say what they are, in the rows of `ctx` and in this file.

use super::Checker;
use crate::node::{Call, Literal, Node, What};
use crate::signature::{CallSig, Param, Ty};
use crate::sources::TOKEN;
use ccci_model::diag::Help;
use ccci_model::diag::codes::{ARGUMENT_TYPE, ASSERTS_CONSTANT, BAD_ARGUMENT, UNKNOWN_OPTION};
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::time::parse_span;
use rhai::Position;

/// What is wrong with a value, and what to write.
type Wrong = Option<(String, &'static str)>;

impl<'a> Checker<'a> {
    /// Checks the literals among the arguments of a call whose number and types fit one of the rows.
    pub(super) fn literal_arguments(&mut self, rows: &[&'a CallSig], args: &'a [Node]) {
        let Some(row) = rows.iter().find(|r| r.params.len() == args.len()) else { return };
        for (param, arg) in row.params.iter().zip(args) {
            match &arg.what {
                What::Table(entries) if !param.keys.is_empty() => self.options(param, entries),
                _ => self.literal(param.name, arg),
            }
        }
    }

    fn literal(&mut self, name: &str, arg: &Node) {
        let (wrong, chars) = match &arg.what {
            // the place has the quotes too
            What::Literal(Literal::Text(text)) => (of_text(name, text), text.chars().count() + 2),
            What::Literal(Literal::Int(n)) => (of_number(name, *n), n.to_string().len()),
            _ => return,
        };
        if let Some((message, help)) = wrong {
            self.report(BAD_ARGUMENT, arg.at, chars, message, Some(help.into()));
        }
    }

    fn options(&mut self, param: &Param, entries: &'a [(String, Position, Node)]) {
        for (key, at, value) in entries {
            let Some((_, expected)) = param.keys.iter().find(|(known, _)| known == key) else {
                let known = || param.keys.iter().map(|(known, _)| *known);
                let all =
                    || Help::from(format!("the options are {}", known().collect::<Vec<_>>().join(", ")));
                let help = did_you_mean(key, known()).unwrap_or_else(all);
                let message = format!("there is no option `{key}`");
                self.report(UNKNOWN_OPTION, *at, key.chars().count(), message, Some(help));
                continue;
            };
            let is = literal_type(value);
            if is.may_be(*expected) {
                self.literal(key, value);
            } else {
                let message = format!("the option `{key}` is {is}, expected {expected}");
                self.report(ARGUMENT_TYPE, value.start(), TOKEN, message, None);
            }
        }
    }

    /// Reports an assertion of constants, and constants that decide it or add nothing to it.
    pub(super) fn asserted(&mut self, n: &'a Node) {
        let help = "assert what the app answers; to end a test, write `fail(\"why\")`";
        if is_constant(n) {
            let message = "the assertion is about constants, so it always has the same result".to_string();
            self.report(ASSERTS_CONSTANT, n.start(), TOKEN, message, Some(help.into()));
        } else if let What::Logic(parts) = &n.what {
            for part in parts {
                match is_constant(part) {
                    true => {
                        let message = "this part of the assertion is constant: it decides the result or adds nothing to it";
                        self.report(ASSERTS_CONSTANT, part.start(), TOKEN, message.into(), Some(help.into()));
                    }
                    false => self.asserted(part),
                }
            }
        }
    }
}

fn of_text(name: &str, text: &str) -> Wrong {
    match name {
        "span" | "timeout" => parse_span(text).is_none().then(|| {
            (format!("`{text}` is not a span of time"), "write a number and a unit, like \"30s\" or \"2m\"")
        }),
        "path" => {
            let good = text.starts_with('/') || text.starts_with("http://") || text.starts_with("https://");
            (!good).then(|| (format!("`{text}` is neither a path nor a URL"), "begin the path with `/`"))
        }
        _ => None,
    }
}

fn of_number(name: &str, n: i64) -> Wrong {
    let wrong = name == "port" && !(1..=i64::from(u16::MAX)).contains(&n);
    wrong.then(|| (format!("{n} is no port"), "a port is 1 to 65535"))
}

/// The type of a literal; that of other values is not known.
fn literal_type(n: &Node) -> Ty {
    match &n.what {
        What::Literal(Literal::Bool) => Ty::BOOL,
        What::Literal(Literal::Int(_)) => Ty::INT,
        What::Literal(Literal::Text(_)) | What::Text(_) => Ty::TEXT,
        What::Literal(Literal::Unit) => Ty::UNIT,
        What::Table(_) | What::Literal(Literal::Map) => Ty::MAP,
        What::List(_) | What::Literal(Literal::Array) => Ty::ARRAY,
        _ => Ty::ANY,
    }
}

/// Whether a value is made of literals only.
fn is_constant(n: &Node) -> bool {
    match &n.what {
        What::Literal(_) => true,
        What::Text(parts) | What::List(parts) | What::Logic(parts) => parts.iter().all(is_constant),
        What::Call(Call { operator: true, args, .. }) => args.iter().all(is_constant),
        _ => false,
    }
}
