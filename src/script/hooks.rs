//! HOOKS: the functions of `hooks.rhai` that ccci calls. Each is one typed constant, and a slice holds them
//! all.
//!
//! The type parameter is the return type, so that caller, messages and reference cannot disagree about it.

use super::point::Point;
use super::returns::{EnvMap, Nothing, Return, TextMap};
use super::ty::Ty;
use std::marker::PhantomData;

/// What a hook is called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arg {
    /// The `ctx`.
    Ctx,
    /// A page of the browser.
    Page,
    /// The app that needs a dep: `recipe`, `domain`, `base_url`.
    Consumer,
}

impl Arg {
    /// Its name in the reference.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Arg::Ctx => "ctx",
            Arg::Page => "page",
            Arg::Consumer => "consumer",
        }
    }

    /// Its type in the checker.
    pub(crate) const fn ty(self) -> Ty {
        match self {
            Arg::Ctx => Ty::CTX,
            Arg::Page => Ty::PAGE,
            Arg::Consumer => Ty::MAP,
        }
    }
}

/// A hook that returns `R`.
pub struct Hook<R> {
    /// The function's name.
    pub name: &'static str,
    /// Its parameters.
    pub params: &'static [Arg],
    /// When it is called.
    pub point: Point,
    /// Sentences; the first is the summary.
    pub doc: &'static str,
    /// A whole function that compiles and passes the checks.
    pub example: &'static str,
    returns: PhantomData<fn() -> R>,
}

/// A hook without its type parameter, for the slice of all hooks.
pub trait HookRow: Sync {
    /// The function's name.
    fn name(&self) -> &'static str;
    /// Its parameters.
    fn params(&self) -> &'static [Arg];
    /// When it is called.
    fn point(&self) -> Point;
    /// Sentences; the first is the summary.
    fn doc(&self) -> &'static str;
    /// A whole function that compiles and passes the checks.
    fn example(&self) -> &'static str;
    /// What it returns, in words.
    fn noun(&self) -> &'static str;
    /// Its return type in the checker.
    fn ty(&self) -> Ty;
}

impl<R: Return> HookRow for Hook<R> {
    fn name(&self) -> &'static str {
        self.name
    }
    fn params(&self) -> &'static [Arg] {
        self.params
    }
    fn point(&self) -> Point {
        self.point
    }
    fn doc(&self) -> &'static str {
        self.doc
    }
    fn example(&self) -> &'static str {
        self.example
    }
    fn noun(&self) -> &'static str {
        R::NOUN
    }
    fn ty(&self) -> Ty {
        R::TY
    }
}

/// The hook with its parameters: `ready_probe(ctx)`.
pub fn shape(row: &dyn HookRow) -> String {
    let params: Vec<&str> = row.params().iter().map(|p| p.name()).collect();
    format!("{}({})", row.name(), params.join(", "))
}

/// The hook with this name.
pub fn by_name(name: &str) -> Option<&'static dyn HookRow> {
    HOOKS.iter().copied().find(|h| h.name() == name)
}

const CTX: &[Arg] = &[Arg::Ctx];

macro_rules! hooks {
    ($($konst:ident: $ret:ty = $name:literal $params:expr, $point:ident, $doc:literal, $example:literal;)*) => {
        $(#[doc = $doc]
        pub const $konst: &Hook<$ret> = &Hook {
            name: $name,
            params: $params,
            point: Point::$point,
            doc: $doc,
            example: $example,
            returns: PhantomData,
        };)*
        /// All hooks, in the order of a run.
        pub const HOOKS: &[&dyn HookRow] = &[$($konst),*];
    };
}

