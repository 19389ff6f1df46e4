//! The HTML page of a run: its structure is valid, a screen reader can find its way, its first screen tells the verdict
//! and the cause, and nothing but the page is needed to show it.

use crate::report::{RECORDS, record};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ccci_model::event::{Event, Shown, Shows, What};
use ccci_model::verdict::Verdict;
use ccci_report::format;
use ccci_runner::record::{EVENTS, Record};
use html5gum::{DefaultEmitter, Token, Tokenizer};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Elements without content.
const VOID: &[&str] = &["meta", "br", "img"];
/// What an element may stand in, where HTML says so.
const INSIDE: &[(&str, &[&str])] = &[
    ("li", &["ul", "ol"]),
    ("dt", &["dl"]),
    ("dd", &["dl"]),
    ("tr", &["thead", "tbody"]),
    ("th", &["tr"]),
    ("td", &["tr"]),
    ("caption", &["table"]),
    ("thead", &["table"]),
    ("tbody", &["table"]),
    ("summary", &["details"]),
    ("figcaption", &["figure"]),
    ("main", &["body"]),
    ("title", &["head"]),
];
/// Elements that hold words only.
const PHRASES: &[&str] = &[
    "p", "h1", "h2", "h3", "h4", "summary", "pre", "a", "span", "strong", "mark", "code", "caption", "dt",
    "th",
];
/// What may stand among words.
const AMONG: &[&str] = &["a", "span", "strong", "mark", "code", "br", "b"];

/// One element: its name, attributes, the elements around it, and the words directly in it and below.
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    around: Vec<usize>,
    words: String,
}

/// All elements of a page in their order. Panics if an element is not closed where it has to be.
fn elements(page: &str) -> Vec<Element> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (mut all, mut open): (Vec<Element>, Vec<usize>) = (vec![], vec![]);
    for token in Tokenizer::new_with_emitter(page, emitter) {
        match token.unwrap() {
            Token::StartTag(tag) => {
                let name = lossy(&tag.name);
                let attributes = tag.attributes.iter().map(|(k, v)| (lossy(k), lossy(v))).collect();
                all.push(Element {
                    name: name.clone(),
                    attributes,
                    around: open.clone(),
                    words: String::new(),
                });
                if !VOID.contains(&name.as_str()) {
                    open.push(all.len() - 1);
                }
            }
            Token::EndTag(tag) => {
                let last = open.pop().map(|n| all[n].name.clone());
                assert_eq!(last, Some(lossy(&tag.name)), "closed in another order");
            }
            Token::String(words) => open.iter().for_each(|n| all[*n].words.push_str(&lossy(&words))),
            Token::Error(e) => panic!("{:?}", *e),
            Token::Comment(_) | Token::Doctype(_) => {}
        }
    }
    assert!(open.is_empty(), "not closed: {}", all[open[0]].name);
    all
}

/// What is wrong with the structure of a page, for a browser or for a person who cannot see it.
fn faults(all: &[Element]) -> Vec<String> {
    let mut out = vec![];
    let ids: Vec<&String> = all.iter().filter_map(|e| e.attributes.get("id")).collect();
    let known: BTreeSet<&String> = ids.iter().copied().collect();
    if known.len() != ids.len() {
        out.push("an id is there twice".to_string());
    }
    let regions = all.iter().filter(|e| e.attributes.get("role").is_some_and(|r| r == "region"));
    let mut labels: Vec<&String> = regions.map(|e| &e.attributes["aria-label"]).collect();
    labels.sort();
    if let Some(twice) = labels.windows(2).find(|w| w[0] == w[1]) {
        out.push(format!("two regions are called {}", twice[0]));
    }
    for (n, e) in all.iter().enumerate() {
        let attribute = |name: &str| e.attributes.get(name).map(String::as_str);
        let parent = e.around.last().map(|p| all[*p].name.as_str()).unwrap_or_default();
        let mut ask = |good: bool, what: &str| {
            if !good {
                out.push(format!("<{} {:?}> in <{parent}>: {what}", e.name, e.attributes));
            }
        };
        if let Some((_, places)) = INSIDE.iter().find(|i| i.0 == e.name) {
            ask(places.contains(&parent), "stands where it may not");
        }
        ask(!PHRASES.contains(&parent) || AMONG.contains(&e.name.as_str()), "stands among words");
        let first = || all.get(n + 1).filter(|next| next.around.last() == Some(&n)).map(|e| e.name.as_str());
        match e.name.as_str() {
            "details" => ask(first() == Some("summary"), "does not begin with a summary"),
            "table" => ask(first() == Some("caption"), "has no caption"),
            "th" => ask(["row", "col"].contains(&attribute("scope").unwrap_or_default()), "has no scope"),
            "img" => ask(attribute("alt").is_some_and(|a| !a.is_empty()), "has no words"),
            "html" => ask(attribute("lang") == Some("en"), "has no language"),
            "pre" => ask(attribute("tabindex") == Some("0"), "cannot be scrolled by keyboard"),
            _ => {}
        }
        match e.name.as_str() {
            "a" | "summary" | "title" | "caption" | "th" | "h1" | "h2" | "h3" | "h4" => {
                ask(!e.words.trim().is_empty(), "says nothing");
            }
            _ => {}
        }
        if let Some(id) = attribute("href").and_then(|h| h.strip_prefix('#')) {
            ask(known.iter().any(|k| *k == id), "leads nowhere");
        }
        if let Some(id) = attribute("aria-labelledby") {
            ask(known.iter().any(|k| *k == id), "is labelled by nothing");
        }
    }
    out
}

