//! CODES: every diagnostic ccci can raise, one row each. A code that no fixture triggers fails a test.

use super::Severity::{self, Error, Warning};

/// A row of the table of diagnostics.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Stable kebab-case name.
    pub id: &'static str,
    /// Its severity unless said otherwise.
    pub severity: Severity,
    /// Sentences; the first is the summary.
    pub doc: &'static str,
}

macro_rules! codes {
    ($($name:ident $id:literal $sev:ident $doc:literal;)*) => {
        $(#[doc = $doc] pub const $name: &Code = &Code { id: $id, severity: $sev, doc: $doc };)*
        /// All codes.
        pub const CODES: &[&Code] = &[$($name),*];
    };
}

codes! {
    // settings
    TOML_SYNTAX "toml-syntax" Error "The settings file is not valid TOML.";
    UNKNOWN_KEY "unknown-key" Error "No setting has this name.";
    WRONG_TYPE "wrong-type" Error "The value of a setting has the wrong type.";
    IMPOSSIBLE_VALUE "impossible-value" Error "The value of a setting has the right type but cannot be meant.";
    REMOVED_KEY "removed-key" Error "This setting was removed; the message says what to write instead.";
    DEPRECATED_KEY "deprecated-key" Warning "This setting still works but has a better form.";
    NOT_YET "not-yet" Error "This is part of the contract but not built yet; using it would do nothing.";
    UNMENTIONED_VARIABLE "unmentioned-variable" Warning "The settings give a variable that no file of the recipe mentions, and one nearly like it is known.";
    // the recipe directory
    UNKNOWN_FILE "unknown-file" Error "A file in the recipe directory has no meaning there.";
    MISPLACED_TEST "misplaced-test" Error "A test file lies where it would never be run.";
    UNREADABLE_FILE "unreadable-file" Error "A file of the recipe directory or of its source cannot be read as text.";
    OVERLAY_PINS_IMAGE "overlay-pins-image" Error "The CI overlay pins an image and would mask the revision under test.";
    BAD_VERSION_FILE "bad-version-file" Error "The file previous/VERSION does not name one version.";
    HIDDEN_SCRIPT "hidden-script" Warning "A script of the recipe's own repository is not used because the project has one at the same place.";
    EMPTY_DIRECTORY "empty-directory" Error "There is nothing to check where something was expected.";
    // scripts
    SCRIPT_SYNTAX "script-syntax" Error "The script does not compile.";
    OPEN_COMMENT "open-comment" Error "A comment has no end, so nothing of what follows is read; or an end has no comment.";
    HIDDEN_FUNCTION "hidden-function" Error "A function is written where it is never read, or never called.";
    DECEPTIVE_TEXT "deceptive-text" Error "A letter or a line that people and programs read differently.";
    UNKNOWN_HOOK "unknown-hook" Error "A public function of hooks.rhai is no hook.";
    HOOK_ARITY "hook-arity" Error "A hook has the wrong number of parameters.";
    HOOK_RETURN "hook-return" Error "A hook can return a value of the wrong type.";
    TEST_SIGNATURE "test-signature" Error "A public function of a test file is no test.";
    TEST_RETURN "test-return" Error "A test ends in a bool, which nobody looks at: it could not fail by it.";
    TEST_EMPTY "test-empty" Error "A test has nothing in it: it could not fail.";
    TEST_ASKS "test-asks" Warning "A test asks the app and asserts nothing of the answer.";
    MARK_NEVER_LEFT "mark-never-left" Warning "A script recalls what no script remembers.";
    STRAY_CODE "stray-code" Error "Code outside of functions is never run at a known point.";
    DUPLICATE_FUNCTION "duplicate-function" Error "A function is defined more than once.";
    DUPLICATE_NAME "duplicate-name" Error "Two constants or two imports of a file have one name.";
    HIDES_BUILTIN "hides-builtin" Error "A function hides one of ccci's own.";
    UNKNOWN_FUNCTION "unknown-function" Error "No function has this name.";
    UNKNOWN_VARIABLE "unknown-variable" Error "No variable has this name here.";
    UNKNOWN_MEMBER "unknown-member" Error "A value has no such member.";
    ARGUMENT_COUNT "argument-count" Error "A function is called with the wrong number of arguments.";
    ARGUMENT_TYPE "argument-type" Error "A function is called with an argument of the wrong type.";
    UNKNOWN_MODULE "unknown-module" Error "An import names no file under lib/.";
    IMPORT_FORM "import-form" Error "Imports must stand at the top and name a file by a literal text.";
    IMPORT_CIRCLE "import-circle" Error "Imports go in a circle.";
    OUT_OF_REACH "out-of-reach" Error "The call makes no sense at the point where the hook is called.";
    NO_TESTS "no-tests" Error "A test file has no test, so it would prove nothing.";
    NOTHING_CALLED "nothing-called" Warning "A script file has nothing in it that is ever called.";
    DATA_RACE "data-race" Error "A closure captures the value it is passed to.";
    ALWAYS_SAME "always-same" Error "A comparison of unlike types always has the same result.";
    UNREACHABLE "unreachable" Warning "Code that can never be run.";
    UNUSED_VARIABLE "unused-variable" Warning "A variable is never used.";
    CANNOT_CHECK "cannot-check" Warning "The checker does not know this construct and says so.";
    SCRIPT_TOO_LARGE "script-too-large" Error "A script exceeds a size limit.";
    // the source
    NO_SOURCE "no-source" Error "No source of the recipe repository is known.";
    SOURCE_NOT_CHECKED "source-not-checked" Warning "The source could not be looked at, so the recipe directory was checked without it.";
    NOT_A_REPOSITORY "not-a-repository" Error "The source is no git repository.";
    NO_SUCH_REF "no-such-ref" Error "The source has no such revision.";
    NO_SUCH_BASE "no-such-base" Error "The source has no such version to upgrade from.";
    NO_COMPOSE_FILE "no-compose-file" Error "The recipe has no such compose file.";
    MISSING_FILE "missing-file" Error "A config or a secret names a file that the recipe does not have.";
    NO_APP_SERVICE "no-app-service" Error "No service of the recipe is called app.";
    UNKNOWN_SERVICE "unknown-service" Warning "A script names a service that no compose file of the recipe has.";
    YAML_SYNTAX "yaml-syntax" Error "A compose file is not valid YAML.";
    COMPOSE_SHAPE "compose-shape" Error "A compose file has a shape that docker's own loader refuses.";
    MISSING_VARIABLE "missing-variable" Error "A required variable has no value.";
    BAD_INTERPOLATION "bad-interpolation" Error "A variable is written in a form that docker's own loader refuses.";
    UNSET_VARIABLE "unset-variable" Warning "A variable without a value and without a default; docker's loader makes it empty.";
    COMPOSE_IGNORED "compose-ignored" Warning "A key of a compose file that Swarm ignores.";
    COMPOSE_ODDITY "compose-oddity" Warning "Docker's own loader makes something else of this than it says.";
    ENV_SYNTAX "env-syntax" Error "A line of an env file cannot be read.";
    SECRET_MODIFIER "secret-modifier" Warning "A modifier of a secret is not understood.";
    NAME_TOO_LONG "name-too-long" Error "A name is longer than Swarm takes once it is prefixed.";
    STALE_PREVIOUS "stale-previous" Warning "The repair under previous/ is for another base and is not applied.";
    // the call
    UNKNOWN_RECIPE "unknown-recipe" Error "There is no such recipe directory.";
    BAD_TIERS "bad-tiers" Error "The wanted tiers make no sense together.";
    BAD_FLAG "bad-flag" Error "A flag or its value makes no sense.";
    BAD_RECORD "bad-record" Error "A kept record cannot be read.";
    BAD_PLAN "bad-plan" Error "The plan contradicts itself; this is a bug in ccci.";
}

/// The row with this name.
pub fn by_id(id: &str) -> Option<&'static Code> {
    CODES.iter().copied().find(|c| c.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_their_docs_are_sentences() {
        for (i, c) in CODES.iter().enumerate() {
            assert!(!CODES[..i].iter().any(|d| d.id == c.id), "{} twice", c.id);
            assert!(c.doc.starts_with(char::is_uppercase) && c.doc.ends_with('.'), "{}", c.id);
        }
        assert_eq!(by_id("unknown-key"), Some(UNKNOWN_KEY));
    }
}
