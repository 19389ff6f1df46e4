//! Checks recipes on a thread of its own. Only the newest texts count: what is outdated is neither checked nor told.

use super::buffers::{BufferedSources, Remembered};
use super::position::Encoding;
use super::{address, project, told};
use crate::app::Session;
use crate::app::check::Checked;
use crate::app::prepare::Reading;
use crate::app::session::clock;
use ccci_adapters::disk::Disk;
use ccci_adapters::git::GitAdapter;
use ccci_model::diag::Diagnostic;
use ccci_recipe::files::{Buffers, Overlay, tidied};
use ccci_recipe::source::SourceKind;
use ccci_runner::gather::Gathered;
use ccci_swarm::ports::Clock;
use gen_lsp_types::PublishDiagnosticsParams;
use lsp_server::{Message, Notification};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

/// What the newest check of a recipe has shown.
#[derive(Clone, Default)]
pub(super) struct Known {
    /// Its findings, each with its file.
    pub findings: Vec<(PathBuf, Diagnostic)>,
    /// What was gathered last without an error that prevents it.
    pub gathered: Option<Arc<Gathered>>,
    /// The repository of the recipe, if it is a directory.
    source: Option<PathBuf>,
    /// The files of which something was told.
    told: BTreeSet<PathBuf>,
}

type Shared<T> = Arc<Mutex<T>>;

/// A check to be done.
struct Job {
    recipe: PathBuf,
    buffers: Buffers,
    versions: BTreeMap<PathBuf, i32>,
}

/// The thread that checks, and what it knows.
pub(super) struct Analysis {
    jobs: Sender<Job>,
    known: Shared<BTreeMap<PathBuf, Known>>,
    remembered: Arc<Mutex<Remembered>>,
    teller: Teller,
}

/// Tells the client about files.
#[derive(Clone)]
struct Teller {
    encoding: Encoding,
    send: Send,
}

/// Sends a message to the client.
pub(super) type Send = Arc<dyn Fn(Message) + std::marker::Send + Sync>;

struct Worker {
    session: Session,
    known: Shared<BTreeMap<PathBuf, Known>>,
    remembered: Arc<Mutex<Remembered>>,
    teller: Teller,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Analysis {
    /// Starts the thread. Paths are shown relative to `root`.
    pub(super) fn start(
        session: Session,
        root: Option<PathBuf>,
        encoding: Encoding,
        send: Send,
    ) -> io::Result<Analysis> {
        let mut config = (*session.config).clone();
        config.here = root.unwrap_or(config.here);
        let session = Session { config: Arc::new(config), ..session };
        let (jobs, todo) = channel();
        let teller = Teller { encoding, send };
        let (known, remembered): (Shared<BTreeMap<PathBuf, Known>>, _) = Default::default();
        let worker = Worker {
            session,
            known: known.clone(),
            remembered: Arc::clone(&remembered),
            teller: teller.clone(),
        };
        Builder::new().stack_size(crate::app::pool::STACK).spawn(move || worker.work(&todo))?;
        Ok(Analysis { jobs, known, remembered, teller })
    }

    /// Forgets what was read of repositories.
    pub(super) fn renew(&self) {
        lock(&self.remembered).renew();
    }

    /// Checks the recipes that a file belongs to.
    pub(super) fn check(&self, path: &Path, buffers: Buffers, versions: BTreeMap<PathBuf, i32>) {
        let dirs: Vec<(PathBuf, PathBuf)> =
            lock(&self.known).iter().filter_map(|(dir, k)| Some((dir.clone(), k.source.clone()?))).collect();
        for recipe in project::recipes_of(path, &over_disk(&buffers), &dirs) {
            // the thread ends only with the server
            let _ = self.jobs.send(Job { recipe, buffers: buffers.clone(), versions: versions.clone() });
        }
    }

    /// Takes back what was told of the recipes that a file belongs to, because none of their files is open any more.
    pub(super) fn close(&self, path: &Path, open: &[PathBuf]) {
        let mut known = lock(&self.known);
        let closed =
            |dir: &PathBuf, k: &Known| belongs(path, dir, k) && !open.iter().any(|o| belongs(o, dir, k));
        for (_, of) in known.iter_mut().filter(|(dir, k)| closed(dir, k)) {
            for file in std::mem::take(&mut of.told) {
                self.teller.tell(&file, None, &[]);
            }
        }
    }

    /// What is known of the recipes that a file belongs to.
    pub(super) fn known_of(&self, path: &Path) -> Known {
        let known = lock(&self.known);
        known.iter().find(|(dir, k)| belongs(path, dir, k)).map(|(_, k)| k.clone()).unwrap_or_default()
    }
}

/// The disk behind the editor's texts.
fn over_disk(buffers: &Buffers) -> Overlay<'static> {
    Overlay { under: &Disk, buffers: buffers.clone() }
}

