//! A sample of ctx: the most common signatures of SPEC 3.3, as rows and as native functions with fixed answers.

use ccci_script::{CallSig, Owner, Param, Raised, Reach, Ty};
use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, INT, ImmutableString, Map, NativeCallContext};

const fn p(name: &'static str, ty: Ty) -> Param {
    Param::of(name, ty)
}

const fn sig(owner: Owner, name: &'static str, params: &'static [Param], ret: Ty, reach: Reach) -> CallSig {
    CallSig { owner, name, params, ret, doc: "A sample.", example: "", reach, is_property: false }
}

const fn fact(owner: Owner, name: &'static str, ret: Ty) -> CallSig {
    CallSig {
        owner,
        name,
        params: &[],
        ret,
        doc: "A fact.",
        example: "",
        reach: Reach::Always,
        is_property: true,
    }
}

const PATH: Param = p("path", Ty::TEXT);
const OPTIONS: Param =
    Param::options(&[("headers", Ty::MAP), ("follow", Ty::BOOL), ("json", Ty::BOOL), ("timeout", Ty::TEXT)]);
const SERVICE: Param = p("service", Ty::TEXT);
const NAME: Param = p("name", Ty::TEXT);

pub(super) const SIGS: &[CallSig] = &[
    fact(Owner::Ctx, "recipe", Ty::TEXT),
    fact(Owner::Ctx, "domain", Ty::TEXT),
    fact(Owner::Ctx, "base_url", Ty::TEXT),
    fact(Owner::Ctx, "version", Ty::TEXT),
    fact(Owner::Ctx, "base_version", Ty::TEXT.or(Ty::UNIT)),
    fact(Owner::Ctx, "env", Ty::MAP),
    sig(Owner::Ctx, "get", &[PATH], Ty::RESPONSE, Reach::App),
    sig(Owner::Ctx, "get", &[PATH, OPTIONS], Ty::RESPONSE, Reach::App),
    sig(Owner::Ctx, "post", &[PATH, p("body", Ty::ANY)], Ty::RESPONSE, Reach::App),
    sig(Owner::Ctx, "request", &[p("method", Ty::TEXT), PATH, OPTIONS], Ty::RESPONSE, Reach::App),
    sig(Owner::Ctx, "exec", &[SERVICE, p("command", Ty::ARRAY)], Ty::EXEC_OUTPUT, Reach::App),
    sig(Owner::Ctx, "try_exec", &[SERVICE, p("command", Ty::ARRAY)], Ty::EXEC_OUTPUT, Reach::App),
    sig(Owner::Ctx, "logs", &[SERVICE], Ty::TEXT, Reach::App),
    sig(Owner::Ctx, "run_job", &[SERVICE], Ty::JOB, Reach::App),
    sig(Owner::Ctx, "secret", &[NAME], Ty::TEXT, Reach::Secrets),
    sig(Owner::Ctx, "set_secret", &[NAME, p("value", Ty::TEXT)], Ty::UNIT, Reach::BeforeDeploy),
    sig(Owner::Ctx, "remember", &[NAME, p("value", Ty::ANY)], Ty::UNIT, Reach::Always),
    sig(Owner::Ctx, "recall", &[NAME], Ty::ANY, Reach::Always),
    sig(Owner::Ctx, "log", &[p("text", Ty::ANY)], Ty::UNIT, Reach::Always),
    sig(Owner::Ctx, "tcp", &[SERVICE, p("port", Ty::INT)], Ty::BOOL, Reach::App),
    sig(Owner::Ctx, "tls", &[SERVICE, p("port", Ty::INT)], Ty::TLS, Reach::App),
    sig(Owner::Ctx, "require_dep", &[NAME], Ty::DEP, Reach::Always),
    fact(Owner::Response, "status", Ty::INT),
    fact(Owner::Response, "body", Ty::TEXT),
    sig(Owner::Response, "json", &[], Ty::ANY, Reach::Always),
    sig(Owner::Response, "header", &[NAME], Ty::TEXT.or(Ty::UNIT), Reach::Always),
    fact(Owner::ExecOutput, "code", Ty::INT),
    fact(Owner::ExecOutput, "stdout", Ty::TEXT),
    fact(Owner::ExecOutput, "stderr", Ty::TEXT),
    sig(Owner::Page, "open", &[PATH], Ty::UNIT, Reach::Page),
    sig(Owner::Free, "eventually", &[p("span", Ty::TEXT), p("try", Ty::FN)], Ty::ANY, Reach::Always),
];

#[derive(Debug, Clone)]
pub(super) struct Ctx;

#[derive(Debug, Clone)]
pub(super) struct Response {
    status: INT,
    body: String,
}

#[derive(Debug, Clone)]
pub(super) struct ExecOutput {
    stdout: String,
}

type Raises<T> = Result<T, Box<EvalAltResult>>;

/// The answers: `/` is 200, other paths 404; `exec` returns its command and raises an error for `false`; `boom`
/// panics.
pub(crate) fn register(e: &mut Engine) {
    e.register_type_with_name::<Ctx>("Ctx");
    e.register_type_with_name::<Response>("Response");
    e.register_type_with_name::<ExecOutput>("ExecOutput");
    e.register_get("domain", |_: &mut Ctx| "app.ccci.test");
    e.register_get("env", |_: &mut Ctx| Map::from([("A".into(), "x".into())]));
    e.register_fn("get", |_: &mut Ctx, path: &str| Response {
        status: if path == "/" { 200 } else { 404 },
        body: format!("you asked {path}"),
    });
    e.register_get("status", |r: &mut Response| r.status);
    e.register_get("body", |r: &mut Response| r.body.clone());
    e.register_fn("exec", |_: &mut Ctx, service: &str, command: Vec<Dynamic>| -> Raises<ExecOutput> {
        let said = command.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        if said == "false" {
            let message = format!("expected exit 0 in {service}, observed exit 1");
            return Err(Raised { message, failure: None }.into());
        }
        Ok(ExecOutput { stdout: said })
    });
    e.register_get("stdout", |o: &mut ExecOutput| o.stdout.clone());
    e.register_fn("log", |_: &mut Ctx, _: Dynamic| {});
    e.register_fn("boom", |_: &mut Ctx| -> INT { panic!("the native broke") });
    e.register_fn("hang", |_: &mut Ctx| {
        loop {
            std::thread::park();
        }
    });
    e.register_fn(
        "eventually",
        |cx: NativeCallContext<'_>, _: ImmutableString, f: FnPtr| -> Raises<Dynamic> {
            for _ in 0..50 {
                let value: Dynamic = f.call_within_context(&cx, ())?;
                if value.as_bool().unwrap_or(true) {
                    return Ok(value);
                }
            }
            Err("it did not become true".into())
        },
    );
}
