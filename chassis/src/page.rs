//! Pages of lists: bounded sizes, and opaque tokens that are bound to the list's filter.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::refusal::{Refusal, Violations, reason};

/// Rows a page has where the caller does not say.
pub const DEFAULT_SIZE: u32 = 50;
/// Rows a page has at most.
pub const MAX_SIZE: u32 = 200;

/// The last row of a page: lists sort by time, then by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The row's create time.
    pub time: OffsetDateTime,
    /// The row's id, or another text that orders rows of one time.
    pub id: String,
}

impl Cursor {
    /// The place of a row with a UUID.
    pub fn new(time: OffsetDateTime, id: Uuid) -> Self {
        Self { time, id: id.to_string() }
    }

    /// The cursor's id as a UUID.
    ///
    /// # Errors
    /// `INVALID_PAGE_TOKEN` where it is none.
    pub fn uuid(&self) -> Result<Uuid, Refusal> {
        self.id.parse().map_err(|_invalid| invalid_token())
    }
}

/// A page that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Rows at most, 1 to [`MAX_SIZE`].
    pub size: u32,
    /// Rows after this one; from the first where absent.
    pub after: Option<Cursor>,
}

impl Page {
    /// Reads `page_size` and `page_token`. `filter` is everything else that the list was asked for: a token serves no
    /// other filter.
    ///
    /// # Errors
    /// A negative size, or a token that this list did not give out for this filter.
    pub fn parse(page_size: i32, page_token: &str, filter: &str) -> Result<Self, Refusal> {
        let mut violations = Violations::default();
        check_size(&mut violations, page_size);
        violations.finish()?;
        let size = match u32::try_from(page_size) {
            Ok(0) | Err(_) => DEFAULT_SIZE,
            Ok(size) => size.min(MAX_SIZE),
        };
        let after = if page_token.is_empty() { None } else { Some(decode(page_token, filter)?) };
        Ok(Self { size, after })
    }

    /// The page, where its rows have UUIDs: whatever a token says, it is one.
    ///
    /// # Errors
    /// `INVALID_PAGE_TOKEN` where it is none.
    pub fn of_uuids(self) -> Result<Self, Refusal> {
        self.after_uuid()?;
        Ok(self)
    }

    /// The page, where its rows have numbers: whatever a token says, it is one.
    ///
    /// # Errors
    /// `INVALID_PAGE_TOKEN` where it is none.
    pub fn of_numbers(self) -> Result<Self, Refusal> {
        self.after_number()?;
        Ok(self)
    }

    /// The row that the page begins after, where rows have UUIDs; none for the first page.
    ///
    /// # Errors
    /// `INVALID_PAGE_TOKEN` where the token tells of no UUID.
    pub fn after_uuid(&self) -> Result<Option<(OffsetDateTime, Uuid)>, Refusal> {
        self.after.as_ref().map(|after| Ok((after.time, after.uuid()?))).transpose()
    }

    /// The number that the page begins after, where rows have numbers from 1; 0 for the first page.
    ///
    /// # Errors
    /// `INVALID_PAGE_TOKEN` where the token tells of no number.
    pub fn after_number(&self) -> Result<i64, Refusal> {
        self.after.as_ref().map_or(Ok(0), |after| after.id.parse().map_err(|_invalid| invalid_token()))
    }

    /// How many rows to read: one more than the page has, to know whether there is a next page.
    pub fn rows(&self) -> i64 {
        i64::from(self.size) + 1
    }

    /// Cuts the page where its rows together weigh more than `max`, one row at least, so that no answer outgrows what a
    /// client takes. Call it before [`Page::finish`], which then finds a page that ended early.
    pub fn bound<R>(&mut self, rows: &[R], max: usize, weight: impl Fn(&R) -> usize) {
        let mut total = 0;
        let fits = rows.iter().take_while(|row| {
            total += weight(row);
            total <= max
        });
        let fits = u32::try_from(fits.count()).unwrap_or(u32::MAX).max(1);
        self.size = self.size.min(fits);
    }

