//! Functions and types that several engines share. Each call has an engine of its own, and registering a
//! hundred functions one by one in each took longer than most calls.

use rhai::{Engine, FuncRegistration, Module, RhaiNativeFunc, Shared, Variant};
use std::any::type_name;

/// A set of functions and types, filled once.
#[derive(Default)]
pub struct Functions(Module);

impl Functions {
    /// Makes a set that can be shared.
    pub fn filled(fill: impl FnOnce(&mut Functions)) -> Shared<Module> {
        let mut functions = Functions::default();
        fill(&mut functions);
        functions.0.into()
    }

    /// Names a type in messages.
    pub fn register_type_with_name<T>(&mut self, name: &str) -> &mut Functions {
        self.0.set_custom_type::<T>(name);
        self
    }

    /// Adds a function.
    pub fn register_fn<A: 'static, const N: usize, const X: bool, R: Variant + Clone, const F: bool>(
        &mut self,
        name: &str,
        function: impl RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
    ) {
        // the checker reads the return type, which follows the types of the parameters
        let info = std::iter::repeat_n("_", N).chain([type_name::<R>()]);
        FuncRegistration::new(name).with_params_info(info).set_into_module(&mut self.0, function);
    }

    /// Adds a function that does not change its first argument, so that it may be called on a constant.
    pub(crate) fn register_pure_fn<
        A: 'static,
        const N: usize,
        const X: bool,
        R: Variant + Clone,
        const F: bool,
    >(
        &mut self,
        name: &str,
        function: impl RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
    ) {
        let info = std::iter::repeat_n("_", N).chain([type_name::<R>()]);
        let registration = FuncRegistration::new(name).with_params_info(info).with_purity(true);
        registration.set_into_module(&mut self.0, function);
    }

    /// Adds a property that can be read.
    pub fn register_get<A: 'static, const X: bool, R: Variant + Clone, const F: bool>(
        &mut self,
        name: &str,
        function: impl RhaiNativeFunc<A, 1, X, R, F> + Send + Sync + 'static,
    ) {
        FuncRegistration::new_getter(name).set_into_module(&mut self.0, function);
    }
}

/// Makes all functions of a set callable in an engine. Functions that the engine already has are called
/// first.
pub fn share(engine: &mut Engine, functions: &Shared<Module>) {
    engine.register_global_module(functions.clone());
}
