//! The shape of a callable thing that a caller offers to scripts. Rows are handed down; this file knows none.

use super::point::Reach;
pub use super::ty::{Owner, Ty};

/// A parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param {
    /// Its name, for the reference.
    pub name: &'static str,
    /// What it takes.
    pub ty: Ty,
}

/// One row for each callable thing; rows of one name are its forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallSig {
    /// Whose member it is.
    pub owner: Owner,
    /// Its name. Rhai's reserved words (`goto`, `match`, `new`, …) cannot be used.
    pub name: &'static str,
    /// Parameters without the owner. Empty for a property.
    pub params: &'static [Param],
    /// What it gives; `Ty::NEVER` if it never comes back.
    pub ret: Ty,
    /// Sentences; the first is the summary.
    pub doc: &'static str,
    /// A body of `fn test_example(ctx) { … }` that compiles and passes the checks.
    pub example: &'static str,
    /// What must exist for the call to make sense.
    pub reach: Reach,
    /// Read as `ctx.name`, without parentheses.
    pub is_property: bool,
}

impl CallSig {
    /// As the reference shows it: `ctx.get(path: text) -> Response`.
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
        let row = CallSig {
            owner: Owner::Ctx,
            name: "get",
            params: &[Param { name: "path", ty: Ty::TEXT }],
            ret: Ty::RESPONSE,
            doc: "Asks.",
            example: "ctx.get(\"/\");",
            reach: Reach::App,
            is_property: false,
        };
        assert_eq!(row.shown(), "ctx.get(path: text) -> Response");
    }
}
