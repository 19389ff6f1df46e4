//! Natives of ours for text and JSON: those of Rhai that could multiply sizes in one step, bounded, and a few that every
//! author misses. What touches an app is not here.

use super::functions::{Functions, share};
use super::ty::Ty;
use super::{assertion, raised, show, sorting};
use memchr::memmem;
use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, INT, ImmutableString, Module, NativeCallContext, Shared};
use std::sync::LazyLock;

/// A native that authors may not expect: `trim` of Rhai changes its text in place and gives `()`.
#[derive(Debug, PartialEq, Eq)]
pub struct Native {
    /// As it is written.
    pub shape: &'static str,
    /// Sentences; the first is the summary.
    pub doc: &'static str,
}

/// Natives that go beyond the language's own book.
pub const NATIVES: &[Native] = &[
    Native {
        shape: "text.trimmed() -> text",
        doc: "The text without white space at its ends. `trim()` changes a variable in place and gives nothing back.",
    },
    Native { shape: "text.lines() -> array", doc: "The lines of a text, without their ends." },
    Native {
        shape: "parse_json(text) -> anything",
        doc: "Reads JSON of any kind; raises where it is wrong.",
    },
    Native {
        shape: "to_json(anything) -> text",
        doc: "Writes any value but closures and own types as JSON.",
    },
];

impl Native {
    /// The function's bare name.
    pub fn name(&self) -> &'static str {
        let before = self.shape.split('(').next().unwrap_or(self.shape);
        before.rsplit('.').next().unwrap_or(before)
    }

    /// What it gives; the engine does not know it of natives like these.
    pub(super) fn ret(&self) -> Option<Ty> {
        Ty::parse(self.shape.split(" -> ").nth(1)?)
    }
}

type Raised = Box<EvalAltResult>;

/// All of them, and those that speak of errors.
static ALL: LazyLock<Shared<Module>> = LazyLock::new(|| {
    Functions::filled(|all| {
        fill(all);
        sorting::register(all);
        assertion::register(all);
        raised::register(all);
    })
});

/// Registers them all.
pub(super) fn register(engine: &mut Engine) {
    share(engine, &ALL);
}

fn fill(natives: &mut Functions) {
    natives.register_fn(
        "replace",
        |cx: NativeCallContext<'_>, s: &mut ImmutableString, a: ImmutableString, b: ImmutableString| {
            *s = replaced(&cx, s, &a, &b)?;
            Ok::<(), Raised>(())
        },
    );
    natives.register_fn(
        "replace",
        |cx: NativeCallContext<'_>, s: &mut ImmutableString, a: char, b: ImmutableString| {
            *s = replaced(&cx, s, &a.to_string(), &b)?;
            Ok::<(), Raised>(())
        },
    );
    natives.register_fn(
        "pad",
        |cx: NativeCallContext<'_>, s: &mut ImmutableString, n: INT, with: ImmutableString| {
            *s = padded(&cx, s, n, &with)?;
            Ok::<(), Raised>(())
        },
    );
    natives.register_fn("parse_json", |cx: NativeCallContext<'_>, s: ImmutableString| parsed(&cx, &s));
    natives.register_fn("to_json", |v: Dynamic| -> ImmutableString {
        serde_json::to_string(&show::leaving(&v)).unwrap_or_default().into()
    });
    natives.register_fn("trimmed", |s: &mut ImmutableString| -> ImmutableString { s.trim().into() });
    natives.register_fn("lines", |cx: NativeCallContext<'_>, s: &mut ImmutableString| lines(&cx, s));
    for name in ["to_debug", "debug", "to_string", "print"] {
        natives.register_fn(name, |_: &mut FnPtr| -> ImmutableString { "<function>".into() });
    }
}

fn too_large(cx: &NativeCallContext<'_>, what: &str) -> Raised {
    EvalAltResult::ErrorDataTooLarge(what.into(), cx.call_position()).into()
}

fn replaced(cx: &NativeCallContext<'_>, s: &str, from: &str, to: &str) -> Result<ImmutableString, Raised> {
    if from.is_empty() {
        return Err("the text to look for is empty".into());
    }
    let found = memmem::Finder::new(from);
    let n = found.find_iter(s.as_bytes()).count();
    let len = s.len() - n * from.len() + n.saturating_mul(to.len());
    if len > cx.engine().max_string_size() {
        return Err(too_large(cx, "Length of string"));
    }
    let (mut out, mut rest) = (String::with_capacity(len), 0);
    for at in found.find_iter(s.as_bytes()) {
        out.push_str(&s[rest..at]);
        out.push_str(to);
        rest = at + from.len();
    }
    Ok((out + &s[rest..]).into())
}

fn padded(cx: &NativeCallContext<'_>, s: &str, n: INT, with: &str) -> Result<ImmutableString, Raised> {
    if with.is_empty() {
        return Err("the text to pad with is empty".into());
    }
    let missing = usize::try_from(n).unwrap_or(0).saturating_sub(s.chars().count());
    let letters = with.chars().count();
    let rest: String = with.chars().take(missing % letters).collect();
    let len = (missing / letters).saturating_mul(with.len()).saturating_add(s.len() + rest.len());
    if len > cx.engine().max_string_size() {
        return Err(too_large(cx, "Length of string"));
    }
    Ok([s, &with.repeat(missing / letters), &rest].concat().into())
}

fn parsed(cx: &NativeCallContext<'_>, text: &str) -> Result<Dynamic, Raised> {
    if text.len() > cx.engine().max_string_size() {
        return Err(too_large(cx, "Length of string"));
    }
    serde_json::from_str(text)
        .map_err(|e| format!("the text is not JSON: {e}: {}", show::value(&text.into())).into())
}

fn lines(cx: &NativeCallContext<'_>, text: &str) -> Result<Vec<Dynamic>, Raised> {
    if text.lines().count() > cx.engine().max_array_size() {
        return Err(too_large(cx, "Size of array"));
    }
    Ok(text.lines().map(|l| l.to_string().into()).collect())
}
