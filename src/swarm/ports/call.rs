//! Calls to the Swarm as values.
//! A wrapper that records, counts, traces or sabotages calls implements one function instead of every method of the
//! port.

use super::clock::Limit;
use super::cluster::{
    Cluster, ClusterError, Deploy, EngineFacts, ExecOutput, ExecRequest, JobRequest, Leftover, Owner,
    PullError, Pulled, TaskAddress,
};
use super::volume::{Entry, InVolume, PutBack};
use crate::observed::Observed;
use ccci_model::name::{ServiceName, StackName};
use ccci_model::secret::Secret;
use std::fmt;
use std::io::{Read, Write};
use std::time::Duration;

/// A Swarm behind one function. Whatever implements it is also a [`Cluster`].
pub trait Calls: Send + Sync {
    /// Makes a call. The reply must be of the kind that the call's row below names; any other kind becomes an error.
    fn call(&self, call: Call<'_, '_>, limit: &Limit) -> Result<Reply, ClusterError>;
    /// How often the engine was lost; see [`Cluster::losses`]. It does not ask the engine, so it is not a call.
    fn losses(&self) -> u64;
    /// For how long the engine gave no answer; see [`Cluster::silence`].
    fn silence(&self) -> Duration;
}

/// A reply, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It is done.
    Done(()),
    /// Facts about the engine.
    Engine(EngineFacts),
    /// The image, or why it could not be pulled; an error of the engine is the call's error.
    Pulled(Result<Pulled, PullError>),
    /// Whether this call made it.
    Made(bool),
    /// The stack as observed.
    Observed(Observed),
    /// Result of a command.
    Output(ExecOutput),
    /// Text that a service wrote.
    Text(String),
    /// Entries of the volume.
    Entries(Vec<Entry>),
    /// What a restore did.
    PutBack(PutBack),
    /// What still exists.
    Leftovers(Vec<Leftover>),
    /// Addresses of the port in all tasks.
    Addresses(Vec<TaskAddress>),
}

/// Makes, from one row for each method of [`Cluster`]: the variants of [`Call`], their names, the conversion of a
/// value to a method call, and of a method call to a value. The arguments are in the method's order.
macro_rules! calls {
    ($($method:ident = $call:ident { $($arg:ident: $type:ty),* } -> $reply:ident($value:ty);)*) => {
        /// One call with its arguments: values with the lifetime `'a`, and streams, if it has any, with `'s`. The
        /// method of [`Cluster`] says what it does.
        #[allow(missing_docs, reason = "each variant is a method, each field its argument")]
        pub enum Call<'a, 's> {
            /// See [`Cluster::pull`]; the only call with an error of its own.
            Pull { image: &'a str },
            $($call { $($arg: $type),* },)*
        }

        impl Call<'_, '_> {
            /// The name of its method.
            pub fn name(&self) -> &'static str {
                match self {
                    Call::Pull { .. } => "pull",
                    $(Call::$call { .. } => stringify!($method),)*
                }
            }

            /// Makes the call.
            pub fn on(self, cluster: &dyn Cluster, limit: &Limit) -> Result<Reply, ClusterError> {
                match self {
                    Call::Pull { image } => match cluster.pull(image, limit) {
                        Err(PullError::Cluster(e)) => Err(e),
                        pulled => Ok(Reply::Pulled(pulled)),
                    },
                    $(Call::$call { $($arg),* } => cluster.$method($($arg,)* limit).map(Reply::$reply),)*
                }
            }
        }

        impl<C: Calls> Cluster for C {
            fn pull(&self, image: &str, limit: &Limit) -> Result<Pulled, PullError> {
                match self.call(Call::Pull { image }, limit)? {
                    Reply::Pulled(pulled) => pulled,
                    _ => Err(odd("pull").into()),
                }
            }

            $(fn $method<'a, 's>(&self, $($arg: $type,)* limit: &Limit) -> Result<$value, ClusterError> {
                match self.call(Call::$call { $($arg),* }, limit)? {
                    Reply::$reply(value) => Ok(value),
                    _ => Err(odd(stringify!($method))),
                }
            })*

            fn losses(&self) -> u64 {
                Calls::losses(self)
            }

            fn silence(&self) -> Duration {
                Calls::silence(self)
            }
        }
    };
}

