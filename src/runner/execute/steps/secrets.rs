//! Generates secret values by the modifiers of the env sample. They are put on the engine with the deploy.

use super::Done;
use crate::execute::Run;
use ccci_model::failure::{Failure, causes};
use ccci_model::name::LONGEST_SWARM_NAME;
use ccci_model::plan::Side;
use ccci_model::secret::Secret;
use ccci_recipe::envfile::SecretSpec;
use rand::RngExt;

/// Length of a secret if its line in the sample gives none.
const PLAIN_LENGTH: usize = 32;

/// Generates every secret of the side that has no value yet.
pub(crate) fn generate(run: &mut Run<'_>, side: Side) -> Done {
    let desired = run.texts().sides[&side].env.sample.secrets().0;
    let resolved = &run.state.resolved[&side];
    let (mut made, mut unhidden) = (0, vec![]);
    for (name, full) in resolved.external_secrets(run.app().stack.as_str()) {
        if full.len() > LONGEST_SWARM_NAME {
            let observed = format!("`{full}` has {} characters", full.len());
            let expected = format!("secret names of at most {LONGEST_SWARM_NAME} characters");
            return Err(Box::new(Failure::new(causes::SECRET_REFUSED, expected, observed)));
        }
        if full.ends_with('_') {
            let expected = format!("a version for secret `{name}` in the env");
            let observed = format!("its full name `{full}` ends with `_`");
            return Err(Box::new(Failure::new(causes::SECRET_REFUSED, expected, observed)));
        }
        let mut secrets = run.state.secrets.lock().expect("nothing panics while holding the secrets");
        if secrets.contains_key(&name) {
            continue;
        }
        let value = value_for(desired.iter().find(|w| w.name == name));
        unhidden.extend(run.job.redactor.add(&name, &value).warning(&name));
        secrets.insert(name, value);
        made += 1;
    }
    run.state.secrets_ready.insert(side);
    let generated = (made > 0).then(|| format!("{made} generated"));
    Ok(generated.map(|note| std::iter::once(note).chain(unhidden).collect::<Vec<_>>().join("; ")))
}

fn value_for(desired: Option<&SecretSpec>) -> Secret {
    let length = desired.and_then(|w| w.length).map_or(PLAIN_LENGTH, |l| l as usize);
    let alphabet: Vec<char> = match desired {
        Some(w) => w.charset.alphabet().chars().collect(),
        None => ('a'..='z').chain('A'..='Z').chain('0'..='9').collect(),
    };
    let mut rng = rand::rng();
    Secret::new((0..length).map(|_| alphabet[rng.random_range(0..alphabet.len())]).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_without_a_line_has_32_letters_and_digits_and_no_two_are_alike() {
        let (a, b) = (value_for(None), value_for(None));
        assert_eq!(a.open().len(), 32);
        assert!(a.open().chars().all(|c| c.is_ascii_alphanumeric()));
        assert_ne!(a.open(), b.open());
    }
}
