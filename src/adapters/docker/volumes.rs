//! Reads and writes volumes through a container of ccci, the holder.
//! It mounts the volumes of one run and nothing else, has no network, and runs this program (`adapters/volume`).
//! Its image is that of one of the stack's containers, because that is certainly on the engine; nothing of the
//! image is started. It carries the run's labels, so that the removal of a run includes it.

use super::decode::ENGINES_DRIVER;
use super::exec::exit_code;
use super::refusal::refused;
use super::{Swarm, filters, full_name};
use crate::volume::{NOTHING_THERE, PATH_TOO_LONG, Work};
use bollard::Docker;
use bollard::container::LogOutput;
use bollard::exec::StartExecResults;
use bollard::models::{
    ContainerCreateBody, ExecConfig, HealthConfig, HostConfig, Mount, MountType, MountVolumeOptions, Volume,
};
use bollard::query_parameters::{
    CreateContainerOptions, ListContainersOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveContainerOptionsBuilder, StartContainerOptions,
};
use ccci_model::name::{ServiceName, StackName};
use ccci_recipe::labels::STACK;
use ccci_swarm::ports::cluster::{DOMAIN_LABEL, RUN_LABEL};
use ccci_swarm::ports::lease::LEASE_LABEL;
use ccci_swarm::ports::volume::{Entry, InVolume};
use ccci_swarm::ports::{ClusterError, Limit};
use futures_util::StreamExt;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt;

/// Directory of the program in the holder.
const PROGRAM: &str = "/ccci-program";
/// Name of the program there.
const OWN: &str = "ccci";
/// Directory in which the volumes are mounted there.
const VOLUMES: &str = "/ccci-volumes";
/// How long a holder runs if it is not removed, s: longer than any backup.
const LONGEST: &str = "21600";
/// Most bytes of entries that are read; a million files need a fifth of it.
const MOST_SAID: usize = 1 << 30;
/// Bytes that are read at once from the input of a volume.
const PIECE: usize = 256 << 10;

/// A container that mounts volumes.
#[derive(Clone)]
pub(super) struct Holder {
    container: String,
    /// The command that calls the program in it.
    call: Vec<String>,
    /// Where each volume is mounted.
    volumes: BTreeMap<String, String>,
}

/// The input of a [`Work`], and where its output goes.
pub(super) struct Streams<'a> {
    pub(super) stdin: Option<&'a mut dyn Read>,
    pub(super) stdout: &'a mut dyn Write,
}

/// Exit code and standard error of a [`Work`].
pub(super) struct Said {
    code: i64,
    pub(super) stderr: Vec<u8>,
}

/// Reads the entries from lines of JSON.
pub(super) fn entries(lines: &[u8]) -> Result<Vec<Entry>, ClusterError> {
    let lines = lines.split(|b| *b == b'\n').filter(|l| !l.is_empty());
    lines.map(|l| serde_json::from_slice(l).map_err(unread)).collect()
}

/// The error for output of this program that cannot be understood.
pub(super) fn unread(e: serde_json::Error) -> ClusterError {
    ClusterError::Local(format!("read the result of the work on the volume: {e}"))
}

impl Swarm {
    /// Does one [`Work`] on a path inside a volume.
    pub(super) fn in_volume(
        &self,
        stack: &StackName,
        service: &ServiceName,
        at: &InVolume,
        streams: &mut Streams<'_>,
        work: Work,
        limit: &Limit,
    ) -> Result<Said, ClusterError> {
        let doing = format!("work on the volume `{}`", at.volume);
        let said = self.run(&doing, limit, async {
            let holder = self.holder(stack, service, &at.volume).await?;
            let dir = holder.volumes.get(&at.volume).map_or("", String::as_str);
            let argv = [holder.call, work.words(&[dir, &at.path])].concat();
            streamed(&self.connected().await?.docker, &holder.container, argv, streams).await
        })?;
        match said.code {
            0 => Ok(said),
            NOTHING_THERE => Err(ClusterError::Missing(format!("`{}` in volume `{}`", at.path, at.volume))),
            PATH_TOO_LONG => {
                let path = String::from_utf8_lossy(&said.stderr).trim().to_string();
                Err(ClusterError::PathTooLong { volume: at.volume.clone(), path })
            }
            code => {
                let text = String::from_utf8_lossy(&said.stderr);
                let text = format!("exit code {code}: {}", text.trim());
                Err(ClusterError::Refused { action: doing, text })
            }
        }
    }

    /// Removes the holder of a stack.
    pub(super) async fn let_go(&self, stack: &StackName) -> Result<(), ClusterError> {
        let Some(holder) = self.known().holders.remove(stack.as_str()) else { return Ok(()) };
        let docker = self.connected().await?.docker;
        let by_force = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        let removed = docker.remove_container(&holder.container, Some(by_force)).await;
        match removed.map_err(|e| refused("remove the container that held the volumes", &e)) {
            Err(ClusterError::Missing(_)) => Ok(()),
            other => other,
        }
    }

