//! Objects of a repository, all read by one process of git that answers one question after another.
//! Starting git costs more than everything it does for a recipe.
#![expect(clippy::disallowed_methods, reason = "this file bounds git in time")]

use super::call::{Call, MOST_COMPLAINT, Reach, left};
use super::content::{self, Raw};
use super::decode::{self, Entry, Is, Kind};
use super::index::Tracked;
use super::{GitAdapter, last_words, words};
use crate::child;
use ccci_model::name::Revision;
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::sources::SourceError;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};

/// The command that answers.
const BATCH: &[&str] = &["cat-file", "--batch"];
/// Most bytes of tree objects and paths of a revision: more than a recipe's repository has.
const MOST_NAMES: usize = 32 << 20;
/// Largest object that is a tag or a commit for us, bytes.
const MOST_SMALL: u64 = 64 << 10;
/// Longest first line of an answer, bytes: it repeats the name that was asked for.
const LONGEST_HEADER: u64 = 4_096;

/// What a small object is, and its content.
pub(super) type Small = (Kind, Vec<u8>);

/// The objects of a repository.
pub(super) struct Objects<'a> {
    adapter: &'a GitAdapter,
    dir: PathBuf,
    limit: Limit,
    /// The process, from the first question on.
    git: RefCell<Option<Git>>,
}

