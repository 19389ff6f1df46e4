//! Chooses the base, from which the head is upgraded, and says why (SPEC 6). Canonicals do not exist yet, so after an
//! explicit choice the published versions come next. Pure.

use ccci_model::diag::nearest::did_you_mean;
use ccci_model::diag::{Diagnostic, Place, codes};
use ccci_model::event::DecidedBy;
use ccci_model::name::{Revision, Version};
use ccci_recipe::directory::Previous;
use ccci_recipe::settings::UpgradeBase;
use ccci_recipe::source::{SourceFacts, Tag};

/// How many published versions a message lists. More would make it hard to read.
const SHOWN: usize = 5;

/// The base that was asked for, and who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    /// The value of the flag or the setting.
    pub base: UpgradeBase,
    /// The caller (by the flag) or the recipe (by its settings).
    pub by: DecidedBy,
    /// Its place in the settings.
    pub place: Option<Place>,
}

/// The revision to install first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Its commit.
    pub commit: Revision,
    /// How it was found: `tag 1.0.0+1.2` or `branch main`.
    pub found_as: String,
    /// Its version, if it is a published one.
    pub version: Option<Version>,
}

/// The chosen base and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The base; `None` if there is nothing to upgrade from.
    pub base: Option<Base>,
    /// Why this base, or why none. A text that can follow "because" or stand alone.
    pub reason: String,
    /// Who decided.
    pub by: DecidedBy,
}

impl Choice {
    fn none(reason: impl Into<String>, by: DecidedBy) -> Choice {
        Choice { base: None, reason: reason.into(), by }
    }

    /// The choice in a clone without the whole history: that there is no base is not known then.
    fn in_part_of_the_history(self) -> Choice {
        if self.base.is_some() {
            return self;
        }
        let reason = format!(
            "{}; but the source is a shallow clone, which may lack tags and branches: fetch them with `git fetch --unshallow --tags`",
            self.reason
        );
        Choice::none(reason, DecidedBy::Earlier)
    }

    /// The choice after base and head turned out to compose to the same files: no base, because nothing would change.
    pub(crate) fn nothing_moves(self) -> Choice {
        let Some(base) = &self.base else { return self };
        let reason = format!("the base ({}) and the head compose to the same files", base.found_as);
        Choice::none(reason, DecidedBy::Structure)
    }
}

/// One choice for each wish, without those that come to the same base.
pub(crate) fn choose_each(wishes: &[Wish], source: &SourceFacts) -> Result<Vec<Choice>, Box<Diagnostic>> {
    let mut choices: Vec<Choice> = vec![];
    for wish in wishes {
        let choice = choose(wish, source)?;
        let commit = |c: &Choice| c.base.as_ref().map(|b| b.commit.clone());
        if !choices.iter().any(|c| commit(c) == commit(&choice)) {
            choices.push(choice);
        }
    }
    Ok(choices)
}

/// Chooses the base, in the order of SPEC 6.
fn choose(wish: &Wish, source: &SourceFacts) -> Result<Choice, Box<Diagnostic>> {
    match &wish.base {
        UpgradeBase::None => Ok(Choice::none("the upgrade base is set to `none`", wish.by)),
        UpgradeBase::Version(version) => explicit(version, wish, source),
        UpgradeBase::Auto => {
            let choice = published(source).unwrap_or_else(|why_none| target(source, &why_none));
            Ok(if source.shallow { choice.in_part_of_the_history() } else { choice })
        }
    }
}

fn explicit(version: &Version, wish: &Wish, source: &SourceFacts) -> Result<Choice, Box<Diagnostic>> {
    let Some(tag) = source.names.tag_of(version) else {
        let message = format!("the source has no tag `{version}` to upgrade from");
        let mut d = Diagnostic::new(codes::NO_SUCH_BASE, message).help(published_are(version, source));
        d.place = wish.place.clone();
        return Err(Box::new(d));
    };
    if tag.commit == source.head.commit && !source.head.dirty() {
        return Ok(Choice::none(format!("the base asked for ({version}) is the head itself"), wish.by));
    }
    let reason = format!("{version} was asked for");
    Ok(Choice { base: Some(base_of(tag.commit.clone(), version)), reason, by: wish.by })
}