    /// The stack's holder. It is made if there is none yet or if the present one does not mount this volume.
    async fn holder(
        &self,
        stack: &StackName,
        service: &ServiceName,
        volume: &str,
    ) -> Result<Holder, ClusterError> {
        let known = self.known().holders.get(stack.as_str()).cloned();
        if let Some(holder) = known.filter(|h| h.volumes.contains_key(volume)) {
            return Ok(holder);
        }
        self.let_go(stack).await?;
        let docker = self.connected().await?.docker;
        let owned = self.owned(&docker, stack, service, volume).await?;
        let image = image_of(&docker, stack).await?;
        let volumes: BTreeMap<String, String> = owned
            .names
            .iter()
            .enumerate()
            .map(|(n, name)| (name.clone(), format!("{VOLUMES}/{n}")))
            .collect();
        let (call, files) = self.program_files().await?;
        let body = body(&docker, image, owned.labels, &volumes, &call).await?;
        let made = docker.create_container(None::<CreateContainerOptions>, body).await;
        let container = made.map_err(|e| refused("make a container that mounts the volumes", &e))?.id;
        let holder = Holder { container: container.clone(), call, volumes };
        self.known().holders.insert(stack.to_string(), holder.clone());
        self.write_archive(&container, "/", &mut { files }).await?;
        let started = docker.start_container(&container, None::<StartContainerOptions>).await;
        started.map_err(|e| refused("start the container that mounts the volumes", &e))?;
        Ok(holder)
    }

    /// All volumes of the run that made this one; only those whose files are on the engine.
    async fn owned(
        &self,
        docker: &Docker,
        stack: &StackName,
        service: &ServiceName,
        volume: &str,
    ) -> Result<Owned, ClusterError> {
        let not_ours = |why: &str| ClusterError::NotOurs { volume: volume.into(), why: why.into() };
        let observed =
            match docker.inspect_volume(volume).await.map_err(|e| refused("look at the volume", &e)) {
                Err(ClusterError::Missing(_)) => {
                    // if the service's tasks run on another node, its volume is there
                    self.tasks_here(&full_name(stack, service)).await?;
                    return Err(ClusterError::Missing(format!("the volume `{volume}`")));
                }
                other => other?,
            };
        if lives_elsewhere(&observed) {
            return Err(not_ours("its files are not on the engine"));
        }
        let domain = observed.labels.get(DOMAIN_LABEL).filter(|d| d.replace('.', "_") == stack.as_str());
        let (Some(domain), true) = (domain, observed.labels.contains_key(RUN_LABEL)) else {
            return Err(not_ours("this run did not make it"));
        };
        let label = format!("{DOMAIN_LABEL}={domain}");
        let options = ListVolumesOptionsBuilder::default().filters(&filters(&[("label", &label)])).build();
        let all = docker.list_volumes(Some(options)).await.map_err(|e| refused("list the volumes", &e))?;
        let mine = all.volumes.unwrap_or_default().into_iter().filter(|v| !lives_elsewhere(v));
        let of_run = [DOMAIN_LABEL, RUN_LABEL, LEASE_LABEL];
        let labels = observed.labels.iter().filter(|(key, _)| of_run.contains(&key.as_str()));
        let labels = labels.map(|(key, value)| (key.clone(), value.clone())).collect();
        Ok(Owned { names: mine.map(|v| v.name).collect(), labels })
    }

    /// The command that calls the program in the holder, and a tar of the program with its libraries.
    async fn program_files(&self) -> Result<(Vec<String>, io::PipeReader), ClusterError> {
        let failed = |e: io::Error| ClusterError::Local(format!("copy this program into a container: {e}"));
        let program = self.program.clone();
        let ask = move || crate::child::output(&program, &Work::Libraries.words(&[]));
        let said =
            tokio::task::spawn_blocking(ask).await.map_err(io::Error::other).flatten().map_err(failed)?;
        let mut files = vec![(OWN.to_string(), self.program.clone())];
        files.extend(said.lines().map(|path| {
            let name = Path::new(path).file_name().unwrap_or_default();
            (name.to_string_lossy().into_owned(), PathBuf::from(path))
        }));
        let loader =
            files.iter().map(|(name, _)| name).find(|n| n.starts_with("ld-") || n.starts_with("ld."));
        let own = format!("{PROGRAM}/{OWN}");
        let call = match loader {
            Some(loader) => vec![format!("{PROGRAM}/{loader}"), "--library-path".into(), PROGRAM.into(), own],
            // a program without libraries needs no loader
            None => vec![own],
        };
        let (reader, writer) = io::pipe().map_err(failed)?;
        std::thread::spawn(move || packed(&files, writer));
        Ok((call, reader))
    }
}

/// The volumes of a run, and the labels that name the run.
struct Owned {
    names: Vec<String>,
    labels: HashMap<String, String>,
}

/// Whether a volume's files are not on the engine: another driver or options make it a share, a path of the host,
/// or memory.
fn lives_elsewhere(volume: &Volume) -> bool {
    volume.driver != ENGINES_DRIVER || !volume.options.is_empty()
}

