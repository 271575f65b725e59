use chassis::clock::SystemClock;
use clap::Parser;

use super::*;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

/// What is set up by these flags, or why nothing is.
fn ways(flags: &[&str]) -> Result<Ways, String> {
    let cli = Cli::try_parse_from(["notify-svc"].iter().chain(flags)).map_err(|error| error.to_string())?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    cli.options.ways(&clock).map_err(|error| error.to_string())
}

#[test]
fn without_settings_there_is_the_log_alone() {
    let ways = ways(&[]).expect("channels");
    assert!(ways.channel(ChannelName::Log).is_some());
    assert!(ways.channel(ChannelName::Webhook).is_none() && !ways.has_mail());
    assert_eq!(ways.policy.allowed, []);
}

#[test]
fn a_password_does_not_travel_in_plain_text_to_another_machine() {
    let plain = |host: &str, more: &[&str]| {
        let url = format!("--smtp-url=smtp://{host}?tls=none");
        ways(&[&[url.as_str(), "--smtp-from=a@example.com"], more].concat()).map(|ways| ways.has_mail())
    };
    assert_eq!(plain("127.0.0.1:25", &[]), Ok(true));
    assert!(plain("mail.example.com", &[]).is_err_and(|problem| problem.contains("--smtp-url")));
    assert_eq!(plain("mail.example.com", &["--smtp-allow-plain=true"]), Ok(true));
}

#[test]
fn what_cannot_be_right_is_told_with_its_flag() {
    for (flags, flag) in [
        (&["--smtp-url=smtps://mail.example.com"][..], "--smtp-from"),
        (&["--smtp-url=mail.example.com", "--smtp-from=a@example.com"], "--smtp-url"),
        (&["--smtp-url=smtp://127.0.0.1?tls=none", "--smtp-from=nobody"], "--smtp-from"),
        (&["--smtp-url=smtp://127.0.0.1?tls=none", "--smtp-from=a@b.c", "--smtp-username=a"], "--smtp-password-file"),
        (&["--webhook-allow=https://example.com"], "--webhook-allow"),
        (&["--channel-ca-file=/nowhere"], "--channel-ca-file"),
        (&["--channel-ca-file=Cargo.toml"], "--channel-ca-file"),
    ] {
        let problem = ways(flags).err().unwrap_or_default();
        assert!(problem.contains(flag), "{flags:?}: {problem}");
    }
}
