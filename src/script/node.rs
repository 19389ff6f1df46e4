//! The checker's own tree of a script. It does not depend on how Rhai stores scripts; `tree.rs` makes it.

use rhai::Position;

/// A statement or an expression.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Where it starts; for calls and operators the position of the name.
    pub at: Position,
    /// What it is.
    pub what: What,
}

/// A literal value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    /// `()`.
    Unit,
    /// `true`.
    Bool,
    /// `5`.
    Int(i64),
    /// `5.0`.
    Float,
    /// `"x"`.
    Text(String),
    /// `'x'`.
    Char,
    /// A list of literals.
    Array,
    /// A map of literals.
    Map,
    /// Anything else.
    Other,
}

/// A call with its arguments.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Module path, outermost first.
    pub path: Vec<String>,
    /// The function's name or the operator.
    pub name: String,
    /// Arguments; without the receiver for a member call.
    pub args: Vec<Node>,
    /// Whether it is an operator.
    pub operator: bool,
}

/// A further part of a chain such as `ctx.get("/").body[0]`.
#[derive(Debug, Clone)]
pub(crate) enum Link {
    /// `.name`.
    Property(String, Position),
    /// `.name(…)`.
    Method(Call, Position),
    /// `[…]`.
    Index(Node),
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// An empty statement.
    Nothing,
    /// A literal value.
    Literal(Literal),
    /// Text with `${…}` inside.
    Text(Vec<Node>),
    /// `[…]`.
    List(Vec<Node>),
    /// `#{…}`: its keys with their positions, and its values.
    Table(Vec<(String, Position, Node)>),
    /// `&&` and `||`.
    Logic(Vec<Node>),
    /// `??`.
    Coalesce(Vec<Node>),
    /// A variable, with its module path.
    Name { path: Vec<String>, name: String },
    /// `this`.
    This,
    /// `{…}`.
    Block(Vec<Node>),
    /// A call by name or an operator.
    Call(Call),
    /// A closure: the function that was made of it and what it captures.
    Closure { function: String, captures: Vec<(String, Position)> },
    /// Members of a value.
    Chain { head: Box<Node>, links: Vec<Link> },
    /// `let`, `const` and `export const`.
    Let { name: String, name_at: Position, constant: bool, exported: bool, value: Box<Node> },
    /// `=`, `+=` and the like.
    Assign { operator: Option<String>, target: Box<Node>, value: Box<Node> },
    /// `if`.
    If { cond: Box<Node>, then: Vec<Node>, other: Vec<Node> },
    /// `while`; `loop` without a condition.
    While { cond: Option<Box<Node>>, body: Vec<Node> },
    /// `do … while` and `do … until`.
    Do { cond: Box<Node>, body: Vec<Node> },
    /// `for`.
    For { names: Vec<(String, Position)>, over: Box<Node>, body: Vec<Node> },
    /// `try … catch`.
    Try { body: Vec<Node>, name: Option<(String, Position)>, handler: Vec<Node> },
    /// `return`.
    Return(Option<Box<Node>>),
    /// `throw`.
    Throw(Option<Box<Node>>),
    /// `break`.
    Break(Option<Box<Node>>),
    /// `continue`.
    Continue,
    /// `switch`: condition and body of each arm, and whether `_` is among them.
    Switch { on: Box<Node>, arms: Vec<(Node, Node)>, complete: bool },
    /// `import`: the literal name if it is one, its position, the alias.
    Import { name: Option<String>, name_at: Position, alias: String },
    /// `assert(…)`.
    Assert(Box<Node>),
    /// Something that this release of ccci cannot check.
    Unknown(String),
}

/// A function of a script.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    /// Its name; closures are called `anon$…`.
    pub name: String,
    /// Names of its parameters, captured variables first.
    pub params: Vec<String>,
    /// Whether it is private.
    pub private: bool,
    /// Statements.
    pub body: Vec<Node>,
    /// Where its body starts: Rhai does not keep the position of the name.
    pub body_at: Position,
    /// Doc comments, without their slashes.
    pub doc: String,
}

impl Function {
    /// Whether it was made of a closure.
    pub(crate) fn is_closure(&self) -> bool {
        self.name.starts_with("anon$")
    }
}

/// A whole script.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree {
    /// Statements outside of functions.
    pub top: Vec<Node>,
    /// Functions in the order of their lines.
    pub functions: Vec<Function>,
}

impl Node {
    /// Where its text starts; for an operator and a chain that is the start of the left operand.
    pub(crate) fn start(&self) -> Position {
        match &self.what {
            What::Chain { head, .. } => head.start(),
            What::Call(Call { operator: true, args, .. }) if args.len() == 2 => args[0].start(),
            What::Logic(parts) | What::Coalesce(parts) => parts.first().map_or(self.at, Node::start),
            What::Assign { target, .. } => target.start(),
            _ => self.at,
        }
    }

    /// Calls `see` for this node and all below it, outermost first.
    pub(crate) fn visit<'a>(&'a self, see: &mut dyn FnMut(&'a Node)) {
        see(self);
        for child in self.children() {
            child.visit(see);
        }
    }

    /// The nodes directly below.
    pub(crate) fn children(&self) -> Vec<&Node> {
        match &self.what {
            What::Nothing
            | What::Literal(_)
            | What::Name { .. }
            | What::This
            | What::Closure { .. }
            | What::Continue
            | What::Import { .. }
            | What::Unknown(_) => vec![],
            What::Text(v) | What::List(v) | What::Logic(v) | What::Coalesce(v) | What::Block(v) => {
                v.iter().collect()
            }
            What::Table(entries) => entries.iter().map(|(.., value)| value).collect(),
            What::Call(c) => c.args.iter().collect(),
            What::Chain { head, links } => {
                let inner = links.iter().flat_map(|l| match l {
                    Link::Property(..) => vec![],
                    Link::Method(c, _) => c.args.iter().collect(),
                    Link::Index(n) => vec![n],
                });
                std::iter::once(&**head).chain(inner).collect()
            }
            What::Let { value, .. } | What::Assert(value) => vec![value],
            What::Assign { target, value, .. } => vec![target, value],
            What::If { cond, then, other } => std::iter::once(&**cond).chain(then).chain(other).collect(),
            What::While { cond, body } => cond.iter().map(|c| &**c).chain(body).collect(),
            What::Do { cond, body } => body.iter().chain([&**cond]).collect(),
            What::For { over, body, .. } => std::iter::once(&**over).chain(body).collect(),
            What::Try { body, handler, .. } => body.iter().chain(handler).collect(),
            What::Return(v) | What::Throw(v) | What::Break(v) => v.iter().map(|n| &**n).collect(),
            What::Switch { on, arms, .. } => {
                std::iter::once(&**on).chain(arms.iter().flat_map(|(c, b)| [c, b])).collect()
            }
        }
    }
}
