//! A place in a trace, as W3C `traceparent` writes it.

use std::fmt;

/// A place in a trace: the trace's id, a span's, and whether its spans are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    trace_id: u128,
    span_id: u64,
    sampled: bool,
}

impl Context {
    /// The beginning of a new trace.
    pub fn generate() -> Self {
        Self { trace_id: rand::random::<u128>().max(1), span_id: rand::random::<u64>().max(1), sampled: true }
    }

    /// Reads a `traceparent`; none where it is none.
    pub fn parse(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.splitn(5, '-');
        let version = hex(parts.next()?, 2)?;
        let trace_id = hex(parts.next()?, 32)?;
        let span_id = u64::try_from(hex(parts.next()?, 16)?).ok()?;
        let flags = hex(parts.next()?, 2)?;
        // Version 00 ends here; later ones may go on, and 255 is forbidden.
        let ends = parts.next().is_none();
        let valid = version != 0xff && (version != 0 || ends) && trace_id != 0 && span_id != 0;
        valid.then_some(Self { trace_id, span_id, sampled: flags & 1 == 1 })
    }

    /// A new span in the same trace.
    #[must_use]
    pub fn child(self) -> Self {
        self.at(rand::random())
    }

    /// The span of this id in the same trace.
    #[must_use]
    pub fn at(self, span_id: u64) -> Self {
        Self { span_id: span_id.max(1), ..self }
    }

    /// The same place, whose spans nobody exports.
    #[must_use]
    pub fn unsampled(self) -> Self {
        Self { sampled: false, ..self }
    }

    /// The trace's id, 32 hexadecimal digits.
    pub fn trace_id(self) -> impl fmt::Display {
        fmt::from_fn(move |f| write!(f, "{:032x}", self.trace_id))
    }

    /// The span's id, 16 hexadecimal digits.
    pub fn span_id(self) -> impl fmt::Display {
        fmt::from_fn(move |f| write!(f, "{:016x}", self.span_id))
    }

    /// Whether spans of this trace are exported.
    pub const fn is_sampled(self) -> bool {
        self.sampled
    }

    /// The ids as they are exported.
    pub(super) const fn ids(self) -> (u128, u64) {
        (self.trace_id, self.span_id)
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }
}

/// Exactly so many lower-case hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let valid = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if valid { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_traceparent_comes_back_as_it_went() {
        for text in [PARENT, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"] {
            assert_eq!(Context::parse(text).expect("a context").to_string(), text);
        }
        let generated = Context::generate();
        assert_eq!(Context::parse(&generated.to_string()), Some(generated));
        assert_ne!(Context::generate().trace_id, generated.trace_id);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = format!("cc{}-what-the-future-will-be", &PARENT[2..]);
        assert_eq!(Context::parse(&later), Context::parse(PARENT));
    }

    #[test]
    fn what_is_no_traceparent_is_ignored() {
        for text in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(Context::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_child_is_another_span_of_the_same_trace_and_as_sampled() {
        let parent = Context::parse(PARENT).expect("a context");
        for parent in [parent, parent.unsampled()] {
            let child = parent.child();
            assert_eq!((child.trace_id, child.sampled), (parent.trace_id, parent.sampled));
            assert_ne!(child.span_id, parent.span_id);
        }
        assert_eq!(parent.at(0).span_id, 1, "no span has the id 0");
    }
}