struct Git {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

/// An answer.
enum Answer {
    /// The object, as long as it is not too big.
    Bytes(Kind, Vec<u8>),
    /// Its size, if that is more than was asked for.
    TooBig,
    /// The repository has no such object.
    Missing,
}

/// A file of a revision, before it is read.
struct Leaf {
    mode: u32,
    link: bool,
    object: String,
}

/// All paths of a revision.
#[derive(Default)]
pub(super) struct Walked {
    leaves: BTreeMap<String, Leaf>,
    unread: BTreeMap<String, Raw>,
}

impl Walked {
    /// Whether these are exactly the files of an index.
    pub(super) fn is(&self, index: &BTreeMap<String, Tracked>) -> bool {
        let same = |(path, leaf): (&String, &Leaf)| {
            index.get(path).is_some_and(|t| t.mode == leaf.mode && t.object == leaf.object)
        };
        self.unread.is_empty() && self.leaves.len() == index.len() && self.leaves.iter().all(same)
    }
}

impl<'a> Objects<'a> {
    /// Starts nothing before the first question.
    pub(super) fn new(adapter: &'a GitAdapter, dir: &Path, limit: &Limit) -> Objects<'a> {
        Objects { adapter, dir: dir.to_path_buf(), limit: limit.clone(), git: RefCell::new(None) }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn limit(&self) -> &Limit {
        &self.limit
    }

    /// Starts git before there is a question, if it is known that there will be one. Must be called on the runtime.
    pub(super) fn begin(&self) -> Result<(), SourceError> {
        let git = Git::of(self.call().start(BATCH[0])?)?;
        self.git.replace(Some(git));
        Ok(())
    }

    fn call(&self) -> Call<'_> {
        let (home, dir, reach) = (self.adapter.home.path(), &*self.dir, Reach::Here);
        Call { home, dir, reach, work_tree: false, emptied: &[], args: BATCH, input: vec![] }
    }

    /// Small objects, in the order of their names; `None` if one is missing or big.
    pub(super) fn small(&self, names: &[String]) -> Result<Option<Vec<Small>>, SourceError> {
        let answers = self.ask(names, MOST_SMALL, MOST_NAMES as u64)?;
        let known = |answer| match answer {
            Answer::Bytes(kind, bytes) => Some((kind, bytes)),
            Answer::TooBig | Answer::Missing => None,
        };
        Ok(answers.and_then(|all| all.into_iter().map(known).collect()))
    }

    /// The files that were found below a commit, without those of `except`.
    pub(super) fn files(
        &self,
        walked: Walked,
        except: &[String],
    ) -> Result<BTreeMap<String, Raw>, SourceError> {
        let Walked { mut leaves, unread: mut raw } = walked;
        leaves.retain(|path, _| !except.contains(path));
        let desired: Vec<String> = leaves.values().map(|leaf| leaf.object.clone()).collect();
        let total = content::MOST_TOTAL;
        let answers = match self.ask(&desired, content::MOST_FILE, total)? {
            Some(answers) => answers,
            // most of such a repository is not read: ask for sizes first
            None => {
                self.leave_out(&mut leaves, &mut raw)?;
                let desired: Vec<String> = leaves.values().map(|leaf| leaf.object.clone()).collect();
                self.ask(&desired, content::MOST_FILE, total)?.unwrap_or_default()
            }
        };
        for ((path, leaf), answer) in leaves.into_iter().zip(answers) {
            let Answer::Bytes(_, bytes) = answer else { return Err(self.missing(&path)) };
            let link = leaf.link.then(|| String::from_utf8(bytes.clone()).ok()).flatten();
            raw.insert(path, link.map_or(Raw::Bytes(bytes), Raw::Link));
        }
        Ok(raw)
    }

    /// All paths of a commit: those to read, and those that cannot be read.
    pub(super) fn walk(&self, commit: &Revision) -> Result<Walked, SourceError> {
        let mut walked = Walked::default();
        let mut level = vec![(String::new(), format!("{commit}^{{tree}}"))];
        let mut room = MOST_NAMES;
        while !level.is_empty() {
            let (directories, objects): (Vec<String>, Vec<String>) = level.drain(..).unzip();
            let most = MOST_NAMES as u64;
            let answers = self.ask(&objects, most, most)?.ok_or_else(|| self.too_many())?;
            for (directory, answer) in directories.into_iter().zip(answers) {
                let Answer::Bytes(_, bytes) = answer else { return Err(self.missing(&directory)) };
                for Entry { is, mode, name, object } in decode::tree(&bytes).ok_or_else(odd)? {
                    let path = format!("{directory}{name}");
                    room = room.checked_sub(path.len() + object.len()).ok_or_else(|| self.too_many())?;
                    match is {
                        Is::Tree => level.push((format!("{path}/"), object)),
                        Is::Module => {
                            let why = "it is another repository (a submodule)";
                            walked.unread.insert(path, Raw::Unread(why.into()));
                        }
                        Is::File | Is::Link => {
                            walked.leaves.insert(path, Leaf { mode, link: is == Is::Link, object });
                        }
                    }
                }
            }
        }
        Ok(walked)
    }

    /// Leaves out what is too big, and what does not fit any more.
    fn leave_out(
        &self,
        leaves: &mut BTreeMap<String, Leaf>,
        raw: &mut BTreeMap<String, Raw>,
    ) -> Result<(), SourceError> {
        let input: String = leaves.values().map(|leaf| format!("{}\n", leaf.object)).collect();
        let args = ["cat-file", "--batch-check=%(objectsize)"];
        let out = self.adapter.good(&self.dir, &args, input.into_bytes(), &self.limit)?;
        let out = String::from_utf8_lossy(&out).into_owned();
        let (mut sizes, mut total) = (out.lines(), 0);
        leaves.retain(|path, _| {
            // what is missing is found when it is read
            let size = sizes.next().and_then(|line| line.parse().ok()).unwrap_or(0);
            let why = match size {
                _ if size > content::MOST_FILE => content::too_big(size),
                _ if total + size > content::MOST_TOTAL => Raw::Unread("the repository is too big".into()),
                _ => {
                    total += size;
                    return true;
                }
            };
            raw.insert(path.clone(), why);
            false
        });
        Ok(())
    }

    fn missing(&self, path: &str) -> SourceError {
        let args = ["config", "--get-regexp", "^remote\\..*\\.promisor$"];
        let partial = self.adapter.say(Reach::Here, &self.dir, &args, &self.limit).is_ok_and(|s| s.code == 0);
        SourceError::Missing { path: path.into(), partial }
    }

    fn too_many(&self) -> SourceError {
        let source = io::Error::other(format!("its files have more than {} MiB of names", MOST_NAMES >> 20));
        SourceError::Io { what: format!("read the files of `{}`", self.dir.display()), source }
    }

    /// The objects of these names, in their order; `None` if one of them has more than `each` bytes, or all have more
    /// than `all`.
    fn ask(&self, names: &[String], each: u64, all: u64) -> Result<Option<Vec<Answer>>, SourceError> {
        if names.is_empty() {
            return Ok(Some(vec![]));
        }
        let call = self.call();
        let command = call.name();
        let left = left(&command, &*self.adapter.clock, &self.limit)?;
        let (bound, late) = call.bound(left, &command);
        let mut git = self.git.borrow_mut();
        self.adapter.runtime.block_on(async {
            let mut now = match git.take() {
                Some(now) => now,
                None => Git::of(call.start(&command)?)?,
            };
            let answers = tokio::select! {
                answers = now.exchange(names, each, all) => answers,
                () = tokio::time::sleep(bound) => return Err(late),
                () = self.limit.stop.token().cancelled() => return Err(SourceError::Stopped { command }),
            };
            match answers {
                Ok(Some(answers)) => {
                    // it answers the next question too
                    *git = Some(now);
                    Ok(Some(answers))
                }
                Ok(None) => Ok(None),
                Err(e) => Err(now.ended(command, e).await),
            }
        })
    }
}

impl Git {
    fn of(mut child: Child) -> Result<Git, SourceError> {
        match (child.stdin.take(), child.stdout.take()) {
            (Some(stdin), Some(stdout)) => Ok(Git { child, stdin, stdout: BufReader::new(stdout) }),
            _ => Err(odd()),
        }
    }

