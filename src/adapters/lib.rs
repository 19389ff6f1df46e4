//! The real adapters of the ports.
//! Besides the program, only this room starts processes and opens sockets or files.

mod bound;
pub mod browser;
pub mod child;
pub mod clock;
pub mod disk;
pub mod docker;
pub mod git;
pub mod http;
pub mod ingress;
pub mod locks;
pub mod mask;
mod processes;
pub mod published;
pub mod records;
pub mod scratch;
pub mod store;
pub mod tail;
pub mod tls;
pub mod volume;
