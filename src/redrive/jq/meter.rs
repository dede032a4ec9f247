//! What a program may use up on one message. The interpreter asks for its table of terms before each step it takes; that is where the
//! step is counted. Bounds on what it builds are in [`super::guard`].

use std::{
    cell::Cell,
    fmt, hint,
    panic::resume_unwind,
    ptr,
    time::{Duration, Instant},
};

use jaq_core::{DataT, Lut, data::HasLut};
use jaq_json::{Num, Val};

/// Steps for one message.
const MOST_STEPS: u64 = 2_000_000;
/// Time for one message, on a machine that is too slow for that many steps.
pub const MOST_TIME: Duration = Duration::from_secs(10);
/// Steps between two looks at the clock.
const STEPS_BETWEEN_LOOKS: u64 = 4096;
/// How much of the stack a program may use. What it built is taken apart on the same stack, which may go deeper.
const MOST_STACK_BYTES: usize = 64 << 20;
/// The stack of a program's thread. Memory is only taken for what is used of it.
pub const STACK_BYTES: usize = 1 << 30;
/// The largest value, as JSON, and its deepest nesting.
const MOST_VALUE_BYTES: usize = 16 << 20;
const MOST_DEEP: usize = 512;
/// A value's parts count as so many bytes.
const BYTES_OF_A_PART: usize = 4;
/// Building so many bytes is a step.
const BYTES_OF_A_STEP: usize = 128;

/// Which bound was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    Steps,
    Time,
    Stack,
    Size,
    Depth,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steps => write!(f, "it was stopped after {MOST_STEPS} steps; does it ever end?"),
            Self::Time => write!(f, "it was stopped after {} seconds; does it ever end?", MOST_TIME.as_secs()),
            Self::Stack => write!(f, "it was stopped because it calls itself too deeply; does it ever end?"),
            Self::Size => {
                write!(f, "it was stopped because it builds a value of more than {} MiB", MOST_VALUE_BYTES >> 20)
            }
            Self::Depth => write!(f, "it was stopped because it builds a value of more than {MOST_DEEP} levels"),
        }
    }
}

/// Counts what is used up.
#[derive(Debug)]
pub struct Meter {
    left: Cell<u64>,
    until: Instant,
    stack: usize,
}

impl Meter {
    /// For a program that starts here and now, on this thread.
    pub fn start() -> Self {
        Self { left: Cell::new(MOST_STEPS), until: Instant::now() + MOST_TIME, stack: stack_address() }
    }

    /// One step.
    fn step(&self) {
        let left = self.left.get();
        if left.is_multiple_of(STEPS_BETWEEN_LOOKS) && Instant::now() > self.until {
            stop(Bound::Time);
        }
        if self.stack.abs_diff(stack_address()) > MOST_STACK_BYTES {
            stop(Bound::Stack);
        }
        self.pay(1);
    }

    pub fn pay(&self, steps: u64) {
        match self.left.get().checked_sub(steps) {
            Some(left) if left > 0 => self.left.set(left),
            _ => stop(Bound::Steps),
        }
    }

    /// Pays for a value that was built.
    pub fn weigh(&self, value: &Val) {
        let mut left = MOST_VALUE_BYTES;
        match size(value, 0, &mut left) {
            Ok(()) => self.pay(((MOST_VALUE_BYTES - left) / BYTES_OF_A_STEP) as u64),
            Err(bound) => stop(bound),
        }
    }

    /// Makes sure that a product of text and number is not too large, before it is made.
    pub fn weigh_product(&self, left: &Val, right: &Val) {
        let times = |text: &[u8], number: &Num| match number.as_isize() {
            Some(times) if times <= 0 => 0,
            Some(times) => text.len().saturating_mul(times.unsigned_abs()),
            None if matches!(number, Num::BigInt(_)) => text.len().saturating_mul(usize::MAX),
            None => 0,
        };
        let bytes = match (left, right) {
            (Val::TStr(text) | Val::BStr(text), Val::Num(number))
            | (Val::Num(number), Val::TStr(text) | Val::BStr(text)) => times(text, number),
            // Digits multiply in more than linear time.
            (Val::Num(Num::BigInt(a)), Val::Num(Num::BigInt(b))) => {
                let bits = usize::try_from(a.bits().max(b.bits())).unwrap_or(usize::MAX);
                bits.saturating_mul(bits) / 64
            }
            _ => 0,
        };
        if bytes > MOST_VALUE_BYTES {
            stop(Bound::Size);
        }
        self.pay((bytes / BYTES_OF_A_STEP) as u64);
    }
}

fn size(value: &Val, depth: usize, left: &mut usize) -> Result<(), Bound> {
    if depth > MOST_DEEP {
        return Err(Bound::Depth);
    }
    let own = match value {
        Val::TStr(text) | Val::BStr(text) => text.len(),
        Val::Num(Num::BigInt(number)) => usize::try_from(number.bits() / 3).unwrap_or(usize::MAX),
        Val::Num(Num::Dec(digits)) => digits.len(),
        _ => 0,
    };
    *left = left.checked_sub(own.saturating_add(BYTES_OF_A_PART)).ok_or(Bound::Size)?;
    match value {
        Val::Arr(values) => values.iter().try_for_each(|value| size(value, depth + 1, left)),
        Val::Obj(entries) => entries.iter().try_for_each(|(key, value)| {
            size(key, depth + 1, left)?;
            size(value, depth + 1, left)
        }),
        _ => Ok(()),
    }
}

/// Ends the program's run from wherever it is. This is not an error that the program could catch, and not a panic: it is caught in
/// [`super::worker`], and no panic hook hears of it.
fn stop(bound: Bound) -> ! {
    resume_unwind(Box::new(bound))
}

/// About where the stack ends now.
fn stack_address() -> usize {
    let here = 0_u8;
    ptr::from_ref(hint::black_box(&here)).addr()
}

/// The interpreter's data: its terms, and the meter.
#[derive(Debug)]
pub struct Metered;

impl DataT for Metered {
    type V<'a> = Val;
    type Data<'a> = Run<'a>;
}

/// One run of a program.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    pub terms: &'a Lut<Metered>,
    pub meter: &'a Meter,
}

impl<'a> HasLut<'a, Metered> for Run<'a> {
    fn lut(&self) -> &'a Lut<Metered> {
        self.meter.step();
        self.terms
    }
}
