//! Tests of env files. The expected values were produced by godotenv 1.5.1.

use super::secrets::CHARSETS;
use super::*;
use proptest::prelude::*;

fn text(content: &str) -> Arc<Text> {
    Arc::new(Text { path: ".env.sample".into(), content: content.into() })
}

fn check(content: &str, expected: &[(&str, &str)]) {
    let (file, d) = EnvFile::parse(&text(content));
    let got: Vec<(&str, &str)> = file.values.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(got, expected, "{content:?}");
    assert!(d.0.is_empty(), "{:?}", d.0);
}

#[test]
fn later_lines_win_and_extend_earlier_ones() {
    check(
        "COMPOSE_FILE=\"compose.yml\"\nX=1\nCOMPOSE_FILE=\"$COMPOSE_FILE:compose.smtp.yml\"\n",
        &[("COMPOSE_FILE", "compose.yml:compose.smtp.yml"), ("X", "1")],
    );
}

#[test]
fn values_are_read_as_godotenv_reads_them() {
    let d = "DOMAIN=x.org\n";
    let one = |line: &str, key: &str, value: &str| {
        check(&format!("{d}{line}\n"), &[("DOMAIN", "x.org"), (key, value)])
    };
    one("V=v1 # length=24", "V", "v1");
    one("U=un quoted   # c", "U", "un quoted");
    one("H=a#b", "H", "a#b");
    one("Q='single $DOMAIN # x'", "Q", "single $DOMAIN # x");
    one("D=\"a $DOMAIN \\n b\"", "D", "a x.org \n b");
    one("X=${DOMAIN:-d}", "X", "x.org:-d}");
    one("export EXP=1", "EXP", "1");
    one("Y: yaml", "Y", "yaml");
    one("E=", "E", "");
    one("Z=\"a=b\"", "Z", "a=b");
    one("TYPE=name:1.0.0+1.22", "TYPE", "name:1.0.0+1.22");
    one("P=$(DOMAIN)", "P", "x.org)");
    one("S=\\$DOMAIN", "S", "$DOMAIN");
    one("L=$domain", "L", "$domain");
    one("M=\"two\nlines\" # c", "M", "two\nlines");
    one("N=a # b # c", "N", "a # b");
    one("J={\"k\": \"v\"}", "J", "{\"k\": \"v\"}");
    one("K=it's", "K", "it's");
    one("  W  =  x  ", "W", "x");
    one("R=a\r", "R", "a");
}

#[test]
fn an_outer_env_is_used_but_not_listed() {
    let outer = BTreeMap::from([("DOMAIN".to_string(), "y.org".to_string())]);
    let (file, _) = EnvFile::parse_with(&text("A=$DOMAIN\n"), &outer);
    assert_eq!(file.values, [("A".to_string(), "y.org".to_string())]);
}

#[test]
fn a_bad_line_is_reported_and_the_rest_is_read() {
    let (file, d) = EnvFile::parse(&text("A=1\nB-C=2\nnothing\nD=\"open\nE=3\n"));
    let places: Vec<String> = d.0.iter().map(|d| d.place.as_ref().unwrap().to_string()).collect();
    assert_eq!(places, [".env.sample:2:2", ".env.sample:3:1", ".env.sample:4:3"]);
    assert_eq!(file.get("E"), Some("3"));
}

#[test]
fn a_value_that_doubles_itself_is_told_and_fills_no_memory() {
    let doubling = ["A=aaaaaaaaaaaaaaaa\n", &"A=$A$A\n".repeat(40), "B=1\n"].concat();
    let (file, d) = EnvFile::parse(&text(&doubling));
    assert!(d.0[0].message.contains("longer than 1048576 bytes"), "{}", d.0[0].message);
    assert_eq!(file.get("B"), Some("1"));
    assert!(file.entries.iter().map(|e| e.value.len()).sum::<usize>() < 2 << 20);
    let exports = abra_exports(&text(&doubling.replace("A=", "export A=")));
    assert!(exports[0].1.len() < 2 << 20);
}

#[test]
fn a_big_file_that_is_no_env_file_is_read_in_a_moment() {
    let (_, d) = EnvFile::parse(&text(&"The first release.\n".repeat(100_000)));
    let lines: Vec<String> = d.0.iter().map(ccci_model::diag::render::one_line).collect();
    assert_eq!(lines.len(), ccci_model::diag::MOST + 1);
}

