//! Listens to the engine's events, only to wake a waiting run, and notices that the engine was lost or gave no answer.
//! What happened is always asked for again.

use super::connect::client;
use super::filters;
use bollard::query_parameters::EventsOptionsBuilder;
use ccci_swarm::ports::Clock;
use futures_util::StreamExt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// Actions that can mean progress. Health checks cause `exec_*` events all the time; those wake no one.
const TELLING: &[&str] = &["start", "die", "destroy", "create", "update", "remove", "rm"];

/// Time between two questions to an engine that answers.
const BEAT: Duration = Duration::from_secs(2);

/// What was noticed of the engine since its port was opened.
#[derive(Default)]
pub(super) struct Noticed {
    /// How often it was lost.
    pub losses: AtomicU64,
    /// For how long it gave no answer, ms.
    pub silent_ms: AtomicU64,
}

/// Asks the engine without end whether it is there. An answer that takes longer than `silent` is counted with all of its
/// time, also while it is awaited. A command that runs for long does not look like that, as this is a call of its own.
pub(super) async fn beat(host: String, clock: Arc<dyn Clock>, noticed: Arc<Noticed>, silent: Duration) {
    loop {
        if let Ok(docker) = client(&host) {
            let (began, mut counted) = (clock.now(), 0);
            let mut answer = pin!(docker.ping());
            loop {
                let answered = tokio::time::timeout(silent, &mut answer).await.is_ok();
                let ms = clock.now().since(began).as_millis() as u64;
                if !answered || counted > 0 {
                    noticed.silent_ms.fetch_add(ms - counted, Ordering::SeqCst);
                    counted = ms;
                }
                if answered {
                    break;
                }
            }
        }
        // this does not wait for anything of a run either
        let _ = tokio::time::timeout(BEAT, std::future::pending::<()>()).await;
    }
}

/// Listens without end. The loss of an engine is counted, and a new connection is tried each second.
pub(super) async fn listen(host: String, moved: Arc<Notify>, noticed: Arc<Noticed>) {
    let mut there = false;
    loop {
        if let Ok(docker) = client(&host) {
            let answers = docker.ping().await.is_ok();
            if there && !answers {
                noticed.losses.fetch_add(1, Ordering::SeqCst);
            }
            there = answers;
            let kinds = filters(&[("type", "container"), ("type", "service")]);
            let options = EventsOptionsBuilder::default().filters(&kinds).build();
            let mut events = docker.events(Some(options));
            while let Some(Ok(event)) = events.next().await {
                let action = event.action.unwrap_or_default();
                if TELLING.contains(&action.as_str()) || action.starts_with("health_status") {
                    moved.notify_one();
                }
            }
            // a stream can end for other reasons; only an engine that does not answer at once counts as lost
            if there && docker.ping().await.is_err() {
                noticed.losses.fetch_add(1, Ordering::SeqCst);
                there = false;
            }
        }
        // this does not wait for anything of a run, so it is not in the wait loop; it is the time between two attempts
        let _ = tokio::time::timeout(Duration::from_secs(1), std::future::pending::<()>()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::RealClock;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;

    /// For how long an engine was silent, ms, that answers the first questions and none after them.
    fn silent_ms(answers: usize) -> u64 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("engine.sock");
        let listener = UnixListener::bind(&path).unwrap();
        std::thread::spawn(move || {
            let mut open = vec![];
            for (n, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                if n < answers {
                    let _ = stream.read(&mut [0; 1024]);
                    let _ = stream
                        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK");
                } else {
                    open.push(stream);
                }
            }
        });
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let noticed = Arc::new(Noticed::default());
        let host = format!("unix://{}", path.display());
        // kept until the runtime has ended, because a clock must not end inside of one
        let clock = Arc::new(RealClock::new(Arc::default()));
        let beating = beat(host, clock.clone(), noticed.clone(), Duration::from_millis(100));
        runtime
            .block_on(async { tokio::time::timeout(Duration::from_millis(450), beating).await })
            .unwrap_err();
        noticed.silent_ms.load(Ordering::SeqCst)
    }

    #[test]
    fn an_engine_that_gives_no_answer_is_noticed_while_it_gives_none() {
        assert_eq!(silent_ms(9), 0);
        assert!(silent_ms(0) >= 300);
    }
}
