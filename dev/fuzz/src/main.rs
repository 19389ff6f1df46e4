//! The driver: libFuzzer generates bytes, and the target in CCCI_FUZZ_TARGET reads them. With
//! CCCI_FUZZ_REPEAT every input is repeated up to that many bytes, which finds code that is too slow for a
//! long text.
#![no_main]

#[path = "../targets/mod.rs"]
mod targets;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use std::sync::LazyLock;
use targets::{TARGETS, Target, mutation, target};

static TARGET: LazyLock<&'static Target> = LazyLock::new(|| {
    let name = std::env::var("CCCI_FUZZ_TARGET").unwrap_or_default();
    let known: Vec<&str> = TARGETS.iter().map(|t| t.name).collect();
    target(&name).unwrap_or_else(|| panic!("CCCI_FUZZ_TARGET must be one of {}", known.join(", ")))
});
static REPEAT: LazyLock<Option<usize>> =
    LazyLock::new(|| std::env::var("CCCI_FUZZ_REPEAT").ok().and_then(|n| n.parse().ok()));

fuzz_target!(|data: &[u8]| {
    match *REPEAT {
        Some(length) if !data.is_empty() => (TARGET.run)(&data.repeat(length.div_ceil(data.len()))),
        _ => (TARGET.run)(data),
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut chance = mutation::Chance(u64::from(seed));
    if chance.below(2) == 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    let mut out = mutation::changed(&data[..size], TARGET.words, &[], &mut chance);
    out.truncate(max_size);
    data[..out.len()].copy_from_slice(&out);
    out.len()
});
