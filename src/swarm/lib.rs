//! What ccci knows of Swarm (pure), and the ports: what the executor and the scripts may ask of the outside.

pub mod backup;
pub mod converge;
pub mod log;
pub mod observed;
pub mod ports;
pub mod routing;
pub mod wait;
