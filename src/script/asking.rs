//! Natives that ask a closure about each element of a list or map. Rhai's own copy the engine's state for every question,
//! and with it the list that they were called on, which the debugger's frames keep; a list of the greatest length took
//! seconds, and a native that was given for the closure was not watched at all. These ask with a state that has no frames,
//! and each question is an operation.

use super::functions::Functions;
use super::guard;
use rhai::{Array, Dynamic, EvalAltResult, FnPtr, INT, ImmutableString, Map, NativeCallContext, Variant};

type Raised = Box<EvalAltResult>;
type Cx<'a> = NativeCallContext<'a>;

/// A closure that is asked by a native.
pub(super) struct Asked<'a> {
    name: &'a str,
    by: &'a FnPtr,
    cx: Cx<'a>,
}

/// Lets a native ask a closure.
pub(super) fn asking<R>(
    cx: &Cx<'_>,
    name: &str,
    by: &FnPtr,
    work: impl FnOnce(&Asked<'_>) -> Result<R, Raised>,
) -> Result<R, Raised> {
    let mut state = cx.global_runtime_state().clone();
    if cx.debugger().is_some() {
        *state.debugger_mut() = cx.engine().new_global_runtime_state().debugger().clone();
    }
    let cx = (cx.engine(), name, cx.fn_source(), &state, cx.call_position()).into();
    work(&Asked { name, by, cx })
}

impl Asked<'_> {
    /// What it says of two values.
    pub(super) fn about_both(&self, a: &Dynamic, b: &Dynamic) -> Result<Dynamic, Raised> {
        guard::spend()?;
        self.by.call_within_context(&self.cx, (a.clone(), b.clone()))
    }

    /// What it says of two elements at one place.
    fn pair(&self, a: &Dynamic, b: Dynamic, place: usize) -> Result<Dynamic, Raised> {
        guard::spend()?;
        let place = [index(place)];
        self.by.call_raw_with_extra_args(self.name, &self.cx, None, [a.clone(), b], place, None)
    }

    /// What it says of an element, which is its `this` or its first parameter.
    fn about(&self, item: &mut Dynamic, place: usize) -> Result<Dynamic, Raised> {
        self.after([], item, place)
    }

    /// The same with values before the element.
    fn after<const N: usize>(
        &self,
        before: [Dynamic; N],
        item: &mut Dynamic,
        place: usize,
    ) -> Result<Dynamic, Raised> {
        guard::spend()?;
        let place = [index(place)];
        self.by.call_raw_with_extra_args(self.name, &self.cx, Some(item), before, place, Some(N))
    }

    /// What it says of an entry of a map.
    fn entry(&self, key: &str, value: &mut Dynamic) -> Result<Dynamic, Raised> {
        guard::spend()?;
        self.by.call_raw_with_extra_args(self.name, &self.cx, Some(value), [key.into()], [], Some(1))
    }
}

fn index(place: usize) -> Dynamic {
    INT::try_from(place).unwrap_or(INT::MAX).into()
}

fn yes(said: &Dynamic) -> bool {
    said.as_bool().unwrap_or(false)
}

/// Registers them.
pub(super) fn register(natives: &mut Functions) {
    lists(natives);
    searches(natives);
    folds(natives);
    maps(natives);
    by_name(natives);
}

fn lists(natives: &mut Functions) {
    natives.register_fn("for_each", |cx: Cx<'_>, list: &mut Array, by: FnPtr| {
        asking(&cx, "for_each", &by, |asked| {
            // unlike the others it gives an element as `this` only
            list.iter_mut().enumerate().try_for_each(|(i, item)| {
                guard::spend()?;
                by.call_raw_with_extra_args("for_each", &asked.cx, Some(item), [], [index(i)], None).map(drop)
            })
        })
    });
    natives.register_pure_fn("map", |cx: Cx<'_>, list: &mut Array, by: FnPtr| {
        asking(&cx, "map", &by, |asked| {
            list.iter_mut().enumerate().map(|(i, item)| asked.about(item, i)).collect::<Result<Array, _>>()
        })
    });
    natives.register_pure_fn("filter", |cx: Cx<'_>, list: &mut Array, by: FnPtr| {
        asking(&cx, "filter", &by, |asked| {
            let mut out = Array::new();
            for (i, item) in list.iter_mut().enumerate() {
                if yes(&asked.about(item, i)?) {
                    out.push(item.clone());
                }
            }
            Ok(out)
        })
    });
    natives.register_pure_fn("zip", |cx: Cx<'_>, list: &mut Array, other: Array, by: FnPtr| {
        asking(&cx, "zip", &by, |asked| {
            let pairs = list.iter().zip(other).enumerate();
            pairs.map(|(i, (a, b))| asked.pair(a, b, i)).collect::<Result<Array, _>>()
        })
    });
    for (name, taken) in [("drain", true), ("retain", false)] {
        natives.register_fn(name, move |cx: Cx<'_>, list: &mut Array, by: FnPtr| {
            asking(&cx, name, &by, |asked| apart(list, asked, taken))
        });
    }
}

