//! Fields as columns: jq expressions, each asked of an entry by itself.

use super::entry::Entry;
use crate::redrive::jq::{Mistake, Program};

/// More columns than this are no table.
pub const MOST: usize = 8;

/// Expressions such as `.level .order_id`, apart by spaces.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    programs: Vec<Program>,
}

impl Columns {
    /// # Errors
    /// What is wrong with one of them.
    pub fn new(typed: &str) -> Result<Self, Mistake> {
        let parts = parts(typed);
        if parts.len() > MOST {
            return Err(Mistake::new(format!("at most {MOST} columns")));
        }
        let programs = parts.iter().map(|part| Program::new(part)).collect::<Result<_, _>>()?;
        Ok(Self { programs })
    }

    pub fn titles(&self) -> Vec<String> {
        self.programs.iter().map(|program| program.code().to_owned()).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.programs.is_empty()
    }

    /// What an entry has in each; empty where it has nothing or cannot be asked. None for what is no JSON.
    pub fn of(&self, entry: &Entry) -> Option<Vec<String>> {
        let text = entry.text.trim();
        if self.programs.is_empty() || !text.starts_with('{') {
            return None;
        }
        let cell = |program: &Program| {
            let json = program.outputs(text, 1).ok()?.into_iter().next()?;
            let said = serde_json::from_str::<String>(&json).ok();
            said.or_else(|| Some(json).filter(|json| json != "null"))
        };
        Some(self.programs.iter().map(|program| cell(program).unwrap_or_default()).collect())
    }
}

/// Apart at spaces that stand in no brackets or quotes.
fn parts(typed: &str) -> Vec<String> {
    let (mut parts, mut part, mut depth, mut quoted) = (Vec::new(), String::new(), 0_usize, false);
    for c in typed.chars() {
        match c {
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c.is_whitespace() && depth == 0 && !quoted {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(c);
        }
    }
    parts.push(part);
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        domain::Level,
        inspect::tail::entry::{Key, Origin, Shape},
    };

    fn of(columns: &Columns, text: &str) -> Option<Vec<String>> {
        let origin = Arc::new(Origin { group: "g".into(), stream: "s".into() });
        let (key, level, shape) = (Key::first_of(0), Level::Info, Shape::Json);
        columns.of(&Entry { key, origin, level, shape, request: None, events: 1, text: text.into() })
    }

    #[test]
    fn each_is_asked_by_itself() {
        let columns = Columns::new(r#".level (.a | length) .b["x y"] .none .level.deep"#).unwrap();
        assert_eq!(columns.titles()[1], "(.a | length)");
        let text = r#"{"level":"warn","a":[1,2],"b":{"x y":1.50}}"#;
        assert_eq!(of(&columns, text).unwrap(), ["warn", "2", "1.50", "", ""]);
        assert_eq!(of(&columns, "no JSON"), None);
        assert!(Columns::new(".a .[").is_err() && Columns::new(&".a ".repeat(9)).is_err());
        assert!(Columns::new("  ").unwrap().is_empty());
    }
}
