//! Makes the checker's tree from Rhai's. Only this file names Rhai's statements and expressions, so that a
//! release of Rhai that changes them affects no other file.

use super::node::{Call, Function, Link, Literal, Node, Tree, What};
use rhai::{AST, ASTFlags, ASTNode, BinaryExpr, Expr, FnAccess, FnCallExpr, FnPtr, Stmt};
use rhai::{Dynamic, Expression, FlowControl, StmtBlock};

/// The checker's tree of a compiled script.
pub(crate) fn of(ast: &AST) -> Tree {
    let mut functions: Vec<Function> = ast
        .iter_fn_def()
        .map(|f| Function {
            name: f.name.to_string(),
            params: f.params.iter().map(ToString::to_string).collect(),
            private: f.access == FnAccess::Private,
            body: body_of(ast, &f.name, f.params.len()),
            body_at: f.body.start_position(),
            doc: doc_of(&f.comments),
        })
        .collect();
    functions.sort_by_key(|f| (f.body_at.line(), f.body_at.position(), f.name.clone()));
    Tree { top: ast.statements().iter().map(stmt).collect(), functions }
}

fn doc_of(comments: &[impl AsRef<str>]) -> String {
    let lines = comments.iter().flat_map(|c| c.as_ref().lines());
    let strip = |l: &str| l.trim_start().trim_start_matches("///").trim_start_matches(' ').to_string();
    lines.map(strip).collect::<Vec<_>>().join("\n")
}

/// The statements of one function. Rhai 1.27 does not export the type that holds them, and
/// `clone_functions_only_filtered` ignores its filter; so all other functions are removed and the remaining
/// one is walked.
fn body_of(ast: &AST, name: &str, arity: usize) -> Vec<Node> {
    let mut one = ast.clone();
    one.clear_statements().retain_functions(|_, _, n, k| n == name && k == arity);
    let mut body = vec![];
    one.walk(&mut |path| {
        if let [ASTNode::Stmt(s)] = path {
            body.push(stmt(s));
        }
        true
    });
    body
}

fn block(b: &StmtBlock) -> Vec<Node> {
    b.statements().iter().map(stmt).collect()
}

fn stmt(s: &Stmt) -> Node {
    let what = match s {
        Stmt::Noop(_) => What::Nothing,
        Stmt::Expr(e) => return expr(e),
        Stmt::FnCall(c, _) => called(c),
        Stmt::Block(b) => What::Block(block(b)),
        Stmt::Var(x, flags, _) => What::Let {
            name: x.0.name.to_string(),
            name_at: x.0.pos,
            constant: flags.contains(ASTFlags::CONSTANT),
            exported: flags.contains(ASTFlags::EXPORTED),
            value: Box::new(expr(&x.1)),
        },
        Stmt::Assignment(x) => What::Assign {
            operator: x.0.get_op_assignment_info().map(|i| i.5.to_string()),
            target: Box::new(expr(&x.1.lhs)),
            value: Box::new(expr(&x.1.rhs)),
        },
        Stmt::Return(e, flags, _) => {
            let value = e.as_deref().map(|e| Box::new(expr(e)));
            if flags.contains(ASTFlags::BREAK) { What::Throw(value) } else { What::Return(value) }
        }
        Stmt::BreakLoop(e, flags, _) if flags.contains(ASTFlags::BREAK) => {
            What::Break(e.as_deref().map(|e| Box::new(expr(e))))
        }
        Stmt::BreakLoop(..) => What::Continue,
        Stmt::Import(x, _) => What::Import {
            name: match &x.0 {
                Expr::StringConstant(text, _) => Some(text.to_string()),
                _ => None,
            },
            name_at: x.0.position(),
            alias: x.1.name.to_string(),
        },
        Stmt::Export(..) => What::Nothing,
        Stmt::Share(_) => What::Nothing,
        other => branching(other),
    };
    Node { at: s.position(), what }
}

/// Statements that contain blocks.
fn branching(s: &Stmt) -> What {
    let cond = |x: &FlowControl| Box::new(expr(&x.expr));
    match s {
        Stmt::If(x, _) => What::If { cond: cond(x), then: block(&x.body), other: block(&x.branch) },
        Stmt::While(x, _) => {
            What::While { cond: (!matches!(x.expr, Expr::Unit(_))).then(|| cond(x)), body: block(&x.body) }
        }
        Stmt::Do(x, ..) => What::Do { cond: cond(x), body: block(&x.body) },
        Stmt::For(x, _) => What::For {
            names: std::iter::once(&x.0).chain(&x.1).map(|i| (i.name.to_string(), i.pos)).collect(),
            over: cond(&x.2),
            body: block(&x.2.body),
        },
        Stmt::TryCatch(x, _) => What::Try {
            body: block(&x.body),
            name: match &x.expr {
                Expr::Variable(v, _, at) => Some((v.1.to_string(), *at)),
                _ => None,
            },
            handler: block(&x.branch),
        },
        Stmt::Switch(x, _) => What::Switch {
            on: Box::new(expr(&x.0)),
            arms: x.1.expressions.iter().map(|a| (expr(&a.lhs), expr(&a.rhs))).collect(),
            complete: x.1.def_case.is_some(),
        },
        _ => What::Unknown("a statement that is new in Rhai".into()),
    }
}

