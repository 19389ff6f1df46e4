//! Builds Rhai engines; the only file that does. Scripts can use only what is registered here or by the
//! caller's set-up: no files, processes, clock, sleep or `eval`, and no import inside a function.

use super::guard::{Guard, Meter, Spot};
use super::limits::{
    ARRAY, CALL_DEPTH, EXPRESSION_DEPTH, FUNCTIONS, MAP, MODULES, OPERATIONS, PRINTED, TEXT, VARIABLES,
};
use super::{assertion, natives};
use rhai::debugger::{Debugger, DebuggerCommand, DebuggerEvent};
use rhai::packages::Package;
use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, LogicPackage, MoreStringPackage,
};
use rhai::{Engine, Module, OptimizationLevel, Position};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};

/// The safe parts of the language, made once: making them takes most of the time of making an engine, and
/// each call has an engine of its own.
static PACKAGES: LazyLock<Packages> = LazyLock::new(Packages::default);

macro_rules! packages {
    ($($field:ident $package:ident)*) => {
        struct Packages {
            $($field: $package),*
        }

        impl Default for Packages {
            fn default() -> Packages {
                Packages { $($field: $package::new()),* }
            }
        }

        impl Packages {
            fn register_into(&self, e: &mut Engine) {
                $(self.$field.register_into_engine(e);)*
            }
        }
    };
}

packages! {
    arithmetic ArithmeticPackage
    basic_string BasicStringPackage
    basic_iterator BasicIteratorPackage
    basic_fn BasicFnPackage
    logic LogicPackage
    basic_math BasicMathPackage
    basic_array BasicArrayPackage
    basic_map BasicMapPackage
    more_string MoreStringPackage
}

/// The language with its safe parts and the limits, without time, blobs, debugging and early exit.
fn language(asserts: impl Fn() + Send + Sync + 'static) -> Engine {
    let mut e = Engine::new_raw();
    PACKAGES.register_into(&mut e);
    natives::register(&mut e);
    assertion::add_to(&mut e, asserts);
    e.disable_symbol("eval");
    e.set_strict_variables(true).set_fail_on_invalid_map_property(true);
    // constant folding would remove branches and positions that the checker needs
    e.set_optimization_level(OptimizationLevel::None);
    e.set_max_operations(OPERATIONS.most as u64)
        .set_max_call_levels(CALL_DEPTH.most)
        .set_max_expr_depths(EXPRESSION_DEPTH.most, EXPRESSION_DEPTH.most)
        .set_max_string_size(TEXT.most)
        .set_max_array_size(ARRAY.most)
        .set_max_map_size(MAP.most)
        .set_max_variables(VARIABLES.most)
        .set_max_functions(FUNCTIONS.most)
        .set_max_modules(MODULES.most);
    e
}

/// An engine for compiling. `roots` are names of modules that scripts may use without an import.
pub(super) fn compiler<'a>(roots: impl IntoIterator<Item = &'a str>) -> Engine {
    let mut e = language(|| ());
    for root in roots {
        e.register_static_module(root, Module::new().into());
    }
    e
}

/// An engine for one call, watched by the guard, and the meter that counts the call's operations.
pub(super) fn runner(guard: Arc<dyn Guard>, spot: Arc<Spot>) -> (Engine, Arc<Meter>) {
    let watcher = guard.clone();
    let mut e = language(move || watcher.asserts());
    let meter = Arc::new(Meter::of(guard.clone()));
    let count = meter.clone();
    e.on_progress(move |_| count.tick());
    let printer = Arc::new(Printer { guard, spot: spot.clone(), said: AtomicUsize::new(0) });
    let debug = printer.clone();
    e.on_print(move |text| printer.say(text));
    e.on_debug(move |text, _, _| debug.say(text));
    follow(&mut e, spot);
    (e, meter)
}

/// Notes every node before it is evaluated. This doubles the time of pure computation; a hook that waits for
/// an app does not become slower.
#[expect(deprecated, reason = "Rhai calls the debugger's interface volatile; the version is pinned")]
fn follow(e: &mut Engine, spot: Arc<Spot>) {
    e.register_debugger(
        |_, debugger: Debugger| debugger,
        move |_, event, _, source: Option<&str>, at: Position| {
            // the exit event of a function comes after the error that ended it, with the position of the
            // closing brace
            if matches!(event, DebuggerEvent::Start | DebuggerEvent::Step) {
                spot.note(source, at);
            }
            Ok(DebuggerCommand::StepInto)
        },
    );
}

struct Printer {
    guard: Arc<dyn Guard>,
    spot: Arc<Spot>,
    said: AtomicUsize,
}

impl Printer {
    fn say(&self, text: &str) {
        let before = self.said.fetch_add(text.len(), Relaxed);
        let (file, at) = self.spot.last();
        let place = format!("{file}:{}", at.line().unwrap_or(0));
        if before + text.len() <= PRINTED.most {
            self.guard.printed(&place, text);
        } else if before <= PRINTED.most {
            self.guard
                .printed(&place, &format!("(more than {} bytes printed; the rest is dropped)", PRINTED.most));
        }
    }
}
