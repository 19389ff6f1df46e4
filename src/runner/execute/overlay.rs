//! What ccci adds to the recipe's composed files before a deploy. On the main service: the labels and the env that abra sets. On
//! everything: the run's labels, and names that only this run uses. Without IPVS: dnsrr and host-mode ports. Pure.

use ccci_model::name::{ServiceName, StackName};
use ccci_model::plan::Deployment;
use ccci_recipe::compose::Composed;
use ccci_swarm::ports::cluster::Owner;
use std::collections::BTreeMap;

/// The label with the deployed commit, as abra writes it on a chaos deploy.
pub(crate) fn commit_label(stack: &StackName) -> String {
    format!("coop-cloud.{stack}.chaos-version")
}

/// The value of that label: the short commit, with `+U` if there are uncommitted changes.
pub(crate) fn commit_value(deployment: &Deployment) -> String {
    format!("{}{}", deployment.commit.short(), if deployment.dirty { "+U" } else { "" })
}

/// The inputs of the overlay.
pub struct Overlay<'a> {
    /// The labels that everything carries.
    pub owner: &'a Owner,
    /// The stack.
    pub stack: &'a StackName,
    /// The recipe.
    pub recipe: &'a str,
    /// The main service, on which abra sets its labels and the whole app env.
    pub app: &'a str,
    /// What is deployed.
    pub deployment: &'a Deployment,
    /// The app env.
    pub env: &'a BTreeMap<String, String>,
    /// Whether virtual IPs and the routing mesh do not work.
    pub no_ipvs: bool,
}

impl Overlay<'_> {
    /// Applies the overlay to a composed file. Returns what had a name that is not unique to the stack.
    pub fn lay(&self, composed: &mut Composed) -> Vec<String> {
        let shared = composed.own_names(self.stack.as_str());
        let names: Vec<ServiceName> = composed.services().iter().map(|s| s.name.clone()).collect();
        if let Some(app) = names.iter().find(|n| n.as_str() == self.app) {
            let stack = self.stack;
            composed.set_label(app, &format!("coop-cloud.{stack}.chaos"), "true");
            composed.set_label(app, &commit_label(stack), &commit_value(self.deployment));
            composed.set_label(app, &format!("coop-cloud.{stack}.recipe"), self.recipe);
            for (key, value) in self.env {
                composed.set_env_default(app, key, value);
            }
        }
        for (key, value) in self.owner.labels() {
            composed.label_everything(&key, &value);
        }
        if self.no_ipvs {
            for name in &names {
                composed.set_endpoint_mode(name, "dnsrr");
                composed.make_ports_host_mode(name);
            }
        }
        shared
    }
}
