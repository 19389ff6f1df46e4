//! The stories: one binary, one file a subject. A file here that is not declared fails `tidy`.

mod tidy;
