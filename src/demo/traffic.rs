//! Live traffic: seeded, repeatable, in gentle waves, some of it poisonous and some of it wanted by nobody.
//!
//! It only produces. On a real emulator everything after the publish is the emulator's doing; on the embedded endpoint it is
//! the fabric's. What is sent is each architecture's own `traffic`; how fast is decided here.

use std::f64::consts::TAU;
use std::time::Duration;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_sdk_sns::types::MessageAttributeValue;
use futures_util::future::try_join_all;
use tokio::sync::OnceCell;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::architectures::{Api, Architecture, Message, Publication};
use super::clock::now_ms;
use super::deploy::Arns;
use super::deploy::api::{find as find_api, url as api_url};
use super::{Clients, DemoError};

/// From one crest to the next, in seconds.
const WAVE_SECONDS: f64 = 40.0;
/// How far a crest rises over the mean, as a part of it.
const WAVE_HEIGHT: f64 = 0.6;
/// So many sends in a row may fail before the endpoint counts as gone.
const MAX_FAILURES_IN_A_ROW: u32 = 10;

/// The speed that emulators keep up with: they start a batch of a mapping about once a second.
pub const EMULATOR_SPEED: f64 = 0.25;

/// What to send, and how fast.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The same seed sends the same messages in the same order.
    pub seed: u64,
    /// A factor on every architecture's own rate.
    pub speed: f64,
}

/// Sends until cancelled.
///
/// # Errors
/// When the endpoint refuses ten messages in a row.
pub async fn drive(
    clients: &Clients,
    architectures: &[&Architecture],
    plan: Plan,
    stop: CancellationToken,
) -> Result<(), DemoError> {
    let producers = Arns::of(clients).await.map(|arns| {
        // Deduplication ids differ between runs: FIFO topics drop a repeated one for five minutes.
        let run_ms = now_ms();
        let producer = |architecture| Producer {
            clients,
            arns: arns.clone(),
            architecture,
            plan,
            run_ms,
            api_url: OnceCell::new(),
        };
        architectures.iter().copied().map(producer).collect::<Vec<_>>()
    })?;
    let sending = try_join_all(producers.iter().map(Producer::run));
    stop.run_until_cancelled(sending).await.map_or(Ok(()), |ended| ended.map(drop))
}

struct Producer<'a> {
    clients: &'a Clients,
    arns: Arns,
    architecture: &'a Architecture,
    plan: Plan,
    run_ms: i64,
    api_url: OnceCell<Option<String>>,
}

impl Producer<'_> {
    async fn run(&self) -> Result<(), DemoError> {
        let traffic = &self.architecture.traffic;
        let mut random = fastrand::Rng::with_seed(self.plan.seed);
        let mut elapsed = Duration::ZERO;
        let mut failures_in_a_row = 0;
        for number in 0.. {
            match self.send((traffic.message)(&mut random, number), number).await {
                Ok(()) => failures_in_a_row = 0,
                Err(error) => {
                    failures_in_a_row += 1;
                    if failures_in_a_row == MAX_FAILURES_IN_A_ROW {
                        return Err(error);
                    }
                }
            }
            let pause = pause(traffic.messages_per_second * self.plan.speed, elapsed);
            elapsed += pause;
            sleep(pause).await;
        }
        Ok(())
    }

    async fn send(&self, message: Message, number: u64) -> Result<(), DemoError> {
        match message {
            Message::Publish(publication) => self.publish(publication, number).await,
            Message::Request { api, body } => self.request(api, body.to_string()).await,
            Message::Invoke { function, event } => {
                let request = self.clients.lambda.invoke().function_name(function);
                let request = request.invocation_type(InvocationType::Event);
                let request = request.payload(Blob::new(event.to_string()));
                request.send().await.map(drop).map_err(DemoError::call(format!("invoke function '{function}'")))
            }
        }
    }

    /// As the users of the portal do it. Where the API is not there, or hands nothing on, its queue gets the message all the same.
    async fn request(&self, name: &str, body: String) -> Result<(), DemoError> {
        let Some(api) = self.architecture.apis.iter().find(|api| api.name == name) else { return Ok(()) };
        if let Some(url) = self.api_url(api).await {
            let answer = self.clients.http.post(&url, &[("content-type", "application/json")], body.clone()).await;
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
        }
        let doing = || format!("send to queue '{}' in the name of API '{name}'", api.queue);
        let url = self.clients.sqs.get_queue_url().queue_name(api.queue).send().await;
        let url = url.map_err(DemoError::call(doing()))?.queue_url;
        let request = self.clients.sqs.send_message().set_queue_url(url).message_body(body);
        request.send().await.map(drop).map_err(DemoError::call(doing()))
    }

    /// Asked for once.
    async fn api_url(&self, api: &Api) -> Option<String> {
        let find = async || match find_api(self.clients, api.name).await {
            Ok(id) => id.map(|id| api_url(self.clients, &id, api)),
            Err(_) => None,
        };
        self.api_url.get_or_init(find).await.clone()
    }

    async fn publish(&self, publication: Publication, number: u64) -> Result<(), DemoError> {
        let doing = || format!("publish to topic '{}'", publication.topic);
        let request = self.clients.sns.publish().topic_arn(self.arns.topic(publication.topic));
        let mut request = request.message(publication.body.to_string());
        for (name, value) in &publication.attributes {
            let attribute = MessageAttributeValue::builder().data_type("String").string_value(*value).build();
            request = request.message_attributes(*name, attribute.map_err(DemoError::built)?);
        }
        if let Some(group_id) = &publication.group_id {
            request = request.message_group_id(group_id);
            request = request.message_deduplication_id(format!("{}-{number}", self.run_ms));
        }
        request.send().await.map(drop).map_err(DemoError::call(doing()))
    }
}

/// How long until the next message, `elapsed` into the wave.
fn pause(mean_per_second: f64, elapsed: Duration) -> Duration {
    let crest = 1.0 + WAVE_HEIGHT * (TAU * elapsed.as_secs_f64() / WAVE_SECONDS).sin();
    let seconds = 1.0 / (mean_per_second * crest).max(0.01);
    Duration::from_secs_f64(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_keeps_its_mean_and_its_bounds() {
        let (mut elapsed, mut sent) = (Duration::ZERO, 0);
        while elapsed.as_secs_f64() < WAVE_SECONDS * 10.0 {
            let pause = pause(5.0, elapsed);
            assert!(
                pause >= Duration::from_secs_f64(1.0 / 8.01) && pause <= Duration::from_secs_f64(1.0 / 1.99),
                "{pause:?}"
            );
            elapsed += pause;
            sent += 1;
        }
        assert!((1900..2100).contains(&sent), "{sent} in 400 s");
    }

    #[test]
    fn a_speed_of_nothing_still_ends() {
        assert!(pause(0.0, Duration::ZERO) <= Duration::from_secs(100));
    }
}
