//! The hands: the ports' real and in-memory forms. The only floor that starts processes, opens sockets or files.

pub mod child;
pub mod clock;
pub mod git;
pub mod ingress;
pub mod locks;
pub mod mask;
pub mod memory;
pub mod scratch;
pub mod store;
pub mod swarm;
pub mod tls;
pub mod volume;
pub mod web;
