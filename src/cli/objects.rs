//! `edatop objects`: a level of a bucket or the newest under a prefix, one object printed or downloaded, an address signed.
//!
//! stdout has what was asked for and nothing else; what was left out, and what it means, goes to stderr.

use std::{
    io::{ErrorKind, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use serde::Serialize;

use super::{
    complain,
    desk::{LEFT, attended, lines::Lines, unless_stopped},
    opening::{self, GivenUp},
};
use crate::{
    config::Config,
    domain::units::Bytes,
    inspect::objects::{
        List, Object, Range, Reader, Refused, SIGNED_FOR, Why,
        download::{self, Progress, Stopped},
        newest, place,
        preview::{self, Head},
        s3::S3,
    },
};

/// Between two lines that say how far a download is.
const SAID_EVERY: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub struct Arguments {
    /// A bucket by name or ARN, and what its keys begin with
    #[arg(value_name = "BUCKET[/PREFIX]")]
    pub place: String,
    /// The newest objects under the prefix, however deep: under dates only the last of these are listed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub newest: Option<u64>,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
    /// Print the object of this key, as it is; the key is whole, whatever the prefix
    #[arg(long, value_name = "KEY", conflicts_with_all = ["newest", "json"])]
    pub cat: Option<String>,
    /// Download the object of this key into a file that is not there yet
    #[arg(long, num_args = 2, value_names = ["KEY", "FILE"], conflicts_with_all = ["newest", "json", "cat"])]
    pub download: Option<Vec<String>>,
    /// Print an address with which anybody can read the object of this key for 15 minutes
    #[arg(long, value_name = "KEY", conflicts_with_all = ["newest", "json", "cat", "download"])]
    pub presign: Option<String>,
}

/// An object as it is printed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Printed<'a> {
    key: &'a str,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<jiff::Timestamp>,
    storage_class: &'a str,
}

/// A prefix as it is printed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Prefix<'a> {
    prefix: &'a str,
}

/// Lists, prints, downloads or signs.
///
/// # Errors
/// None of its own: what goes wrong is said, with an exit code.
pub async fn run(config: Config, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    let code = attended(async |stop| {
        let Some((bucket, prefix)) = place(&arguments.place) else {
            let why = format!("{} is no bucket: write it like orders or orders/2026/", arguments.place);
            return Err(GivenUp::misused(why));
        };
        let aws = unless_stopped(&stop, opening::connect(&config)).await?;
        let place = opening::place(&aws);
        let reader = S3::new(Arc::clone(&aws), bucket, None);
        let done = unless_stopped(&stop, async { Ok(work(&reader, prefix, &arguments).await) }).await?;
        done.map_err(|stopped| given_up(&place, stopped))
    });
    Ok(code.await)
}

/// What a command came to, or why it came to nothing.
enum Ended {
    Stopped(Stopped),
    GivenUp(GivenUp),
}

impl From<Refused> for Ended {
    fn from(refused: Refused) -> Self {
        Self::Stopped(Stopped::Refused(refused))
    }
}

impl From<GivenUp> for Ended {
    fn from(given_up: GivenUp) -> Self {
        Self::GivenUp(given_up)
    }
}

fn given_up(place: &str, ended: Ended) -> GivenUp {
    match ended {
        Ended::GivenUp(given_up) => given_up,
        Ended::Stopped(Stopped::Refused(refused)) => match refused.why {
            Why::Gone | Why::Archived | Why::Encrypted | Why::Elsewhere(_) => GivenUp::misused(refused.text),
            _ => GivenUp::unreached(format!("{place}: {}", refused.text)),
        },
        Ended::Stopped(stopped) => GivenUp::misused(stopped.to_string()),
    }
}

async fn work(reader: &S3, prefix: &str, arguments: &Arguments) -> Result<u8, Ended> {
    if let Some(key) = &arguments.cat {
        return cat(reader, key).await;
    }
    if let Some([key, file]) = arguments.download.as_deref() {
        let to = PathBuf::from(file);
        let mut said = Instant::now();
        let tell = |progress: Progress| {
            if said.elapsed() >= SAID_EVERY {
                said = Instant::now();
                complain(&format!("{} of {}", Bytes(progress.done as f64), Bytes(progress.total as f64)));
            }
        };
        let bytes = download::download(reader, key, &to, tell).await.map_err(Ended::Stopped)?;
        complain(&format!("{bytes} bytes are in {}", to.display()));
        return Ok(0);
    }
    let mut lines = Lines::default();
    if let Some(key) = &arguments.presign {
        let url = reader.sign(key).await?;
        lines.text(&url)?;
        let minutes = SIGNED_FOR.as_secs() / 60;
        complain(&format!(
            "whoever has this address can read that object for {minutes} min, or until the credentials that signed it expire"
        ));
        return Ok(0);
    }
    match arguments.newest {
        Some(wanted) => {
            print_newest(reader, prefix, usize::try_from(wanted).unwrap_or(1), arguments.json, &mut lines).await
        }
        None => print_level(reader, prefix, arguments.json, &mut lines).await,
    }
}

