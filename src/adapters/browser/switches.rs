//! SWITCHES: how Chromium is started, one row each with the reason, and the preferences that have no switch.

use super::network::PROXY;
use serde_json::{Value, json};

/// The name under which the browser knows the ingress. It means nothing outside of the browser.
const FENCE: &str = "ccci-fence.invalid";

/// Switches that do not depend on the run.
const SWITCHES: &[(&str, &str)] = &[
    ("headless=new", "no window: there is no screen"),
    ("window-size=1280,800", "the size of a page (SPEC 12)"),
    ("force-device-scale-factor=1", "one pixel of a picture is one of the page"),
    ("hide-scrollbars", "pictures are equal whether a page scrolls or not"),
    ("disable-gpu", "there is none"),
    ("disable-dev-shm-usage", "containers often have 64 MiB there, and the browser ends when it is full"),
    ("remote-debugging-pipe", "the driver steers the browser through a pipe, so no port is open"),
    ("proxy-bypass-list=<-loopback>", "by default names and numbers of loopback go past the proxy"),
    ("disable-quic", "UDP would go past the proxy"),
    (
        "force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        "the same for calls; the headless browser reads this form",
    ),
    ("webrtc-ip-handling-policy=disable_non_proxied_udp", "the form that other builds read"),
    ("disable-background-networking", "no requests that nobody asked for"),
    ("disable-component-update", "no updates of its parts"),
    ("disable-sync", "no account"),
    ("disable-domain-reliability", "no reports about failed requests"),
    ("disable-client-side-phishing-detection", "no lists of names are loaded"),
    ("disable-field-trial-config", "every run has the same features"),
    ("disable-default-apps", "nothing is installed"),
    ("disable-extensions", "nothing that the machine's owner installed changes a page"),
    ("disable-breakpad", "no reports of crashes"),
    ("disable-crash-reporter", "no process that waits for crashes"),
    ("no-pings", "no requests that pages send when they are left"),
    ("no-first-run", "no greeting"),
    ("no-default-browser-check", "no question"),
    ("metrics-recording-only", "no statistics are sent"),
    ("mute-audio", "there is no sound"),
    ("password-store=basic", "no key ring of the desktop is asked"),
    ("renderer-process-limit=4", "bounds the memory"),
    ("js-flags=--max-old-space-size=512", "bounds the memory of a page's scripts, in MiB"),
    (
        "disable-features=OptimizationHints,MediaRouter,DialMediaRouteProvider,NetworkTimeServiceQuerying,Translate,\
         HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,AutofillServerCommunication,CertificateTransparencyComponentUpdater,\
         WebRtcHideLocalIpsWithMdns",
        "multicast (for calls too), time queries and look-ups that no page asked for; and no silent change from HTTP to HTTPS",
    ),
];

/// What a browser of a run is told.
pub(super) struct Told<'a> {
    /// The program that the driver starts as the browser; `None` is its own choice.
    pub binary: Option<String>,
    /// Port of the ingress's proxy on loopback.
    pub proxy: u16,
    /// SHA-256 of the public key of the run's authority, base64.
    pub trusted: &'a str,
    /// Directory of the profile.
    pub profile: &'a str,
    /// Whether this process is root, for whom the browser's own sandbox does not work.
    pub is_root: bool,
}

/// The arguments of Chromium.
fn arguments(told: &Told<'_>) -> Vec<String> {
    let mut all: Vec<String> = SWITCHES.iter().map(|(switch, _)| format!("--{switch}")).collect();
    all.push(format!("{PROXY}http://{FENCE}:{}", told.proxy));
    // the second fence: without the proxy no name and no number resolves
    all.push(format!("--host-resolver-rules=MAP {FENCE} 127.0.0.1, MAP * ^NOTFOUND"));
    all.push(format!("--ignore-certificate-errors-spki-list={}", told.trusted));
    all.push(format!("--user-data-dir={}", told.profile));
    if told.is_root {
        all.push("--no-sandbox".into());
    }
    all
}

/// The capabilities of a session.
pub(super) fn capabilities(told: &Told<'_>) -> serde_json::Map<String, Value> {
    let prefs = json!({
        "net.network_prediction_options": 2,
        "dns_over_https.mode": "off",
        "download_restrictions": 3,
        "credentials_enable_service": false,
        "profile.password_manager_enabled": false,
        "profile.password_manager_leak_detection": false,
        "profile.default_content_setting_values.notifications": 2,
        "profile.default_content_setting_values.geolocation": 2,
        "intl.accept_languages": "en-US,en",
    });
    let mut all = json!({
        "browserName": "chrome",
        "pageLoadStrategy": "eager",
        "unhandledPromptBehavior": "dismiss and notify",
        "timeouts": { "implicit": 0, "pageLoad": 30_000, "script": 10_000 },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        "goog:chromeOptions": {
            "args": arguments(told),
            "prefs": prefs,
            "perfLoggingPrefs": { "enableNetwork": true, "enablePage": false },
        },
    });
    if let Some(binary) = &told.binary {
        all["goog:chromeOptions"]["binary"] = json!(binary);
    }
    let Value::Object(all) = all else { unreachable!("json! of braces is an object") };
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_unique_and_have_reasons_and_only_the_last_list_of_features_would_count() {
        for (i, (switch, why)) in SWITCHES.iter().enumerate() {
            let name = |s: &str| s.split('=').next().map(str::to_string);
            assert!(!SWITCHES[..i].iter().any(|(o, _)| name(o) == name(switch)), "{switch} twice");
            assert!(!why.is_empty() && !switch.starts_with('-'), "{switch}");
        }
    }

    #[test]
    fn both_fences_stand_and_the_sandbox_is_off_for_root_only() {
        let told = |is_root| Told { binary: None, proxy: 4711, trusted: "abc=", profile: "/p", is_root };
        let args = arguments(&told(false));
        assert!(args.contains(&"--proxy-server=http://ccci-fence.invalid:4711".to_string()));
        assert!(args.contains(
            &"--host-resolver-rules=MAP ccci-fence.invalid 127.0.0.1, MAP * ^NOTFOUND".to_string()
        ));
        assert!(!args.iter().any(|a| a == "--no-sandbox" || a.contains("ignore-certificate-errors ")));
        assert!(arguments(&told(true)).contains(&"--no-sandbox".to_string()));
    }
}
