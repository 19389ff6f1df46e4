//! Calls to the Swarm as values: whoever stands between a caller and the Swarm (to record, count, trace or spoil calls)
//! implements one function instead of every method of the port.

use super::clock::Limit;
use super::cluster::{
    Cluster, ClusterError, Deploy, EngineFacts, ExecOutput, ExecRequest, JobRequest, Leftover, Owner,
    PullError, Pulled,
};
use super::volume::{Entry, InVolume, PutBack};
use crate::observed::Observed;
use ccci_model::name::{ServiceName, StackName};
use ccci_model::secret::Secret;
use std::fmt;
use std::io::{Read, Write};
use std::net::SocketAddr;

/// A Swarm behind one function. Whatever implements it is a [`Cluster`] as well.
pub trait Calls: Send + Sync {
    /// Takes a call. The reply must be of the kind that the call's row below names; another one becomes an error.
    fn call(&self, call: Call<'_, '_>, limit: &Limit) -> Result<Reply, ClusterError>;
    /// How often the engine went away; see [`Cluster::losses`]. Looks at nothing, so it is no call.
    fn losses(&self) -> u64;
}

/// An answer, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It is done.
    Done(()),
    /// What the engine is.
    Engine(EngineFacts),
    /// The image, or why it could not be had; the engine's own failure is the call's error.
    Pulled(Result<Pulled, PullError>),
    /// Whether it was made now.
    Made(bool),
    /// What was seen of the stack.
    Observed(Observed),
    /// What the command left.
    Output(ExecOutput),
    /// What was written.
    Text(String),
    /// What is in the volume.
    Entries(Vec<Entry>),
    /// What was put back.
    PutBack(PutBack),
    /// What still exists.
    Leftovers(Vec<Leftover>),
    /// Where the port is.
    Address(SocketAddr),
    /// All places where it is.
    Addresses(Vec<SocketAddr>),
}

/// Makes, from one row for each method of [`Cluster`]: the variants of [`Call`], their names, the way from a value to a
/// method, and from a method to a value. The order of the arguments is the method's.
macro_rules! calls {
    ($($method:ident = $call:ident { $($arg:ident: $type:ty),* } -> $reply:ident($value:ty);)*) => {
        /// One call and what it is given: values for `'a`, and streams, of those that have one, for `'s`. Its method on
        /// [`Cluster`] says what it does.
        #[allow(missing_docs, reason = "each variant is a method, each field its argument")]
        pub enum Call<'a, 's> {
            /// See [`Cluster::pull`]; the only one with an error of its own.
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
    task_address = TaskAddress { stack: &'a StackName, service: &'a ServiceName, port: u16 } -> Address(SocketAddr);
    task_addresses = TaskAddresses { stack: &'a StackName, service: &'a ServiceName, port: u16 }
        -> Addresses(Vec<SocketAddr>);
}

/// The method and what it is about, for people: never a secret, a command's words or what is in a file.
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
            | Call::TaskAddress { stack, service, .. }
            | Call::TaskAddresses { stack, service, .. } => write!(f, " {stack} {service}"),
            Call::PackVolume { at, .. } | Call::ListVolume { at, .. } | Call::UnpackVolume { at, .. } => {
                write!(f, " {} {}", at.volume, at.path)
            }
        }
    }
}

/// A reply of another kind than the call's: a defect of whoever stands in between.
fn odd(method: &str) -> ClusterError {
    ClusterError::Local(format!("use the answer to `{method}`: it is of another kind"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Stop;
    use ccci_model::time::Moment;

    /// Answers every call in the same way.
    struct Says(Result<Reply, ClusterError>);

    impl Calls for Says {
        fn call(&self, _: Call<'_, '_>, _: &Limit) -> Result<Reply, ClusterError> {
            self.0.clone()
        }
        fn losses(&self) -> u64 {
            7
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
        assert_eq!(Cluster::losses(&text), 7);
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
        let owner = Owner { run: ccci_model::name::RunId::parse("r").unwrap(), domain: owner };
        let value = Secret::new("hush");
        let call = Call::PutSecret { stack: &stack, name: "s_pw_v1", value: &value, owner: &owner };
        assert_eq!(call.to_string(), "put_secret s_pw_v1");
        assert_eq!(Call::Leftovers { domain: None }.to_string(), "leftovers");
        assert_eq!(Call::Look { stack: &stack }.to_string(), "look s");
    }
}
