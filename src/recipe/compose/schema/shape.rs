//! The types of the table of shapes. Data only.

/// What may be written at a place.
#[derive(Debug)]
pub(super) enum Shape {
    /// Anything.
    Any,
    /// One value.
    Scalar(&'static [Kind], Format),
    /// A list.
    List {
        /// Shape of the items.
        of: &'static Shape,
        /// Whether docker refuses duplicate items.
        unique: bool,
    },
    /// A map.
    Object(Object),
    /// One of several.
    Either(&'static [Variant]),
}

/// A kind of scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Whole,
    /// Any number.
    Number,
    /// `true` or `false`.
    Bool,
    /// Null.
    Nothing,
}

/// Format of a scalar.
#[derive(Debug)]
pub(super) enum Format {
    /// Any value of its type.
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
pub(super) struct Object {
    /// The keys it knows.
    pub keys: &'static [Key],
    /// Which other keys are allowed.
    pub rest: Rest,
    /// Whether it may be null.
    pub nullable: bool,
    /// Keys it must have.
    pub required: &'static [&'static str],
}

/// Keys that are not in the table.
#[derive(Debug)]
pub(super) enum Rest {
    /// None.
    Refused,
    /// Any key; docker ignores them.
    Free,
    /// `x-…`, from this minor version on.
    Extensions(u8),
    /// Names of services, networks and so on.
    Names(&'static Shape),
    /// Keys that the author chooses.
    Values(&'static Shape),
}

/// A key of a map.
#[derive(Debug)]
pub(super) struct Key {
    /// Its name.
    pub name: &'static str,
    /// The minor version that introduced it: 8 for 3.8.
    pub since: u8,
    /// The shape of its value.
    pub shape: &'static Shape,
}

/// One of several ways to write a value.
#[derive(Debug)]
pub(super) struct Variant {
    /// The minor version that introduced it.
    pub since: u8,
    /// Its shape.
    pub shape: &'static Shape,
}
