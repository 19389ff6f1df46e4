//! Pages that an app shows to a browser: good ones, and those with which something is wrong.

/// The page at a path.
pub(crate) fn html(path: &str) -> Option<String> {
    let body = match path {
        "/site" => {
            "<title>Front page</title><h1>Welcome</h1><nav><a href=/site/login>Log in</a></nav>\
             <p id=hidden style='display:none'>nothing to see</p>"
        }
        "/site/login" => {
            "<title>Log in</title><form method=get action=/site/home>\
             <label>User <input name=user></label><label>Password <input name=pass type=password></label>\
             <label>Language <select name=lang><option value=en>English</option><option value=de>Deutsch</option></select></label>\
             <button>Send</button></form>\
             <script>document.querySelector('form').onsubmit = () => {\
             document.cookie = 'who=' + document.querySelector('[name=user]').value; }</script>"
        }
        "/site/home" => {
            "<title>Home</title><h1 id=hello></h1><a href=/site>Log out</a><input type=file id=up>\
             <p id=size></p><script>\
             const who = (document.cookie.match(/who=(\\w+)/) || [])[1];\
             document.getElementById('hello').textContent = who ? 'Hello ' + who : 'Nobody is logged in';\
             document.getElementById('up').onchange = async (e) => {\
             document.getElementById('size').textContent = e.target.files[0].name + ': ' + await e.target.files[0].text(); };\
             </script>"
        }
        "/blank" => "<title></title>",
        "/error" => "<title>Broken</title><h1>Loading</h1><script>nowhere.start(); </script>",
        "/mixed" => "<title>Mixed</title><h1>Mixed</h1><script src=http://a.ccci.test/site/app.js></script>",
        "/late" => {
            "<title>Late</title><script>setTimeout(() => { document.body.innerHTML = '<h1>At last</h1>'; }, 2500)</script>"
        }
        "/wrong" => "<title>Wrong</title><h1>Something else</h1>",
        "/covered" => {
            "<title>Covered</title><button id=go>Go</button>\
             <div class=veil style='position:fixed;inset:0;background:#0008'></div>"
        }
        "/alert" => {
            "<title>Alert</title><script>setTimeout(() => { alert('Are you still there?'); document.title = 'Answered'; }, 100)</script><h1>Under it</h1>"
        }
        "/framed" => "<title>Framed</title><iframe id=inner src=/framed/inner></iframe>",
        "/framed/inner" => "<button onclick=\"this.textContent='Pressed'\">Press me</button>",
        "/online" => {
            "<title></title><script>document.title = navigator.onLine ? 'online' : 'offline'</script>"
        }
        "/files" => "<title>Files</title><a href=/files/get>Get it</a>",
        "/secret" => "<title>Settings</title><label>Key <input value='correct horse battery'></label>",
        "/spin" => {
            "<title>Spin</title><h1>Spinning</h1><script>setTimeout(() => { for (;;) {} }, 300)</script>"
        }
        "/hungry" => {
            "<title>Hungry</title><script>const all = []; setInterval(() => { all.push(new Array(4e6).fill(Math.random())); }, 1)</script>"
        }
        "/ways" => return Some(format!("<!doctype html>{}", WAYS.lock().unwrap())),
        _ => return None,
    };
    Some(format!("<!doctype html><html lang=en><meta charset=utf-8><body>{body}"))
}

static WAYS: std::sync::Mutex<String> = std::sync::Mutex::new(String::new());

/// Sets the page `/ways`.
pub(super) fn set_ways(page: String) {
    *WAYS.lock().unwrap() = page;
}
