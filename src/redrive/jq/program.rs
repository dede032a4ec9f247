//! A program's text, compiled; and its run on one object. Lives on the program's own thread.

use std::{
    any::Any,
    cmp::Ordering,
    panic::{AssertUnwindSafe, catch_unwind},
};

use jaq_core::{
    Compiler, Ctx, Error, Exn, Filter, RunPtr, Vars,
    box_iter::box_once,
    compile::Undefined,
    load::{self, Arena, File, Loader, parse::Def},
    native::{self, Fun, bome, run, v},
};
use jaq_json::Val;

use super::{
    MOST_EXPRESSION_BYTES, Mistake, brief,
    guard::{Guard, PRODUCT, WEIGH},
    meter::{Bound, Meter, Metered, Run},
};

/// Natives that reach out of the program: they end the process, read its environment or write on its terminal.
const REFUSED_NATIVES: [&str; 4] = ["halt", "env", "debug_empty", "stderr_empty"];
/// Definitions on top of them.
const REFUSED_DEFS: [&str; 4] = ["halt", "halt_error", "debug", "stderr"];
/// What the user's own program is called among the definitions.
const MAIN: &str = "edatop_main";
/// More open brackets than anybody writes.
const MOST_BRACKETS: usize = 200;

/// Why a run yielded nothing, in a sentence.
pub enum Failure {
    /// An error of the program's own.
    Error(String),
    /// It met a bound.
    Stopped(String),
}

/// A compiled program.
pub struct Compiled {
    filter: Filter<Metered>,
}

impl Compiled {
    pub fn new(code: &str) -> Result<Self, Mistake> {
        check_size(code)?;
        let arena = Arena::default();
        let whole = File { code, path: () };
        // Only for what it says of mistakes.
        Loader::new([]).load(&arena, whole).map_err(|errors| mistake_in_text(code, &errors))?;
        let term = load::parse(code, |parser| parser.term())
            .ok_or_else(|| Mistake::new("modules cannot be used here; write the expression itself"))?;

        let natives: Vec<Fun<Metered>> = natives().collect();
        let guard = Guard::new(natives.iter().map(|(name, args, _)| (*name, args.len())));
        let main = Def { name: MAIN, args: Vec::new(), body: guard.term(term) };
        let library = library().map(|def| guard.def(def)).chain([main]);
        let call = File { code: MAIN, path: () };
        let modules = Loader::new(library).load(&arena, call).map_err(|errors| mistake_in_text(code, &errors))?;
        let filter = Compiler::default()
            .with_funs(natives.into_iter().chain(own_natives()))
            .compile(modules)
            .map_err(|errors| mistake_in_names(code, &errors))?;
        Ok(Self { filter })
    }

    /// Its first outputs, at most so many.
    pub fn run(&self, input: Val, most: usize) -> Result<Vec<Val>, Failure> {
        let run = || {
            let meter = Meter::start();
            let data = Run { terms: &self.filter.lut, meter: &meter };
            let ctx = Ctx::<Metered>::new(data, Vars::new([]));
            let outputs = self.filter.id.run((ctx, input)).take(most);
            outputs.map(|output| output.map_err(|exception| Failure::Error(in_words(exception, &meter)))).collect()
        };
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|thrown| Err(why_thrown(&*thrown)))
    }
}

fn check_size(code: &str) -> Result<(), Mistake> {
    if code.trim().is_empty() {
        return Err(Mistake::new("the expression is empty; `.` is the message itself"));
    }
    if code.len() > MOST_EXPRESSION_BYTES {
        return Err(Mistake::new(format!(
            "the expression is longer than {MOST_EXPRESSION_BYTES} bytes; write a shorter one"
        )));
    }
    let mut open = 0_usize;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > MOST_BRACKETS {
            return Err(Mistake::at(code, at, "too many open brackets"));
        }
    }
    Ok(())
}

fn library() -> impl Iterator<Item = Def<&'static str>> {
    let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    defs.filter(|def| !REFUSED_DEFS.contains(&def.name))
}

/// The library's natives, less those that reach out, and `range`, which is [`own_natives`]'.
fn natives() -> impl Iterator<Item = Fun<Metered>> {
    let natives = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    natives.filter(|(name, ..)| !REFUSED_NATIVES.contains(name) && *name != "range")
}