/// Levels of headings in their order: one of the first level, and none is left out on the way down.
fn headings(all: &[Element]) -> Result<(), String> {
    let levels: Vec<u8> = all
        .iter()
        .filter(|e| {
            e.name.len() == 2 && e.name.starts_with('h') && e.name.ends_with(|c: char| c.is_ascii_digit())
        })
        .map(|e| e.name.as_bytes()[1] - b'0')
        .collect();
    if levels.first() != Some(&1) || levels.iter().filter(|l| **l == 1).count() != 1 {
        return Err(format!("the first heading is not the only h1: {levels:?}"));
    }
    match levels.windows(2).find(|w| w[1] > w[0] + 1) {
        Some(w) => Err(format!("h{} after h{}", w[1], w[0])),
        None => Ok(()),
    }
}

fn page(name: &str) -> String {
    String::from_utf8((format("html").unwrap().render)(&record(name))).unwrap()
}

#[test]
fn every_page_is_valid_and_can_be_read_without_eyes() {
    for (name, ..) in RECORDS {
        let all = elements(&page(name));
        assert!(all.len() > 200, "{name}: {}", all.len());
        assert_eq!(faults(&all), Vec::<String>::new(), "{name}");
        headings(&all).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

#[test]
fn faults_of_a_page_are_noticed() {
    for (bad, why) in [
        ("<p><ul><li>x</li></ul></p>", "among words"),
        ("<ul><p>x</p><dt>y</dt></ul>", "stands where it may not"),
        ("<table><tbody></tbody></table>", "has no caption"),
        ("<table><caption>c</caption><tbody><tr><th>x</th></tr></tbody></table>", "has no scope"),
        ("<p id=\"a\">x</p><p id=\"a\">y</p>", "twice"),
        ("<a href=\"#b\">x</a>", "leads nowhere"),
        ("<a href=\"x\"></a>", "says nothing"),
        ("<details><p>x</p></details>", "summary"),
        ("<pre>x</pre>", "keyboard"),
        ("<p role=\"region\" aria-label=\"a\">x</p><p role=\"region\" aria-label=\"a\">y</p>", "two regions"),
        ("<img src=\"data:\">", "has no words"),
    ] {
        let found = faults(&elements(bad));
        assert!(found.iter().any(|f| f.contains(why)), "{bad}: {found:?}");
    }
    assert!(headings(&elements("<h1>x</h1><h3>y</h3>")).is_err());
    assert!(headings(&elements("<h1>x</h1><h1>y</h1>")).is_err());
}

#[test]
fn the_first_screen_tells_verdict_level_blame_and_cause() {
    for (name, verdict, ..) in RECORDS {
        let (record, all) = (record(name), elements(&page(name)));
        let words = |element: &str| all.iter().find(|e| e.name == element).unwrap().words.clone();
        let (title, header) = (words("title"), words("header"));
        let o = &record.outcome;
        for text in [&title, &header] {
            assert!(
                text.to_lowercase().contains(verdict.name()) && text.contains(&format!("level {}", o.level)),
                "{name}: {text}"
            );
        }
        if *verdict != Verdict::Green {
            assert!(header.contains("blame: "), "{name}: {header}");
            let shown = o.failures.iter().any(|t| header.contains(&t.failure.observed()));
            assert!(shown || *verdict == Verdict::Interrupted, "{name}: {header}");
            assert!(
                o.failures.iter().any(|t| title.contains(t.failure.blame.to_string().as_str())),
                "{name}: {title}"
            );
        }
    }
}

#[test]
fn sections_stand_in_the_order_in_which_people_look_and_greens_come_last() {
    let order = [
        "cause",
        "failures",
        "left",
        "revisions",
        "time",
        "open",
        "not-proved",
        "passed",
        "lint",
        "pictures",
        "again",
        "machine",
    ];
    for (name, verdict, ..) in RECORDS {
        let all = elements(&page(name));
        let sections = all.iter().filter(|e| e.name == "section").map(|e| e.attributes["id"].as_str());
        let at: Vec<usize> = sections.map(|id| order.iter().position(|o| *o == id).expect(id)).collect();
        assert!(at.is_sorted() && at.len() >= 6, "{name}: {at:?}");
        assert_eq!(at.contains(&0), *verdict != Verdict::Green, "{name}");
    }
}

#[test]
fn the_decisive_line_is_marked_and_consequences_are_counted() {
    let page = page("red_install");
    let all = elements(&page);
    let marked: Vec<&str> = all.iter().filter(|e| e.name == "mark").map(|e| e.words.as_str()).collect();
    assert_eq!(marked, ["## [error]nor is this"]);
    let folded = all.iter().find(|e| e.name == "summary" && e.words == "Consequences: 4");
    let details = folded.map(|e| &all[*e.around.last().unwrap()]).unwrap();
    assert!(
        !details.attributes.contains_key("open")
            && details.words.contains("custom was not checked, with 3 tests")
    );
    let passed = all.iter().find(|e| e.name == "summary" && e.words == "3 tests passed").unwrap();
    assert!(!all[*passed.around.last().unwrap()].attributes.contains_key("open"));
    let open: Vec<&str> = all
        .iter()
        .filter(|e| e.name == "details" && e.attributes.contains_key("open"))
        .map(|e| e.attributes["id"].as_str())
        .collect();
    assert_eq!(open, ["tier-install", "tier-upgrade"]);
}

#[test]
fn the_page_needs_nothing_else_and_foreign_text_stays_text() {
    for (name, ..) in RECORDS {
        let text = page(name);
        for bad in ["<script", "<link", "<iframe", "url(", "@import", "\u{1b}"] {
            assert!(!text.contains(bad), "{name} holds {bad}");
        }
        for e in elements(&text) {
            let forbidden = |k: &String| k == "style" || k.starts_with("on");
            assert!(!e.attributes.keys().any(forbidden), "{name}: {:?}", e.attributes);
            let source = e.attributes.get("src").map_or("data:image/png;base64,", String::as_str);
            assert!(source.starts_with("data:image/png;base64,"), "{name}: {source}");
            let to = e.attributes.get("href").map_or("#", String::as_str);
            assert!(to.starts_with('#'), "{name}: {to}");
        }
    }
    assert!(page("red_install").contains("&lt;script&gt;"));
}

/// A picture of one colour, 40 by 30.
fn png(colour: u8) -> Vec<u8> {
    let (mut raw, mut out) = (vec![], b"\x89PNG\r\n\x1a\n".to_vec());
    (0..30).for_each(|_| raw.extend([&[0][..], &[colour; 40]].concat()));
    let mut deflated = vec![0x78, 0x01, 1];
    let length = u16::try_from(raw.len()).unwrap();
    deflated.extend([length.to_le_bytes(), (!length).to_le_bytes()].concat());
    deflated.extend(&raw);
    let sum = raw.iter().fold((1u32, 0u32), |(a, b), byte| {
        ((a + u32::from(*byte)) % 65_521, (b + a + u32::from(*byte)) % 65_521)
    });
    deflated.extend((sum.1 << 16 | sum.0).to_be_bytes());
    let header = [&40u32.to_be_bytes()[..], &30u32.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    for (kind, data) in [(b"IHDR", header), (b"IDAT", deflated), (b"IEND", vec![])] {
        let part = [&kind[..], &data].concat();
        let crc = part.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 })
        });
        out.extend(
            [&u32::try_from(data.len()).unwrap().to_be_bytes()[..], &part, &(!crc).to_be_bytes()].concat(),
        );
    }
    out
}

