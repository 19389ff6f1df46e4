//! CODES: the diagnostics that ccci can report, one row for each. A test fails if no fixture triggers a code.

use super::Severity::{self, Error, Warning};

/// A row of the table of diagnostics.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Stable kebab-case name.
    pub id: &'static str,
    /// Its severity, unless a diagnostic overrides it.
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
    IMPOSSIBLE_VALUE "impossible-value" Error "The value of a setting has the right type but is not possible.";
    REMOVED_KEY "removed-key" Error "This setting was removed; the message shows what to write instead.";
    DEPRECATED_KEY "deprecated-key" Warning "This setting still works but has a better form.";
    NOT_YET "not-yet" Error "This is part of the contract but not built yet; using it would do nothing.";
    UNMENTIONED_VARIABLE "unmentioned-variable" Warning "The settings set a variable that no file of the recipe mentions, and a variable with a similar name exists.";
    UNUSED_ACCEPTANCE "unused-acceptance" Warning "The settings or a comment accept a finding that does not occur.";
    DEFAULT_VALUE "default-value" Warning "A setting has the value that it has without being set.";
    CONTRADICTION "contradiction" Warning "A setting leaves out what another setting, a hook or a test is for.";
    BAD_ACCEPTANCE "bad-acceptance" Error "A comment that accepts a finding names no finding that can be accepted, or gives no reason.";
    // the recipe directory
    UNKNOWN_FILE "unknown-file" Error "A file in the recipe directory is not used there.";
    MISPLACED_TEST "misplaced-test" Error "A test file is in a place where it would never be run.";
    UNREADABLE_FILE "unreadable-file" Error "A file of the recipe directory or of its source cannot be read as text.";
    OVERLAY_PINS_IMAGE "overlay-pins-image" Error "The CI overlay pins an image and would hide the image of the revision under test.";
    BAD_VERSION_FILE "bad-version-file" Error "The file previous/VERSION does not contain exactly one version.";
    HIDDEN_SCRIPT "hidden-script" Warning "A script of the recipe's own repository is not used because the project has one with the same path.";
    EMPTY_DIRECTORY "empty-directory" Error "A directory that should contain recipes or scripts is empty.";
    // scripts
    SCRIPT_SYNTAX "script-syntax" Error "The script does not compile.";
    OPEN_COMMENT "open-comment" Error "A comment has no end, so the rest of the file is not read; or `*/` is outside of a comment.";
    HIDDEN_FUNCTION "hidden-function" Error "A function is written where it is never read or never called.";
    DECEPTIVE_TEXT "deceptive-text" Error "A character or a line looks different from what programs read.";
    UNKNOWN_HOOK "unknown-hook" Error "A public function of hooks.rhai is not a hook.";
    HOOK_ARITY "hook-arity" Error "A hook has the wrong number of parameters.";
    HOOK_RETURN "hook-return" Error "A hook can return a value of the wrong type.";
    TEST_SIGNATURE "test-signature" Error "A public function of a test file is not a test.";
    TEST_RETURN "test-return" Error "A test ends in a bool. The result of a test is not used, so the bool cannot make it fail.";
    TEST_EMPTY "test-empty" Error "A test is empty, so it cannot fail.";
    TEST_ASKS "test-asks" Warning "A test asks the app but asserts nothing about the answer.";
    MARK_NEVER_LEFT "mark-never-left" Warning "A script recalls a mark that no script remembers.";
    STRAY_CODE "stray-code" Error "Code is outside of functions, where it would not run at a defined point.";
    DUPLICATE_FUNCTION "duplicate-function" Error "A function is defined more than once.";
    DUPLICATE_NAME "duplicate-name" Error "Two constants or two imports of a file have the same name.";
    HIDES_BUILTIN "hides-builtin" Error "A function hides one of ccci's own functions.";
    SHADOWED_VARIABLE "shadowed-variable" Warning "A variable has the name of another one that could still be used there.";
    ASSERTS_CONSTANT "asserts-constant" Error "An assertion, or a part of it, is about constants, so it always has the same result.";
    BAD_ARGUMENT "bad-argument" Error "A literal argument has the right type, but the function always refuses it.";
    UNKNOWN_OPTION "unknown-option" Error "A map of options has a key that the function does not know.";
    UNKNOWN_FUNCTION "unknown-function" Error "No function has this name.";
    UNKNOWN_VARIABLE "unknown-variable" Error "No variable has this name here.";
    UNKNOWN_MEMBER "unknown-member" Error "A value has no such member.";
    ARGUMENT_COUNT "argument-count" Error "A function is called with the wrong number of arguments.";
    ARGUMENT_TYPE "argument-type" Error "A function is called with an argument of the wrong type.";
    UNKNOWN_MODULE "unknown-module" Error "An import names a file that does not exist under lib/.";
    IMPORT_FORM "import-form" Error "An import must be at the top of the file, and its path must be a literal text.";
    IMPORT_CIRCLE "import-circle" Error "Imports form a cycle.";
    OUT_OF_REACH "out-of-reach" Error "A call needs something that does not exist yet when the hook runs.";
    NO_TESTS "no-tests" Error "A test file contains no test.";
    NOTHING_CALLED "nothing-called" Warning "No function of a script file is ever called.";
    DATA_RACE "data-race" Error "A closure captures the value whose method it is passed to.";
    ALWAYS_SAME "always-same" Error "A comparison always has the same result, because of its types or because both sides are the same.";
    UNREACHABLE "unreachable" Warning "Code can never be reached.";
    UNUSED_VARIABLE "unused-variable" Warning "A variable is never used.";
    CANNOT_CHECK "cannot-check" Warning "The checker does not support this construct, so it is not checked.";
    SCRIPT_TOO_LARGE "script-too-large" Error "A script exceeds a size limit.";
    // the source
    NO_SOURCE "no-source" Error "No source of the recipe repository is known.";
    SOURCE_NOT_CHECKED "source-not-checked" Warning "The source could not be read, so the recipe directory was checked without it.";
    NOT_A_REPOSITORY "not-a-repository" Error "The source is not a git repository.";
    NO_SUCH_REF "no-such-ref" Error "The source has no such revision.";
    NO_SUCH_BASE "no-such-base" Error "The source has no such version to upgrade from.";
    NO_COMPOSE_FILE "no-compose-file" Error "The recipe has no such compose file.";
    MISSING_FILE "missing-file" Error "A config or a secret uses a file that does not exist in the recipe.";
    NO_APP_SERVICE "no-app-service" Error "No service of the recipe is called app.";
    UNKNOWN_SERVICE "unknown-service" Error "A script or a setting names a service that the app does not have.";
    UNKNOWN_SECRET "unknown-secret" Error "A script names a secret that the app does not have.";
    YAML_SYNTAX "yaml-syntax" Error "A compose file is not valid YAML.";
    COMPOSE_SHAPE "compose-shape" Error "A compose file has a shape that docker's own loader refuses.";
    MISSING_VARIABLE "missing-variable" Error "A required variable has no value.";
    BAD_INTERPOLATION "bad-interpolation" Error "A variable is written in a form that docker's own loader refuses.";
    UNSET_VARIABLE "unset-variable" Warning "A variable has no value and no default; docker's own loader uses an empty text.";
    COMPOSE_IGNORED "compose-ignored" Warning "A compose file has a key that Swarm ignores.";
    COMPOSE_ODDITY "compose-oddity" Warning "Docker's own loader reads this differently from how it looks.";
    ROUTING_RULE "routing-rule" Warning "Traefik v3 refuses the rule of a router, so the proxy answers 404.";
    ENV_SYNTAX "env-syntax" Error "A line of an env file cannot be read.";
    SECRET_MODIFIER "secret-modifier" Warning "A modifier of a secret is unknown.";
    NAME_TOO_LONG "name-too-long" Error "A name with its prefix is longer than Swarm allows.";
    STALE_PREVIOUS "stale-previous" Warning "The repair under previous/ is for another base and is not applied.";
    // the call
    UNKNOWN_RECIPE "unknown-recipe" Error "There is no such recipe directory.";
    BAD_TIERS "bad-tiers" Error "The requested tiers cannot be combined.";
    BAD_FLAG "bad-flag" Error "A flag or its value is not valid.";
    BAD_RECORD "bad-record" Error "A record cannot be read.";
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
