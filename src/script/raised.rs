//! The value that a native raises when it has more to report than a text. Scripts can catch it and read its
//! message.

use super::functions::Functions;
use ccci_model::failure::Failure;
use rhai::{Dynamic, EvalAltResult, ImmutableString, Position};

/// What a native raises.
#[derive(Debug, Clone)]
pub struct Raised {
    /// One line: what was expected and what is there.
    pub message: String,
    /// The failure with cause, blame and evidence, if the native has one.
    pub failure: Option<Box<Failure>>,
}

impl From<Raised> for Box<EvalAltResult> {
    fn from(raised: Raised) -> Box<EvalAltResult> {
        EvalAltResult::ErrorRuntime(Dynamic::from(raised), Position::NONE).into()
    }
}

impl From<Failure> for Raised {
    fn from(failure: Failure) -> Raised {
        Raised { message: failure.to_string(), failure: Some(Box::new(failure)) }
    }
}

/// Makes the message of a caught value readable in scripts.
pub(super) fn register(natives: &mut Functions) {
    natives.register_type_with_name::<Raised>("error");
    natives.register_get("message", |r: &mut Raised| -> ImmutableString { r.message.as_str().into() });
    natives.register_fn("to_string", |r: &mut Raised| r.message.clone());
}
