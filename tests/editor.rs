//! Real editors: Neovim without a screen edits the hooks of `wordpress` with the language server, and the extension of VS Code
//! is packed. Neovim is installed by `make lab`, so this runs with the tests of the Swarm (`CCCI_SWARM=1`, set by `make test`).

use crate::bad_input::ground::program;
use crate::cli_live::swarm;
use crate::repository::Repository;
use crate::run::fullest::copy;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longest time for everything on a busy machine.
const LONGEST: Duration = Duration::from_secs(120);

/// `wordpress` with its source beside it.
pub(crate) fn project() -> Repository {
    let source = Repository::new();
    copy(Path::new("dev/lab/recipes/wordpress/02-1.1.0+6.5.2"), &source.path());
    source.commit("the recipe");
    let recipe = source.around().join("recipes/wordpress");
    copy(Path::new("recipes/wordpress"), &recipe);
    let settings = fs::read_to_string(recipe.join("recipe.toml")).unwrap();
    fs::write(recipe.join("recipe.toml"), settings.replace("../../dev/lab/repos/wordpress", "../../recipe"))
        .unwrap();
    source
}

/// What the editor saw.
fn driven() -> Value {
    let source = project();
    let (script, out) =
        (fs::canonicalize("tests/fixtures/editor/drive.lua").unwrap(), source.around().join("out"));
    let mut editor = Command::new("nvim");
    editor.args(["--clean", "--headless", "-n", "-c"]).arg(format!("luafile {}", script.display()));
    editor.current_dir(source.around()).env("CCCI", program()).env("OUT", &out);
    editor.env("CCCI_HOME", source.around().join("home")).env("HOME", source.around());
    let quiet = editor.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut editor = quiet.spawn().expect("nvim, which `make lab` installs");
    let began = Instant::now();
    while editor.try_wait().unwrap().is_none() {
        if began.elapsed() > LONGEST {
            editor.kill().unwrap();
            panic!("the editor does not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let said = fs::read_to_string(out.with_extension("stderr")).expect("what the server complained about");
    assert!(!said.contains("panicked at"), "the server panicked:\n{said}");
    let text = fs::read_to_string(out).expect("what the editor saw");
    let seen: Value = serde_json::from_str(&text).unwrap();
    assert!(seen["error"].is_null(), "{}", seen["error"]);
    seen
}

/// What the file for Neovim that is installed by copying it does: one server for all files of a project, also on 0.7.
#[test]
fn the_file_for_neovim_starts_one_server_for_a_project() {
    if !swarm("the editor") {
        return;
    }
    let source = project();
    let out = source.around().join("out");
    fs::write(source.around().join("recipes/wordpress/hooks.rhai"), "fn pre_bakup(ctx) {}\n").unwrap();
    let look = "lua vim.wait(20000, function() return #vim.diagnostic.get(0) > 0 end, 5); \
                vim.fn.writefile({ vim.diagnostic.get(0)[1].code, #vim.lsp.get_active_clients() .. '' }, vim.env.OUT)";
    let file = fs::canonicalize("editors/neovim/ccci.lua").unwrap();
    let commands = [
        format!("luafile {}", file.display()),
        "edit recipes/wordpress/recipe.toml".into(),
        "edit recipes/wordpress/hooks.rhai".into(),
        look.into(),
        "qa!".into(),
    ];
    let mut editor = Command::new("nvim");
    editor.args(["--clean", "--headless", "-n"]).current_dir(source.around());
    editor.args(commands.iter().flat_map(|command| ["-c", command]));
    let path = std::env::var("PATH").unwrap();
    editor.env("PATH", format!("{}:{path}", program().parent().unwrap().display())).env("OUT", &out);
    editor.env("CCCI_HOME", source.around().join("home")).env("HOME", source.around());
    assert!(editor.stdin(Stdio::null()).output().unwrap().status.success());
    assert_eq!(fs::read_to_string(out).unwrap(), "unknown-hook\n1\n");
}

/// The number below which this part of the times is, in ms.
fn quantile(times: &Value, part: f64) -> f64 {
    let mut all: Vec<f64> = times.as_array().unwrap().iter().map(|t| t.as_f64().unwrap()).collect();
    all.sort_by(f64::total_cmp);
    all[((all.len() as f64 * part).ceil() as usize).clamp(1, all.len()) - 1]
}

#[test]
fn neovim_shows_findings_while_typing_and_finds_its_way_through_a_recipe() {
    if !swarm("the editor") {
        return;
    }
    let seen = driven();
    assert_eq!(seen["diagnostics"][0]["code"], "unknown-member", "{seen}");
    assert!(
        seen["hover"]["contents"]["value"].as_str().is_some_and(|t| t.contains("remember")),
        "{}",
        seen["hover"]
    );
    let target = |of: &Value| of["uri"].as_str().unwrap_or_default().to_string();
    assert!(
        target(&seen["definition"]).ends_with("recipes/wordpress/lib/blog.rhai"),
        "{}",
        seen["definition"]
    );
    assert!(target(&seen["std"]).ends_with("std/dump.rhai"), "{}", seen["std"]);
    let renamed = seen["rename"]["changes"].as_object().unwrap();
    assert!(
        renamed.keys().any(|f| f.ends_with("hooks.rhai"))
            && renamed.keys().any(|f| f.ends_with("lib/blog.rhai"))
    );
    assert_eq!(seen["mended"], "    ctx.log(\"always\");");
    assert!(seen["labels"].as_array().unwrap().iter().any(|l| l == "remember"), "{}", seen["labels"]);
    let (keys, completions) = (&seen["keys"], &seen["completions"]);
    println!(
        "editor: findings after a key p50 {:.1} ms, p99 {:.1} ms; completion p99 {:.1} ms",
        quantile(keys, 0.5),
        quantile(keys, 0.99),
        quantile(completions, 0.99)
    );
    // a machine that also runs a Swarm and other tests is slow; alone these are some milliseconds
    assert!(quantile(keys, 0.5) < 1_000.0 && quantile(completions, 0.5) < 1_000.0, "{keys} {completions}");
}

/// The tool by which extensions of VS Code are packed.
const PACKER: &str = "@vscode/vsce@3.6.0";

/// Installs packages below a directory; `None` if there is no npm on this machine.
fn npm(at: &Path, args: &[&str]) -> Option<()> {
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-fund", "--no-audit", "--ignore-scripts"])
        .args(args)
        .current_dir(at);
    let done = npm.stdin(Stdio::null()).output().ok()?;
    assert!(done.status.success(), "npm: {}", String::from_utf8_lossy(&done.stderr));
    Some(())
}

#[test]
fn the_extension_of_vs_code_is_packed_with_what_it_needs() {
    if !swarm("packing the extension of VS Code") {
        return;
    }
    let at = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vscode");
    let extension = at.join("extension");
    copy(Path::new("editors/vscode"), &extension);
    let fetched = npm(&at, &["--prefix", ".", PACKER]).and_then(|()| npm(&extension, &[]));
    if fetched.is_none() {
        println!("NOT RUN: packing the extension of VS Code needs npm");
        return;
    }
    let packed = at.join("ccci.vsix");
    let _ = fs::remove_file(&packed);
    let mut packer = Command::new(at.join("node_modules/.bin/vsce"));
    packer.args(["package", "--allow-missing-repository", "--skip-license", "--out"]).arg(&packed);
    let done = packer.current_dir(&extension).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    for part in ["extension.js", "vscode-languageclient/"] {
        assert!(said.contains(part), "without {part}: {said}");
    }
    assert!(fs::metadata(&packed).unwrap().len() > 100_000, "{said}");
}
