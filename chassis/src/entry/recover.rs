//! The subcommand `recover`: takes a database that was restored to an older point back to where its service was.

use clap::Command;

/// How it is called.
pub(super) const NAME: &str = "recover";
const ABOUT: &str = "Takes a database that was restored to an older point back by the service's own later events, catches up, and exits";
const MORE: &str = "Takes a database that was restored to an older point back by the service's own later events, catches up \
     with the other services, tells what could not be mended, and exits.\n\nStop every process of this service first; the \
     broker, the mesh and the other services have to run. It takes the settings of the service itself. Interrupted, it can \
     be run again.";

/// Its command line, from one with all of the service's settings.
pub(super) fn command(settings: Command) -> Command {
    settings.about(ABOUT).long_about(MORE).mut_arg("purpose", |argument| argument.default_value(NAME))
}
