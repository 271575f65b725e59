//! The log of one directory: how each change of its names is taken back. A line each; one without its end never happened.

/// A change of a directory's names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file was made under this name.
    Made(String),
    /// A file was removed, and is kept as the control directory's `kept-<inode>`.
    Removed(String, u64),
}

impl Entry {
    /// As it is written to the log.
    pub fn encode(&self) -> String {
        match self {
            Self::Made(name) => format!("made 0 {name}\n"),
            Self::Removed(name, inode) => format!("removed {inode} {name}\n"),
        }
    }

    /// Every whole entry of a log, oldest first.
    pub fn decode(log: &str) -> Vec<Self> {
        log.split_inclusive('\n').filter_map(|line| Self::read(line.strip_suffix('\n')?)).collect()
    }

    fn read(line: &str) -> Option<Self> {
        let (kind, rest) = line.split_once(' ')?;
        let (inode, name) = rest.split_once(' ')?;
        match kind {
            "made" => Some(Self::Made(name.to_owned())),
            "removed" => Some(Self::Removed(name.to_owned(), inode.parse().ok()?)),
            _ => None,
        }
    }
}