fn base_of(commit: Revision, version: &Version) -> Base {
    Base { commit, found_as: format!("tag {version}"), version: Some(version.clone()) }
}

fn published_are(version: &Version, source: &SourceFacts) -> String {
    let all = source.names.versions();
    let known: Vec<&str> = all.iter().map(|v| v.as_str()).collect();
    if known.is_empty() {
        return "no version is published; write `none`".into();
    }
    // the usual mistake is to write only the recipe part: `1.2.0` or `1.2.0+x` for `1.2.0+6.4.3`
    let recipe_part = |v: &str| v.split('+').next().unwrap_or(v).to_string();
    let same = known.iter().find(|k| recipe_part(k) == recipe_part(version.as_str()));
    let meant = same.map(|k| format!("did you mean `{k}`?"));
    let meant = meant.or_else(|| did_you_mean(version.as_str(), known.iter().copied()).map(|h| h.text));
    let shown = known.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    let more =
        if known.len() > SHOWN { format!(" and {} older ones", known.len() - SHOWN) } else { String::new() };
    format!("{}published are {shown}{more}", meant.map(|m| format!("{m} ")).unwrap_or_default())
}

/// The newest published version that can be the head's base; otherwise the reason why there is none.
fn published(source: &SourceFacts) -> Result<Choice, String> {
    let head = &source.head;
    let (which, none) = match (&head.tag, &head.label) {
        (Some(tag), _) => (
            format!("the newest published version older than the head's tag {tag}"),
            format!("no version older than {tag} is published"),
        ),
        (None, Some(label)) => (
            format!("the newest published version not above the head's version label {label}"),
            format!("no version up to the head's label {label} is published"),
        ),
        (None, None) => (
            "the newest published version (the head has no version label)".into(),
            "no version is published".into(),
        ),
    };
    let fits = |v: &Version| match (&head.tag, &head.label) {
        (Some(tag), _) => v < tag,
        (None, Some(label)) => v <= label,
        (None, None) => true,
    };
    // a commit may have several tags, and none of them is a version before the head
    let other = |tag: &&Tag| tag.commit != head.commit || head.dirty();
    let before = |v: &Version| source.names.tag_of(v).filter(other);
    let mut fitting = source.names.versions().into_iter().filter(|v| fits(v));
    let (newest, tag) = fitting.find_map(|v| Some((v, before(v)?))).ok_or(none)?;
    let base = Some(base_of(tag.commit.clone(), newest));
    Ok(Choice { base, reason: which, by: DecidedBy::Structure })
}

/// The tip of the target branch, unless it is the head or already contains the head.
fn target(source: &SourceFacts, no_version: &str) -> Choice {
    let by = DecidedBy::Structure;
    let Some(tip) = &source.names.target else {
        return Choice::none(format!("{no_version} and no target branch is known"), by);
    };
    let is_head = tip.commit == source.head.commit && !source.head.dirty();
    if is_head {
        return Choice::none(format!("{no_version} and the head is the tip of {}", tip.name), by);
    }
    if source.target_has_head {
        return Choice::none(format!("{no_version} and the tip of {} is newer than the head", tip.name), by);
    }
    let version = source.names.version_of(&tip.commit).cloned();
    let base = Base { commit: tip.commit.clone(), found_as: format!("branch {}", tip.name), version };
    Choice { base: Some(base), reason: format!("the tip of {} ({no_version})", tip.name), by }
}

