//! The structure of XML, HTML and Markdown without its text, read by parsers that are not ours.

use html5gum::{DefaultEmitter, Token, Tokenizer};
use pulldown_cmark::{Event, Options, Parser, Tag};

/// Elements and attributes of an XML document, in order.
pub(super) fn xml(text: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(text).unwrap_or_else(|e| {
        let line = text.lines().nth(e.pos().row as usize - 1).unwrap_or_default();
        panic!("no XML: {e}: {:?}", line.chars().take(300).collect::<String>())
    });
    let elements = document.descendants().filter(roxmltree::Node::is_element);
    let shape = |node: roxmltree::Node<'_, '_>| {
        let names: Vec<&str> = node.attributes().map(|a| a.name()).collect();
        format!("{} {}", node.tag_name().name(), names.join(" "))
    };
    elements.map(shape).collect()
}

/// The tags of a page with their attributes, in order, including the text of attributes that only ccci writes. Panics
/// if the parser reports an error.
pub(crate) fn html(text: &str) -> Vec<String> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut out = vec![];
    for token in Tokenizer::new_with_emitter(text, emitter) {
        match token.unwrap() {
            Token::StartTag(tag) => {
                let attributes: Vec<String> = tag
                    .attributes
                    .iter()
                    .map(|(k, v)| format!("{}={}", lossy(k), digits(&lossy(v))))
                    .collect();
                out.push(format!("<{} {}>", lossy(&tag.name), attributes.join(" ")));
            }
            Token::EndTag(tag) => out.push(format!("</{}>", lossy(&tag.name))),
            Token::Comment(_) => out.push("comment".into()),
            Token::Doctype(_) => out.push("doctype".into()),
            Token::String(_) => {}
            Token::Error(e) => panic!("the page is wrong: {:?} after {:?}", *e, out.last()),
        }
    }
    out
}

/// The text with one sign for every number: times and shares differ if names differ.
fn digits(text: &str) -> String {
    text.split(|c: char| c.is_ascii_digit()).filter(|t| !t.is_empty()).collect::<Vec<_>>().join("#")
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The structure of a Markdown text without its words: blocks, spans, and the HTML tags in it.
pub(crate) fn markdown(text: &str) -> Vec<String> {
    let mut out: Vec<String> = vec![];
    let mut in_html = String::new();
    for event in Parser::new_ext(text, as_forges_do()) {
        if let Event::Html(part) = &event {
            in_html.push_str(part);
            continue;
        }
        if !in_html.is_empty() {
            out.extend(html(&std::mem::take(&mut in_html)));
        }
        match event {
            Event::Text(_) | Event::SoftBreak | Event::Html(_) => {}
            Event::Code(code) => out.push(format!("code {code}")),
            Event::Start(Tag::HtmlBlock) | Event::End(pulldown_cmark::TagEnd::HtmlBlock) => {}
            other => out.push(format!("{other:?}")),
        }
    }
    out.extend(html(&in_html));
    out
}

/// The words of a Markdown text that are not in code, as a reader sees them.
pub(super) fn words(text: &str) -> Vec<String> {
    let (mut out, mut in_code): (Vec<String>, bool) = (vec![], false);
    for event in Parser::new_ext(text, as_forges_do()) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => in_code = false,
            Event::Text(words) if !in_code => match out.last_mut() {
                Some(last) => last.push_str(&words),
                None => out.push(words.to_string()),
            },
            Event::Html(part) => out.extend(html_words(&part)),
            _ => out.push(String::new()),
        }
    }
    out
}

fn html_words(text: &str) -> Vec<String> {
    let tokens = Tokenizer::new(text).map(Result::unwrap);
    let words = tokens.filter_map(|token| match token {
        Token::String(words) => Some(lossy(&words)),
        _ => None,
    });
    words.collect()
}

/// Extensions of CommonMark that forges support.
fn as_forges_do() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH
        | Options::ENABLE_GFM
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_WIKILINKS
}
