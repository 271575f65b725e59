//! The log of one file: how each change is taken back.

/// Begins and ends a record; what was cut short by a kill has no end, and its change never happened.
const MARK: u64 = 0x6661_756c_7473_2e31;
const HEADER: usize = 32;

/// What one change needs to be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where the bytes were, from the file's begin.
    pub offset: u64,
    /// How long the file was, in bytes.
    pub size: u64,
    /// The bytes that were there.
    pub before: Vec<u8>,
}

impl Record {
    /// As it is written to the log.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + self.before.len() + 8);
        for number in [MARK, self.offset, self.size, self.before.len() as u64] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(&self.before);
        bytes.extend(MARK.to_le_bytes());
        bytes
    }

    /// Every whole record of a log, oldest first.
    pub fn decode(mut log: &[u8]) -> Vec<Self> {
        let mut records = Vec::new();
        while let Some((record, length)) = Self::first(log) {
            records.push(record);
            log = &log[length..];
        }
        records
    }

    fn first(log: &[u8]) -> Option<(Self, usize)> {
        let number = |at: usize| Some(u64::from_le_bytes(log.get(at..at.checked_add(8)?)?.try_into().ok()?));
        let end = HEADER.checked_add(usize::try_from(number(24)?).ok()?)?;
        let is_whole = number(0)? == MARK && number(end)? == MARK;
        let before = log.get(HEADER..end)?.to_vec();
        is_whole.then_some((Self { offset: number(8)?, size: number(16)?, before }, end + 8))
    }
}
