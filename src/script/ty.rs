//! Types of the checker: sets of bits, one bit for each type of value. Pure.

use std::fmt;

/// A set of types that a value may have. `ANY` in the set means that the type is unknown and is not checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ty(u32);

/// The type that a function or property is a member of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// None: called by its bare name.
    Free,
    /// The `ctx` every hook and test gets.
    Ctx,
    /// An HTTP answer.
    Response,
    /// Result of a command in a container.
    ExecOutput,
    /// HTTP with cookies.
    Session,
    /// Result of a TLS handshake.
    Tls,
    /// A one-shot service that ran to its end.
    Job,
    /// A recipe that runs beside this one.
    Dep,
    /// Facts about the last operation.
    Facts,
    /// A page of the browser.
    Page,
}

/// All owners except `Free`.
const OWNERS: &[Owner] = &[
    Owner::Ctx,
    Owner::Response,
    Owner::ExecOutput,
    Owner::Session,
    Owner::Tls,
    Owner::Job,
    Owner::Dep,
    Owner::Facts,
    Owner::Page,
];

/// Bit of ccci's first own type; the bits below are Rhai's types.
const FIRST_OWN: u32 = 10;

/// All types by name, in the order of their bits.
const NAMES: &[&str] = &[
    "anything",
    "()",
    "bool",
    "int",
    "float",
    "text",
    "char",
    "array",
    "map",
    "function",
    "Ctx",
    "Response",
    "ExecOutput",
    "Session",
    "Tls",
    "Job",
    "Dep",
    "Facts",
    "Page",
    "another kind",
];

impl Ty {
    /// No value: the call never returns.
    pub(crate) const NEVER: Ty = Ty(0);
    /// Unknown.
    pub const ANY: Ty = Ty(1);
    /// `()`.
    pub const UNIT: Ty = Ty(1 << 1);
    /// `true` or `false`.
    pub const BOOL: Ty = Ty(1 << 2);
    /// A whole number of 64 bits.
    pub const INT: Ty = Ty(1 << 3);
    /// A number with a fraction.
    pub const FLOAT: Ty = Ty(1 << 4);
    /// Text.
    pub const TEXT: Ty = Ty(1 << 5);
    /// One character.
    pub(crate) const CHAR: Ty = Ty(1 << 6);
    /// A list.
    pub const ARRAY: Ty = Ty(1 << 7);
    /// Names to values.
    pub const MAP: Ty = Ty(1 << 8);
    /// A closure or function pointer.
    pub const FN: Ty = Ty(1 << 9);
    /// The `ctx`.
    pub(crate) const CTX: Ty = Ty::of(Owner::Ctx);
    /// An HTTP answer.
    pub const RESPONSE: Ty = Ty::of(Owner::Response);
    /// Result of a command in a container.
    pub const EXEC_OUTPUT: Ty = Ty::of(Owner::ExecOutput);
    /// HTTP with cookies.
    pub const SESSION: Ty = Ty::of(Owner::Session);
    /// Result of a TLS handshake.
    pub const TLS: Ty = Ty::of(Owner::Tls);
    /// A finished job.
    pub const JOB: Ty = Ty::of(Owner::Job);
    /// A dep.
    pub const DEP: Ty = Ty::of(Owner::Dep);
    /// A page.
    pub(crate) const PAGE: Ty = Ty::of(Owner::Page);

    /// Types of Rhai that scripts rarely use: ranges, iterators.
    pub(crate) const OTHER: Ty = Ty(1 << (FIRST_OWN as usize + OWNERS.len()));

    /// The type of an owner's values; `ANY` for `Free`.
    pub const fn of(owner: Owner) -> Ty {
        match owner {
            Owner::Free => Ty::ANY,
            own => Ty(1 << (FIRST_OWN - 1 + own as u32)),
        }
    }

    /// The owner of this type's members; none for Rhai's own types.
    pub fn owner(self) -> Option<Owner> {
        OWNERS.iter().copied().find(|o| Ty::of(*o) == self)
    }

    /// The union of both.
    pub const fn or(self, other: Ty) -> Ty {
        Ty(self.0 | other.0)
    }

    /// Whether a value of this type may be one of `other`. An unknown type and `NEVER` may be any type.
    pub(crate) const fn may_be(self, other: Ty) -> bool {
        self.is_any() || other.is_any() || self.0 == 0 || self.0 & other.0 != 0
    }

    /// The known types in this set that are not in `other`.
    pub const fn beyond(self, other: Ty) -> Ty {
        if other.is_any() { Ty::NEVER } else { Ty(self.0 & !other.0 & !Ty::ANY.0) }
    }

    /// Each known type by itself.
    pub fn kinds(self) -> impl Iterator<Item = Ty> {
        (1..u32::BITS).map(|i| Ty(1 << i)).filter(move |t| self.0 & t.0 != 0)
    }

    /// Whether it is unknown.
    pub(crate) const fn is_any(self) -> bool {
        self.0 & Ty::ANY.0 != 0
    }

    /// Whether it has no value.
    pub(crate) const fn is_never(self) -> bool {
        self.0 == 0
    }

    /// The type with this name, as signatures of std functions write it; `a or b` means either.
    pub fn parse(text: &str) -> Option<Ty> {
        text.split(" or ").try_fold(Ty::NEVER, |sum, word| {
            let bit = NAMES.iter().position(|n| *n == word.trim())?;
            Some(sum.or(Ty(1 << bit)))
        })
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_any() {
            return f.write_str(NAMES[0]);
        }
        let names: Vec<&str> =
            NAMES.iter().enumerate().filter(|(i, _)| self.0 >> i & 1 == 1).map(|(_, n)| *n).collect();
        if names.is_empty() { f.write_str("nothing") } else { f.write_str(&names.join(" or ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_owner_has_the_name_of_its_variant() {
        for o in OWNERS {
            assert_eq!(Ty::of(*o).to_string(), format!("{o:?}"));
            assert_eq!(Ty::of(*o).owner(), Some(*o));
        }
        assert_eq!(NAMES.len(), FIRST_OWN as usize + OWNERS.len() + 1);
    }

    #[test]
    fn types_are_read_as_they_are_shown() {
        for t in [Ty::TEXT, Ty::TEXT.or(Ty::UNIT), Ty::CTX, Ty::ANY] {
            assert_eq!(Ty::parse(&t.to_string()), Some(t));
        }
        assert_eq!(Ty::parse("string"), None);
    }

    #[test]
    fn an_unknown_type_may_be_any_type() {
        assert!(Ty::ANY.may_be(Ty::TEXT) && Ty::NEVER.may_be(Ty::TEXT) && !Ty::INT.may_be(Ty::TEXT));
        assert_eq!(Ty::TEXT.or(Ty::UNIT).or(Ty::ANY).beyond(Ty::TEXT), Ty::UNIT);
        assert_eq!(Ty::TEXT.or(Ty::UNIT).kinds().collect::<Vec<_>>(), [Ty::UNIT, Ty::TEXT]);
    }
}