/// The image of a container of the stack, running or not.
async fn image_of(docker: &Docker, stack: &StackName) -> Result<String, ClusterError> {
    let label = format!("{STACK}={stack}");
    let mine = filters(&[("label", &label)]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&mine).build();
    let all = docker.list_containers(Some(options)).await.map_err(|e| refused("list the containers", &e))?;
    let image = all.into_iter().find_map(|c| c.image_id);
    image.ok_or_else(|| ClusterError::Missing(format!("a container of stack `{stack}`")))
}

async fn body(
    docker: &Docker,
    image: String,
    labels: HashMap<String, String>,
    volumes: &BTreeMap<String, String>,
    call: &[String],
) -> Result<ContainerCreateBody, ClusterError> {
    let observed = docker.inspect_image(&image).await.map_err(|e| refused("look at the image", &e))?;
    // for each of these the engine would make an anonymous volume
    let of_image = observed.config.and_then(|c| c.volumes).unwrap_or_default();
    let tmpfs: HashMap<String, String> = of_image.into_iter().map(|at| (at, String::new())).collect();
    let mounts = volumes.iter().map(|(name, at)| Mount {
        typ: Some(MountType::VOLUME),
        source: Some(name.clone()),
        target: Some(at.clone()),
        volume_options: Some(MountVolumeOptions { no_copy: Some(true), ..MountVolumeOptions::default() }),
        ..Mount::default()
    });
    let env = ["LD_PRELOAD=", "LD_LIBRARY_PATH=", "LD_AUDIT="].map(str::to_string).to_vec();
    Ok(ContainerCreateBody {
        image: Some(image),
        entrypoint: Some(call.to_vec()),
        cmd: Some(Work::Hold.words(&[LONGEST])),
        user: Some("0:0".into()),
        env: Some(env),
        labels: Some(labels),
        working_dir: Some("/".into()),
        healthcheck: Some(HealthConfig { test: Some(vec!["NONE".into()]), ..HealthConfig::default() }),
        network_disabled: Some(true),
        host_config: Some(HostConfig {
            mounts: Some(mounts.collect()),
            tmpfs: (!tmpfs.is_empty()).then_some(tmpfs),
            network_mode: Some("none".into()),
            // the volumes carry the SELinux labels of the app's containers
            security_opt: Some(vec!["label=disable".into()]),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    })
}

/// Writes a tar of these files, all in one directory. An error is reported by the reader.
fn packed(files: &[(String, PathBuf)], to: impl Write) -> io::Result<()> {
    let mut tar = tar::Builder::new(to);
    for (name, path) in files {
        let mut file = File::open(path)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(file.metadata()?.len());
        header.set_mode(0o755);
        tar.append_data(&mut header, Path::new(PROGRAM.trim_start_matches('/')).join(name), &mut file)?;
    }
    tar.into_inner()?.flush()
}

/// Runs a command whose input and output may be larger than the memory.
async fn streamed(
    docker: &Docker,
    container: &str,
    argv: Vec<String>,
    streams: &mut Streams<'_>,
) -> Result<Said, ClusterError> {
    let action = "work on a volume";
    let config = ExecConfig {
        attach_stdin: Some(streams.stdin.is_some()),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        cmd: Some(argv),
        ..ExecConfig::default()
    };
    let made = docker.create_exec(container, config).await.map_err(|e| refused(action, &e))?;
    let started = docker.start_exec(&made.id, None).await.map_err(|e| refused(action, &e))?;
    let StartExecResults::Attached { mut output, mut input } = started else {
        return Err(ClusterError::Refused {
            action: action.into(),
            text: "the engine ran it detached".into(),
        });
    };
    let Streams { stdin, stdout } = streams;
    let feed = async {
        if let Some(from) = stdin {
            let mut piece = vec![0; PIECE];
            loop {
                match from.read(&mut piece) {
                    Ok(0) => break,
                    // if the reader stopped, it reports why itself
                    Ok(n) => {
                        if input.write_all(&piece[..n]).await.is_err() {
                            break;
                        }
                    }
                    Err(e) => return Err(ClusterError::Local(format!("read the stored archive: {e}"))),
                }
            }
        }
        let _ = input.shutdown().await;
        Ok(())
    };
    let take = async {
        let mut stderr = vec![];
        while let Some(piece) = output.next().await {
            match piece.map_err(|e| refused(action, &e))? {
                LogOutput::StdErr { message } if stderr.len() < MOST_SAID => {
                    stderr.extend_from_slice(&message)
                }
                LogOutput::StdOut { message } | LogOutput::Console { message } => {
                    stdout
                        .write_all(&message)
                        .map_err(|e| ClusterError::Local(format!("keep the archive: {e}")))?;
                }
                _ => {}
            }
        }
        Ok(stderr)
    };
    let (fed, stderr) = tokio::join!(feed, take);
    let stderr = stderr?;
    let code = exit_code(docker, &made.id, action).await?;
    // a broken archive ends the program in the container; its error says more than that program's output
    fed?;
    Ok(Said { code, stderr })
}
