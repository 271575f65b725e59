//! Long steps show that they run: a spinner on a terminal, a line elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// A step that is under way.
pub struct Step {
    what: String,
    begun: Instant,
    spinner: Option<ProgressBar>,
}

impl Step {
    /// Begins to show a step.
    pub fn begin(what: impl Into<String>) -> Self {
        let what = what.into();
        let spinner = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
            let spinner = ProgressBar::new_spinner().with_message(what.clone());
            spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            spinner.enable_steady_tick(Duration::from_millis(100));
            spinner
        });
        if spinner.is_none() {
            eprintln!("{what} ...");
        }
        Self { what, begun: Instant::now(), spinner }
    }

    /// Changes what is shown as being done.
    pub fn now(&self, what: &str) {
        match &self.spinner {
            Some(spinner) => spinner.set_message(format!("{}: {what}", self.what)),
            None => eprintln!("{}: {what}", self.what),
        }
    }

    /// Ends the step with how long it took.
    pub fn done(self) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
        eprintln!("{}: done in {:.1} s", self.what, self.begun.elapsed().as_secs_f32());
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
    }
}
