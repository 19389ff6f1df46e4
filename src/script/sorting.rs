//! `sort`, `order` and `dedup` with a closure. Rhai's own versions treat an error in the closure as a result,
//! so that a failed assertion, or the end of the script, would be lost.

use super::closures::{Closure, with_closure};
use super::functions::Functions;
use super::show;
use rhai::{Array, Dynamic, EvalAltResult, FnPtr, NativeCallContext};

type Raised = Box<EvalAltResult>;

/// Registers all natives of this file.
pub(super) fn register(natives: &mut Functions) {
    for name in ["sort", "sort_by"] {
        natives.register_fn(
            name,
            move |cx: NativeCallContext<'_>, list: &mut Array, by: FnPtr| -> Result<(), Raised> {
                *list = in_its_order(&cx, name, list, &by)?;
                Ok(())
            },
        );
    }
    for name in ["order", "order_by"] {
        natives.register_pure_fn(
            name,
            move |cx: NativeCallContext<'_>, list: &mut Array, by: FnPtr| -> Result<Array, Raised> {
                in_its_order(&cx, name, list, &by)
            },
        );
    }
    natives.register_fn(
        "dedup",
        |cx: NativeCallContext<'_>, list: &mut Array, by: FnPtr| -> Result<(), Raised> {
            let mut kept: Array = vec![];
            with_closure(&cx, "dedup", &by, |closure| {
                for value in list.iter() {
                    let same = match kept.last() {
                        Some(last) => equal(closure, value, last)?,
                        None => false,
                    };
                    if !same {
                        kept.push(value.clone());
                    }
                }
                Ok(())
            })?;
            *list = kept;
            Ok(())
        },
    );
}

/// Merge sort: stable, with n log n calls of the closure whatever it returns, and without a panic when its
/// results contradict each other.
fn sorted<T: Clone, E>(list: &[T], in_order: &mut dyn FnMut(&T, &T) -> Result<bool, E>) -> Result<Vec<T>, E> {
    let (mut from, mut run) = (list.to_vec(), 1);
    while run < from.len() {
        let mut to = Vec::with_capacity(from.len());
        for pair in from.chunks(2 * run) {
            let (mut left, mut right) = pair.split_at(run.min(pair.len()));
            while let ([a, rest @ ..], [b, others @ ..]) = (left, right) {
                if in_order(a, b)? {
                    to.push(a.clone());
                    left = rest;
                } else {
                    to.push(b.clone());
                    right = others;
                }
            }
            to.extend_from_slice(left);
            to.extend_from_slice(right);
        }
        (from, run) = (to, 2 * run);
    }
    Ok(from)
}

fn in_its_order(
    cx: &NativeCallContext<'_>,
    name: &str,
    list: &[Dynamic],
    by: &FnPtr,
) -> Result<Array, Raised> {
    with_closure(cx, name, by, |closure| sorted(list, &mut |a, b| in_order(closure, a, b)))
}

/// Whether two values are in order. An int says how the first compares to the second; a bool says whether
/// they are in order.
fn in_order(closure: &Closure<'_>, a: &Dynamic, b: &Dynamic) -> Result<bool, Raised> {
    let answer = closure.call_with_both(a, b)?;
    match (answer.as_int(), answer.as_bool()) {
        (Ok(n), _) => Ok(n <= 0),
        (_, Ok(stay)) => Ok(stay),
        _ => Err(wrong_answer("an int or a bool", &answer)),
    }
}

fn equal(closure: &Closure<'_>, a: &Dynamic, b: &Dynamic) -> Result<bool, Raised> {
    let answer = closure.call_with_both(a, b)?;
    answer.as_bool().map_err(|_| wrong_answer("a bool", &answer))
}

fn wrong_answer(expected: &str, answer: &Dynamic) -> Raised {
    format!("the closure must return {expected}, not {}", show::with_noun(answer)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn sorting_is_stable_and_survives_contradictions() {
        let list: Vec<(u32, usize)> = (0..100_u32).map(|n| n * 7919 % 10).zip(0..).collect();
        let got = sorted(&list, &mut |a, b| Ok::<_, Infallible>(a.0 <= b.0)).unwrap_or_default();
        let mut want = list.clone();
        want.sort();
        assert_eq!(got, want);
        let mut n = 0;
        let mut mixed = sorted(&list, &mut |_, _| {
            n += 1;
            Ok::<_, Infallible>(n % 3 == 0)
        })
        .unwrap_or_default();
        mixed.sort();
        assert_eq!(mixed, want, "nothing is lost");
        assert_eq!(sorted(&[2, 1], &mut |_, _| Err("no")), Err("no"));
    }
}
