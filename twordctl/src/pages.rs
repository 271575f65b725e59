//! Lists are read page by page, up to a limit.

use tonic::Status;

use crate::error::Failure;

/// Rows of a page, as the services give them at most.
const PAGE: usize = 200;

/// How much of a list is read.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct Limit {
    /// Read at most this many of each service
    #[arg(long, default_value_t = 1_000, value_parser = limit, value_name = "NUMBER")]
    limit: usize,
}

impl Limit {
    /// Rows at most.
    pub const fn rows(self) -> usize {
        self.limit
    }
}

fn limit(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(rows @ 1..=100_000) => Ok(rows),
        Ok(_) | Err(_) => Err("must be a number from 1 to 100000".to_owned()),
    }
}

/// A list as far as it was read.
#[derive(Debug)]
pub struct Rows<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether there are more.
    pub more: bool,
}

/// Reads a list of at most `limit` rows. `fetch` takes a page's size and its token and answers its rows and the next token.
///
/// # Errors
/// A page could not be read.
pub async fn read<T, F, Fut>(limit: usize, mut fetch: F) -> Result<Rows<T>, Failure>
where
    F: FnMut(i32, String) -> Fut,
    Fut: Future<Output = Result<(Vec<T>, String), Status>>,
{
    let (mut rows, mut token) = (Vec::new(), String::new());
    // A list that gives tokens and no rows ends as well.
    for _page in 0..=limit {
        let size = PAGE.min(limit - rows.len());
        let (page, next) = fetch(i32::try_from(size).unwrap_or(i32::MAX), token).await?;
        rows.extend(page);
        token = next;
        if token.is_empty() || rows.len() >= limit {
            break;
        }
    }
    let more = !token.is_empty() || rows.len() > limit;
    rows.truncate(limit);
    Ok(Rows { rows, more })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    async fn numbers(limit: usize, total: usize) -> (Vec<usize>, bool, usize) {
        let calls = RefCell::new(0);
        let read = read(limit, |size, token| {
            *calls.borrow_mut() += 1;
            let from: usize = token.parse().unwrap_or(0);
            let to = (from + usize::try_from(size).expect("positive")).min(total);
            let next = if to < total { to.to_string() } else { String::new() };
            async move { Ok(((from..to).collect(), next)) }
        });
        let rows = read.await.expect("read");
        (rows.rows, rows.more, calls.into_inner())
    }

    #[tokio::test]
    async fn every_page_is_read_up_to_the_limit() {
        assert_eq!(numbers(1_000, 450).await, ((0..450).collect(), false, 3));
        assert_eq!(numbers(300, 450).await, ((0..300).collect(), true, 2));
        assert_eq!(numbers(450, 450).await, ((0..450).collect(), false, 3));
        assert_eq!(numbers(10, 0).await, (vec![], false, 1));
    }

    #[tokio::test]
    async fn a_list_that_never_ends_is_left() {
        let endless = read(5, |_size, _token| async { Ok((Vec::<u8>::new(), "again".to_owned())) });
        let rows = endless.await.expect("read");
        assert!(rows.rows.is_empty() && rows.more);
    }
}