/// The test that fails first in the record `red_custom`.
const TEST: &str = "custom/test_page.rhai test_a_dump_is_there";

/// A record on the disk in which a browser showed something.
fn shown() -> (tempfile::TempDir, Record) {
    let dir = tempfile::tempdir().unwrap();
    let mut events = record("red_custom").events;
    events.retain(|e| !matches!(e.what, What::Shown(_)));
    let end = events.len() - 1;
    let files: [(&str, Shows, &str, Vec<u8>); 7] = [
        ("screenshot", Shows::Landing, "seen/landing.png", png(200)),
        (TEST, Shows::Failing, "seen/failing.png", png(90)),
        (TEST, Shows::Source, "seen/source.html", b"<h1>It is broken</h1><script>x</script>".to_vec()),
        (TEST, Shows::Console, "seen/console.txt", vec![b'x'; 100_000]),
        (TEST, Shows::Named, "seen/none.png", vec![]),
        (TEST, Shows::Named, "seen/large.png", [&png(1)[..], &vec![0; 5 << 20]].concat()),
        ("custom/b.rhai test_b", Shows::Named, "seen/text.png", b"<svg onload='x'/>".to_vec()),
    ];
    fs::create_dir(dir.path().join("seen")).unwrap();
    // each goes before those that were put in already
    for (by, shows, file, content) in files.into_iter().rev() {
        let (by, bytes) = (by.to_string(), content.len() as u64);
        if bytes > 0 {
            fs::write(dir.path().join(file), content).unwrap();
        }
        let what = What::Shown(Shown { app: 0, by, shows, file: file.into(), bytes });
        events.insert(end, Event { at: events[end - 1].at, what });
    }
    let lines: Vec<String> = events.iter().map(|e| serde_json::to_string(e).unwrap() + "\n").collect();
    fs::write(dir.path().join(EVENTS), lines.concat()).unwrap();
    let record = Record::read(dir.path()).unwrap();
    (dir, record)
}

