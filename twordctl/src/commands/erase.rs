//! `erase`: one customer's personal data, in every service that holds any.

use std::io::{BufRead, IsTerminal, Write};

use proto::{delivery::v1 as delivery, notify::v1 as notify, order::v1 as order};
use serde_json::{Value, json};

use super::Context;
use crate::{
    error::{Error, Exit, Failure},
    output::table,
    service::Service,
};

/// Who holds personal data, in the order in which they are asked: an order that is booked meanwhile is delivery's then.
const HOLDERS: [Service; 3] = [Service::Order, Service::Delivery, Service::Notify];

/// Whom to erase.
#[derive(clap::Args)]
pub struct Arguments {
    /// The customer's opaque subject, as its orders name it
    #[arg(value_name = "CUSTOMER")]
    customer_id: String,
    /// Do not ask whether it is meant
    #[arg(long)]
    yes: bool,
}

/// What one service did.
struct Erased {
    cleared: i32,
    outstanding: i32,
}

/// Erases in each service that holds personal data; it can be repeated until each has done its part.
///
/// # Errors
/// It was not confirmed.
pub async fn run(context: &Context, arguments: Arguments) -> Result<Exit, Error> {
    let Arguments { customer_id, yes } = arguments;
    if !yes && !confirmed(&customer_id)? {
        eprintln!("Nothing was erased.");
        return Ok(Exit::Failed);
    }
    let mut done = Vec::new();
    for service in HOLDERS {
        done.push((service, erase(context, service, customer_id.clone()).await));
    }
    let left: Vec<&str> = done.iter().filter(|(_, one)| one.is_err()).map(|(service, _)| service.name()).collect();
    let services: Vec<Value> = done.iter().map(|(service, one)| told(*service, one)).collect();
    let answer = json!({ "customerId": customer_id, "services": services, "done": left.is_empty() });
    context.output.tell(&answer, || people(&done))?;
    if left.is_empty() {
        return Ok(Exit::Done);
    }
    for (service, one) in &done {
        if let Err(failure) = one {
            eprintln!("{} did not erase: {failure}", service.name());
        }
    }
    eprintln!("Left: {}. Run the command again: what is erased stays so.", left.join(", "));
    Ok(Exit::Failed)
}

async fn erase(context: &Context, service: Service, customer_id: String) -> Result<Erased, Failure> {
    let edge = &context.edge;
    let (cleared, outstanding) = match service {
        Service::Order => {
            let call = edge.call(order::EraseCustomerRequest { customer_id });
            let answer = edge.order_operations().erase_customer(call).await?.into_inner();
            (answer.cleared, answer.outstanding)
        }
        Service::Delivery => {
            let call = edge.call(delivery::EraseCustomerRequest { customer_id });
            let answer = edge.delivery_operations().erase_customer(call).await?.into_inner();
            (answer.cleared, answer.outstanding)
        }
        Service::Notify => {
            let call = edge.call(notify::EraseCustomerRequest { customer_id });
            let answer = edge.notify_operations().erase_customer(call).await?.into_inner();
            (answer.cleared, answer.outstanding)
        }
        Service::Shop | Service::MyPage => (0, 0),
    };
    Ok(Erased { cleared, outstanding })
}

/// Asks at the terminal.
fn confirmed(customer_id: &str) -> Result<bool, Error> {
    let (stdin, broken) = (std::io::stdin(), |error: std::io::Error| Error::Broken(format!("asking: {error}")));
    if !stdin.is_terminal() {
        return Err(Error::Usage("nobody is there to be asked whether it is meant: say --yes".to_owned()));
    }
    eprint!("Erase the personal data of {customer_id} for ever? Type yes to go on: ");
    std::io::stderr().flush().map_err(broken)?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).map_err(broken)?;
    Ok(answer.trim() == "yes")
}

fn told(service: Service, one: &Result<Erased, Failure>) -> Value {
    match one {
        Ok(Erased { cleared, outstanding }) => {
            json!({ "service": service.name(), "cleared": cleared, "outstanding": outstanding })
        }
        Err(failure) => json!({
            "service": service.name(),
            "error": { "status": failure.status(), "reason": failure.reason, "message": failure.message },
        }),
    }
}

fn people(done: &[(Service, Result<Erased, Failure>)]) -> String {
    let rows = done.iter().map(|(service, one)| match one {
        Ok(Erased { cleared, outstanding }) => {
            [service.name().to_owned(), cleared.to_string(), outstanding.to_string()]
        }
        Err(failure) => [service.name().to_owned(), format!("not done: {}", failure.status()), "?".to_owned()],
    });
    let mut text = table(["SERVICE", "CLEARED NOW", "OUTSTANDING"], rows.collect(), "");
    if done.iter().any(|(_, one)| one.as_ref().is_ok_and(|one| one.outstanding > 0)) {
        text += "\nWhat is outstanding is needed still; it is cleared by itself as soon as it is final.";
    }
    if found_nothing(done) {
        text += "\nNothing was found under this subject; check it.";
    }
    text
}

/// Whether each service answered and none knew anything of the customer.
fn found_nothing(done: &[(Service, Result<Erased, Failure>)]) -> bool {
    done.iter().all(|(_, one)| one.as_ref().is_ok_and(|one| one.cleared == 0 && one.outstanding == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_that_nobody_knows_is_told_as_such() {
        let told = |cleared, outstanding| {
            let none = Erased { cleared: 0, outstanding: 0 };
            people(&[(Service::Order, Ok(none)), (Service::Notify, Ok(Erased { cleared, outstanding }))])
        };
        assert!(told(0, 0).contains("check it"));
        assert!(!told(1, 0).contains("check it") && !told(0, 1).contains("check it"));
    }
}
