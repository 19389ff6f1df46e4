//! The kinds of rows of the table of shapes. Data only.

/// What may stand at a place.
#[derive(Debug)]
pub enum Shape {
    /// Whatever.
    Any,
    /// One value.
    Scalar(&'static [Kind], Format),
    /// A list.
    List {
        /// Of these.
        of: &'static Shape,
        /// Whether docker refuses the same item twice.
        unique: bool,
    },
    /// A map.
    Object(Object),
    /// One of several.
    Either(&'static [Variant]),
}

/// A kind of scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Whole,
    /// Any number.
    Number,
    /// `true` or `false`.
    Bool,
    /// Nothing.
    Nothing,
}

/// What a scalar must look like.
#[derive(Debug)]
pub enum Format {
    /// Anything of its kind.
    Any,
    /// A duration as Go reads it, such as `1m30s`.
    Duration,
    /// A port in short form.
    Ports,
    /// Zero or more.
    NotNegative,
    /// One of these.
    Words(&'static [&'static str]),
}

/// A map.
#[derive(Debug)]
pub struct Object {
    /// The keys it knows.
    pub keys: &'static [Key],
    /// What other keys may stand there.
    pub rest: Rest,
    /// Whether it may be left empty.
    pub nullable: bool,
    /// Keys it must have.
    pub required: &'static [&'static str],
}

/// Keys that are not in the table.
#[derive(Debug)]
pub enum Rest {
    /// None.
    Refused,
    /// Any; docker ignores them.
    Free,
    /// `x-…`, from this version on.
    Extensions(u8),
    /// Names of services, networks and so on.
    Names(&'static Shape),
    /// Keys of the author's own choice.
    Values(&'static Shape),
}

/// A key of a map.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// The minor version that brought it: 8 for 3.8.
    pub since: u8,
    /// What may stand below it.
    pub shape: &'static Shape,
}

/// One way to write something.
#[derive(Debug)]
pub struct Variant {
    /// The minor version that brought it.
    pub since: u8,
    /// Its shape.
    pub shape: &'static Shape,
}