calls! {
    engine = Engine {} -> Engine(EngineFacts);
    ensure_network = EnsureNetwork { name: &'a str, owner: &'a Owner } -> Made(bool);
    put_secret = PutSecret { stack: &'a StackName, name: &'a str, value: &'a Secret, owner: &'a Owner } -> Done(());
    deploy = Deploy { deploy: &'a Deploy } -> Done(());
    look = Look { stack: &'a StackName } -> Observed(Observed);
    exec = Exec { stack: &'a StackName, service: &'a ServiceName, what: &'a ExecRequest } -> Output(ExecOutput);
    logs = Logs { stack: &'a StackName, service: &'a ServiceName, lines: usize } -> Text(String);
    run_job = RunJob { stack: &'a StackName, job: &'a JobRequest } -> Output(ExecOutput);
    remove_service = RemoveService { stack: &'a StackName, service: &'a ServiceName } -> Done(());
    pack_volume = PackVolume {
        stack: &'a StackName, service: &'a ServiceName, at: &'a InVolume, sink: &'s mut (dyn Write + 's)
    } -> Entries(Vec<Entry>);
    list_volume = ListVolume { stack: &'a StackName, service: &'a ServiceName, at: &'a InVolume }
        -> Entries(Vec<Entry>);
    unpack_volume = UnpackVolume {
        stack: &'a StackName, service: &'a ServiceName, at: &'a InVolume, tar: &'s mut (dyn Read + 's)
    } -> PutBack(PutBack);
    close_volumes = CloseVolumes { stack: &'a StackName } -> Done(());
    remove = Remove { domain: &'a str } -> Done(());
    leftovers = Leftovers { domain: Option<&'a str> } -> Leftovers(Vec<Leftover>);
    task_addresses = TaskAddresses { stack: &'a StackName, service: &'a ServiceName, port: u16 }
        -> Addresses(Vec<TaskAddress>);
}

/// The method and its subject, for people: never a secret, the words of a command, or the content of a file.
impl fmt::Display for Call<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Call::Engine {} | Call::Leftovers { domain: None } => Ok(()),
            Call::Pull { image: about }
            | Call::EnsureNetwork { name: about, .. }
            | Call::PutSecret { name: about, .. }
            | Call::Remove { domain: about }
            | Call::Leftovers { domain: Some(about) } => write!(f, " {about}"),
            Call::Deploy { deploy } => write!(f, " {}", deploy.stack),
            Call::Look { stack } | Call::CloseVolumes { stack } => write!(f, " {stack}"),
            Call::RunJob { stack, job } => write!(f, " {stack} {}", job.name),
            Call::Exec { stack, service, .. }
            | Call::Logs { stack, service, .. }
            | Call::RemoveService { stack, service }
            | Call::TaskAddresses { stack, service, .. } => write!(f, " {stack} {service}"),
            Call::PackVolume { at, .. } | Call::ListVolume { at, .. } | Call::UnpackVolume { at, .. } => {
                write!(f, " {} {}", at.volume, at.path)
            }
        }
    }
}

/// The error for a reply of another kind than the call's: a defect of a wrapper.
fn odd(method: &str) -> ClusterError {
    ClusterError::Local(format!("use the answer to `{method}`: it is of another kind"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Stop;
    use crate::ports::lease::Lease;
    use ccci_model::time::Moment;

    /// Gives every call the same reply.
    struct Says(Result<Reply, ClusterError>);

    impl Calls for Says {
        fn call(&self, _: Call<'_, '_>, _: &Limit) -> Result<Reply, ClusterError> {
            self.0.clone()
        }
        fn losses(&self) -> u64 {
            7
        }
        fn silence(&self) -> Duration {
            Duration::from_secs(90)
        }
    }

    fn limit() -> Limit {
        Limit { deadline: Moment(1), stop: Stop::default() }
    }

    #[test]
    fn a_reply_of_the_calls_kind_is_its_value_and_another_is_an_error() {
        let text = Says(Ok(Reply::Text("words".into())));
        let (stack, service) = (StackName::parse("s").unwrap(), ServiceName::parse("app").unwrap());
        assert_eq!(text.logs(&stack, &service, 9, &limit()).unwrap(), "words");
        let odd = text.look(&stack, &limit()).unwrap_err().to_string();
        assert_eq!(odd, "use the answer to `look`: it is of another kind");
        assert!(matches!(text.pull("i", &limit()), Err(PullError::Cluster(ClusterError::Local(_)))));
        assert_eq!((Cluster::losses(&text), Cluster::silence(&text).as_secs()), (7, 90));
    }

    #[test]
    fn what_a_registry_says_and_what_the_engine_says_stay_apart_on_the_way_through_values() {
        let refused = PullError::NoSuchImage { image: "i".into(), text: "none".into() };
        let registry = Says(Ok(Reply::Pulled(Err(refused.clone()))));
        assert_eq!(registry.pull("i", &limit()), Err(refused.clone()));
        let through = Call::Pull { image: "i" }.on(&registry, &limit());
        assert_eq!(through, Ok(Reply::Pulled(Err(refused))));
        let gone = ClusterError::Unreachable("x".into());
        let engine = Says(Err(gone.clone()));
        assert_eq!(engine.pull("i", &limit()), Err(gone.clone().into()));
        assert_eq!(Call::Pull { image: "i" }.on(&engine, &limit()), Err(gone));
    }

    #[test]
    fn a_call_shows_what_it_is_about_and_no_secret() {
        let (stack, owner) = (StackName::parse("s").unwrap(), "o".to_string());
        let owner = Owner {
            run: ccci_model::name::RunId::parse("r").unwrap(),
            domain: owner,
            lease: Lease::default(),
        };
        let value = Secret::new("hush");
        let call = Call::PutSecret { stack: &stack, name: "s_pw_v1", value: &value, owner: &owner };
        assert_eq!(call.to_string(), "put_secret s_pw_v1");
        assert_eq!(Call::Leftovers { domain: None }.to_string(), "leftovers");
        assert_eq!(Call::Look { stack: &stack }.to_string(), "look s");
    }
}
