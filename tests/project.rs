//! A project in memory, in which nothing is wrong: a recipe of two services with a published version, and its recipe
//! directory. Tests change a file or two of it and check it as `ccci check` does, in some milliseconds.

use ccci::app::prepare::Reading;
use ccci::app::{Config, Session};
use ccci::commands::env;
use ccci_adapters::clock::RealClock;
use ccci_model::diag::Diagnostic;
use ccci_model::failure::Failure;
use ccci_recipe::files::Buffers;
use ccci_swarm::ports::Clock;
use ccci_testkit::memory::{MemoryRepository, MemorySources};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tokio::runtime::{Builder, Runtime};

/// Where the project is, in memory.
const ROOT: &str = "/project";
/// Files of the repository begin with this.
const REPOSITORY: &str = "recipe/";
/// The recipe directory.
pub(crate) const DIRECTORY: &str = "recipes/blog/";
/// The version that is published.
const PUBLISHED: &str = "1.0.0+1.27.0";

/// The repository of a recipe without a finding.
pub(crate) const GOOD: &[(&str, &str)] = &[
    ("compose.yml", COMPOSE),
    (
        ".env.sample",
        "TYPE=blog\nDOMAIN=blog.example.com\nTIMEOUT=300\nSITE_TITLE=Blog\nSECRET_DB_PASSWORD_VERSION=v1 # length=32\n",
    ),
    ("abra.sh", "export NGINX_CONF_VERSION=v1\n"),
    ("nginx.conf", "events {}\n"),
    ("dump.sh", "#!/bin/bash\nset -o pipefail\npg_dump blog | gzip > /var/lib/postgresql/data/dump.sql.gz\n"),
    ("README.md", README),
    ("release/1.1.0+1.27.1", "Nothing to do.\n"),
];

const COMPOSE: &str = r#"version: "3.8"

services:
  app:
    image: nginx:1.27.1
    environment:
      - DOMAIN
      - SITE_TITLE=${SITE_TITLE:-Blog}
    configs:
      - source: nginx_conf
        target: /etc/nginx/nginx.conf
    secrets:
      - db_password
    volumes:
      - uploads:/srv/uploads
    networks:
      - proxy
      - internal
    healthcheck:
      test: ["CMD", "nginx", "-t"]
      interval: 10s
      timeout: 5s
      retries: 5
      start_period: 30s
    deploy:
      update_config:
        failure_action: rollback
        order: start-first
      labels:
        - "traefik.enable=true"
        - "traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80"
        - "traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`)"
        - "traefik.http.routers.${STACK_NAME}.entrypoints=web-secure"
        - "backupbot.backup=true"
        - "coop-cloud.${STACK_NAME}.timeout=${TIMEOUT}"
        - "coop-cloud.${STACK_NAME}.version=1.1.0+1.27.1"

  db:
    image: postgres:16.4
    environment:
      POSTGRES_DB: blog
      POSTGRES_PASSWORD_FILE: /run/secrets/db_password
    secrets:
      - db_password
    volumes:
      - database:/var/lib/postgresql/data
    networks:
      - internal
    stop_grace_period: 1m
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U postgres"]
      interval: 10s
      timeout: 5s
      retries: 5
    deploy:
      labels:
        backupbot.backup: "true"
        backupbot.backup.pre-hook: "pg_dump -U postgres -f /var/lib/postgresql/data/dump.sql blog"

configs:
  nginx_conf:
    name: ${STACK_NAME}_nginx_conf_${NGINX_CONF_VERSION}
    file: nginx.conf

secrets:
  db_password:
    external: true
    name: ${STACK_NAME}_db_password_${SECRET_DB_PASSWORD_VERSION}

volumes:
  uploads:
  database:

networks:
  proxy:
    external: true
  internal:
"#;

const README: &str = "# Blog\n<!-- metadata -->\n* **Category**: Apps\n* **Status**: 4\n* **Image**: nginx\n\
    * **Healthcheck**: Yes\n* **Backups**: Yes\n* **Email**: No\n* **Tests**: Yes\n* **SSO**: No\n<!-- endmetadata -->\n";

/// The settings of the recipe directory.
pub(crate) const SETTINGS: &str = "source = \"../../recipe\"\n";

/// Files by their paths: those of the repository below `recipe/`, those of the recipe directory below
/// `recipes/blog/`.
pub(crate) type Project = BTreeMap<String, Vec<u8>>;

/// The project in which nothing is wrong.
pub(crate) fn good() -> Project {
    let of_recipe = GOOD.iter().map(|(path, text)| (format!("{REPOSITORY}{path}"), text.as_bytes().to_vec()));
    let settings = (format!("{DIRECTORY}recipe.toml"), SETTINGS.as_bytes().to_vec());
    of_recipe.chain([settings]).collect()
}

/// Checks projects in memory.
pub(crate) struct Checker {
    session: Session,
    clock: Arc<dyn Clock>,
    _runtime: Runtime,
}

