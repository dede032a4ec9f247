//! `--read-only`: an allow-list. What is not known to only read is refused before it is sent, and names itself.

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeSerializationInterceptorContextRef},
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use thiserror::Error;

use super::operations::{self, Effect};

/// Refuses, or lets pass.
#[derive(Debug, Clone, Copy)]
pub struct Guard {
    pub read_only: bool,
}

/// An operation that was not sent.
#[derive(Debug, Error)]
#[error("{service}:{operation} is refused: edatop runs with --read-only, so nothing that changes anything is sent")]
pub struct Refusal {
    pub service: String,
    pub operation: String,
}

impl Guard {
    /// Whether this operation may be sent.
    ///
    /// # Errors
    /// [`Refusal`] under `--read-only`, for every operation that is not listed as only reading.
    pub fn check(&self, service: &str, operation: &str) -> Result<(), Refusal> {
        let reads = operations::find(service, operation).is_some_and(|row| row.effect == Effect::Reads);
        if self.read_only && !reads {
            return Err(Refusal { service: service.to_owned(), operation: operation.to_owned() });
        }
        Ok(())
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Guard {
    fn name(&self) -> &'static str {
        "edatop-guard"
    }

    // The first hook that knows the operation: before execution, a client's interceptors run without its metadata.
    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match cfg.load::<Metadata>() {
            Some(call) => Ok(self.check(call.service(), call.name())?),
            None if self.read_only => Ok(self.check("unknown service", "unknown operation")?),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::operations::OPERATIONS;

    #[test]
    fn read_only_lets_pass_what_reads_and_nothing_else() {
        let guard = Guard { read_only: true };
        for row in OPERATIONS {
            assert_eq!(guard.check(row.service, row.name).is_ok(), row.effect == Effect::Reads, "{}", row.name);
        }
        for (service, operation) in
            [("SQS", "PurgeQueue"), ("SQS", "SendMessage"), ("S3", "DeleteObject"), ("New", "Thing")]
        {
            let refusal = guard.check(service, operation).unwrap_err().to_string();
            assert!(refusal.contains(operation), "{refusal}");
        }
    }

    #[test]
    fn without_read_only_all_pass() {
        assert!(Guard { read_only: false }.check("SQS", "PurgeQueue").is_ok());
    }
}
