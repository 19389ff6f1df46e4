//! Warns of rules in labels that Traefik v3 refuses, with what to write instead. Pure.

use super::Composed;
use crate::labels::is_routed;
use crate::rule::{Flaw, Rule};
use ccci_model::diag::{Diagnostic, Diagnostics, codes};

/// Looks at the rules of all services that Traefik routes.
pub(super) fn check(composed: &Composed, diagnostics: &mut Diagnostics) {
    for service in composed.services().iter().filter(|s| is_routed(&s.labels)) {
        for (label, text) in &service.labels {
            let Some(router) = router(label) else { continue };
            let syntax = format!("traefik.http.routers.{router}.rulesyntax");
            let old = |(key, value): (&String, &String)| key.eq_ignore_ascii_case(&syntax) && value == "v2";
            if service.labels.iter().any(old) {
                continue;
            }
            let Some((why, help)) = flaw(text) else { continue };
            let message = format!("Traefik v3 refuses the rule of the router `{router}`: {why}");
            let mut diagnostic = Diagnostic::new(codes::ROUTING_RULE, message).help(help);
            if let Some(place) = composed.place_of(&service.name, &["deploy", "labels", label]) {
                diagnostic = diagnostic.at(place);
            }
            diagnostics.push(diagnostic);
        }
    }
}

/// The router whose rule a label is.
fn router(label: &str) -> Option<&str> {
    let parts: Vec<&str> = label.split('.').collect();
    let known = |part: &str, name: &str| part.eq_ignore_ascii_case(name);
    match parts[..] {
        [root, http, routers, router, rule]
            if root == "traefik"
                && known(http, "http")
                && known(routers, "routers")
                && known(rule, "rule") =>
        {
            Some(router)
        }
        _ => None,
    }
}

/// What is wrong with a rule, and what to write instead.
fn flaw(text: &str) -> Option<(String, String)> {
    match Rule::parse(text) {
        Ok(rule) => {
            let new = rule.in_v3()?;
            Some((format!("{text} is in the syntax of Traefik v2"), format!("write {new}")))
        }
        // without a rule the router answers for the name of the service
        Err(_) if text.is_empty() => None,
        Err(Flaw::Refused(why)) => {
            Some((format!("{text}: {why}"), "write a rule such as Host(`${DOMAIN}`)".into()))
        }
        Err(Flaw::Unknown(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Around;
    use super::*;
    use ccci_model::diag::{Text, render};
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn said(labels: &[&str]) -> Vec<String> {
        let labels: String = labels.iter().map(|l| format!("        - \"{l}\"\n")).collect();
        let content = format!(
            "version: \"3.8\"\nservices:\n  app:\n    image: x\n    deploy:\n      labels:\n{labels}"
        );
        let text = Arc::new(Text { path: "compose.yml".into(), content });
        let (env, read) = (BTreeMap::new(), |_: &str| None);
        let (_, diagnostics) = Composed::build(&[text], &Around { env: &env, read: &read });
        diagnostics
            .0
            .iter()
            .map(|d| format!("{} ({})", render::one_line(d), d.help.clone().unwrap_or_default()))
            .collect()
    }

    const ON: &str = "traefik.enable=true";

    #[test]
    fn a_rule_in_the_syntax_of_v2_is_found_at_its_line_with_its_v3_form() {
        let lines = said(&[ON, "traefik.http.routers.a.rule=Host(`a`, `b`)"]);
        assert_eq!(lines.len(), 1, "{lines:?}");
        for part in ["compose.yml:8:", "routing-rule", "router `a`", "(write Host(`a`) || Host(`b`))"] {
            assert!(lines[0].contains(part), "{part}: {lines:?}");
        }
        assert!(said(&[ON, "traefik.http.routers.a.rule=Host(a)"])[0].contains("not in backquotes"));
    }

    #[test]
    fn what_traefik_does_not_refuse_is_not_reported() {
        let old = "traefik.http.routers.a.rule=Host(`a`, `b`)";
        assert_eq!(said(&[old]), Vec::<String>::new(), "not enabled");
        assert_eq!(said(&[ON, old, "traefik.http.routers.a.ruleSyntax=v2"]), Vec::<String>::new());
        assert_eq!(said(&[ON, "traefik.http.routers.a.rule=Host(`a`) || Host(`b`)"]), Vec::<String>::new());
    }
}
