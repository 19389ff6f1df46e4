//! Tests of changes to composed files, checked on the written result.

use super::*;
use crate::compose::Around;
use ccci_model::diag::Text;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(in crate::compose) use super::super::test_compose as composed;

fn app() -> ServiceName {
    ServiceName::parse("app").unwrap()
}

fn small() -> Composed {
    composed(
        "version: \"3.8\"\nservices:\n  app: {image: a, environment: {A: own, B: }}\n  db: {image: b, networks: [proxy]}\nnetworks: {proxy: {external: true}}\nvolumes: {data: }\n",
    )
}

#[test]
fn a_label_is_set_where_swarm_reads_it() {
    let mut c = small();
    c.set_label(&app(), "x", "a$b");
    c.set_container_label(&app(), "y", "1");
    assert_eq!(c.service("app").unwrap().labels["x"], "a$b");
    assert_eq!(c.service("app").unwrap().container_labels["y"], "1");
    assert!(c.to_yaml().contains("    deploy:\n      labels:\n        x: \"a$$b\"\n"), "{}", c.to_yaml());
}

#[test]
fn an_env_default_never_replaces_a_value_of_the_files() {
    let mut c = small();
    for key in ["A", "B", "C"] {
        c.set_env_default(&app(), key, "default");
    }
    let env = &c.service("app").unwrap().environment;
    assert_eq!(env["A"].as_deref(), Some("own"));
    assert_eq!(env["B"], None);
    assert_eq!(env["C"].as_deref(), Some("default"));
}

#[test]
fn ports_in_host_mode_keep_their_ranges_and_protocols() {
    let mut c = composed(
        "version: \"3.8\"\nservices: {app: {image: a, ports: [\"53:53/udp\", \"53:53\", \"90-91:80-81\"]}}\n",
    );
    c.make_ports_host_mode(&app());
    let ports: Vec<String> = c.services()[0]
        .ports
        .iter()
        .map(|p| format!("{}:{}/{} {}", p.published, p.target, p.protocol, p.mode))
        .collect();
    assert_eq!(ports, ["53:53/udp host", "53:53/tcp host", "90:80/tcp host", "91:81/tcp host"]);
}

#[test]
fn exactly_what_a_deploy_makes_gets_the_label() {
    let mut c = small();
    c.label_everything("run", "r1");
    let labelled = |o: Vec<super::super::Object>| -> Vec<String> {
        o.into_iter().filter(|o| o.labels.get("run").is_some_and(|v| v == "r1")).map(|o| o.key).collect()
    };
    assert!(c.services().iter().all(|s| s.labels["run"] == "r1"));
    assert_eq!(labelled(c.networks()), ["default"]);
    assert_eq!(labelled(c.volumes()), ["data"]);
}

#[test]
fn the_default_network_gets_the_label_if_only_a_service_names_it() {
    let mut c = composed(
        "version: \"3.8\"\nservices:\n  app: {image: a, networks: [proxy]}\n  db: {image: b, networks: [default]}\nnetworks: {proxy: {external: true}}\n",
    );
    c.label_everything("run", "r1");
    let default = c.networks().into_iter().find(|n| n.key == "default").expect("it is written down");
    assert_eq!(default.labels["run"], "r1");
}

#[test]
fn the_endpoint_mode_is_written_under_deploy() {
    let mut c = small();
    c.set_endpoint_mode(&app(), "dnsrr");
    let deploy = &c.service("app").unwrap().deploy;
    assert_eq!(deploy.endpoint_mode.as_deref(), Some("dnsrr"));
}

#[test]
fn files_can_be_moved_and_images_are_named_once() {
    let mut c = composed(
        "version: \"3.8\"\nservices: {app: {image: a}, two: {image: a}}\nconfigs: {c: {file: ./x.tmpl, template_driver: golang}}\n",
    );
    assert_eq!(c.images(), ["a"]);
    assert_eq!(c.referenced_files(), ["./x.tmpl"]);
    c.move_files(|old| format!("/run/{}", old.trim_start_matches("./")));
    assert_eq!(c.configs()[0].file.as_deref(), Some("/run/x.tmpl"));
}

#[test]
fn a_service_without_an_image_composes_but_cannot_be_deployed() {
    let c = composed("version: \"3.8\"\nservices: {app: {labels: {a: b}}}\n");
    assert_eq!(c.deployable().0[0].place.as_ref().unwrap().to_string(), "compose.yml:2:12");
}

const SAMPLE: &str = "version: \"3.8\"\nx-a: &a {image: \"a:${T:-1}\"}\nservices:\n  app:\n    <<: *a\n    command: sh -c 'x'\n    \
    ports: [\"80:80\", {target: 1}]\n    volumes: [\"d:/d:ro\"]\n    healthcheck: {test: x, interval: 5s}\n    environment: [A=é]\n    \
    deploy: {replicas: 2, resources: {limits: {memory: 5M, cpus: \"1\"}}}\n    networks: {n: {aliases: [b]}}\nnetworks: {n: }\n";

proptest::proptest! {
    #[test]
    fn no_text_makes_composing_panic(
        cuts in proptest::collection::vec((0usize..400, 0usize..6, "[$A-Za-z0-9{}:?é|>&* \\n\"'#,.~/-]{0,6}|\\PC{0,3}"), 0..6)
    ) {
        let mut content: Vec<char> = SAMPLE.chars().collect();
        for (at, length, new) in cuts {
            let at = at.min(content.len());
            let end = (at + length).min(content.len());
            content.splice(at..end, new.chars());
        }
        let text = Arc::new(Text { path: "c.yml".into(), content: content.into_iter().collect() });
        let around = Around { env: &BTreeMap::new(), read: &|_| None };
        let (composed, d) = Composed::build(&[text.clone(), text], &around);
        proptest::prop_assert_eq!(composed.is_none(), d.has_errors());
        for found in d.sorted() {
            let _ = ccci_model::diag::render::one_line(&found);
        }
    }
}
