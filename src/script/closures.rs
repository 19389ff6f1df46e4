//! Natives that call a closure for each element of a list or map. Rhai's own versions copy the engine's state
//! for every call of the closure. The debugger's frames in that state hold the list itself, so a list of the
//! greatest allowed length took seconds; and when the closure was itself a native, the call was not watched
//! at all. The versions here call the closure with a state without frames, and count each call as one
//! operation.

use super::functions::Functions;
use super::guard;
use rhai::{Array, Dynamic, EvalAltResult, FnPtr, INT, ImmutableString, Map, NativeCallContext, Variant};

type Raised = Box<EvalAltResult>;
type Cx<'a> = NativeCallContext<'a>;

/// A closure that a native calls, with the context of the native's own call.
pub(super) struct Closure<'a> {
    name: &'a str,
    by: &'a FnPtr,
    cx: Cx<'a>,
}

/// Runs `work` with a closure that it can call.
pub(super) fn with_closure<R>(
    cx: &Cx<'_>,
    name: &str,
    by: &FnPtr,
    work: impl FnOnce(&Closure<'_>) -> Result<R, Raised>,
) -> Result<R, Raised> {
    let mut state = cx.global_runtime_state().clone();
    if cx.debugger().is_some() {
        *state.debugger_mut() = cx.engine().new_global_runtime_state().debugger().clone();
    }
    let cx = (cx.engine(), name, cx.fn_source(), &state, cx.call_position()).into();
    work(&Closure { name, by, cx })
}

impl Closure<'_> {
    /// Calls the closure with two values.
    pub(super) fn call_with_both(&self, a: &Dynamic, b: &Dynamic) -> Result<Dynamic, Raised> {
        guard::spend()?;
        self.by.call_within_context(&self.cx, (a.clone(), b.clone()))
    }

    /// Calls the closure with two elements and the index of the second one.
    fn call_with_two(&self, a: &Dynamic, b: Dynamic, place: usize) -> Result<Dynamic, Raised> {
        guard::spend()?;
        let place = [index(place)];
        self.by.call_raw_with_extra_args(self.name, &self.cx, None, [a.clone(), b], place, None)
    }

    /// Calls the closure with an element, as its `this` or as its first parameter.
    fn call(&self, item: &mut Dynamic, place: usize) -> Result<Dynamic, Raised> {
        self.call_after([], item, place)
    }

    /// Calls the closure with further values before the element.
    fn call_after<const N: usize>(
        &self,
        before: [Dynamic; N],
        item: &mut Dynamic,
        place: usize,
    ) -> Result<Dynamic, Raised> {
        guard::spend()?;
        let place = [index(place)];
        self.by.call_raw_with_extra_args(self.name, &self.cx, Some(item), before, place, Some(N))
    }

    /// Calls the closure with an entry of a map.
    fn call_with_entry(&self, key: &str, value: &mut Dynamic) -> Result<Dynamic, Raised> {
        guard::spend()?;
        self.by.call_raw_with_extra_args(self.name, &self.cx, Some(value), [key.into()], [], Some(1))
    }
}

fn index(place: usize) -> Dynamic {
    INT::try_from(place).unwrap_or(INT::MAX).into()
}

fn is_true(answer: &Dynamic) -> bool {
    answer.as_bool().unwrap_or(false)
}

/// Registers all natives of this file.
pub(super) fn register(natives: &mut Functions) {
    lists(natives);
    searches(natives);
    folds(natives);
    maps(natives);
    by_name(natives);
}

