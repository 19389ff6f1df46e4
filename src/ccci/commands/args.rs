//! What can be typed: the commands and their flags. Parsing only; nothing is done here.

use super::record_args::RecordsArgs;
use crate::app::Request;
use ccci_model::time::parse_span;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Tests Co-op Cloud recipes by running their whole lifecycle on a real Docker Swarm.
#[derive(Debug, Parser)]
#[command(name = "ccci", version, about, max_term_width = 100, disable_help_subcommand = true)]
pub struct Call {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Log what ccci does on standard error: -v steps, -vv calls, -vvv everything; see CCCI_LOG
    #[arg(short = 'v', long = "verbose", action = ArgAction::Count, global = true)]
    pub verbose: u8,
}

/// What `ccci run --help` says last.
const WHILE_IT_RUNS: &str = "While it runs, the key `t` on a terminal, or SIGUSR1, prints what is running, what is \
waited for and since when, and what time is left. SIGINT and SIGTERM end it; everything it made is removed first.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole lifecycle of recipes: verdict, level, evidence
    #[command(after_help = WHILE_IT_RUNS)]
    Run(RunArgs),
    /// Check recipe directories without Docker, in milliseconds
    Check(CheckArgs),
    /// Show what a run would do; nothing is touched
    Plan(PlanArgs),
    /// Show the cause chain of a failed run with its evidence
    Why(WhyArgs),
    /// Render any format from kept records; `list` and `diff A B` too
    Report(ReportArgs),
    /// List the runs that are kept, show one with its files, or remove those that are not needed
    Records(RecordsArgs),
    /// Write a static site of all kept runs: overview, history, comparison, badges, feed
    Site(SiteArgs),
    /// Show kept runs, and those in progress, to a browser; read-only
    Serve(ServeArgs),
    /// One page on a key, hook, function, rule, code, cause, variable or exit code
    Explain(ExplainArgs),
    /// Remove what dead runs left, and apps that were kept; say what holds the rest
    Clean(CleanArgs),
    /// Serve apps that `run --keep` left running, until interrupted, and print their addresses
    Open(OpenArgs),
    /// Write a recipe directory to begin with, from what the recipe's source shows
    New(NewArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page of ccci, or of a command
    Man(ManArgs),
    /// Check whether this machine can run recipes; each finding says what to do
    Doctor,
    /// Serve an editor on standard input and output (language server protocol)
    Lsp,
}

impl Command {
    /// Whether a signal must not end it at once: temporary directories, or more, are to be removed first.
    pub fn has_something_to_undo(&self) -> bool {
        !matches!(
            self,
            Command::Why(_)
                | Command::Report(_)
                | Command::Records(_)
                | Command::Site(_)
                | Command::Serve(_)
                | Command::Explain(_)
                | Command::Lsp
                | Command::Man(_)
                | Command::Completions(_)
        )
    }
}

/// Which recipe, from which source.
#[derive(Debug, Clone, Args)]
pub struct SourceArgs {
    /// Git URL or path of the recipe repository; overrides the settings
    #[arg(long, value_name = "URL|PATH")]
    pub source: Option<String>,
    /// Revision under test; default: the source's checked-out state, uncommitted changes included
    #[arg(long = "ref", value_name = "REV")]
    pub rev: Option<String>,
    /// Version to upgrade from, or `none`; default: chosen by the rules
    #[arg(long, value_name = "VERSION|none")]
    pub base: Option<String>,
    /// Tiers to run, joined by commas; install is always part
    #[arg(long, value_name = "TIERS")]
    pub tiers: Option<String>,
    /// Ask only the recipe's own tests that fit, by function, file or FILE::FUNCTION (`*`, `?`); may be repeated
    #[arg(long = "test", value_name = "GLOB")]
    pub tests: Vec<String>,
    /// Ignore settings and scripts inside the recipe's own repository
    #[arg(long)]
    pub no_local: bool,
    /// The whole run's deadline
    #[arg(long, value_name = "SPAN", default_value = "60m", value_parser = span)]
    pub deadline: Duration,
}

impl SourceArgs {
    /// The request for a recipe.
    pub fn request(&self, recipe: &str) -> Request {
        Request {
            source: self.source.clone(),
            rev: self.rev.clone(),
            base: self.base.clone(),
            tiers: self.tiers.clone(),
            tests: self.tests.clone(),
            no_local: self.no_local,
            deadline: self.deadline,
            ..Request::of(recipe)
        }
    }
}

