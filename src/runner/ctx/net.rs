//! TCP and TLS probes of a service's port.

use super::exec::stranger;
use super::http::no_answer;
use super::state::{Ctx, Native, raised};
use super::{CtxFn, HookCtx};
use ccci_model::name::ServiceName;
use ccci_script::functions::Functions;
use ccci_script::point::Reach;
use ccci_script::raised::Raised;
use ccci_script::signature::{CallSig, Owner, Param, Ty};
use ccci_swarm::ports::web::TlsFacts;
use rhai::ImmutableString;
use std::sync::Arc;

#[derive(Clone)]
struct Tls(Arc<TlsFacts>);

const SERVICE_PORT: &[Param] = &[Param::of("service", Ty::TEXT), Param::of("port", Ty::INT)];

const fn sig(
    owner: Owner,
    name: &'static str,
    params: &'static [Param],
    ret: Ty,
    is_property: bool,
    doc: &'static str,
    example: &'static str,
) -> CallSig {
    CallSig { owner, name, params, ret, doc, example, reach: Reach::App, is_property }
}

pub(super) const ROWS: &[CtxFn] = &[
    CtxFn {
        sig: sig(
            Owner::Ctx,
            "tcp",
            SERVICE_PORT,
            Ty::BOOL,
            false,
            "Whether a TCP connection to a service's port opens. Raises when the app has no such service.",
            "assert(ctx.tcp(\"app\", 80));",
        ),
        register: |e: &mut Functions| {
            e.register_fn("tcp", |c: &mut Ctx, service: &str, port: i64| -> Native<bool> {
                let arguments = vec![service.to_string(), port.to_string()];
                c.0.call("tcp", arguments, bool::to_string, |limit| {
                    let (name, port) = target(&c.0, "tcp", service, port)?;
                    match c.0.world.web.tcp(&c.0.stack, &name, port, limit).map_err(no_answer)? {
                        true => Ok(true),
                        false => stranger(&c.0, service, limit).map_or(Ok(false), Err),
                    }
                })
            });
        },
    },
    CtxFn {
        sig: sig(
            Owner::Ctx,
            "tls",
            SERVICE_PORT,
            Ty::TLS,
            false,
            "Makes a TLS handshake with a service's port. Any certificate is accepted and shown; no handshake raises.",
            "assert(ctx.tls(\"app\", 443).protocol.starts_with(\"TLS\"));",
        ),
        register: |e: &mut Functions| {
            e.register_fn("tls", |c: &mut Ctx, service: &str, port: i64| -> Native<Tls> {
                let arguments = vec![service.to_string(), port.to_string()];
                c.0.call(
                    "tls",
                    arguments,
                    |t: &Tls| format!("{} {}", t.0.protocol, t.0.subject),
                    |limit| {
                        let (name, port) = target(&c.0, "tls", service, port)?;
                        let facts = c.0.world.web.tls(&c.0.stack, &name, port, limit);
                        let facts =
                            facts.map_err(|e| stranger(&c.0, service, limit).unwrap_or_else(|| no_answer(e)));
                        facts.map(|f| Tls(Arc::new(f)))
                    },
                )
            });
        },
    },
    CtxFn {
        sig: sig(
            Owner::Tls,
            "protocol",
            &[],
            Ty::TEXT,
            true,
            "The protocol's version, like `TLSv1_3`.",
            "assert(ctx.tls(\"app\", 443).protocol != \"\");",
        ),
        register: |e: &mut Functions| {
            e.register_get("protocol", |t: &mut Tls| ImmutableString::from(t.0.protocol.as_str()));
        },
    },
    CtxFn {
        sig: sig(
            Owner::Tls,
            "subject",
            &[],
            Ty::TEXT,
            true,
            "The common name in the peer's certificate; empty if it has none.",
            "assert(ctx.tls(\"app\", 443).subject == \"example\");",
        ),
        register: |e: &mut Functions| {
            e.register_get("subject", |t: &mut Tls| ImmutableString::from(t.0.subject.as_str()));
        },
    },
];

pub(super) fn register_types(e: &mut Functions) {
    e.register_type_with_name::<Tls>("Tls");
}

fn target(c: &HookCtx, function: &str, service: &str, port: i64) -> Result<(ServiceName, u16), Raised> {
    c.needs(function, Reach::App)?;
    let name = ServiceName::parse(service).map_err(|e| raised(e.to_string()))?;
    let port = u16::try_from(port).ok().filter(|p| *p > 0);
    Ok((name, port.ok_or_else(|| raised("a port is 1 to 65535"))?))
}
