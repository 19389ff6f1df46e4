//! The lease of what a run makes: which locks show that the run is alive, and until when it can be.
//!
//! A free lock proves a dead run only to those who look at the same lock. Two containers that share an engine's socket, or two
//! machines that share an engine, each have locks of their own. What was made under other locks than one's own stays
//! untouched until its lease has run out.

use std::fmt;

/// Label with the lease, on everything that a run makes.
pub const LEASE_LABEL: &str = "ccci.lease";

/// Until when a run can be alive, and who can know that it is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lease {
    /// The run's locks, as [`super::locks::Locks::place`] names them.
    pub locks: String,
    /// The second since 1970 after which the run has certainly ended.
    pub until: u64,
    /// Whether the run leaves its apps on purpose.
    pub keep: bool,
}

/// What a lease says to somebody who found an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The lock of the domain decides: it is one's own, or nobody can hold it any more.
    ByLock,
    /// The run keeps its locks elsewhere and can be alive until this second since 1970.
    Elsewhere(u64),
    /// An app that a run with locks elsewhere kept on purpose. The run itself has ended.
    KeptElsewhere,
}

impl Lease {
    /// What this lease says at the second `now` to a process with the locks `own`.
    pub fn standing(&self, own: &str, now: u64) -> Standing {
        match self {
            lease if lease.locks == own => Standing::ByLock,
            lease if now <= lease.until => Standing::Elsewhere(lease.until),
            lease if lease.keep => Standing::KeptElsewhere,
            _ => Standing::ByLock,
        }
    }

    /// Reads the value of the label. `None` if it is no lease.
    pub fn parse(value: &str) -> Option<Lease> {
        let (rest, keep) = value.strip_suffix(KEEP).map_or((value, false), |rest| (rest, true));
        let (locks, until) = rest.rsplit_once('.')?;
        Some(Lease { locks: locks.to_string(), until: until.parse().ok()?, keep })
    }
}

/// The end of the label's value when the apps are kept.
const KEEP: &str = ".keep";

/// The value of the label.
impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}{}", self.locks, self.until, if self.keep { KEEP } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(until: u64, keep: bool) -> Lease {
        Lease { locks: "a1".into(), until, keep }
    }

    #[test]
    fn a_lease_is_read_as_it_was_written_and_anything_else_is_none() {
        for one in [lease(7, false), lease(1_764_423_423, true), Lease::default()] {
            assert_eq!(Lease::parse(&one.to_string()), Some(one));
        }
        for other in ["", "a1", "a1.", "a1.soon", "a1.keep", "a1.-7"] {
            assert_eq!(Lease::parse(other), None, "{other}");
        }
    }

    #[test]
    fn ones_own_lock_decides_at_any_time_and_another_place_only_when_the_lease_has_run_out() {
        for (until, keep, own, now, desired) in [
            (10, false, "a1", 5, Standing::ByLock),
            (10, true, "a1", 50, Standing::ByLock),
            (10, false, "b2", 10, Standing::Elsewhere(10)),
            (10, true, "b2", 10, Standing::Elsewhere(10)),
            (10, false, "b2", 11, Standing::ByLock),
            (10, true, "b2", 11, Standing::KeptElsewhere),
        ] {
            assert_eq!(lease(until, keep).standing(own, now), desired, "{until} {keep} {own} {now}");
        }
    }
}
