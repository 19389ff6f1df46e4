//! Commands in containers, logs of services, and one-shot jobs.

use super::state::{Ctx, Native, cluster_raised, looked_at, raised};
use super::{CtxFn, HookCtx};
use ccci_model::failure::detail::{CommandOf, Detail};
use ccci_model::failure::{Failure, causes};
use ccci_model::name::ServiceName;
use ccci_script::functions::Functions;
use ccci_script::limits::LOG_LINES as MOST_LOG_LINES;
use ccci_script::point::Reach;
use ccci_script::raised::Raised;
use ccci_script::signature::{CallSig, Owner, Param, Ty};
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::cluster::{ClusterError, ExecOutput, ExecRequest, JobRequest};
use rhai::{Array, Dynamic, ImmutableString};
use std::sync::Arc;

/// The result of a command, as scripts see it.
#[derive(Clone)]
struct Output(Arc<ExecOutput>);

/// A failure shows at most this many lines of each output of a command.
const SHOWN_LINES: usize = 20;
/// It shows at most this many bytes of each output.
const SHOWN_BYTES: usize = 16 << 10;
/// Lines of a log that are read by default.
const LOG_LINES: usize = 200;

const SERVICE: Param = Param::of("service", Ty::TEXT);
const COMMAND: Param = Param::of("command", Ty::ARRAY.or(Ty::TEXT));
const LINES: Param = Param::of("lines", Ty::INT);
const NAME: Param = Param::of("name", Ty::TEXT);
const IMAGE: Param = Param::of("image", Ty::TEXT);

const fn row(
    name: &'static str,
    params: &'static [Param],
    ret: Ty,
    doc: &'static str,
    example: &'static str,
    register: fn(&mut Functions),
) -> CtxFn {
    let sig =
        CallSig { owner: Owner::Ctx, name, params, ret, doc, example, reach: Reach::App, is_property: false };
    CtxFn { sig, register }
}

const fn property(
    name: &'static str,
    ret: Ty,
    doc: &'static str,
    example: &'static str,
    register: fn(&mut Functions),
) -> CtxFn {
    let sig = CallSig {
        owner: Owner::ExecOutput,
        name,
        params: &[],
        ret,
        doc,
        example,
        reach: Reach::App,
        is_property: true,
    };
    CtxFn { sig, register }
}