    /// Cuts the surplus row off and answers the token of the next page; empty on the last one.
    pub fn finish<R>(&self, rows: &mut Vec<R>, filter: &str, cursor: impl Fn(&R) -> Cursor) -> String {
        let size = self.size as usize;
        if rows.len() <= size {
            return String::new();
        }
        rows.truncate(size);
        rows.last().map(|row| encode(&cursor(row), filter)).unwrap_or_default()
    }
}

/// Notes a negative size, beside whatever else is wrong with the request.
pub fn check_size(violations: &mut Violations, page_size: i32) {
    if page_size < 0 {
        violations.add("page_size", "must not be negative; 0 means 50");
    }
}

fn encode(cursor: &Cursor, filter: &str) -> String {
    let text = format!("{}|{}|{}", fingerprint(filter), cursor.time.unix_timestamp_nanos(), cursor.id);
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

fn decode(token: &str, filter: &str) -> Result<Cursor, Refusal> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_invalid| invalid_token())?;
    let text = String::from_utf8(bytes).map_err(|_invalid| invalid_token())?;
    let mut parts = text.splitn(3, '|');
    let (Some(mark), Some(nanos), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(invalid_token());
    };
    if mark != fingerprint(filter) {
        return Err(invalid_token());
    }
    let nanos: i128 = nanos.parse().map_err(|_invalid| invalid_token())?;
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).map_err(|_invalid| invalid_token())?;
    Ok(Cursor { time, id: id.to_owned() })
}

fn fingerprint(filter: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(filter)[..9])
}

fn invalid_token() -> Refusal {
    Refusal::new(&reason::INVALID_PAGE_TOKEN, "the page token was not given out by this list for this filter")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(size: i32, rows: usize) -> (Vec<usize>, String) {
        let page = Page::parse(size, "", "shop=1").expect("a page");
        let mut rows: Vec<usize> = (0..rows).collect();
        let token = page.finish(&mut rows, "shop=1", |_row| Cursor::new(OffsetDateTime::UNIX_EPOCH, Uuid::nil()));
        (rows, token)
    }

    #[test]
    fn sizes_are_bounded() {
        assert_eq!(Page::parse(0, "", "").expect("a page").size, DEFAULT_SIZE);
        assert_eq!(Page::parse(1_000, "", "").expect("a page").size, MAX_SIZE);
        assert_eq!(Page::parse(-1, "", "").expect_err("refused").reason(), &reason::INVALID_REQUEST);
    }

    #[test]
    fn the_last_page_has_no_token() {
        assert_eq!(page_of(2, 2), (vec![0, 1], String::new()));
        let (rows, token) = page_of(2, 3);
        assert_eq!(rows, [0, 1]);
        assert!(!token.is_empty());
    }

    #[test]
    fn a_page_of_heavy_rows_ends_early_with_a_token() {
        let cut = |max| {
            let mut page = Page::parse(10, "", "").expect("a page");
            let mut rows = vec![3, 3, 3, 3];
            page.bound(&rows, max, |weight| *weight);
            let token = page.finish(&mut rows, "", |_row| Cursor::new(OffsetDateTime::UNIX_EPOCH, Uuid::nil()));
            (rows.len(), !token.is_empty())
        };
        assert_eq!(cut(6), (2, true));
        assert_eq!(cut(8), (2, true));
        assert_eq!(cut(1), (1, true), "one row at least, or nobody would get on");
        assert_eq!(cut(12), (4, false));
    }

    #[test]
    fn a_token_serves_its_own_filter_alone() {
        let (_, token) = page_of(2, 3);
        let page = Page::parse(2, &token, "shop=1").expect("the next page");
        assert_eq!(page.after, Some(Cursor::new(OffsetDateTime::UNIX_EPOCH, Uuid::nil())));
        for refused in
            [Page::parse(2, &token, "shop=2"), Page::parse(2, "@@", "shop=1"), Page::parse(2, "AAAA", "shop=1")]
        {
            assert_eq!(refused.expect_err("refused").reason(), &reason::INVALID_PAGE_TOKEN);
        }
    }
}