fn own_natives() -> impl Iterator<Item = Fun<Metered>> {
    let natives: [native::Filter<RunPtr<Metered>>; 3] = [
        (WEIGH, v(0), |cv| {
            cv.0.data().meter.weigh(&cv.1);
            box_once(Ok(cv.1))
        }),
        (PRODUCT, v(2), |mut cv| {
            let right = cv.0.pop_var();
            let left = cv.0.pop_var();
            cv.0.data().meter.weigh_product(&left, &right);
            bome(left * right)
        }),
        // The library's takes no steps by itself.
        ("range", v(3), |mut cv| {
            let by = cv.0.pop_var();
            let to = cv.0.pop_var();
            let from = cv.0.pop_var();
            let meter = cv.0.data().meter;
            Box::new(range(from, to, by).inspect(|_| meter.pay(1)))
        }),
    ];
    natives.into_iter().map(run::<Metered>)
}

fn range<'a>(from: Val, to: Val, by: Val) -> impl Iterator<Item = Result<Val, Exn<'a, Val>>> {
    let zero = Val::from(0_usize);
    let mut next = Some(Ok(from));
    std::iter::from_fn(move || match next.take()? {
        Ok(now) => {
            let goes_on = match by.cmp(&zero) {
                Ordering::Greater => now < to,
                Ordering::Less => now > to,
                Ordering::Equal => now != to,
            };
            next = goes_on.then(|| now.clone() + by.clone());
            goes_on.then_some(Ok(now))
        }
        Err(error) => Some(Err(Exn::from(error))),
    })
}

/// An exception in words. Its value was built by the program and may be large.
fn in_words(exception: Exn<'_, Val>, meter: &Meter) -> String {
    match exception.get_err() {
        Ok(error) => {
            let value = Error::into_val(error);
            meter.weigh(&value);
            let text = match &value {
                Val::TStr(text) => String::from_utf8_lossy(text).into_owned(),
                value => value.to_string(),
            };
            brief(&text)
        }
        Err(_) => "it breaks out of nothing".to_owned(),
    }
}

fn why_thrown(thrown: &(dyn Any + Send)) -> Failure {
    match thrown.downcast_ref::<Bound>() {
        Some(bound) => Failure::Stopped(bound.to_string()),
        None => Failure::Stopped("it broke the interpreter; write it in another way".to_owned()),
    }
}

fn mistake_in_text(code: &str, errors: &load::Errors<&str, ()>) -> Mistake {
    let first = errors.first().map(|(_, error)| error);
    match first {
        Some(load::Error::Lex(errors)) => match errors.first() {
            Some((expected, rest)) => misplaced(code, expected.as_str(), rest),
            None => Mistake::new("not a jq expression"),
        },
        Some(load::Error::Parse(errors)) => match errors.first() {
            Some((expected, found)) => misplaced(code, expected.as_str(), found),
            None => Mistake::new("not a jq expression"),
        },
        Some(load::Error::Io(_)) => Mistake::new("modules cannot be used here; write the expression itself"),
        None => Mistake::new("not a jq expression"),
    }
}

fn misplaced(code: &str, expected: &str, found: &str) -> Mistake {
    let expected = if expected.is_empty() { "its end".to_owned() } else { expected.to_owned() };
    let text = match found.chars().next() {
        None => format!("not a jq expression: {expected} is missing"),
        Some(_) => format!("not a jq expression: {expected} should stand where `{}` is", brief(first_word(found))),
    };
    match offset(code, found) {
        Some(at) => Mistake::at(code, at, &text),
        None => Mistake::new(text),
    }
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or(text)
}

fn mistake_in_names(code: &str, errors: &jaq_core::compile::Errors<&str, ()>) -> Mistake {
    let Some((name, kind)) = errors.iter().flat_map(|(_, errors)| errors).next() else {
        return Mistake::new("not a jq expression");
    };
    let is_refused =
        REFUSED_DEFS.contains(name) || REFUSED_NATIVES.contains(name) || ["$ENV", "input", "inputs"].contains(name);
    let text = match kind {
        _ if is_refused => format!("`{name}` is not to be had here: the expression sees the message alone"),
        Undefined::Filter(0) => format!("there is no function `{name}` (a field is `.{name}`)"),
        Undefined::Filter(arguments) => format!("there is no function `{name}` of {arguments} arguments"),
        Undefined::Var => format!("there is no variable `{name}`"),
        kind => format!("there is no {} `{name}`", kind.as_str()),
    };
    match offset(code, name) {
        Some(at) => Mistake::at(code, at, &text),
        None => Mistake::new(text),
    }
}

/// Where a part of the code begins, if it is one.
fn offset(code: &str, part: &str) -> Option<usize> {
    let at = part.as_ptr().addr().checked_sub(code.as_ptr().addr())?;
    (at <= code.len()).then_some(at)
}