/// Takes the elements out of a list of which the closure says this. After an error the rest stays.
fn apart(list: &mut Array, asked: &Asked<'_>, taken: bool) -> Result<Array, Raised> {
    let (mut out, mut left, mut error) = (Array::new(), Array::with_capacity(list.len()), None);
    for (i, mut item) in std::mem::take(list).into_iter().enumerate() {
        match error.is_none().then(|| asked.about(&mut item, i)) {
            Some(Ok(said)) if yes(&said) == taken => out.push(item),
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

/// The first element of a list, from a place on, about which the closure says something that counts.
fn first<R>(
    cx: &Cx<'_>,
    name: &str,
    list: &mut Array,
    by: &FnPtr,
    from: INT,
    counts: impl Fn(usize, &Dynamic, Dynamic) -> Option<R>,
) -> Result<Option<R>, Raised> {
    let from = begin(from, list.len());
    asking(cx, name, by, |asked| {
        for (i, item) in list.iter_mut().enumerate().skip(from) {
            let said = asked.about(item, i)?;
            if let Some(found) = counts(i, item, said) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    })
}

/// Where a search begins: a negative number counts from the end.
pub(super) fn begin(from: INT, len: usize) -> usize {
    let far = usize::try_from(from.unsigned_abs()).unwrap_or(usize::MAX);
    if from < 0 { len.saturating_sub(far) } else { far.min(len) }
}

fn searches(natives: &mut Functions) {
    search(natives, "index_of", |cx, list, by, from| {
        let found = first(cx, "index_of", list, by, from, |i, _, said| yes(&said).then_some(i))?;
        Ok(found.map_or(-1, |i| i as INT))
    });
    search(natives, "find", |cx, list, by, from| {
        let found = first(cx, "find", list, by, from, |_, item, said| yes(&said).then(|| item.clone()))?;
        Ok(found.unwrap_or_default())
    });
    search(natives, "find_map", |cx, list, by, from| {
        let found = first(cx, "find_map", list, by, from, |_, _, said| (!said.is_unit()).then_some(said))?;
        Ok(found.unwrap_or_default())
    });
    natives.register_pure_fn("some", |cx: Cx<'_>, list: &mut Array, by: FnPtr| {
        first(&cx, "some", list, &by, 0, |_, _, said| yes(&said).then_some(())).map(|found| found.is_some())
    });
    natives.register_pure_fn("all", |cx: Cx<'_>, list: &mut Array, by: FnPtr| {
        first(&cx, "all", list, &by, 0, |_, _, said| (!yes(&said)).then_some(())).map(|found| found.is_none())
    });
}

/// A search from the beginning, or from a place on.
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
        asking(cx, "reduce", by, |asked| {
            list.iter_mut().enumerate().try_fold(start, |sum, (i, item)| asked.after([sum], item, i))
        })
    }
    fn back(cx: &Cx<'_>, list: &mut Array, by: &FnPtr, start: Dynamic) -> Result<Dynamic, Raised> {
        asking(cx, "reduce_rev", by, |asked| {
            list.iter_mut().enumerate().rev().try_fold(start, |sum, (i, item)| asked.after([sum], item, i))
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
        asking(&cx, "map", &by, |asked| {
            let said = map.iter_mut().map(|(key, value)| Ok((key.clone(), asked.entry(key, value)?)));
            said.collect::<Result<Map, Raised>>()
        })
    });
    natives.register_pure_fn("filter", |cx: Cx<'_>, map: &mut Map, by: FnPtr| {
        asking(&cx, "filter", &by, |asked| {
            let mut out = Map::new();
            for (key, value) in map.iter_mut() {
                if yes(&asked.entry(key, value)?) {
                    out.insert(key.clone(), value.clone());
                }
            }
            Ok(out)
        })
    });
    for (name, taken) in [("drain", true), ("retain", false)] {
        natives.register_fn(name, move |cx: Cx<'_>, map: &mut Map, by: FnPtr| {
            asking(&cx, name, &by, |asked| {
                let mut goes = vec![];
                for (key, value) in map.iter_mut() {
                    if yes(&asked.entry(key, value)?) == taken {
                        goes.push(key.clone());
                    }
                }
                let out = goes.into_iter().filter_map(|key| map.remove_entry(&key));
                Ok(out.collect::<Map>())
            })
        });
    }
}

/// Natives for which Rhai still takes the name of a function as a closure. Only a closure says what it does where it stands,
/// and a name that no function has was looked for at every element.
pub(super) const BY_NAME: &[&str] =
    &["map", "filter", "some", "all", "sort", "dedup", "drain", "retain", "reduce", "reduce_rev"];

fn by_name(natives: &mut Functions) {
    fn refused(name: &str) -> Result<Dynamic, Raised> {
        Err(format!("`{name}` asks a closure: write `|value| …`, not the name of a function").into())
    }
    for name in BY_NAME {
        natives.register_pure_fn(name, move |_: &mut Array, _: ImmutableString| refused(name));
        natives.register_pure_fn(name, move |_: &mut Array, _: ImmutableString, _: Dynamic| refused(name));
    }
}
