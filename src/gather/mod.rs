//! Gathers everything that check, plan and run start from: directories, settings, the source's facts, env, composed
//! files. Reads only; decides nothing that is not pure and lower down.

pub mod disk;