pub(super) const ROWS: &[CtxFn] = &[
    row(
        "exec",
        &[SERVICE, COMMAND],
        Ty::EXEC_OUTPUT,
        "Runs a command in a running container of a service: a list of words, or a text for `sh -c`. Raises when it cannot run or exits non-zero.",
        "assert(ctx.exec(\"app\", [\"echo\", \"hi\"]).stdout == \"hi\\n\");",
        |e| {
            e.register_fn("exec", |c: &mut Ctx, s: &str, words: Array| run(c, "exec", s, &words, true));
            e.register_fn("exec", |c: &mut Ctx, s: &str, line: &str| run(c, "exec", s, &shell(line), true));
        },
    ),
    row(
        "try_exec",
        &[SERVICE, COMMAND],
        Ty::EXEC_OUTPUT,
        "As `exec`, but a non-zero exit is a result. Still raises when the command cannot run at all.",
        "assert(ctx.try_exec(\"app\", [\"false\"]).code == 1);",
        |e| {
            e.register_fn("try_exec", |c: &mut Ctx, s: &str, words: Array| {
                run(c, "try_exec", s, &words, false)
            });
            e.register_fn("try_exec", |c: &mut Ctx, s: &str, line: &str| {
                run(c, "try_exec", s, &shell(line), false)
            });
        },
    ),
    property("code", Ty::INT, "The exit code.", "assert(ctx.exec(\"app\", [\"true\"]).code == 0);", |e| {
        e.register_get("code", |o: &mut Output| o.0.code);
    }),
    property(
        "stdout",
        Ty::TEXT,
        "What it wrote to standard output.",
        "assert(ctx.exec(\"app\", [\"echo\", \"hi\"]).stdout.contains(\"hi\"));",
        |e| {
            e.register_get("stdout", |o: &mut Output| ImmutableString::from(o.0.stdout.as_str()));
        },
    ),
    property(
        "stderr",
        Ty::TEXT,
        "What it wrote to standard error.",
        "assert(ctx.exec(\"app\", [\"true\"]).stderr == \"\");",
        |e| {
            e.register_get("stderr", |o: &mut Output| ImmutableString::from(o.0.stderr.as_str()));
        },
    ),
    row(
        "logs",
        &[SERVICE],
        Ty::TEXT,
        "The last 200 lines a service wrote.",
        "assert(ctx.logs(\"app\").contains(\"started\"));",
        |e| {
            e.register_fn("logs", |c: &mut Ctx, s: &str| logs(c, s, LOG_LINES as i64));
        },
    ),
    row(
        "logs",
        &[SERVICE, LINES],
        Ty::TEXT,
        "The last lines that a service wrote: `lines` of them, at most 10 000.",
        "assert(ctx.logs(\"app\", 5).contains(\"started\"));",
        |e| {
            e.register_fn("logs", |c: &mut Ctx, s: &str, lines: i64| logs(c, s, lines));
        },
    ),
    row(
        "services",
        &[],
        Ty::ARRAY,
        "The names of the app's services, sorted.",
        "assert(ctx.services().contains(\"app\"));",
        |e| {
            e.register_fn("services", |c: &mut Ctx| services(c));
        },
    ),
    row(
        "run_job",
        &[NAME, IMAGE, COMMAND],
        Ty::EXEC_OUTPUT,
        "Runs a one-shot service of an image on the stack's networks to its end and removes it. Raises when it exits non-zero.",
        "assert(ctx.run_job(\"ask\", \"nginx:1.25.0\", [\"echo\", \"hi\"]).stdout.contains(\"hi\"));",
        |e| {
            e.register_fn("run_job", |c: &mut Ctx, name: &str, image: &str, words: Array| {
                job(c, name, image, &words)
            });
            e.register_fn("run_job", |c: &mut Ctx, name: &str, image: &str, line: &str| {
                job(c, name, image, &shell(line))
            });
        },
    ),
];

pub(super) fn register_types(e: &mut Functions) {
    e.register_type_with_name::<Output>("ExecOutput");
}

fn shell(line: &str) -> Array {
    vec!["sh".into(), "-c".into(), line.to_string().into()]
}

fn words(list: &Array) -> Result<Vec<String>, Raised> {
    if list.is_empty() {
        return Err(raised("the command has no words"));
    }
    let text =
        |d: &Dynamic| if d.is_unit() || d.is_map() || d.is_array() { None } else { Some(d.to_string()) };
    let words = list.iter().map(|d| text(d).ok_or_else(|| raised("a command is a list of texts")));
    let words = words.collect::<Result<Vec<String>, Raised>>()?;
    match words.iter().any(|w| w.contains('\0')) {
        true => Err(raised("a word of a command cannot contain a NUL character")),
        false => Ok(words),
    }
}

fn named(service: &str) -> Result<ServiceName, Raised> {
    ServiceName::parse(service).map_err(|e| raised(e.to_string()))
}

fn told(o: &Output) -> String {
    format!("exit {} {}{}", o.0.code, looked_at(&o.0.stdout), looked_at(&o.0.stderr))
}

fn run(c: &Ctx, function: &str, service: &str, list: &Array, strict: bool) -> Native<Output> {
    let shown: Vec<String> = list.iter().map(Dynamic::to_string).collect();
    c.0.call(function, vec![service.to_string(), shown.join(" ")], told, |limit| {
        c.0.needs(function, Reach::App)?;
        if strict {
            c.0.used.check();
        }
        let argv = words(list)?;
        let request = ExecRequest { argv: argv.clone(), ..ExecRequest::default() };
        let doing = format!("run a command in service `{service}`");
        let out = c.0.world.cluster.exec(&c.0.stack, &named(service)?, &request, limit);
        let out = out.map_err(|e| exec_failure(c, e, service, &doing, limit))?;
        if strict { checked(out, CommandOf::Script, service, argv) } else { Ok(Output(Arc::new(out))) }
    })
}