    async fn exchange(&mut self, names: &[String], each: u64, all: u64) -> io::Result<Option<Vec<Answer>>> {
        let Git { stdin, stdout, .. } = self;
        let asked: String = names.iter().map(|name| format!("{name}\n")).collect();
        let asking = async {
            // if git has ended, reading tells it
            let _ = stdin.write_all(asked.as_bytes()).await;
            let _ = stdin.flush().await;
        };
        let reading = async {
            let (mut out, mut room) = (vec![], all);
            for _ in names {
                let answer = answer(stdout, each.min(room)).await?;
                match &answer {
                    Answer::Bytes(_, bytes) => room -= bytes.len() as u64,
                    Answer::TooBig => return Ok(None),
                    Answer::Missing => {}
                }
                out.push(answer);
            }
            Ok(Some(out))
        };
        // git is not asked any more after an answer that is too big
        tokio::pin!(asking);
        tokio::pin!(reading);
        tokio::select! {
            read = &mut reading => read,
            () = &mut asking => reading.await,
        }
    }

    /// Why git does not answer any more.
    async fn ended(mut self, command: String, source: io::Error) -> SourceError {
        let mut said = vec![];
        if let Some(stderr) = self.child.stderr.take() {
            let _ = self.child.start_kill();
            let _ = stderr.take(MOST_COMPLAINT).read_to_end(&mut said).await;
        }
        let code = self.child.wait().await.ok().and_then(|status| status.code());
        let said = String::from_utf8_lossy(&said).trim().to_string();
        match code {
            code if child::not_started(code, &said).is_some() => SourceError::NoGit,
            Some(code) => words::failed(command, code, last_words(&said)),
            None => SourceError::Io { what: format!("exchange data with `git {command}`"), source },
        }
    }
}

async fn answer(from: &mut BufReader<ChildStdout>, most: u64) -> io::Result<Answer> {
    let mut line = vec![];
    from.take(LONGEST_HEADER).read_until(b'\n', &mut line).await?;
    if line.last() != Some(&b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let line = String::from_utf8_lossy(&line).into_owned();
    let Some((kind, size)) = decode::header(&line) else { return Ok(Answer::Missing) };
    if size > most {
        return Ok(Answer::TooBig);
    }
    // a line break follows
    let mut bytes = vec![0; size as usize + 1];
    from.read_exact(&mut bytes).await?;
    bytes.pop();
    Ok(Answer::Bytes(kind, bytes))
}

fn odd() -> SourceError {
    SourceError::Odd { command: BATCH[0].into(), what: "an object that is no tree".into() }
}