#[test]
fn a_file_of_very_many_assignments_is_read_up_to_a_bound() {
    let lines: String = (0..200_000).map(|i| format!("A{i}=x\n")).collect();
    let (file, d) = EnvFile::parse(&text(&lines));
    assert_eq!((file.values.len(), d.0.len()), (10_000, 1));
    let said = ccci_model::diag::render::one_line(&d.0[0]);
    assert!(said.contains(":10001:1: this file has more than 10000 assignments"), "{said}");
}

#[test]
fn a_place_covers_whole_letters() {
    let t = text("A–B=1\nC=\"é\n");
    let (_, d) = EnvFile::parse(&t);
    let shown: Vec<&str> = d.0.iter().map(|d| &t.content[d.place.as_ref().unwrap().range.clone()]).collect();
    assert_eq!(shown, ["–", "\""]);
}

#[test]
fn commented_out_keys_and_comments_are_kept() {
    let (file, _) = EnvFile::parse(&text(
        "# a sentence with = in it\n#SMTP_HOST=mail # the host\n# PORT=25\nA=1 # why\n",
    ));
    let commented: Vec<(&str, &str)> =
        file.commented.iter().map(|e| (e.key.as_str(), e.value.as_str())).collect();
    assert_eq!(commented, [("SMTP_HOST", "mail"), ("PORT", "25")]);
    assert_eq!(file.commented[1].place.to_string(), ".env.sample:3:3");
    assert_eq!(file.entries[0].comment.as_deref(), Some("why"));
}

#[test]
fn secrets_carry_their_modifiers() {
    let (file, _) = EnvFile::parse(&text(
        "SECRET_DB_PASSWORD_VERSION=v1\nSECRET_KEY_VERSION=\"v2\" # length=24 charset=hex the key\n\
         SECRET_TOKEN_VERSION=v1 # generate=false\n#SECRET_OFF_VERSION=v1\n",
    ));
    let (secrets, d) = file.secrets();
    assert!(d.0.is_empty());
    let names: Vec<&str> = secrets.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["db_password", "key", "token"]);
    assert_eq!((secrets[1].length, secrets[1].charset.alphabet().as_str()), (Some(24), "0123456789abcdef"));
    assert_eq!((secrets[0].length, secrets[0].generate), (None, true));
    assert!(!secrets[2].generate);
}

#[test]
fn an_unknown_modifier_is_reported() {
    let (file, _) = EnvFile::parse(&text(
        "SECRET_A_VERSION=v1 # lenght=3\nSECRET_B_VERSION=v1 # charset=klingon\nSECRET_C_VERSION=v1 # length=0\n",
    ));
    let (_, d) = file.secrets();
    assert_eq!(d.0.len(), 3);
    assert_eq!(d.0[0].help.as_deref(), Some("did you mean `length`?"));
    assert_eq!(d.0[0].place.as_ref().unwrap().to_string(), ".env.sample:1:1");
}

#[test]
fn special_charsets_have_letters_too() {
    let special = Charset(vec![&CHARSETS[1]]).alphabet();
    assert!(special.contains('a') && special.contains('$'));
    assert!(!Charset(vec![&CHARSETS[2]]).alphabet().contains('$'));
    assert_eq!(Charset::default().alphabet().len(), 62);
}

#[test]
fn only_plain_exports_of_abra_sh_are_read() {
    let sh = "#!/bin/bash\nexport APP_CONF_VERSION=v3\nexport ENTRY_VERSION=\"v1\" # bumped\n  export INDENTED=1\n\
              foo() {\n  export X=1\n}\nexport NOW=$(date)\nAPP=1\nexport APP_CONF_VERSION=v4\n";
    assert_eq!(
        abra_exports(&text(sh)),
        [("APP_CONF_VERSION".to_string(), "v4".to_string()), ("ENTRY_VERSION".to_string(), "v1".to_string())]
    );
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(content in "\\PC*|[A-Z=\"'#$ \\n\\r\\\\{}:é-]{0,60}") {
        let t = text(&content);
        let (file, _) = EnvFile::parse(&t);
        let _ = file.secrets();
        let _ = abra_exports(&t);
    }
}