fn lists(natives: &mut Functions) {
    natives.register_fn("for_each", |cx: Cx<'_>, list: &mut Array, by: FnPtr| {
        with_closure(&cx, "for_each", &by, |closure| {
            // unlike the other natives, `for_each` passes an element only as `this`
            list.iter_mut().enumerate().try_for_each(|(i, item)| {
                guard::spend()?;
                by.call_raw_with_extra_args("for_each", &closure.cx, Some(item), [], [index(i)], None)
                    .map(drop)
            })
        })
    });
    natives.register_pure_fn("map", |cx: Cx<'_>, list: &mut Array, by: FnPtr| {
        with_closure(&cx, "map", &by, |closure| {
            list.iter_mut().enumerate().map(|(i, item)| closure.call(item, i)).collect::<Result<Array, _>>()
        })
    });
    natives.register_pure_fn("filter", |cx: Cx<'_>, list: &mut Array, by: FnPtr| {
        with_closure(&cx, "filter", &by, |closure| {
            let mut out = Array::new();
            for (i, item) in list.iter_mut().enumerate() {
                if is_true(&closure.call(item, i)?) {
                    out.push(item.clone());
                }
            }
            Ok(out)
        })
    });
    natives.register_pure_fn("zip", |cx: Cx<'_>, list: &mut Array, other: Array, by: FnPtr| {
        with_closure(&cx, "zip", &by, |closure| {
            let pairs = list.iter().zip(other).enumerate();
            pairs.map(|(i, (a, b))| closure.call_with_two(a, b, i)).collect::<Result<Array, _>>()
        })
    });
    for (name, taken) in [("drain", true), ("retain", false)] {
        natives.register_fn(name, move |cx: Cx<'_>, list: &mut Array, by: FnPtr| {
            with_closure(&cx, name, &by, |closure| apart(list, closure, taken))
        });
    }
}

/// Removes the elements for which the closure returns `taken`, and returns them. If the closure raises an
/// error, that element and all later ones stay in the list.
fn apart(list: &mut Array, closure: &Closure<'_>, taken: bool) -> Result<Array, Raised> {
    let (mut out, mut left, mut error) = (Array::new(), Array::with_capacity(list.len()), None);
    for (i, mut item) in std::mem::take(list).into_iter().enumerate() {
        match error.is_none().then(|| closure.call(&mut item, i)) {
            Some(Ok(answer)) if is_true(&answer) == taken => out.push(item),
            Some(Err(e)) => {
                error = Some(e);
                left.push(item);
            }
            _ => left.push(item),
        }
    }
    *list = left;
    error.map_or(Ok(out), Err)
}

/// The first element, from an index on, for which the closure returns something that `counts` accepts.
fn first<R>(
    cx: &Cx<'_>,
    name: &str,
    list: &mut Array,
    by: &FnPtr,
    from: INT,
    counts: impl Fn(usize, &Dynamic, Dynamic) -> Option<R>,
) -> Result<Option<R>, Raised> {
    let from = begin(from, list.len());
    with_closure(cx, name, by, |closure| {
        for (i, item) in list.iter_mut().enumerate().skip(from) {
            let answer = closure.call(item, i)?;
            if let Some(found) = counts(i, item, answer) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    })
}

/// Index at which a search begins: a negative number counts from the end.
pub(super) fn begin(from: INT, len: usize) -> usize {
    let far = usize::try_from(from.unsigned_abs()).unwrap_or(usize::MAX);
    if from < 0 { len.saturating_sub(far) } else { far.min(len) }
}

fn searches(natives: &mut Functions) {
    search(natives, "index_of", |cx, list, by, from| {
        let found = first(cx, "index_of", list, by, from, |i, _, answer| is_true(&answer).then_some(i))?;
        Ok(found.map_or(-1, |i| i as INT))
    });
    search(natives, "find", |cx, list, by, from| {
        let found =
            first(cx, "find", list, by, from, |_, item, answer| is_true(&answer).then(|| item.clone()))?;
        Ok(found.unwrap_or_default())
    });
    search(natives, "find_map", |cx, list, by, from| {
        let found =
            first(cx, "find_map", list, by, from, |_, _, answer| (!answer.is_unit()).then_some(answer))?;
        Ok(found.unwrap_or_default())
    });
    natives.register_pure_fn("some", |cx: Cx<'_>, list: &mut Array, by: FnPtr| {
        first(&cx, "some", list, &by, 0, |_, _, answer| is_true(&answer).then_some(()))
            .map(|found| found.is_some())
    });
    natives.register_pure_fn("all", |cx: Cx<'_>, list: &mut Array, by: FnPtr| {
        first(&cx, "all", list, &by, 0, |_, _, answer| (!is_true(&answer)).then_some(()))
            .map(|found| found.is_none())
    });
}

