//! The signature of a function or property that scripts can use. The rows with the signatures are passed in by the
//! user of this crate; this file contains none.

use super::point::Reach;
pub use super::ty::{Owner, Ty};

/// A parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param {
    /// Its name, for the reference.
    pub name: &'static str,
    /// Its type.
    pub ty: Ty,
    /// The keys of a map of options, each with the type of its value; none for other parameters.
    pub keys: &'static [(&'static str, Ty)],
}

impl Param {
    /// A parameter that is no map of options.
    pub const fn of(name: &'static str, ty: Ty) -> Param {
        Param { name, ty, keys: &[] }
    }

    /// A map of options with these keys.
    pub const fn options(keys: &'static [(&'static str, Ty)]) -> Param {
        Param { name: "options", ty: Ty::MAP, keys }
    }
}

/// One signature. Several rows with the same name are the forms of one function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallSig {
    /// The type that it is a member of.
    pub owner: Owner,
    /// Its name. Rhai's reserved words (`goto`, `match`, `new`, …) cannot be used.
    pub name: &'static str,
    /// Parameters without the owner. Empty for a property.
    pub params: &'static [Param],
    /// Its return type; `Ty::NEVER` if it never returns.
    pub ret: Ty,
    /// Sentences; the first is the summary.
    pub doc: &'static str,
    /// A body of `fn test_example(ctx) { … }` that compiles and passes the checks.
    pub example: &'static str,
    /// What must exist for the call to make sense.
    pub reach: Reach,
    /// Whether it is a property: read as `ctx.name`, without parentheses.
    pub is_property: bool,
}

impl CallSig {
    /// Its form in the reference: `ctx.get(path: text) -> Response`.
    pub fn shown(&self) -> String {
        let owner = match self.owner {
            Owner::Free => String::new(),
            Owner::Ctx => "ctx.".to_string(),
            own => format!("{}.", Ty::of(own)),
        };
        let params: Vec<String> = self.params.iter().map(|p| format!("{}: {}", p.name, p.ty)).collect();
        let params = if self.is_property { String::new() } else { format!("({})", params.join(", ")) };
        format!("{owner}{}{params} -> {}", self.name, self.ret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_reads_as_it_is_written() {
        const PATH: &[Param] = &[Param::of("path", Ty::TEXT)];
        let row = CallSig {
            owner: Owner::Ctx,
            name: "get",
            params: PATH,
            ret: Ty::RESPONSE,
            doc: "Asks.",
            example: "ctx.get(\"/\");",
            reach: Reach::App,
            is_property: false,
        };
        assert_eq!(row.shown(), "ctx.get(path: text) -> Response");
    }
}
