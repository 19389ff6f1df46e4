//! The statement `assert(a == b);`, whose message shows both sides of a comparison, or a value and what was looked for in it,
//! and the function `fail("…")`, which ends
//! a test with a text.

use super::functions::Functions;
use super::show;
use super::tree::{self, Question, Shape};
use super::unmet;
use rhai::{Dynamic, Engine, EvalAltResult, EvalContext, Expression, ImmutableString, Position};

/// A failed assertion. The text of its expression is added later, where the source is available.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FailedAssertion {
    /// `503 == 200`, or the value that is not true.
    pub observed: String,
}

/// The keyword.
pub(super) const KEYWORD: &str = "assert";

/// Adds the statement `assert` to the language. `told` is called whenever one is evaluated.
pub(super) fn add_to(engine: &mut Engine, told: impl Fn() + Send + Sync + 'static) {
    engine
        .register_custom_syntax([KEYWORD, "$expr$"], false, move |cx, inputs| {
            told();
            let (expected, at) = (&inputs[0], inputs[0].position());
            let result = holds(cx, expected, at);
            match &result {
                Ok(()) => unmet::note(cx.source(), at, None),
                Err(e) => observed(e).into_iter().for_each(|o| unmet::note(cx.source(), at, Some(o))),
            }
            result.map(|()| Dynamic::UNIT)
        })
        .expect("the syntax of assert is well-formed; every test that asserts shows it");
}

/// What a failed assertion observed; `None` for another error, which says nothing about the assertion.
fn observed(e: &EvalAltResult) -> Option<String> {
    match e {
        EvalAltResult::ErrorRuntime(value, _) => {
            value.read_lock::<FailedAssertion>().map(|failed| failed.observed.clone())
        }
        _ => None,
    }
}

/// Registers `fail`, and the type that a failed assertion raises.
pub(super) fn register(natives: &mut Functions) {
    natives.register_type_with_name::<FailedAssertion>("failed assertion");
    natives.register_fn("to_string", |u: &mut FailedAssertion| format!("assertion failed: {}", u.observed));
    natives.register_fn("fail", |why: ImmutableString| -> Result<Dynamic, Box<EvalAltResult>> {
        Err(EvalAltResult::ErrorRuntime(why.into(), Position::NONE).into())
    });
}

/// Evaluates each operand once. All errors have the position of the whole expression, by which the text of
/// the expression is found later.
fn holds(
    cx: &mut EvalContext<'_, '_, '_, '_, '_, '_>,
    e: &Expression<'_>,
    at: Position,
) -> Result<(), Box<EvalAltResult>> {
    let unmet = |observed: String| {
        EvalAltResult::ErrorRuntime(Dynamic::from(FailedAssertion { observed }), at).into()
    };
    match tree::shape(e) {
        Shape::All(parts) => parts.iter().try_for_each(|p| holds(cx, p, at)),
        Shape::Sides(op, left, right) => {
            let left = cx.eval_expression_tree(&left)?.flatten();
            let right = cx.eval_expression_tree(&right)?.flatten();
            let (a, b, differ) = show::pair(&left, &right);
            let differ = differ.map_or(String::new(), |at| format!(" (they differ from character {at} on)"));
            let shown = format!("{a} {op} {b}{differ}");
            match cx.engine().eval_binary_op::<Dynamic>(op, left, right)?.as_bool() {
                Ok(true) => Ok(()),
                _ => Err(unmet(shown)),
            }
        }
        Shape::Asks(question) if verb(&question).is_some() => {
            let mut of = cx.eval_expression_tree(&question.of())?.flatten();
            let mut argument = cx.eval_expression_tree(&question.argument)?.flatten();
            let verb = verb(&question).unwrap_or_default();
            let shown = format!("{} {verb} {}", show::value(&of), show::value(&argument));
            let answer = cx.call_native_fn_raw(question.method, true, &mut [&mut of, &mut argument])?;
            match answer.as_bool() {
                Ok(answer) if answer != question.denied => Ok(()),
                _ => Err(unmet(shown)),
            }
        }
        Shape::Asks(_) | Shape::Whole => {
            let value = cx.eval_expression_tree(e)?.flatten();
            match value.as_bool() {
                Ok(true) => Ok(()),
                _ => Err(unmet(show::value(&value))),
            }
        }
    }
}

/// Methods whose value and argument are shown, and the words for what is and for what is not.
const ASKED: &[(&str, &str, &str)] = &[
    ("contains", "contains", "does not contain"),
    ("starts_with", "starts with", "does not start with"),
    ("ends_with", "ends with", "does not end with"),
];

/// The verb between both sides of a question whose assertion does not hold: what was observed.
fn verb(question: &Question<'_>) -> Option<&'static str> {
    let (_, is, is_not) = ASKED.iter().find(|(method, ..)| *method == question.method)?;
    Some(if question.denied { is } else { is_not })
}

/// Text of the expression after an `assert` that starts at this byte, up to the end of the statement, without
/// outer parentheses.
pub(super) fn expression(text: &str, from: usize) -> &str {
    let rest = text[from..].strip_prefix("assert").unwrap_or(&text[from..]);
    let rest = rest[..end(rest)].trim();
    match rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
        Some(inner) if end(&format!("{inner})")) == inner.len() => inner.trim(),
        _ => rest,
    }
}

/// Byte at which the statement ends: a `;`, or a closing bracket that was not opened in the statement.
fn end(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut quote: Option<char> = None;
    let mut chars = text.char_indices();
    while let Some((i, c)) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(q), _) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '`' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') if depth == 0 => return i,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ';') if depth == 0 => return i,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, want: &str) {
        assert_eq!(expression(line, line.find("assert").unwrap()), want);
    }

    #[test]
    fn the_expression_of_an_assertion_is_cut_out_of_its_line() {
        check("  assert(a == b);", "a == b");
        check("assert(f(x, \")\") == \"a;b\"); more(1)", "f(x, \")\") == \"a;b\"");
        check("assert((a) == (b))", "(a) == (b)");
        check("assert (a) == (b);", "(a) == (b)");
        check("if x { assert ok }", "ok");
    }
}