async fn print_newest(reader: &S3, prefix: &str, wanted: usize, json: bool, lines: &mut Lines) -> Result<u8, Ended> {
    let found = newest(reader, prefix, wanted).await?;
    for object in &found.objects {
        print(object, json, lines)?;
    }
    if !found.is_whole {
        complain(&format!(
            "the newest of the {} objects that {} listings had; there are more: name a longer prefix",
            found.listed, found.pages
        ));
    }
    Ok(if found.objects.is_empty() { LEFT } else { 0 })
}

/// A level page by page, as it comes: in the order of the keys.
async fn print_level(reader: &S3, prefix: &str, json: bool, lines: &mut Lines) -> Result<u8, Ended> {
    let (mut token, mut count) = (None, 0);
    loop {
        let page = reader.list(List { prefix, token: token.as_deref(), after: None }).await?;
        count += page.prefixes.len() + page.objects.len();
        for prefix in &page.prefixes {
            match json {
                true => lines.put(&Prefix { prefix })?,
                false => lines.text(&format!("{:>31}  {prefix}", "prefix"))?,
            }
        }
        for object in &page.objects {
            print(object, json, lines)?;
        }
        token = page.next;
        if token.is_none() || !lines.are_read() {
            return Ok(if count == 0 { LEFT } else { 0 });
        }
    }
}

fn print(object: &Object, json: bool, lines: &mut Lines) -> Result<(), GivenUp> {
    let class = object.class.as_deref().unwrap_or("STANDARD");
    if json {
        return lines.put(&Printed {
            key: &object.key,
            size: object.bytes,
            last_modified: object.at,
            storage_class: class,
        });
    }
    // To the second: no more is meant.
    let at = object.at.map_or_else(String::new, |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    let archived = if object.is_archived() { format!("  ({class})") } else { String::new() };
    lines.text(&format!("{at:<20} {:>10}  {}{archived}", Bytes(object.bytes as f64).to_string(), object.key))
}

/// The object as it is; on a terminal only what is text, made safe.
async fn cat(reader: &S3, key: &str) -> Result<u8, Ended> {
    let to_terminal = std::io::stdout().is_terminal();
    let (mut from, mut etag, mut waiting) = (0, None::<String>, Vec::new());
    let mut lines = Lines::default();
    loop {
        let got = reader.read(Range { key, from, bytes: download::PIECE, etag: etag.as_deref() }).await?;
        if from == 0 && to_terminal {
            check_text(key, &got.bytes, got.total)?;
        }
        from += got.bytes.len() as u64;
        etag = etag.or(got.facts.etag);
        let is_end = from >= got.total || got.bytes.is_empty();
        if to_terminal {
            waiting.extend(got.bytes);
            put_lines(&mut waiting, is_end, &mut lines)?;
        } else if !put_bytes(&got.bytes)? {
            return Ok(0);
        }
        if is_end || !lines.are_read() {
            return Ok(0);
        }
    }
}

fn check_text(key: &str, bytes: &[u8], total: u64) -> Result<(), GivenUp> {
    let head = Head { key, content_type: None, bytes, total };
    let is_text = std::str::from_utf8(bytes.get(..1024).unwrap_or(bytes))
        .map_or_else(|error| error.error_len().is_none(), |_| true);
    if is_text && !bytes.contains(&0) {
        return Ok(());
    }
    let format = preview::preview(head).format;
    Err(GivenUp::misused(format!("this is {format}, and stdout is a terminal: write it to a file by > or --download")))
}

/// The whole lines of what waits, cleaned; at the end the last one too.
fn put_lines(waiting: &mut Vec<u8>, is_end: bool, lines: &mut Lines) -> Result<(), GivenUp> {
    let whole =
        if is_end { waiting.len() } else { waiting.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1) };
    let rest = waiting.split_off(whole);
    let text = String::from_utf8_lossy(waiting).into_owned();
    *waiting = rest;
    text.lines().try_for_each(|line| lines.text(line))
}

/// Whether anybody still reads.
fn put_bytes(bytes: &[u8]) -> Result<bool, GivenUp> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(GivenUp { code: LEFT, why: format!("stdout cannot be written: {error}") }),
    }
}