hooks! {
    EXTRA_ENV: EnvMap = "extra_env" CTX, Env,
        "Adds variables to the app's env before every deploy. Before the first deploy nothing of the app exists.",
        "fn extra_env(ctx) {\n    #{ LOGIN_URL: `https://${ctx.domain}/login` }\n}";
    INSTALL_STEPS: Nothing = "install_steps" CTX, InstallSteps,
        "Runs when the app's env and secrets exist and nothing is deployed yet. Only this hook may set secrets.",
        "fn install_steps(ctx) {\n    ctx.set_secret(\"smtp_password\", \"not used in tests\");\n}";
    READY_PROBE: bool = "ready_probe" CTX, Ready,
        "Returns whether the app itself is ready. Called again and again after convergence and health on install, upgrade and restore.",
        "fn ready_probe(ctx) {\n    ctx.get(\"/api/status\").status == 200\n}";
    PRE_INSTALL: Nothing = "pre_install" CTX, PreInstall,
        "Runs when the app is ready, before the install assertions. An install wizard belongs here.",
        "fn pre_install(ctx) {\n    ctx.exec(\"app\", [\"touch\", \"/var/lib/app/installed\"]);\n}";
    POST_INSTALL: Nothing = "post_install" CTX, PostInstall,
        "Runs after the install assertions passed.",
        "fn post_install(ctx) {\n    ctx.log(\"installed\");\n}";
    PRE_UPGRADE: Nothing = "pre_upgrade" CTX, PreUpgrade,
        "Runs right before the head is deployed. Plant data here that must survive the upgrade.",
        "fn pre_upgrade(ctx) {\n    ctx.exec(\"app\", [\"sh\", \"-c\", \"echo kept > /data/mark\"]);\n}";
    UPGRADE_EXTRA_ENV: EnvMap = "upgrade_extra_env" CTX, UpgradeEnv,
        "Adds variables to the app's env from the deploy of the head on. The base is running at that time.",
        "fn upgrade_extra_env(ctx) {\n    #{ NEW_PORT: \"64738\" }\n}";
    PRE_BACKUP: Nothing = "pre_backup" CTX, PreBackup,
        "Runs right before the backup. Plant data here that the restore must bring back.",
        "fn pre_backup(ctx) {\n    ctx.exec(\"app\", [\"sh\", \"-c\", \"echo saved > /data/mark\"]);\n}";
    BACKUP_VERIFY: bool = "backup_verify" CTX, BackupVerify,
        "Returns whether the backup is usable; it must not change anything. After false the whole backup is repeated, up to three attempts.",
        "fn backup_verify(ctx) {\n    ctx.try_exec(\"db\", [\"gzip\", \"-t\", \"/var/lib/backup.sql.gz\"]).code == 0\n}";
    PRE_RESTORE: Nothing = "pre_restore" CTX, PreRestore,
        "Runs right before the restore. Damage the data here, so that a restore without effect is detected.",
        "fn pre_restore(ctx) {\n    ctx.exec(\"app\", [\"rm\", \"/data/mark\"]);\n}";
    PROVIDE: TextMap = "provide" &[Arg::Ctx, Arg::Consumer], Provide,
        "Runs when this app is ready and creates what another app of the run needs from it: a realm, a client, a database. Returns the values that the other app receives.",
        "fn provide(ctx, consumer) {\n    let name = consumer.recipe;\n    ctx.exec(\"app\", [\"make-client\", name, consumer.base_url]);\n    #{ client_id: name, issuer: ctx.base_url + \"/realms/\" + name }\n}";
    SCREENSHOT: Nothing = "screenshot" &[Arg::Page, Arg::Ctx], Screenshot,
        "Opens a view without secrets in the browser. Runs once, when the app is healthy and nothing has changed it yet. A picture of what it opened is kept; it never changes the verdict.",
        "fn screenshot(page, ctx) {\n    page.open(\"/\");\n}";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_are_unique_documented_and_shown_by_their_own_name() {
        for (i, h) in HOOKS.iter().enumerate() {
            assert!(!HOOKS[..i].iter().any(|o| o.name() == h.name()), "{} twice", h.name());
            assert!(h.doc().starts_with(char::is_uppercase) && h.doc().ends_with('.'), "{}", h.name());
            assert!(h.example().starts_with(&format!("fn {}", shape(*h))), "{}", h.name());
        }
    }

    #[test]
    fn hooks_show_their_return_types() {
        assert_eq!((READY_PROBE.noun(), READY_PROBE.ty()), ("a bool", Ty::BOOL));
        assert_eq!(by_name("extra_env").map(|h| h.ty()), Some(Ty::MAP));
        assert_eq!(shape(SCREENSHOT), "screenshot(page, ctx)");
    }
}
