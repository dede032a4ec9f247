//! A record as a line: the checksum of its JSON, a space, the JSON. A line that was cut off does not pass for one.

use serde_json::Error;

use super::Record;

/// Hexadecimal digits of the checksum.
const DIGITS: usize = 8;

/// The line, with its end.
///
/// # Errors
/// When it cannot be written as JSON, which no record of ours is.
pub fn encode(record: &Record) -> Result<Vec<u8>, Error> {
    let mut line = vec![b' '; DIGITS + 1];
    serde_json::to_writer(&mut line, record)?;
    let sum = format!("{:08x}", crc32fast::hash(&line[DIGITS + 1..]));
    line[..DIGITS].copy_from_slice(sum.as_bytes());
    line.push(b'\n');
    Ok(line)
}

/// The record of a line without its end; `None` if it was cut or damaged.
pub fn decode(line: &[u8]) -> Option<Record> {
    let (sum, rest) = line.split_at_checked(DIGITS)?;
    let json = rest.strip_prefix(b" ")?;
    let sum = u32::from_str_radix(std::str::from_utf8(sum).ok()?, 16).ok()?;
    (sum == crc32fast::hash(json)).then(|| serde_json::from_slice(json).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_whole_or_not_at_all() {
        let record = Record::Chosen { ids: vec!["a\nb".into(), "ü".into()] };
        let line = encode(&record).unwrap();
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        let whole = line.strip_suffix(b"\n").unwrap();
        assert_eq!(decode(whole), Some(record));
        for cut in 0..whole.len() {
            assert_eq!(decode(&whole[..cut]), None, "cut at {cut}");
        }
        for at in 0..whole.len() {
            let mut damaged = whole.to_vec();
            damaged[at] ^= 1;
            assert_eq!(decode(&damaged), None, "damaged at {at}");
        }
    }
}
