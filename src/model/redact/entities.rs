//! HTML's names for characters: those of ASCII, of Latin-1, and a few others that programs write by name.
//! Pure.

/// Longest entity in bytes, from `&` to `;`: room for leading zeros and the longest name.
pub(super) const LONGEST: usize = 20;

/// Names of characters below U+00A0, and of some above U+00FF.
const NAMES: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("AMP", '&'),
    ("LT", '<'),
    ("GT", '>'),
    ("QUOT", '"'),
    ("excl", '!'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("lpar", '('),
    ("rpar", ')'),
    ("ast", '*'),
    ("midast", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("colon", ':'),
    ("semi", ';'),
    ("equals", '='),
    ("quest", '?'),
    ("commat", '@'),
    ("lsqb", '['),
    ("lbrack", '['),
    ("rsqb", ']'),
    ("rbrack", ']'),
    ("Hat", '^'),
    ("lowbar", '_'),
    ("UnderBar", '_'),
    ("grave", '`'),
    ("DiacriticalGrave", '`'),
    ("lcub", '{'),
    ("lbrace", '{'),
    ("verbar", '|'),
    ("vert", '|'),
    ("VerticalLine", '|'),
    ("rcub", '}'),
    ("rbrace", '}'),
    ("apos", '\''),
    ("bsol", '\\'),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("OElig", 'Œ'),
    ("oelig", 'œ'),
    ("Scaron", 'Š'),
    ("scaron", 'š'),
    ("Yuml", 'Ÿ'),
    ("fnof", 'ƒ'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bull", '•'),
    ("hellip", '…'),
    ("euro", '€'),
    ("trade", '™'),
];

/// Names of the characters from U+00A0 on, in order.
const LATIN_1: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 \
     acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig \
     Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash \
     Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc \
     euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml \
     yacute thorn yuml";

/// The character with this name.
pub(super) fn letter(name: &[u8]) -> Option<char> {
    let ascii = NAMES.iter().find(|(n, _)| n.as_bytes() == name).map(|(_, c)| *c);
    let latin = || LATIN_1.split_whitespace().position(|n| n.as_bytes() == name);
    ascii.or_else(|| char::from_u32(0xa0 + latin()? as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_names_give_their_characters() {
        assert_eq!(LATIN_1.split_whitespace().count(), 0x100 - 0xa0);
        for (name, c) in [("nbsp", '\u{a0}'), ("szlig", 'ß'), ("auml", 'ä'), ("yuml", 'ÿ'), ("euro", '€')]
        {
            assert_eq!(letter(name.as_bytes()), Some(c), "{name}");
        }
        assert_eq!(letter(b"nothing"), None);
        assert!(NAMES.iter().all(|(name, _)| name.len() + 2 <= LONGEST));
    }
}
