//! Rust text, as far as the rules need to read it: comments and literals blanked, test code cut out, words and groups found.
//!
//! Not a parser: it knows what ends a string, a comment and a block, and nothing of grammar. Blanking keeps every line where it was.

/// The code with the contents of comments, strings and characters replaced by spaces.
pub fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let previous = code.chars().next_back();
        let (skipped, kept) = match first {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), 0),
            '/' if rest.starts_with("/*") => (block_comment(rest), 0),
            '"' => (string(rest), 1),
            'r' if !previous.is_some_and(is_word) || previous == Some('b') => match raw_string(rest) {
                Some(length) => (length, 1),
                None => (0, 0),
            },
            '\'' => (character(rest), 1),
            _ => (0, 0),
        };
        if skipped == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (literal, after) = rest.split_at(skipped);
        let last = literal.chars().count() - 1;
        code.extend(literal.chars().enumerate().map(|(index, c)| match c {
            '\n' => '\n',
            c if kept == 1 && (index == 0 || index == last) => c,
            _ => ' ',
        }));
        rest = after;
    }
    code
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn raw_string(text: &str) -> Option<usize> {
    let hashes = text[1..].chars().take_while(|c| *c == '#').count();
    let body = text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(2 + hashes + body.find(&end)? + end.len())
}

/// Zero for a lifetime.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some(_)) => chars.find(|(_, c)| *c == '\'').map_or(text.len(), |(at, _)| at + 1),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}

/// The code without the items under `#[cfg(test)]`; their lines stay, empty.
pub fn without_tests(code: &str) -> String {
    let mut shipped = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        let (before, item) = rest.split_at(at);
        let (item, after) = item.split_at(item_length(item));
        shipped.push_str(before);
        shipped.extend(item.chars().filter(|c| *c == '\n'));
        rest = after;
    }
    shipped + rest
}

/// From an item's first attribute to its end: the first `;` outside brackets, or the end of its block.
fn item_length(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth -= 1;
                if c == '}' && depth == 0 {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The text of a bracket that opens where the text begins, without the bracket; all the rest if it never closes.
pub fn group(text: &str) -> &str {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth -= 1;
                if depth == 0 {
                    return &text[1..at];
                }
            }
            _ => {}
        }
    }
    text.get(1..).unwrap_or_default()
}

pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The word that a text begins with.
pub fn leading_word(text: &str) -> &str {
    &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())]
}

/// Every word with where it begins.
pub fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.split(|c| !is_word(c))
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr().addr() - code.as_ptr().addr(), word))
}

/// The line of a place, from 1.
pub fn line_at(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

#[test]
fn literals_and_comments_say_nothing() {
    let text = "let a = \"crate::x\"; // crate::y\n/* crate::z /* nested */ */ let b = r#\"crate::\"w\"#; let c = '\"'; let d: &'a str;";
    let code = code_of(text);
    assert_eq!(code.matches("crate").count(), 0, "{code}");
    assert!(code.contains("let d: &'a str;") && code.contains("let b ="), "{code}");
    assert_eq!(code.lines().count(), text.lines().count());
    assert_eq!(code.chars().count(), text.chars().count());
}

#[test]
fn test_items_are_cut_and_nothing_else() {
    let code = "use a;\n#[cfg(test)]\nuse b;\nfn c() {}\n#[cfg(test)]\n#[path = \"x\"]\nmod d {\n fn e() { f[0]; }\n}\nfn g() {}\n";
    let shipped = without_tests(code);
    for gone in ["use b", "mod d", "fn e"] {
        assert!(!shipped.contains(gone), "{gone}: {shipped}");
    }
    for kept in ["use a;", "fn c() {}", "fn g() {}"] {
        assert!(shipped.contains(kept), "{kept}: {shipped}");
    }
    assert_eq!(shipped.lines().count(), code.lines().count());
}
