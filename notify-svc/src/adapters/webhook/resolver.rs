//! Looks names up and leaves out the addresses that may not be connected to: what is checked is what is connected to,
//! whatever a name led to before.

use std::{io, net::SocketAddr, sync::Arc};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::Policy;

/// Looks names up by the machine's own means.
pub struct Resolver {
    policy: Arc<Policy>,
}

/// A name leads to no address that may be connected to.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the host's name leads to private addresses alone")]
struct Private;

impl Resolver {
    /// Leaves out what `policy` does not take.
    pub fn new(policy: Arc<Policy>) -> Self {
        Self { policy }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.policy);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let taken: Vec<SocketAddr> = found.filter(|address| policy.takes(address.ip())).collect();
            if taken.is_empty() {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, Private).into());
            }
            Ok(Box::new(taken.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_of_this_machine_leads_nowhere_unless_private_addresses_are_allowed() {
        for private in [false, true] {
            let resolver = Resolver::new(Arc::new(Policy { allowed: Vec::new(), private }));
            let found = resolver.resolve("localhost".parse().expect("a name")).await;
            assert_eq!(found.is_ok(), private);
        }
    }
}
