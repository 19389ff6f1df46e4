//! A network of the browser's own, in a namespace of the kernel: nothing that a page does reaches the machine's networks,
//! and their changes do not break the page's requests.
#![expect(clippy::disallowed_methods, reason = "this file starts the browser")]

use futures_util::TryStreamExt;
use rtnetlink::packet_route::link::{AfSpecInet6, AfSpecUnspec, In6AddrGenMode, LinkAttribute};
use rtnetlink::{Handle, LinkUnspec, LinkVeth};
use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::process::{getegid, geteuid};
use rustix::thread::UnshareFlags;
use std::ffi::OsString;
use std::fs;
use std::io::{self, IoSlice, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// The name under which the driver starts ccci as its browser.
pub(super) const NAME: &str = "ccci-browser-alone";
/// The first argument of a call that only tries whether a network can be made.
pub(super) const TRY: &str = "--try-network";
/// The socket, in the browser's directory, through which the relay gets the listener.
pub(super) const SOCKET: &str = "network";
/// Names of Chromium, looked for on the PATH in this order.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// The two ends of a cable that leads nowhere. Chromium tells pages that they are offline unless a card is up and has an
/// address (measured with 156: loopback alone is offline).
const CARDS: [&str; 2] = ["page0", "page1"];
/// The address of the first card, of the block for documentation (RFC 5737). No route leads anywhere from it.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// The switch of Chromium that names the proxy.
pub(super) const PROXY: &str = "--proxy-server=";

/// Where Chromium is.
fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let all: Vec<PathBuf> = std::env::split_paths(&path).collect();
    BROWSERS.iter().find_map(|name| all.iter().map(|dir| dir.join(name)).find(|file| file.is_file()))
}

/// Tries whether a browser can have a network of its own on this machine. `program` is the executable of ccci itself.
///
/// # Errors
///
/// Why it cannot.
pub fn try_own(program: &Path) -> Result<(), String> {
    chromium().ok_or_else(|| format!("none of {} is on the PATH", BROWSERS.join(", ")))?;
    let tried = Command::new(program).arg(TRY).stdin(Stdio::null()).output();
    let tried = tried.map_err(|e| format!("{}: {e}", program.display()))?;
    match tried.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&tried.stderr).trim().to_string()),
    }
}

/// The call that tries.
pub(super) fn tried() -> ExitCode {
    said(make().map(drop).map_err(|e| format!("the kernel refuses a network of its own: {e}")))
}

/// The call of the driver: makes the network, hands its door to the relay and becomes Chromium. `own` is the name of this
/// call; it lies in the browser's directory.
pub(super) fn enter(own: &Path, args: Vec<OsString>) -> ExitCode {
    let begun = open(own.parent().unwrap_or(Path::new(".")), &args);
    let ran = begun.and_then(|()| {
        let browser = chromium().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Err(Command::new(browser).args(args).exec())
    });
    said(ran.map_err(|e: io::Error| format!("failed to start the browser in a network of its own: {e}")))
}

fn said(done: Result<(), String>) -> ExitCode {
    let Err(why) = done else { return ExitCode::SUCCESS };
    let _ = writeln!(io::stderr(), "{why}");
    ExitCode::FAILURE
}

/// Makes the network, listens in it where Chromium expects the proxy, and gives the listener away.
fn open(dir: &Path, args: &[OsString]) -> io::Result<()> {
    let proxy = args.iter().filter_map(|a| a.to_str()?.strip_prefix(PROXY)?.rsplit_once(':'));
    let port = proxy.filter_map(|(_, port)| port.parse().ok()).next();
    let port: u16 = port.ok_or_else(|| io::Error::other(format!("no {PROXY} among the arguments")))?;
    let dir = fs::File::open(dir)?;
    let relay = UnixStream::connect(short(&dir, SOCKET))?;
    make()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let handed = [listener.as_fd()];
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut message = SendAncillaryBuffer::new(&mut space);
    message.push(SendAncillaryMessage::ScmRights(&handed));
    sendmsg(&relay, &[IoSlice::new(b"l")], &mut message, SendFlags::empty())?;
    Ok(())
}

/// A path of a file in a directory that is short enough for a socket (108 bytes), however long the directory's is.
pub(super) fn short(dir: &impl AsFd, name: &str) -> PathBuf {
    use std::os::fd::AsRawFd;
    format!("/proc/self/fd/{}/{name}", dir.as_fd().as_raw_fd()).into()
}

/// Moves this process, which has one thread, into a network that has loopback and the cable.
fn make() -> io::Result<()> {
    unshare(UnshareFlags::NEWNET).or_else(|_| as_root_of_its_own())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(set_up())
}

/// The same for a user who may not make networks: a namespace of users in which it may.
fn as_root_of_its_own() -> io::Result<()> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNET)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}

#[expect(deprecated, reason = "only sharing of files makes it unsafe, which is not asked for here")]
fn unshare(what: UnshareFlags) -> Result<(), Errno> {
    rustix::thread::unshare(what)
}

async fn set_up() -> io::Result<()> {
    let (connection, kernel, _) = rtnetlink::new_connection()?;
    tokio::spawn(connection);
    plug_in(&kernel).await.map_err(io::Error::other)
}

async fn plug_in(kernel: &Handle) -> Result<(), rtnetlink::Error> {
    let [first, second] = CARDS;
    kernel.link().add(LinkVeth::new(first, second).build()).execute().await?;
    for name in CARDS {
        // without IPv6 the kernel refuses this, and there is nothing to prevent
        let _ = kernel
            .link()
            .change(LinkUnspec::new_with_name(name).append_extra_attribute(no_ipv6()).build())
            .execute()
            .await;
    }
    for name in ["lo", first, second] {
        kernel.link().change(LinkUnspec::new_with_name(name).up().build()).execute().await?;
    }
    let found = kernel.link().get().match_name(first).execute().try_next().await?;
    let card = found.ok_or(rtnetlink::Error::RequestFailed)?.header.index;
    kernel.address().add(card, ADDRESS.into(), 32).execute().await
}

/// No address of IPv6: the kernel gives it a second after the card is up, which Chromium takes for a change of networks.
fn no_ipv6() -> LinkAttribute {
    let none = AfSpecInet6::AddrGenMode(In6AddrGenMode::None);
    LinkAttribute::AfSpecUnspec(vec![AfSpecUnspec::Inet6(vec![none])])
}
