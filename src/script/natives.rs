//! ccci's own natives for text and JSON: bounded versions of those of Rhai that could multiply sizes in one
//! step, and a few that Rhai lacks. Functions that act on an app are not here.

use super::functions::{Functions, share};
use super::ty::Ty;
use super::{assertion, closures, comparison, raised, show, sorting};
use memchr::memmem;
use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, INT, ImmutableString, Module, NativeCallContext, Shared};
use std::sync::LazyLock;

/// A native that is described in our reference, because Rhai's own has surprises: `trim` of Rhai changes its
/// text in place and returns `()`.
#[derive(Debug, PartialEq, Eq)]
pub struct Native {
    /// Its form in the reference.
    pub shape: &'static str,
    /// Sentences; the first is the summary.
    pub doc: &'static str,
}

/// Natives that Rhai's own book does not describe.
pub(crate) const NATIVES: &[Native] = &[
    Native {
        shape: "text.trimmed() -> text",
        doc: "The text without white space at its ends. Rhai's own `trim()` changes a variable in place and returns nothing.",
    },
    Native { shape: "text.lines() -> array", doc: "The lines of a text, without line endings." },
    Native {
        shape: "parse_json(text) -> anything",
        doc: "Reads a JSON value of any type. Invalid JSON is an error with its position.",
    },
    Native {
        shape: "to_json(anything) -> text",
        doc: "Writes a value as JSON. Closures and ccci's own types cannot be written.",
    },
];

impl Native {
    /// The function's bare name.
    pub fn name(&self) -> &'static str {
        let before = self.shape.split('(').next().unwrap_or(self.shape);
        before.rsplit('.').next().unwrap_or(before)
    }

    /// Its return type. The engine has no return type for natives like these.
    pub(super) fn ret(&self) -> Option<Ty> {
        Ty::parse(self.shape.split(" -> ").nth(1)?)
    }
}

type Raised = Box<EvalAltResult>;