fn expr(e: &Expr) -> Node {
    let many = |v: &[Expr]| v.iter().map(expr).collect::<Vec<Node>>();
    let what = match e {
        Expr::BoolConstant(..) => What::Literal(Literal::Bool),
        Expr::IntegerConstant(n, _) => What::Literal(Literal::Int(*n)),
        Expr::FloatConstant(..) => What::Literal(Literal::Float),
        Expr::CharConstant(..) => What::Literal(Literal::Char),
        Expr::StringConstant(text, _) => What::Literal(Literal::Text(text.to_string())),
        Expr::Unit(_) => What::Literal(Literal::Unit),
        Expr::DynamicConstant(value, _) => constant(value),
        Expr::InterpolatedString(v, _) => What::Text(many(v)),
        Expr::Array(v, _) => What::List(many(v)),
        Expr::Map(v, _) => {
            What::Table(v.0.iter().map(|(key, e)| (key.name.to_string(), key.pos, expr(e))).collect())
        }
        Expr::And(v, _) | Expr::Or(v, _) => What::Logic(many(v)),
        Expr::Coalesce(v, _) => What::Coalesce(many(v)),
        Expr::Variable(v, ..) => {
            What::Name { path: v.2.path.iter().map(|i| i.name.to_string()).collect(), name: v.1.to_string() }
        }
        Expr::ThisPtr(_) => What::This,
        Expr::Stmt(b) => match closure(b) {
            Some(closure) => closure,
            None => What::Block(block(b)),
        },
        Expr::FnCall(c, _) => called(c),
        Expr::Dot(..) | Expr::Index(..) => chain(e),
        Expr::Custom(c, _) => match c.inputs.as_slice() {
            [one] => What::Assert(Box::new(expr(one))),
            _ => What::Unknown("custom syntax".into()),
        },
        _ => What::Unknown("an expression that is new in Rhai".into()),
    };
    Node { at: e.position(), what }
}

fn constant(value: &Dynamic) -> What {
    if let Some(f) = value.read_lock::<FnPtr>() {
        return What::Closure { function: f.fn_name().to_string(), captures: vec![] };
    }
    What::Literal(match () {
        () if value.is_array() => Literal::Array,
        () if value.is_map() => Literal::Map,
        () => Literal::Other,
    })
}

fn called(c: &FnCallExpr) -> What {
    What::Call(call(c))
}

fn call(c: &FnCallExpr) -> Call {
    Call {
        path: c.namespace.path.iter().map(|i| i.name.to_string()).collect(),
        name: c.name.to_string(),
        args: c.args.iter().map(expr).collect(),
        operator: c.is_operator_call(),
    }
}

/// A closure that captures is stored as `{ share x; curry(Fn(anon$…), x) }`.
fn closure(b: &StmtBlock) -> Option<What> {
    let [Stmt::Share(shared), made] = b.statements() else { return None };
    let curry = match made {
        Stmt::FnCall(c, _) => c,
        Stmt::Expr(e) => match &**e {
            Expr::FnCall(c, _) => c,
            _ => return None,
        },
        _ => return None,
    };
    let Some(Expr::DynamicConstant(value, _)) = curry.args.first() else { return None };
    let function = value.read_lock::<FnPtr>()?.fn_name().to_string();
    Some(What::Closure {
        function,
        captures: shared.iter().map(|(i, _)| (i.name.to_string(), i.pos)).collect(),
    })
}

/// `a.b(c).d[e]` is nested to the right: `Dot(a, Dot(b(c), Index(d, e)))`. The flag BREAK on the node above
/// marks an index that is itself a chain.
fn chain(e: &Expr) -> What {
    let (Expr::Dot(x, ..) | Expr::Index(x, ..)) = e else {
        return What::Unknown("a chain".into());
    };
    let head = Box::new(expr(&x.lhs));
    let mut links = vec![];
    let mut above = e;
    while let Expr::Dot(x, flags, _) | Expr::Index(x, flags, _) = above {
        let dot = matches!(above, Expr::Dot(..));
        let goes_on =
            matches!(x.rhs, Expr::Dot(..) | Expr::Index(..)) && (dot || !flags.contains(ASTFlags::BREAK));
        let here = match &x.rhs {
            Expr::Dot(y, ..) | Expr::Index(y, ..) if goes_on => &y.lhs,
            whole => whole,
        };
        links.push(if dot { member(here) } else { Link::Index(expr(here)) });
        if !goes_on {
            break;
        }
        above = &x.rhs;
    }
    What::Chain { head, links }
}

fn member(e: &Expr) -> Link {
    match e {
        Expr::Property(p, at) => Link::Property(p.2.to_string(), *at),
        Expr::MethodCall(c, at) => Link::Method(call(c), *at),
        other => Link::Index(expr(other)),
    }
}

