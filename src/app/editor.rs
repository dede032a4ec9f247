//! The user's own editor and pager, on a text of ours: `$VISUAL`, else `$EDITOR`, else `vi`; `$PAGER`, else `less`. The terminal must
//! have been given back.

use std::{
    env, fs,
    io::{self, Read, Write},
    path::Path,
    process::{Command, ExitStatus},
};

use tempfile::NamedTempFile;

use crate::widgets::text::clean;

/// More than this is no message: a body of a mebibyte, written out.
const MOST_BYTES: u64 = 8 << 20;

/// Lets the user edit a text, and waits.
///
/// # Errors
/// Why there is none, in a sentence.
pub fn edit(text: &str) -> Result<String, String> {
    edit_with(&named(&["VISUAL", "EDITOR"]).unwrap_or_else(|| "vi".to_owned()), text)
}

/// Lets the user read a text, and waits. Nothing in it reaches the terminal that could command it.
///
/// # Errors
/// Why he cannot, in a sentence.
pub fn page(text: &str) -> Result<(), String> {
    page_with(&named(&["PAGER"]).unwrap_or_else(|| "less".to_owned()), text)
}

/// The first of these variables that names a program.
fn named(variables: &[&str]) -> Option<String> {
    let values = variables.iter().filter_map(|name| env::var(name).ok());
    values.map(|value| value.trim().to_owned()).find(|value| !value.is_empty())
}

fn page_with(pager: &str, text: &str) -> Result<(), String> {
    let clean: Vec<_> = text.lines().map(clean).collect();
    let file = lay_out(pager, &clean.join("\n"), ".txt")?;
    match hand_to(pager, file.path()) {
        Err(error) => Err(format!("{pager} did not start: {error}; set $PAGER")),
        Ok(status) if !status.success() => Err(format!("{pager} ended with {status}; set $PAGER")),
        Ok(_) => Ok(()),
    }
}

/// Puts a text into a file that only its owner may read: that is how such files are made.
fn lay_out(program: &str, text: &str, suffix: &str) -> Result<NamedTempFile, String> {
    let broken = |error: io::Error| format!("the text could not be handed to {program}: {error}");
    let mut file = tempfile::Builder::new().prefix("edatop-").suffix(suffix).tempfile().map_err(broken)?;
    file.write_all(text.as_bytes()).map_err(broken)?;
    Ok(file)
}

/// A program may be named with arguments, as in `code --wait`: the shell knows how to read that.
fn hand_to(program: &str, file: &Path) -> io::Result<ExitStatus> {
    Command::new("sh").args(["-c", &format!("{program} \"$1\""), "sh"]).arg(file).status()
}

fn edit_with(editor: &str, text: &str) -> Result<String, String> {
    let broken = |error: io::Error| format!("the text could not be read back from {editor}: {error}");
    let file = lay_out(editor, text, ".json")?;
    match hand_to(editor, file.path()) {
        Err(error) => return Err(format!("{editor} did not start: {error}; set $EDITOR")),
        Ok(status) if !status.success() => return Err(format!("{editor} ended with {status}: nothing is changed")),
        Ok(_) => {}
    }
    // By its name: many editors write a new file and put it in the place of the old one.
    let mut edited = String::new();
    let open = fs::File::open(file.path()).map_err(broken)?;
    open.take(MOST_BYTES).read_to_string(&mut edited).map_err(broken)?;
    Ok(edited)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_goes_through_the_editor_and_comes_back() {
        assert_eq!(edit_with("sed -i s/a/b/", "a\n").as_deref(), Ok("b\n"), "one that puts a new file in its place");
        assert_eq!(edit_with("true", "same").as_deref(), Ok("same"));
        assert!(edit_with("false", "x").is_err_and(|why| why.contains("nothing is changed")));
        assert!(edit_with("no-such-editor-here", "x").is_err());
    }

    #[test]
    fn the_pager_gets_the_text_without_what_could_command_the_terminal() {
        let folder = tempfile::tempdir().unwrap();
        let seen = folder.path().join("seen");
        let pager = format!("sh -c 'cp \"$1\" {}' sh", seen.display());
        assert_eq!(page_with(&pager, "one\n\u{1b}[2Jtwo"), Ok(()));
        let seen = fs::read_to_string(seen).unwrap();
        assert!(seen.starts_with("one\n") && seen.ends_with("two") && !seen.contains('\u{1b}'), "{seen:?}");
        assert!(page_with("false", "x").is_err_and(|why| why.contains("$PAGER")));
    }
}