/// Whether the repair under `previous/` is for this one of all chosen bases. If it is for none of them, the error is a
/// warning about it (lesson 21).
pub(crate) fn repairs(
    previous: &Previous,
    base: Option<&Version>,
    all: &[Choice],
) -> Result<bool, Box<Diagnostic>> {
    let versions: Vec<&Version> = all.iter().filter_map(|c| c.base.as_ref()?.version.as_ref()).collect();
    if versions.contains(&&previous.version) {
        return Ok(base == Some(&previous.version));
    }
    let used = match versions.as_slice() {
        [] => "no published version is used as base".to_string(),
        [one] => format!("the base is {one}"),
        several => {
            format!("the bases are {}", several.iter().map(|v| v.as_str()).collect::<Vec<_>>().join(", "))
        }
    };
    let message = format!("previous/ repairs {}, but {used}; it is not applied", previous.version);
    Err(Box::new(
        Diagnostic::new(codes::STALE_PREVIOUS, message)
            .at(previous.place.clone())
            .help("remove previous/, or write the base that it repairs"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_recipe::source::{Branch, Files, Names, RevisionFacts, SourceKind};

    fn commit(c: char) -> Revision {
        Revision::parse(&c.to_string().repeat(40)).unwrap()
    }

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    /// A source: tags as (version, commit), the head's commit, and the tip of the target branch.
    fn source(tags: &[(&str, char)], head: char, tip: Option<char>) -> SourceFacts {
        let tag = |(name, c): &(&str, char)| Tag {
            name: (*name).into(),
            version: Version::parse(name).ok(),
            annotated: true,
            commit: commit(*c),
        };
        let branches = tip.map(|c| Branch { name: "main".into(), commit: commit(c) }).into_iter().collect();
        let names = Names::new(tags.iter().map(tag).collect(), branches, None);
        let head = RevisionFacts {
            tag: names.version_of(&commit(head)).cloned(),
            commit: commit(head),
            changed: vec![],
            found_as: "work tree on topic".into(),
            label: None,
            files: Files::default(),
        };
        SourceFacts {
            given: "x".into(),
            kind: SourceKind::Path,
            names,
            head,
            target_has_head: false,
            shallow: false,
        }
    }

    fn wish(base: UpgradeBase) -> Wish {
        Wish { base, by: DecidedBy::Recipe, place: None }
    }

    fn check(s: &SourceFacts, found_as: &str, reason: &str) {
        let choice = choose(&wish(UpgradeBase::Auto), s).unwrap();
        let found = choice.base.map(|b| b.found_as).unwrap_or_default();
        assert_eq!((found.as_str(), choice.reason.as_str()), (found_as, reason));
    }

    const TAGS: &[(&str, char)] =
        &[("1.9.0+1.24", 'a'), ("1.10.0+1.25", 'b'), ("2.0.0+1.26", 'c'), ("latest", 'd')];

    #[test]
    fn in_a_shallow_clone_it_is_not_known_that_there_is_no_base() {
        let mut s = source(&[], 'b', Some('b'));
        let wish = Wish { base: UpgradeBase::Auto, by: DecidedBy::Recipe, place: None };
        assert_eq!(choose(&wish, &s).unwrap().by, DecidedBy::Structure);
        s.shallow = true;
        let choice = choose(&wish, &s).unwrap();
        assert_eq!((choice.base, choice.by), (None, DecidedBy::Earlier));
        assert!(choice.reason.contains("git fetch --unshallow --tags"), "{}", choice.reason);
    }

    #[test]
    fn lesson_16_a_tagged_head_is_upgraded_from_the_newest_older_version() {
        let want = "the newest published version older than the head's tag 2.0.0+1.26";
        check(&source(TAGS, 'c', Some('c')), "tag 1.10.0+1.25", want);
        let want = "the newest published version older than the head's tag 1.10.0+1.25";
        check(&source(TAGS, 'b', Some('c')), "tag 1.9.0+1.24", want);
    }

    #[test]
    fn a_second_tag_of_the_heads_commit_is_no_base_and_of_two_tags_of_a_base_the_newer_counts() {
        let tags =
            &[("1.0.0+1", 'a'), ("1.0.1+1", 'b'), ("1.1.0+1", 'b'), ("1.2.0+2", 'c'), ("1.2.1+2", 'c')];
        let want = "the newest published version older than the head's tag 1.2.1+2";
        check(&source(tags, 'c', Some('c')), "tag 1.1.0+1", want);
        let want = "no version older than 1.0.1+1 is published and the head is the tip of main";
        check(&source(&[("1.0.0+1", 'a'), ("1.0.1+1", 'a')], 'a', Some('a')), "", want);
        let mut s = source(tags, 'e', None);
        s.head.label = Some(version("1.0.1+1"));
        check(&s, "tag 1.0.1+1", "the newest published version not above the head's version label 1.0.1+1");
    }

    #[test]
    fn an_untagged_head_is_upgraded_from_the_newest_version_not_above_its_label() {
        let mut s = source(TAGS, 'e', Some('c'));
        s.head.label = Some(version("1.10.0+1.25"));
        let want = "the newest published version not above the head's version label 1.10.0+1.25";
        check(&s, "tag 1.10.0+1.25", want);
        s.head.label = None;
        check(&s, "tag 2.0.0+1.26", "the newest published version (the head has no version label)");
    }

    #[test]
    fn a_dirty_tree_on_a_tagged_commit_is_upgraded_from_that_tag() {
        let mut s = source(TAGS, 'c', Some('c'));
        s.head.tag = None;
        s.head.changed = vec!["compose.yml".into()];
        s.head.label = Some(version("2.0.0+1.26"));
        let want = "the newest published version not above the head's version label 2.0.0+1.26";
        check(&s, "tag 2.0.0+1.26", want);
    }

    #[test]
    fn without_a_version_the_tip_of_the_target_branch_is_the_base_unless_it_is_the_head() {
        check(&source(&[], 'e', Some('f')), "branch main", "the tip of main (no version is published)");
        check(&source(&[], 'e', Some('e')), "", "no version is published and the head is the tip of main");
        check(&source(&[], 'e', None), "", "no version is published and no target branch is known");
        let mut dirty = source(&[], 'e', Some('e'));
        dirty.head.changed = vec!["compose.yml".into()];
        check(&dirty, "branch main", "the tip of main (no version is published)");
    }

    #[test]
    fn an_old_revision_is_never_upgraded_from_a_newer_tip() {
        let mut s = source(&[("1.0.0+1", 'a')], 'a', Some('f'));
        s.target_has_head = true;
        check(
            &s,
            "",
            "no version older than 1.0.0+1 is published and the tip of main is newer than the head",
        );
    }

    #[test]
    fn lesson_17_the_base_can_be_chosen_around_a_broken_version() {
        let s = source(TAGS, 'c', Some('c'));
        let choice = choose(&wish(UpgradeBase::Version(version("1.9.0+1.24"))), &s).unwrap();
        assert_eq!(choice.base.unwrap().commit, commit('a'));
        assert_eq!((choice.reason.as_str(), choice.by), ("1.9.0+1.24 was asked for", DecidedBy::Recipe));
        let none = choose(&wish(UpgradeBase::None), &s).unwrap();
        assert_eq!((none.base, none.reason.as_str()), (None, "the upgrade base is set to `none`"));
    }

    #[test]
    fn lesson_15_a_base_that_is_the_head_is_no_upgrade() {
        let s = source(TAGS, 'c', Some('c'));
        let choice = choose(&wish(UpgradeBase::Version(version("2.0.0+1.26"))), &s).unwrap();
        assert_eq!(choice.reason, "the base asked for (2.0.0+1.26) is the head itself");
        let same = choose(&wish(UpgradeBase::Auto), &s).unwrap().nothing_moves();
        assert_eq!(same.reason, "the base (tag 1.10.0+1.25) and the head compose to the same files");
        assert_eq!(same.base, None);
    }

    #[test]
    fn a_base_that_is_not_published_names_the_nearest_and_the_newest() {
        let help = |tags: &[(&str, char)], desired: &str| {
            let desired = wish(UpgradeBase::Version(version(desired)));
            let d = choose(&desired, &source(tags, 'e', None)).unwrap_err();
            assert_eq!(d.code, codes::NO_SUCH_BASE);
            d.help.clone().unwrap()
        };
        let all = "published are 2.0.0+1.26, 1.10.0+1.25, 1.9.0+1.24";
        assert_eq!(help(TAGS, "1.9.0+1.99"), format!("did you mean `1.9.0+1.24`? {all}"));
        assert_eq!(help(TAGS, "7.7.7+alpine"), all);
        assert_eq!(help(&[], "1.0.0+1"), "no version is published; write `none`");
        let many: Vec<String> = (1..9).map(|i| format!("{i}.0.0+1")).collect();
        let many: Vec<(&str, char)> = many.iter().map(|m| (m.as_str(), 'a')).collect();
        assert!(help(&many, "0.0.7+fedora-9").ends_with("4.0.0+1 and 3 older ones"));
    }
}