/// The parts of an expression that an assertion can show.
pub(crate) enum Shape<'a> {
    /// Two sides and an operator.
    Sides(&'a str, Expression<'a>, Expression<'a>),
    /// A question about a value: `text.contains(other)`.
    Asks(Question<'a>),
    /// All of these must be true.
    All(Vec<Expression<'a>>),
    /// Only the whole expression.
    Whole,
}

/// The shape of an expression under `assert`.
pub(crate) fn shape<'a>(e: &'a Expression<'a>) -> Shape<'a> {
    let e: &Expr = e;
    match e {
        Expr::FnCall(c, _) if c.is_operator_call() && c.args.len() == 2 => {
            Shape::Sides(c.name.as_str(), (&c.args[0]).into(), (&c.args[1]).into())
        }
        Expr::And(v, _) => Shape::All(v.iter().map(Into::into).collect()),
        Expr::FnCall(c, _) if c.name == "!" && c.args.len() == 1 => {
            question(&c.args[0], true).map_or(Shape::Whole, Shape::Asks)
        }
        _ => question(e, false).map_or(Shape::Whole, Shape::Asks),
    }
}

/// A question that a script asks about a value, by a method with one argument.
pub(crate) struct Question<'a> {
    /// The name of the method.
    pub method: &'a str,
    /// Whether the answer must be no.
    pub denied: bool,
    /// What stands before the method.
    of: Expr,
    /// Its argument.
    pub argument: Expression<'a>,
}

impl Question<'_> {
    /// The value that the question is about.
    pub(crate) fn of(&self) -> Expression<'_> {
        (&self.of).into()
    }
}

/// The question that an expression asks, whether it stands in a chain of members, or `value in list`.
fn question(e: &Expr, denied: bool) -> Option<Question<'_>> {
    let (of, call) = match e {
        // a chain leans to the right: `a.b.c()` is `a.(b.c())`
        Expr::Dot(..) => without_last(e)?,
        Expr::FnCall(c, _) if c.args.len() == 2 && c.namespace.is_empty() => {
            let call: &FnCallExpr = c;
            return Some(Question {
                method: &call.name,
                denied,
                of: c.args[0].clone(),
                argument: (&c.args[1]).into(),
            });
        }
        _ => return None,
    };
    let [argument] = &call.args[..] else { return None };
    Some(Question { method: &call.name, denied, of, argument: argument.into() })
}

/// What stands before the last method of a chain, and the call of that method. A chain with an index is left alone.
fn without_last(e: &Expr) -> Option<(Expr, &FnCallExpr)> {
    let Expr::Dot(x, flags, at) = e else { return None };
    match &x.rhs {
        Expr::MethodCall(call, _) => Some((x.lhs.clone(), call)),
        rest @ Expr::Dot(..) => {
            let (rhs, call) = without_last(rest)?;
            let shorter = BinaryExpr { lhs: x.lhs.clone(), rhs };
            Some((Expr::Dot(Box::new(shorter), *flags, *at), call))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::engine;
    use super::*;

    /// Kind and position of a node and of all below it.
    fn dump(n: &Node, depth: usize, out: &mut String) {
        let kind: String = format!("{:?}", n.what).chars().take_while(|c| c.is_alphanumeric()).collect();
        let own = match &n.what {
            What::Name { path, name } => {
                format!(" {}", path.iter().chain([name]).cloned().collect::<Vec<_>>().join("::"))
            }
            What::Call(c) => {
                format!(" {}", c.path.iter().chain([&c.name]).cloned().collect::<Vec<_>>().join("::"))
            }
            What::Closure { captures, .. } => format!(" {captures:?}"),
            What::Literal(Literal::Int(_)) => " Int".into(),
            What::Literal(l) => format!(" {l:?}"),
            What::Chain { links, .. } => links.iter().map(linked).collect(),
            _ => String::new(),
        };
        out.push_str(&format!("{}{kind}{own} @ {:?}\n", "  ".repeat(depth), n.at));
        for child in n.children() {
            dump(child, depth + 1, out);
        }
    }

    fn linked(l: &Link) -> String {
        match l {
            Link::Property(name, at) => format!(" .{name} @ {at:?}"),
            Link::Method(c, at) => format!(" .{}() @ {at:?}", c.name),
            Link::Index(_) => " []".to_string(),
        }
    }

    /// Fails if a release of Rhai changes its tree.
    #[test]
    fn the_tree_of_the_sample_is_unchanged() {
        let sample = include_str!("../../tests/fixtures/tree/sample.rhai");
        let tree = of(&engine::compiler([]).compile(sample).unwrap());
        let mut out = String::new();
        for node in &tree.top {
            dump(node, 0, &mut out);
        }
        for f in &tree.functions {
            let name = if f.is_closure() { "closure" } else { &f.name };
            out.push_str(&format!(
                "{name}({}) private={} doc={:?} @ {:?}\n",
                f.params.join(", "),
                f.private,
                f.doc,
                f.body_at
            ));
            for node in &f.body {
                dump(node, 1, &mut out);
            }
        }
        assert_eq!(out, include_str!("../../tests/fixtures/tree/expected.txt"), "seen:\n{out}");
    }
}
