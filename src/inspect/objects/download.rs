//! An object on its way into a file: piece by piece, all of the same version, and the file is there when it is whole or not at all.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::{Range, Reader, Refused, Why};

/// One piece, in bytes: what is in memory at a time.
pub const PIECE: u64 = 8 << 20;
/// A piece that breaks off is asked for again this often.
const MOST_TRIES: u32 = 3;

/// How far it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    pub done: u64,
    pub total: u64,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    #[error("{} is there already and is not overwritten: name another file", .0.display())]
    Exists(PathBuf),
    #[error("{} cannot be written: {error}", .path.display())]
    File { path: PathBuf, error: std::io::Error },
    #[error("{0}")]
    Refused(#[from] Refused),
}

/// Reads an object into a file, and says how far it is after each piece. Given up at any point, nothing is left behind.
///
/// # Errors
/// A file of that name, one that cannot be written, or an object that cannot be read.
pub async fn download(
    reader: &dyn Reader,
    key: &str,
    to: &Path,
    mut tell: impl FnMut(Progress) + Send,
) -> Result<u64, Stopped> {
    let failed = |error| Stopped::File { path: to.to_owned(), error };
    if fs::symlink_metadata(to).is_ok() {
        return Err(Stopped::Exists(to.to_owned()));
    }
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A file without a name of its own is gone when nobody holds it any more.
    let mut file = tempfile::Builder::new().prefix(".edatop-").suffix(".part").tempfile_in(folder).map_err(failed)?;
    let mut progress = Progress::default();
    let mut etag: Option<String> = None;
    loop {
        let range = Range { key, from: progress.done, bytes: PIECE, etag: etag.as_deref() };
        let got = piece(reader, range).await?;
        etag = etag.or(got.facts.etag);
        let read = got.bytes.len() as u64;
        file = append(file, got.bytes).await.map_err(failed)?;
        progress = Progress { done: progress.done + read, total: got.total.max(progress.total) };
        tell(progress);
        if progress.done >= progress.total {
            break;
        }
        if read == 0 {
            let text = format!("it ends after {} of {} bytes", progress.done, progress.total);
            return Err(Refused::new(Why::Changed, text).into());
        }
    }
    let flushed = tokio::task::spawn_blocking(move || file.as_file().sync_all().map(|()| file)).await;
    let file = flushed.map_err(std::io::Error::other).and_then(|file| file).map_err(failed)?;
    match file.persist_noclobber(to) {
        Ok(_) => Ok(progress.done),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Err(Stopped::Exists(to.to_owned())),
        Err(error) => Err(failed(error.error)),
    }
}

/// A connection that breaks is no reason to begin anew.
async fn piece(reader: &dyn Reader, range: Range<'_>) -> Result<super::Got, Refused> {
    let mut tries = 1;
    loop {
        match reader.read(range).await {
            Err(refused) if refused.why == Why::Unreached && tries < MOST_TRIES => tries += 1,
            answer => return answer,
        }
    }
}

async fn append(file: NamedTempFile, bytes: Vec<u8>) -> std::io::Result<NamedTempFile> {
    let written = tokio::task::spawn_blocking(move || {
        let mut file = file;
        file.write_all(&bytes).map(|()| file)
    });
    written.await.map_err(std::io::Error::other)?
}

/// The last part of a key as the name of a file: nothing in it can lead elsewhere.
pub fn file_name(key: &str) -> String {
    let last = key.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let name: String = last.chars().map(|c| if c.is_control() || c == '\\' { '_' } else { c }).take(120).collect();
    if name.trim_matches('.').is_empty() { "object".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::Fake, *};
    use rstest::rstest;

    fn left_in(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_large_object_comes_in_pieces_and_whole() {
        let (folder, bucket) = (tempfile::tempdir().unwrap(), Fake::default());
        let body: Vec<u8> = (0..PIECE as usize * 2 + 5).map(|index| (index % 251) as u8).collect();
        bucket.put("k", &body, 1);
        let to = folder.path().join("k");
        let mut told = Vec::new();
        let read = download(&bucket, "k", &to, |progress| told.push(progress.done)).await.unwrap();
        assert_eq!((read, told), (body.len() as u64, vec![PIECE, 2 * PIECE, 2 * PIECE + 5]));
        assert!(fs::read(&to).unwrap() == body);
        assert_eq!(left_in(folder.path()), ["k"]);
    }

    #[tokio::test]
    async fn a_file_that_is_there_stays_as_it_is() {
        let (folder, bucket) = (tempfile::tempdir().unwrap(), Fake::default());
        bucket.put("k", b"new", 1);
        let to = folder.path().join("k");
        fs::write(&to, "old").unwrap();
        assert!(matches!(download(&bucket, "k", &to, |_| ()).await, Err(Stopped::Exists(_))));
        assert_eq!((fs::read_to_string(&to).unwrap().as_str(), bucket.calls().len()), ("old", 0));
    }

    #[tokio::test]
    async fn what_changes_on_the_way_leaves_nothing() {
        let (folder, bucket) = (tempfile::tempdir().unwrap(), Fake { changes: true, ..Fake::default() });
        bucket.put("k", &vec![0; PIECE as usize + 1], 1);
        let stopped = download(&bucket, "k", &folder.path().join("k"), |_| ()).await.unwrap_err();
        assert!(stopped.to_string().contains("overwritten"), "{stopped}");
        assert!(left_in(folder.path()).is_empty());
    }

    #[tokio::test]
    async fn given_up_it_leaves_nothing() {
        let (folder, bucket) = (tempfile::tempdir().unwrap(), Fake::default());
        bucket.put("k", &vec![0; PIECE as usize * 4], 1);
        let to = folder.path().join("k");
        let (told, mut heard) = tokio::sync::mpsc::channel(8);
        let going = download(&bucket, "k", &to, move |progress| {
            let _ = told.try_send(progress);
        });
        tokio::select! {
            _ = going => panic!("it was not given up"),
            Some(_) = heard.recv() => {}
        }
        assert!(!to.exists());
    }

    #[tokio::test]
    async fn an_empty_object_is_an_empty_file() {
        let (folder, bucket) = (tempfile::tempdir().unwrap(), Fake::default());
        bucket.put("k", b"", 1);
        let to = folder.path().join("k");
        assert_eq!(download(&bucket, "k", &to, |_| ()).await.unwrap(), 0);
        assert_eq!(fs::read(&to).unwrap(), b"");
    }

    #[rstest]
    #[case("a/b.json", "b.json")]
    #[case("a/b/", "b")]
    #[case("a\nb", "a_b")]
    #[case("/..", "object")]
    #[case("", "object")]
    fn names_of_files(#[case] key: &str, #[case] name: &str) {
        assert_eq!(file_name(key), name);
    }
}
