//! Wrong requests.