/// All natives of ours, with those for errors.
static ALL: LazyLock<Shared<Module>> = LazyLock::new(|| {
    Functions::filled(|all| {
        fill(all);
        sorting::register(all);
        closures::register(all);
        comparison::register(all);
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
    let pad_chars = with.chars().count();
    let rest: String = with.chars().take(missing % pad_chars).collect();
    let len = (missing / pad_chars).saturating_mul(with.len()).saturating_add(s.len() + rest.len());
    if len > cx.engine().max_string_size() {
        return Err(too_large(cx, "Length of string"));
    }
    Ok([s, &with.repeat(missing / pad_chars), &rest].concat().into())
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

#[cfg(test)]
mod tests {
    use super::super::{engine, guard::Unguarded};
    use rhai::packages::{Package, StandardPackage};
    use rhai::{Dynamic, Engine};
    use std::sync::Arc;

    /// List and map functions as Rhai's book shows them, and their behaviour at the limits.
    const SAME: &[&str] = &[
        "[1, 2, 3].map(|v| v * v)",
        "[1, 2, 3].map(|v, i| v * i)",
        "[1, 2, 3].map(|| this + 1)",
        "[].map(|v| v)",
        "[1, 2, 3, 4].filter(|v| v >= 3)",
        "[1, 2, 3, 4].filter(|v, i| v * i >= 6)",
        "[1, 2].filter(|v| 5)",
        "let a = [1, 2, 3]; a.for_each(|| this *= 2); a",
        "let a = [1, 2, 3]; a.for_each(|i| this *= i); a",
        "let a = [1, 2, 3, 4, 5]; let d = a.drain(|v| v < 3); [a, d]",
        "let a = [1, 2, 3, 4, 5]; let d = a.drain(|v, i| v + i < 5); [a, d]",
        "let a = [1, 2, 3, 4, 5]; let d = a.retain(|v| v >= 3); [a, d]",
        "let a = [1, 2, 3, 4, 5]; let d = a.retain(|v, i| v + i >= 5); [a, d]",
        "[1, 2].zip([3, 4, 5], |x, y| x + y)",
        "[1, 2].zip([3, 4], |x, y, i| x + y + i)",
        "[].zip([], |x, y| x)",
        "[1, 2, 3].some(|v| v > 2)",
        "[1, 2, 3].some(|v, i| i > 2)",
        "[].some(|v| true)",
        "[1, 2, 3].all(|v| v > 0)",
        "[1, 2, 3].all(|v, i| i > 0)",
        "[].all(|v| false)",
        "[1, 2, 3, 5].find(|v| v > 2)",
        "[1, 2, 3, 5].find(|v| v > 9)",
        "[1, 2, 3, 5].find(|v| v > 1, 2)",
        "[1, 2, 3, 5].find(|v| v > 1, -1)",
        "[1, 2, 3, 5].find(|v| true, 9)",
        "[1, 2, 3].find_map(|v| if v > 1 { v * 10 })",
        "[1, 2, 3].find_map(|v| (), 1)",
        "[1, 2, 3].find_map(|v, i| if i > 1 { v }, -9)",
        "[1, 2, 3, 2].index_of(2)",
        "[1, 2, 3, 2].index_of(2, 2)",
        "[1, 2, 3, 2].index_of(2, -1)",
        "[1, 2, 3, 2].index_of(2, -99)",
        "[1, 2, 3, 2].index_of(2, 99)",
        "[1, 2].index_of(9)",
        "[1, 2, 3].index_of(|v| v > 1)",
        "[1, 2, 3].index_of(|v, i| v * i > 1, 1)",
        "[].index_of(|v| true)",
        "[1, 2, 3].reduce(|sum, v| sum + v, 0)",
        "[1, 2, 3].reduce(|sum, v| if sum == () { v } else { sum + v })",
        "[1, 2, 3].reduce(|sum, v, i| sum + v * i, 0)",
        "[].reduce(|sum, v| 1, 7)",
        "[1, 2, 3].reduce_rev(|sum, v| sum * 10 + v, 0)",
        "[1, 2, 3].reduce_rev(|sum, v, i| sum * 10 + i, 0)",
        "#{a: 1, b: 2}.map(|k, v| v * 2)",
        "#{a: 1, b: 2}.map(|k| this + 1)",
        "#{a: 1, b: 2}.filter(|k, v| v > 1)",
        "#{a: 1, b: 2}.filter(|k| k == \"a\")",
        "let m = #{a: 1, b: 2}; let d = m.drain(|k, v| v > 1); [m, d]",
        "let m = #{a: 1, b: 2}; let d = m.retain(|k, v| v > 1); [m, d]",
        "[[1, [2, \"x\"]], 'c', 1.5, true, ()] == [[1, [2, \"x\"]], 'c', 1.5, true, ()]",
        "[1, 2] == [1, 3]",
        "[1] == [1, 2]",
        "[] == []",
        "[1] == [1.0]",
        "[1, \"1\"] != [1, 1]",
        "['a'] == [\"a\"]",
        "[()] == [0]",
        "[1] == [[1]]",
        "[0..3] == [0..3]",
        "[|| 1] == [|| 1]",
        "[|| 1] == [1]",
        "#{a: 1, b: [2]} == #{b: [2], a: 1}",
        "#{a: 1} == #{a: 2}",
        "#{a: 1} == #{b: 1}",
        "#{a: 1} != #{a: 1, b: 2}",
        "3 in [1, 2, 3]",
        "\"3\" in [1, 2, 3]",
        "[1] in [[1], [2]]",
        "[1, 2].contains(2)",
        "let a = [1, 1, 2, 2, 1]; a.dedup(); a",
        "let a = [[1], [1], [2]]; a.dedup(); a",
        "let a = [1, 1.0, \"1\"]; a.dedup(); a",
        "let a = [|| 1, || 1]; a.dedup(); a.len()",
        "`${[1, 2.5, \"a\\n\", 'c', true, (), [], [[]], #{}]}`",
        "`${#{a: [1], \"b c\": \"x\"}}`",
        "\"x\" + [1, 2]",
        "[1, 2].to_string() + [\"a\"].to_debug() + #{a: 2}.to_string() + #{b: 1}.to_debug()",
        "[0..3, 1..=2]",
        "`${[0..3, 1..=2]}`",
        "[3, 1, 2].order(|a, b| a - b)",
        "let a = [3, 1, 2]; a.sort(|a, b| b - a); a",
    ];

    fn shown(e: &Engine, script: &str) -> String {
        e.eval::<Dynamic>(script).map_or_else(|e| e.to_string(), |v| format!("{v:?}"))
    }

    #[test]
    fn lists_and_maps_do_what_they_do_in_rhai() {
        let mut rhais = Engine::new_raw();
        StandardPackage::new().register_into_engine(&mut rhais);
        let (ours, _) = engine::runner(Arc::new(Unguarded), Arc::default());
        for script in SAME {
            assert_eq!(shown(&ours, script), shown(&rhais, script), "{script}");
        }
    }

    #[test]
    fn a_text_is_searched_for_and_never_the_name_of_a_function() {
        let (ours, _) = engine::runner(Arc::new(Unguarded), Arc::default());
        let said = |script: &str| shown(&ours, &format!("fn b(x) {{ true }} {script}"));
        assert_eq!(said("[\"a\", \"b\"].index_of(\"b\")"), "1");
        assert_eq!(said("[\"a\", \"b\"].index_of(\"c\", 0)"), "-1");
        for name in super::closures::BY_NAME {
            let all = said(&format!("let a = [1]; a.{name}(\"b\")"));
            assert!(all.contains("takes a closure"), "{name}: {all}");
        }
    }

    #[test]
    fn an_error_in_a_closure_is_not_lost() {
        let (ours, _) = engine::runner(Arc::new(Unguarded), Arc::default());
        let (by_list, by_map) = (
            "map filter for_each some all find find_map index_of reduce reduce_rev drain retain sort sort_by order \
             order_by dedup",
            "map filter drain retain",
        );
        for name in by_list.split_whitespace() {
            let said = shown(&ours, &format!("let a = [1, 2]; a.{name}(|x, y| throw \"no\"); a"));
            assert!(said.contains("no"), "{name}: {said}");
        }
        for name in by_map.split_whitespace() {
            let said = shown(&ours, &format!("let m = #{{a: 1}}; m.{name}(|x, y| throw \"no\"); m"));
            assert!(said.contains("no"), "{name}: {said}");
        }
        assert!(shown(&ours, "[1].zip([2], |x, y| throw \"no\")").contains("no"));
        let some_gone =
            "let a = [1, 2, 3]; try { a.drain(|v| if v > 1 { throw 1 } else { true }) } catch {} a";
        assert_eq!(shown(&ours, some_gone), "[2, 3]");
    }
}
