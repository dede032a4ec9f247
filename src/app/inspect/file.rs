//! What is listed, written to a file that was not there before.

use std::{
    fs::OpenOptions,
    io::{BufWriter, ErrorKind, Write},
    path::Path,
    sync::Arc,
};

/// Writes each line; what came of it in a sentence, and whether that is bad news. It blocks.
pub(super) fn write(path: &Path, lines: &[Arc<str>]) -> (String, bool) {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|file| {
        let mut out = BufWriter::new(file);
        for line in lines {
            writeln!(out, "{line}")?;
        }
        out.flush()
    });
    let path = path.display();
    match written {
        Ok(()) => (format!("wrote {} lines to {path}", lines.len()), false),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            (format!("{path} is there already and stays as it is: choose another name"), true)
        }
        Err(error) => (format!("{path} cannot be written: {error}"), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_lines_and_never_over_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("items.jsonl");
        assert!(!write(&path, &["{}".into(), "[]".into()]).1);
        let (said, bad) = write(&path, &["1".into()]);
        assert!(bad && said.contains("is there already"), "{said}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}\n[]\n");
    }
}