/// The one that all tests share.
pub(crate) fn checker() -> &'static Checker {
    static ONE: OnceLock<Checker> = OnceLock::new();
    ONE.get_or_init(|| {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let config = Config { here: ROOT.into(), ..env::config() };
        let session = Session::new(config, runtime.handle().clone());
        Checker { session, clock: Arc::new(RealClock::new(Arc::default())), _runtime: runtime }
    })
}

impl Checker {
    /// What is said of a project whose published version is as good as the one above.
    pub(crate) fn check(&self, project: &Project) -> Vec<Diagnostic> {
        let repository = MemoryRepository::default();
        for (path, text) in GOOD {
            let old = text.replace("1.1.0+1.27.1", PUBLISHED).replace("nginx:1.27.1", "nginx:1.27.0");
            repository.write(path, old);
        }
        repository.remove("release/1.1.0+1.27.1").commit();
        repository.tag(PUBLISHED);
        GOOD.iter().for_each(|(path, _)| _ = repository.remove(path));
        self.with(project, &repository)
    }

    /// The same for a project whose repository has these commits already.
    pub(crate) fn with(&self, project: &Project, repository: &MemoryRepository) -> Vec<Diagnostic> {
        self.try_with(project, repository).unwrap_or_else(|failure| panic!("{}", failure.observed()))
    }

    /// The same for a project that may be unreadable.
    pub(crate) fn try_with(
        &self,
        project: &Project,
        repository: &MemoryRepository,
    ) -> Result<Vec<Diagnostic>, Box<Failure>> {
        let (mut files, sources) = (Buffers::default(), MemorySources::default());
        for (path, content) in project {
            match path.strip_prefix(REPOSITORY) {
                Some(inside) => _ = repository.write(inside, content),
                None => files.set(Path::new(ROOT).join(path), content.clone()),
            }
        }
        repository.commit();
        sources.add("recipe", repository);
        let reading = Reading { files: &files, sources: &sources };
        self.session.check_in("recipes/blog", &reading, &self.clock).map(|checked| checked.said)
    }
}

#[test]
fn nothing_is_wrong_with_the_project_that_tests_change() {
    let said = checker().check(&good());
    assert!(said.is_empty(), "{said:#?}");
}

/// A finding, or the place where one has to be: path as in `Project`, line, and the text of the range.
pub(crate) type Mark = (String, usize, String);

/// The good project with changes, and the places in them that are marked by `«…»`. `==> path` begins a file, which is
/// written anew; the text of `recipe.toml` is added to the settings. `==> path = line` puts the text in the place of a
/// line, `==> path + line` below it, and `==> path gone` removes the file.
pub(crate) fn changed(spec: &str) -> (Project, Vec<Mark>) {
    let (mut project, mut marks) = (good(), vec![]);
    for part in spec.split("==> ").skip(1) {
        let (head, text) = part.split_once('\n').unwrap_or((part, ""));
        let (path, how) = head.split_once(' ').unwrap_or((head, ""));
        let path = if path.starts_with(REPOSITORY) { path.to_string() } else { format!("{DIRECTORY}{path}") };
        let old = project.remove(&path).map(|bytes| String::from_utf8(bytes).unwrap());
        let new = match how.split_at_checked(2) {
            _ if how == "gone" => continue,
            Some(("= ", line)) => at_line(&old.unwrap(), line, |_| text.to_string()),
            Some(("+ ", line)) => at_line(&old.unwrap(), line, |line| format!("{line}{text}")),
            _ if path.ends_with("/recipe.toml") && !text.contains("source =") => format!("{SETTINGS}{text}"),
            _ => text.to_string(),
        };
        for (n, line) in new.split('\n').enumerate() {
            let texts =
                line.split('«').skip(1).map(|rest| rest.split_once('»').expect("marks have an end").0);
            marks.extend(texts.map(|text| (path.clone(), n + 1, text.to_string())));
        }
        project.insert(path, new.replace(['«', '»'], "").into_bytes());
    }
    marks.sort();
    (project, marks)
}

/// The text with something else in the place of the first line that has this content.
fn at_line(text: &str, content: &str, with: impl Fn(&str) -> String) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_string).collect();
    let at = lines.iter().position(|line| line.trim() == content);
    let line = &mut lines[at.unwrap_or_else(|| panic!("there is no line `{content}`"))];
    *line = with(line);
    lines.concat()
}

/// Where a finding is, as a mark.
pub(crate) fn mark(finding: &Diagnostic) -> Mark {
    let Some(place) = &finding.place else { return (String::new(), 0, finding.message.clone()) };
    let shown = &*place.text.path;
    let known = [REPOSITORY, DIRECTORY].iter().any(|start| shown.starts_with(start)) || shown.contains(':');
    let path = if known { shown.to_string() } else { format!("{DIRECTORY}{shown}") };
    (path, place.line_column().0, place.text.content[place.range.clone()].to_string())
}