/// Whether a file is one of a recipe: in its directory, or in its source.
fn belongs(path: &Path, recipe: &Path, known: &Known) -> bool {
    path.starts_with(recipe) || known.source.as_ref().is_some_and(|source| path.starts_with(source))
}

impl Worker {
    fn work(&self, todo: &Receiver<Job>) {
        let (clock, mut git) = (clock(), None);
        while let Ok(first) = todo.recv() {
            let mut newest: BTreeMap<PathBuf, Job> = BTreeMap::from([(first.recipe.clone(), first)]);
            for job in todo.try_iter() {
                newest.insert(job.recipe.clone(), job);
            }
            for job in newest.into_values() {
                // what git needs is made once, and again only if that failed
                if git.is_none() {
                    git = self.session.git(clock.clone()).ok();
                }
                let Some(git) = &git else { continue };
                // a bug of ccci must not end the findings of all files; the hook for panics reports it
                let _ = catch_unwind(AssertUnwindSafe(|| self.check(&job, git, &clock)));
            }
        }
    }

    fn check(&self, job: &Job, git: &GitAdapter, clock: &Arc<dyn Clock>) {
        let files = over_disk(&job.buffers);
        let sources = BufferedSources { sources: git, buffers: &job.buffers, remembered: &self.remembered };
        let dir = job.recipe.to_string_lossy().into_owned();
        // a directory that cannot be read is told by the editor, which shows it
        let Ok(checked) = self.session.check_in(&dir, &Reading { files: &files, sources: &sources }, clock)
        else {
            return;
        };
        self.learn(job, checked);
    }

    fn learn(&self, job: &Job, checked: Checked) {
        let Checked { said, gathered, .. } = checked;
        let here = &self.session.config.here;
        let file_of = |d: &Diagnostic| match &d.place {
            Some(place) => tidied(&here.join(&place.text.path)),
            None => job.recipe.join("recipe.toml"),
        };
        let findings: Vec<(PathBuf, Diagnostic)> = said.into_iter().map(|d| (file_of(&d), d)).collect();
        let mut by_file: BTreeMap<&Path, Vec<&Diagnostic>> = BTreeMap::new();
        for (file, d) in &findings {
            by_file.entry(file).or_default().push(d);
        }
        let told: BTreeSet<PathBuf> = by_file.keys().map(|f| f.to_path_buf()).collect();
        let version = |file: &Path| job.versions.get(file).copied();
        // a client may ask about what it was just told
        let before = self.keep(job, gathered, &findings, &told);
        for file in before.told.difference(&told) {
            self.teller.tell(file, version(file), &[]);
        }
        for (file, all) in &by_file {
            // the client knows what has not changed, unless it waits for the findings of a version
            let known = before.findings.iter().filter(|(of, _)| of == file).map(|(_, d)| d);
            let is_known = before.told.contains(*file) && !self.is_told_elsewhere(job, file);
            if version(file).is_some() || !is_known || !known.eq(all.iter().copied()) {
                self.teller.tell(file, version(file), all);
            }
        }
    }

    /// Whether another recipe tells of this file, which may be one of a source that they share.
    fn is_told_elsewhere(&self, job: &Job, file: &Path) -> bool {
        lock(&self.known).iter().any(|(dir, known)| *dir != job.recipe && known.told.contains(file))
    }

    /// Keeps what a check has shown; returns what was known before.
    fn keep(
        &self,
        job: &Job,
        gathered: Option<Gathered>,
        findings: &[(PathBuf, Diagnostic)],
        told: &BTreeSet<PathBuf>,
    ) -> Known {
        let mut known = lock(&self.known);
        let of = known.entry(job.recipe.clone()).or_default();
        if let Some(gathered) = gathered {
            let path = gathered.source.kind == SourceKind::Path;
            let root = self.session.config.here.join(&gathered.source.given);
            of.source = path.then(|| tidied(&root));
            of.gathered = Some(Arc::new(gathered));
        }
        Known {
            findings: std::mem::replace(&mut of.findings, findings.to_vec()),
            told: std::mem::replace(&mut of.told, told.clone()),
            ..Known::default()
        }
    }
}

impl Teller {
    fn tell(&self, file: &Path, version: Option<i32>, all: &[&Diagnostic]) {
        let diagnostics = all.iter().map(|d| told::diagnostic(d, self.encoding)).collect();
        let params = PublishDiagnosticsParams { uri: address::uri(file), version, diagnostics };
        let message = Notification::new("textDocument/publishDiagnostics".into(), params);
        (self.send)(Message::Notification(message));
    }
}
