//! Rewrites a program so that what it builds is weighed: after each array, object, sum, text and assignment, and after each native
//! function, comes a call of [`WEIGH`]; products go through [`PRODUCT`], which weighs before it multiplies. The library's own
//! definitions are rewritten in the same way. The names cannot be written in jq.

use std::collections::BTreeSet;

use jaq_core::{
    load::{
        lex::StrPart,
        parse::{BinaryOp, Def, Pattern, Term},
    },
    ops::Math,
    path::{Part, Path},
};

pub const WEIGH: &str = "#weigh";
pub const PRODUCT: &str = "#product";
const FACTOR: &str = "$#factor";

/// Natives whose outputs are parts of their input, and may be used as paths.
const PATHS: [(&str, usize); 4] = [("first", 1), ("last", 1), ("limit", 2), ("skip", 2)];

/// Which natives there are, by name and number of arguments.
pub struct Guard {
    weighed: BTreeSet<(&'static str, usize)>,
}

impl Guard {
    pub fn new(natives: impl Iterator<Item = (&'static str, usize)>) -> Self {
        Self { weighed: natives.filter(|native| !PATHS.contains(native)).collect() }
    }

    pub fn def<'s>(&self, def: Def<&'s str>) -> Def<&'s str> {
        Def { body: self.term(def.body), ..def }
    }

    pub fn term<'s>(&self, term: Term<&'s str>) -> Term<&'s str> {
        match term {
            Term::Str(format, parts) => {
                let is_built = parts.iter().any(|part| matches!(part, StrPart::Term(_)));
                let parts = parts.into_iter().map(|part| match part {
                    StrPart::Term(term) => StrPart::Term(self.term(term)),
                    part => part,
                });
                let term = Term::Str(format, parts.collect());
                if is_built { weighed(term) } else { term }
            }
            Term::Arr(Some(items)) => weighed(Term::Arr(Some(self.boxed(*items)))),
            Term::Obj(entries) => {
                let entries = entries.into_iter().map(|(key, value)| match value {
                    Some(value) => (self.term(key), Some(self.term(value))),
                    None => (key, None),
                });
                weighed(Term::Obj(entries.collect()))
            }
            Term::Neg(term) => Term::Neg(self.boxed(*term)),
            Term::BinOp(left, op, right) => self.operation(*left, op, *right),
            Term::Label(name, term) => Term::Label(name, self.boxed(*term)),
            Term::Fold(name, items, pattern, args) => Term::Fold(name, self.boxed(*items), pattern, self.terms(args)),
            Term::TryCatch(term, catch) => Term::TryCatch(self.boxed(*term), catch.map(|catch| self.boxed(*catch))),
            Term::IfThenElse(branches, otherwise) => {
                let branches = branches.into_iter().map(|(test, then)| (self.term(test), self.term(then)));
                Term::IfThenElse(branches.collect(), otherwise.map(|term| self.boxed(*term)))
            }
            Term::Def(defs, term) => Term::Def(defs.into_iter().map(|def| self.def(def)).collect(), self.boxed(*term)),
            Term::Call(name, args) => {
                let is_weighed = self.weighed.iter().any(|native| *native == (name, args.len()));
                let call = Term::Call(name, self.terms(args));
                if is_weighed { weighed(call) } else { call }
            }
            Term::Path(term, Path(parts)) => {
                let parts = parts.into_iter().map(|(part, optional)| (self.part(part), optional));
                Term::Path(self.boxed(*term), Path(parts.collect()))
            }
            term @ (Term::Id | Term::Recurse | Term::Num(_) | Term::Arr(None) | Term::Break(_) | Term::Var(_)) => term,
        }
    }

    fn operation<'s>(&self, left: Term<&'s str>, op: BinaryOp<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
        let (left, right) = (self.term(left), self.term(right));
        match op {
            BinaryOp::Math(Math::Mul) => weighed(product(left, right)),
            // `l *= r` is `r as $x | l |= . * $x`.
            BinaryOp::UpdateMath(Math::Mul) => {
                let times = product(Term::Id, Term::Var(FACTOR));
                let update = Term::BinOp(left.into(), BinaryOp::Update, times.into());
                Term::BinOp(right.into(), BinaryOp::Pipe(Some(Pattern::Var(FACTOR))), weighed(update).into())
            }
            BinaryOp::Math(_) | BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateAlt | BinaryOp::UpdateMath(_) => {
                weighed(Term::BinOp(left.into(), op, right.into()))
            }
            BinaryOp::Pipe(_) | BinaryOp::Comma | BinaryOp::Alt | BinaryOp::Or | BinaryOp::And | BinaryOp::Cmp(_) => {
                Term::BinOp(left.into(), op, right.into())
            }
        }
    }

    fn part<'s>(&self, part: Part<Term<&'s str>>) -> Part<Term<&'s str>> {
        match part {
            Part::Index(term) => Part::Index(self.term(term)),
            Part::Range(from, to) => Part::Range(from.map(|term| self.term(term)), to.map(|term| self.term(term))),
        }
    }

    fn terms<'s>(&self, terms: Vec<Term<&'s str>>) -> Vec<Term<&'s str>> {
        terms.into_iter().map(|term| self.term(term)).collect()
    }

    fn boxed<'s>(&self, term: Term<&'s str>) -> Box<Term<&'s str>> {
        Box::new(self.term(term))
    }
}

fn weighed(term: Term<&str>) -> Term<&str> {
    Term::BinOp(term.into(), BinaryOp::Pipe(None), Term::Call(WEIGH, Vec::new()).into())
}

fn product<'s>(left: Term<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    Term::Call(PRODUCT, vec![left, right])
}
