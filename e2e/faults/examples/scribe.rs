//! A small program that writes one file as it is told, for the tests of the layer: a command a line, an answer a line.
//!
//! `open PATH`, `write OFFSET TEXT`, `append TEXT`, `cut SIZE`, `sync`, `syncdir PATH`, `remove PATH`; the answer is `ok`,
//! or the system's error number.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, Error, ErrorKind, Result, Seek, SeekFrom, Write, stdin, stdout};
use std::os::unix::fs::FileExt;

fn main() -> Result<()> {
    let mut file = None;
    for line in stdin().lock().lines() {
        let answer = match obey(&mut file, &line?) {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.raw_os_error().map_or_else(|| error.to_string(), |number| number.to_string()),
        };
        println!("{answer}");
        stdout().flush()?;
    }
    Ok(())
}

fn obey(file: &mut Option<File>, line: &str) -> Result<()> {
    let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (first, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let number = || first.parse::<u64>().map_err(|error| Error::new(ErrorKind::InvalidInput, error));
    match (command, file) {
        ("open", file) => {
            *file = Some(OpenOptions::new().read(true).write(true).create(true).truncate(false).open(rest)?);
        }
        ("write", Some(file)) => file.write_all_at(text.as_bytes(), number()?)?,
        ("append", Some(file)) => {
            file.seek(SeekFrom::End(0))?;
            file.write_all(rest.as_bytes())?;
        }
        ("cut", Some(file)) => file.set_len(number()?)?,
        ("sync", Some(file)) => file.sync_all()?,
        ("syncdir", _) => File::open(rest)?.sync_all()?,
        ("remove", _) => std::fs::remove_file(rest)?,
        _ => return Err(Error::new(ErrorKind::InvalidInput, "no such command")),
    }
    Ok(())
}