/// Registers a search in two forms: from the beginning, and from a given index.
fn search<R: Variant + Clone>(
    natives: &mut Functions,
    name: &str,
    work: fn(&Cx<'_>, &mut Array, &FnPtr, INT) -> Result<R, Raised>,
) {
    natives.register_pure_fn(name, move |cx: Cx<'_>, list: &mut Array, by: FnPtr| work(&cx, list, &by, 0));
    natives.register_pure_fn(name, move |cx: Cx<'_>, list: &mut Array, by: FnPtr, from: INT| {
        work(&cx, list, &by, from)
    });
}

fn folds(natives: &mut Functions) {
    fn fold(cx: &Cx<'_>, list: &mut Array, by: &FnPtr, start: Dynamic) -> Result<Dynamic, Raised> {
        with_closure(cx, "reduce", by, |closure| {
            list.iter_mut().enumerate().try_fold(start, |sum, (i, item)| closure.call_after([sum], item, i))
        })
    }
    fn back(cx: &Cx<'_>, list: &mut Array, by: &FnPtr, start: Dynamic) -> Result<Dynamic, Raised> {
        with_closure(cx, "reduce_rev", by, |closure| {
            list.iter_mut()
                .enumerate()
                .rev()
                .try_fold(start, |sum, (i, item)| closure.call_after([sum], item, i))
        })
    }
    type Fold = fn(&Cx<'_>, &mut Array, &FnPtr, Dynamic) -> Result<Dynamic, Raised>;
    for (name, fold) in [("reduce", fold as Fold), ("reduce_rev", back)] {
        natives.register_pure_fn(name, move |cx: Cx<'_>, list: &mut Array, by: FnPtr| {
            fold(&cx, list, &by, Dynamic::UNIT)
        });
        natives.register_pure_fn(name, move |cx: Cx<'_>, list: &mut Array, by: FnPtr, start: Dynamic| {
            fold(&cx, list, &by, start)
        });
    }
}

fn maps(natives: &mut Functions) {
    natives.register_pure_fn("map", |cx: Cx<'_>, map: &mut Map, by: FnPtr| {
        with_closure(&cx, "map", &by, |closure| {
            let answer =
                map.iter_mut().map(|(key, value)| Ok((key.clone(), closure.call_with_entry(key, value)?)));
            answer.collect::<Result<Map, Raised>>()
        })
    });
    natives.register_pure_fn("filter", |cx: Cx<'_>, map: &mut Map, by: FnPtr| {
        with_closure(&cx, "filter", &by, |closure| {
            let mut out = Map::new();
            for (key, value) in map.iter_mut() {
                if is_true(&closure.call_with_entry(key, value)?) {
                    out.insert(key.clone(), value.clone());
                }
            }
            Ok(out)
        })
    });
    for (name, taken) in [("drain", true), ("retain", false)] {
        natives.register_fn(name, move |cx: Cx<'_>, map: &mut Map, by: FnPtr| {
            with_closure(&cx, name, &by, |closure| {
                let mut goes = vec![];
                for (key, value) in map.iter_mut() {
                    if is_true(&closure.call_with_entry(key, value)?) == taken {
                        goes.push(key.clone());
                    }
                }
                let out = goes.into_iter().filter_map(|key| map.remove_entry(&key));
                Ok(out.collect::<Map>())
            })
        });
    }
}

/// Natives for which Rhai also accepts the name of a function instead of a closure. We refuse that: a closure
/// shows at the call what it does, and Rhai looked up a name without a function again for every element.
pub(super) const BY_NAME: &[&str] =
    &["map", "filter", "some", "all", "sort", "dedup", "drain", "retain", "reduce", "reduce_rev"];

fn by_name(natives: &mut Functions) {
    fn refused(name: &str) -> Result<Dynamic, Raised> {
        Err(format!("`{name}` takes a closure: write `|value| …`, not the name of a function").into())
    }
    for name in BY_NAME {
        natives.register_pure_fn(name, move |_: &mut Array, _: ImmutableString| refused(name));
        natives.register_pure_fn(name, move |_: &mut Array, _: ImmutableString, _: Dynamic| refused(name));
    }
}
