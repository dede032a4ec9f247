//! The user's own editor, on a text of ours: `$VISUAL`, else `$EDITOR`, else `vi`. The terminal must have been given back.

use std::{
    env, fs,
    io::{self, Read, Write},
    process::Command,
};

/// More than this is no message: a body of a mebibyte, written out.
const MOST_BYTES: u64 = 8 << 20;

/// Lets the user edit a text, and waits.
///
/// # Errors
/// Why there is none, in a sentence.
pub fn edit(text: &str) -> Result<String, String> {
    let editor = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| env::var(name).ok());
    let editor = editor.map(|editor| editor.trim().to_owned()).find(|editor| !editor.is_empty());
    edit_with(editor.as_deref().unwrap_or("vi"), text)
}

fn edit_with(editor: &str, text: &str) -> Result<String, String> {
    let broken = |error: io::Error| format!("the text could not be handed to {editor}: {error}");
    // Only its owner may read it: that is how such files are made.
    let mut file = tempfile::Builder::new().prefix("edatop-").suffix(".json").tempfile().map_err(broken)?;
    file.write_all(text.as_bytes()).map_err(broken)?;
    // An editor may be named with arguments, as in `code --wait`: the shell knows how to read that.
    let status = Command::new("sh").args(["-c", &format!("{editor} \"$1\""), "sh"]).arg(file.path()).status();
    match status {
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
}
