//! The order in which the apps of a run come up.

use super::Inputs;
use std::collections::BTreeSet;

/// The apps that need a dep: other deps, or the subject, which has the last place.
pub(super) fn consumers(dep: usize, subject: &Inputs, deps: &[Inputs]) -> Vec<usize> {
    let all = deps.iter().chain([subject]).enumerate();
    all.filter(|(_, i)| i.needs.contains(&dep)).map(|(at, _)| at).collect()
}

/// The places of all apps in stages. The apps of one stage can come up at the same time; the subject is alone in the
/// last stage.
pub(super) fn stages(subject: &Inputs, deps: &[Inputs]) -> Vec<Vec<usize>> {
    let mut out: Vec<Vec<usize>> = vec![];
    let mut left: BTreeSet<usize> = (0..deps.len()).collect();
    while !left.is_empty() {
        let ready: Vec<usize> =
            left.iter().copied().filter(|at| deps[*at].needs.iter().all(|n| !left.contains(n))).collect();
        assert!(!ready.is_empty(), "deps that need themselves were refused before ({})", subject.recipe);
        ready.iter().for_each(|at| {
            left.remove(at);
        });
        out.push(ready);
    }
    out.push(vec![deps.len()]);
    out
}