/// A non-zero exit raises: a failure is never returned as an empty answer (lesson 10).
fn checked(out: ExecOutput, role: CommandOf, service: &str, argv: Vec<String>) -> Result<Output, Raised> {
    if out.code == 0 {
        return Ok(Output(Arc::new(out)));
    }
    let (service, code) = (service.to_string(), out.code);
    let (stdout, stderr) = (end(&out.stdout), end(&out.stderr));
    let detail = Detail::Exec { role, service, argv, code, stdout, stderr };
    let failure = Failure::of(causes::EXEC_FAILED, detail);
    Err(Raised { message: raised(failure.observed()).message, failure: Some(Box::new(failure)) })
}

/// The last lines of a command's output, as much as a failure shows.
fn end(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let last = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n");
    let from = last.len().saturating_sub(SHOWN_BYTES);
    last[last.ceil_char_boundary(from)..].to_string()
}

fn logs(c: &Ctx, service: &str, lines: i64) -> Native<ImmutableString> {
    c.0.call(
        "logs",
        vec![service.to_string()],
        |t: &ImmutableString| format!("{} bytes", t.len()),
        |limit: &Limit| {
            c.0.needs("logs", Reach::App)?;
            let lines = usize::try_from(lines).unwrap_or(0).clamp(1, MOST_LOG_LINES.most);
            let text = c.0.world.cluster.logs(&c.0.stack, &named(service)?, lines, limit);
            let doing = format!("read the log of `{service}`");
            Ok(text.map_err(|e| exec_failure(c, e, service, &doing, limit))?.into())
        },
    )
}

fn services(c: &Ctx) -> Native<Array> {
    c.0.call(
        "services",
        vec![],
        |all: &Array| all.iter().map(Dynamic::to_string).collect::<Vec<_>>().join(", "),
        |limit: &Limit| {
            c.0.needs("services", Reach::App)?;
            let names = names(&c.0, limit).map_err(|e| cluster_raised(e, "look at the app's services"))?;
            Ok(names.into_iter().map(Dynamic::from).collect())
        },
    )
}

/// The names of the app's services, sorted.
fn names(c: &HookCtx, limit: &Limit) -> Result<Vec<String>, ClusterError> {
    let observed = c.world.cluster.look(&c.stack, limit)?;
    let mut names: Vec<String> = observed.services.iter().map(|s| s.name.to_string()).collect();
    names.sort();
    Ok(names)
}

/// The error for a service that the app does not have; it lists the services that the app has. `None` if the app has it
/// or the services cannot be listed.
pub(super) fn stranger(c: &HookCtx, service: &str, limit: &Limit) -> Option<Raised> {
    let names =
        names(c, limit).ok().filter(|names| !names.is_empty() && !names.iter().any(|n| n == service))?;
    Some(raised(format!("no service is called `{service}`; the app has {}", names.join(", "))))
}

/// The error of a call to a service that could not be made.
fn exec_failure(c: &Ctx, e: ClusterError, service: &str, doing: &str, limit: &Limit) -> Raised {
    let missing = matches!(e, ClusterError::Missing(_));
    missing.then(|| stranger(&c.0, service, limit)).flatten().unwrap_or_else(|| cluster_raised(e, doing))
}

fn job(c: &Ctx, name: &str, image: &str, list: &Array) -> Native<Output> {
    let shown: Vec<String> = list.iter().map(Dynamic::to_string).collect();
    c.0.call("run_job", vec![name.to_string(), image.to_string(), shown.join(" ")], told, |limit| {
        c.0.needs("run_job", Reach::App)?;
        let (name, owner) = (named(name)?, c.0.owner.clone());
        let observed =
            c.0.world.cluster.look(&c.0.stack, limit).map_err(|e| cluster_raised(e, "look at the stack"))?;
        if observed.service(name.as_str()).is_some() {
            return Err(raised(format!(
                "a job cannot be called `{name}`: the app has a service of this name"
            )));
        }
        let argv = words(list)?;
        let job = JobRequest { name, image: image.to_string(), argv: argv.clone(), env: vec![], owner };
        let out = c.0.world.cluster.run_job(&c.0.stack, &job, limit);
        let out = out.map_err(|e| cluster_raised(e, "run a job"))?;
        checked(out, CommandOf::Job, job.name.as_str(), argv)
    })
}
