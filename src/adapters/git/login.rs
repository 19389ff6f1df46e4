//! The login that is part of a source's address.
//! Everybody on the machine can read the arguments of a process. So git gets the address without the login, and the
//! login from a file in memory that only this process has open.

use reqwest::Url;
use rustix::fs::MemfdFlags;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;

/// A login for one host.
pub(super) struct Login {
    /// `https://host:port`.
    host: String,
    file: File,
}

/// An address without its login, and the login.
pub(super) fn split(address: &str) -> io::Result<(String, Option<Login>)> {
    let Some(mut url) = Url::parse(address).ok().filter(|u| ["http", "https"].contains(&u.scheme())) else {
        return Ok((address.to_string(), None));
    };
    if url.username().is_empty() && url.password().is_none() {
        return Ok((address.to_string(), None));
    }
    let (user, password) = (read(url.username()), read(url.password().unwrap_or_default()));
    if [&user, &password].iter().any(|v| v.contains(['\n', '\0'])) {
        return Err(io::Error::other("the login in the source's address has a line break"));
    }
    // this fails only for an address without a host, which has no login
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    let host = url.origin().ascii_serialization();
    let mut file = File::from(rustix::fs::memfd_create("login", MemfdFlags::CLOEXEC)?);
    file.write_all(format!("username={user}\npassword={password}\n").as_bytes())?;
    Ok((url.to_string(), Some(Login { host, file })))
}

impl Login {
    /// Settings that make git ask for it here and nowhere else. The path leads to the file as long as this process
    /// has it open.
    pub(super) fn settings(&self) -> [String; 2] {
        let path = format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd());
        ["credential.helper=".into(), format!("credential.{}.helper=!f() {{ cat {path}; }}; f", self.host)]
    }
}

/// Decodes percent-encoding.
fn read(written: &str) -> String {
    percent_encoding::percent_decode_str(written).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(address: &str) -> (String, String) {
        let (bare, login) = split(address).unwrap();
        let login = login.unwrap();
        let setting = login.settings()[1].clone();
        let path = setting.split("cat ").nth(1).unwrap().split(';').next().unwrap().to_string();
        // twice, because git may ask again
        assert_eq!(std::fs::read_to_string(&path).unwrap(), std::fs::read_to_string(&path).unwrap());
        (bare, format!("{setting}\n{}", std::fs::read_to_string(path).unwrap()))
    }

    #[test]
    fn a_login_is_taken_out_of_the_address_and_read_by_who_asks_for_that_host() {
        let (bare, told) = asked("https://bot:S3%24cr%2BtTok@git.example:8443/x.git");
        assert_eq!(bare, "https://git.example:8443/x.git");
        assert!(told.starts_with("credential.https://git.example:8443.helper=!f() { cat /proc/"), "{told}");
        assert!(told.ends_with("\nusername=bot\npassword=S3$cr+tTok\n"), "{told}");
        assert!(!told.lines().next().unwrap().contains("Tok"), "{told}");
        let (bare, told) = asked("http://ghp_0123@git.example/x.git");
        assert_eq!(bare, "http://git.example/x.git");
        assert!(told.ends_with("\nusername=ghp_0123\npassword=\n"), "{told}");
    }

    #[test]
    fn an_address_without_a_login_stays_as_it_is() {
        for address in ["../x", "git@git.example:x.git", "https://git.example/x.git", "ssh://git@host/x.git"]
        {
            let (bare, login) = split(address).unwrap();
            assert!(login.is_none() && bare == address, "{bare}");
        }
        assert!(split("https://a:b%0Ac@git.example/x.git").is_err());
    }
}