#[test]
fn pictures_are_inside_the_page_and_what_is_left_out_is_told() {
    let (_dir, record) = shown();
    let page = String::from_utf8((format("html").unwrap().render)(&record)).unwrap();
    let all = elements(&page);
    assert_eq!(faults(&all), Vec::<String>::new());
    headings(&all).unwrap();
    let pictures: Vec<&Element> = all.iter().filter(|e| e.name == "img").collect();
    assert_eq!(pictures.len(), 2);
    let within = |e: &Element, name: &str| e.around.iter().any(|n| all[*n].name == name);
    assert!(within(pictures[0], "header"), "the app stands in the first screen");
    for (img, colour) in pictures.iter().zip([200, 90]) {
        assert_eq!(img.attributes["src"], format!("data:image/png;base64,{}", STANDARD.encode(png(colour))));
    }
    for (section, words) in [
        ("cause", "the page in which a test failed, seen/failing.png"),
        ("cause", "Left out: seen/none.png (0 B), not read"),
        ("cause", "Left out: seen/large.png (5.0 MiB), not read"),
        ("pictures", "Left out: seen/text.png (17 B), not read"),
        ("cause", "<h1>It is broken</h1>"),
        ("cause", "The first 64.0 KiB of 97.7 KiB."),
    ] {
        let section = all.iter().find(|e| e.attributes.get("id").is_some_and(|id| id == section)).unwrap();
        assert!(section.words.contains(words), "{words}: {}", &section.words);
        assert_eq!(page.matches(&words.replace('<', "&lt;").replace('>', "&gt;")).count(), 1, "{words}");
    }
    let leads = all.iter().find(|e| e.name == "a" && e.words == "what the browser showed").unwrap();
    let place = leads.attributes["href"].trim_start_matches('#');
    assert_eq!(all.iter().filter(|e| e.attributes.get("id").is_some_and(|id| id == place)).count(), 1);
    assert!(!page.contains("onload"));
}

#[test]
fn what_a_browser_showed_is_in_other_formats_too() {
    let (dir, record) = shown();
    let text = |name: &str| String::from_utf8((format(name).unwrap().render)(&record)).unwrap();
    let junit = text("junit");
    let case = junit.split("test_a_dump_is_there").nth(1).unwrap().split("</testcase>").next().unwrap();
    assert!(case.contains("[[ATTACHMENT|seen/failing.png]]\n[[ATTACHMENT|seen/source.html]]"), "{case}");
    assert!(junit.contains("\n[[ATTACHMENT|seen/landing.png]]</system-out>"), "{junit}");
    let results: serde_json::Value = serde_json::from_str(&text("results")).unwrap();
    assert_eq!(
        (results["shown"][1]["file"].as_str(), results["shown"][1]["shows"].as_str()),
        (Some("seen/failing.png"), Some("failing"))
    );
    let markdown = text("markdown");
    assert!(
        markdown.contains("`card.png`") && !markdown.contains("]("),
        "no link out of a comment: {markdown}"
    );
    let why = text("why");
    for file in ["seen/failing.png: the page in which a test failed", "seen/console.txt: console"] {
        assert!(why.contains(file), "{file}: {why}");
    }
    assert!(!why.contains("seen/landing.png"), "it belongs to no failure: {why}");
    assert!(text("card").contains("href=\"data:image/png;base64,"));
    // the picture makes a difference in the other form of the card too
    let card = format("card-png").unwrap().render;
    let without = Record::of(record.events.clone()).unwrap();
    assert_ne!(card(&record), card(&without));
    let again = Record::read(dir.path()).unwrap();
    assert_eq!(card(&record), card(&again));
}