/// Arguments of `run`.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Names under recipes/, or paths
    #[arg(required_unless_present = "changed", value_name = "RECIPE")]
    pub recipes: Vec<String>,
    /// Run only recipes that differ from this revision of the project, committed or not; default: of all below recipes/
    #[arg(long, value_name = "REV")]
    pub changed: Option<String>,
    /// List the recipes' own tests and whether a run would ask them; run nothing
    #[arg(long, conflicts_with_all = ["fail_fast", "jobs", "keep", "keep_backups", "out"])]
    pub list: bool,
    /// Begin no other recipe after one has failed
    #[arg(long)]
    pub fail_fast: bool,
    /// The source.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Run this many recipes at the same time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
    /// Leave the app running; `ccci open` serves it, and `ccci clean` removes it
    #[arg(long)]
    pub keep: bool,
    /// Use no browser: no picture of the app is kept, and tests with a page are not verified
    #[arg(long)]
    pub no_browser: bool,
    /// Keep the archives of backups even if nothing was wrong with them; they contain the app's data
    #[arg(long)]
    pub keep_backups: bool,
    /// What goes to standard output
    #[arg(long, value_enum, default_value_t = RunFormat::Human)]
    pub format: RunFormat,
    /// Directory of the record; default: a new one below the state directory
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Formats of `run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// Text for people, on standard error
    Human,
    /// results.json and nothing else, on standard output
    Json,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Name under recipes/, or a path
    #[arg(value_name = "RECIPE")]
    pub recipe: String,
    /// The source.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Print the plan as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Recipe directories; default: all below recipes/
    #[arg(value_name = "DIR")]
    pub dirs: Vec<String>,
    /// human, short, json, sarif, github or gitlab; see `ccci explain findings`
    #[arg(long, value_name = "FORMAT", default_value = HUMAN)]
    pub format: String,
    /// Count warnings as errors
    #[arg(long)]
    pub deny_warnings: bool,
    /// Make the fixes that are safe, then check again
    #[arg(long)]
    pub fix: bool,
    /// Print what --fix would change as a diff; change nothing
    #[arg(long, conflicts_with_all = ["fix", "format"])]
    pub diff: bool,
    /// Check only recipes that differ from this revision of the project, committed or not
    #[arg(long, value_name = "REV")]
    pub changed: Option<String>,
    /// Check again whenever a file changes, until interrupted
    #[arg(long, conflicts_with_all = ["fix", "diff", "write_baseline"])]
    pub watch: bool,
    /// Do not tell the findings that this file lists
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write all findings to this file, for --baseline
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "fix", "diff"])]
    pub write_baseline: Option<PathBuf>,
}

/// The format for people: findings with the lines they point at.
pub const HUMAN: &str = "human";

/// Arguments of `new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// Name of the recipe, for recipes/NAME, or the directory itself, as a path with a slash; default: ccci/ inside of the
    /// repository that is the current directory
    pub name: Option<String>,
    /// Git URL or path of the recipe repository
    #[arg(long, value_name = "URL|PATH")]
    pub source: Option<String>,
    /// Ask nothing
    #[arg(long)]
    pub yes: bool,
}

/// Arguments of `clean`.
#[derive(Debug, Args)]
pub struct CleanArgs {
    /// Also remove what is of this domain, whose run has another directory of locks, whether it is alive or not
    #[arg(long, value_name = "DOMAIN")]
    pub elsewhere: Option<String>,
}

/// Arguments of `open`.
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// Name of the recipe; default: every app that is kept
    pub recipe: Option<String>,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// A command; default: ccci itself
    pub command: Option<String>,
}

/// Arguments of `why`.
#[derive(Debug, Args)]
pub struct WhyArgs {
    /// A run id, or the directory of a record; default: the newest run
    pub run: Option<String>,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Run ids or directories of records; `list`; or `diff` and two runs. Default: the newest run
    pub what: Vec<String>,
    /// human, results, junit, markdown, html, badge, card, card-png, annotations, why or trace; see `ccci explain formats`
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: String,
    /// Write every format into the record's directory instead of printing one
    #[arg(long)]
    pub all: bool,
}

/// Arguments of `site`.
#[derive(Debug, Args)]
pub struct SiteArgs {
    /// Directory of the site: empty, or an earlier site, of which only what changed is written again
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Address and port; another address than one of loopback shows the runs to whoever reaches it
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8474")]
    pub listen: SocketAddr,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A name (`pre_backup`, `ctx.get`, `health.path`, `R014`, `3`), or a page of them (`hooks`, `ctx`, `settings`)
    pub name: String,
}

fn span(text: &str) -> Result<Duration, String> {
    parse_span(text)
        .filter(|d| !d.is_zero())
        .ok_or_else(|| {
            format!("`{text}` is no duration above zero; write a number and a unit, like `45m` or `1h 30m` (units are `ms`, `s`, `m`, `h`)")
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Call::command().debug_assert();
    }

    #[test]
    fn a_deadline_without_a_unit_or_of_nothing_is_refused() {
        for bad in ["60", "0m", "soon"] {
            assert!(Call::try_parse_from(["ccci", "run", "x", "--deadline", bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn pruning_without_a_limit_is_refused() {
        assert!(Call::try_parse_from(["ccci", "records", "prune"]).is_err());
        assert!(Call::try_parse_from(["ccci", "records", "prune", "--all"]).is_err());
        assert!(Call::try_parse_from(["ccci", "records", "prune", "--keep", "3", "--older", "9"]).is_ok());
    }
}
