//! The comments of the contracts.

use std::cell::RefCell;
use std::collections::HashMap;

use prost_reflect::FileDescriptor;

/// Comments by file and by place in it.
#[derive(Default)]
pub struct Comments {
    files: RefCell<HashMap<String, HashMap<Vec<i32>, String>>>,
}

impl Comments {
    /// What stands before the thing at this path; empty where nothing does.
    pub fn of(&self, file: &FileDescriptor, path: &[i32]) -> String {
        let mut files = self.files.borrow_mut();
        let known = files.entry(file.name().to_owned()).or_insert_with(|| read(file));
        known.get(path).cloned().unwrap_or_default()
    }
}

fn read(file: &FileDescriptor) -> HashMap<Vec<i32>, String> {
    let info = file.file_descriptor_proto().source_code_info.clone().unwrap_or_default();
    info.location.into_iter().map(|place| (place.path, tidy(&place.leading_comments.unwrap_or_default()))).collect()
}

fn tidy(comment: &str) -> String {
    let lines: Vec<_> = comment.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    lines.join("\n").trim().to_owned()
}
