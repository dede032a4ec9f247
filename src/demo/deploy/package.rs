//! A function's deployment package: its one source file, zipped.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;

use crate::demo::DemoError;
use crate::demo::architectures::Function;

pub(super) fn zip(function: &Function) -> Result<Vec<u8>, DemoError> {
    let failed = |reason: String| DemoError::Pack { function: function.name, reason };
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    // Readable by the user that the function runs as.
    let options = SimpleFileOptions::default().unix_permissions(0o644);
    archive.start_file("app.py", options).map_err(|error| failed(error.to_string()))?;
    archive.write_all(function.code.python.as_bytes()).map_err(|error| failed(error.to_string()))?;
    archive.finish().map(Cursor::into_inner).map_err(|error| failed(error.to_string()))
}
