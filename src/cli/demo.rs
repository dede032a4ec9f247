//! `edatop demo`: event architectures at work, on an endpoint inside this process or on an emulator that is already running.

use std::process::ExitCode;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::{MISUSED, UNREACHED, complain, dashboard};
use crate::{
    config::Config,
    demo::{
        Clients, DemoError, Embedded,
        architectures::{self, Architecture, expected::DeclaredLink},
        clients, deploy, traffic,
    },
    domain::{Declaration, Kind},
};

#[derive(Debug, Args)]
pub struct Arguments {
    /// The same number gives the same messages
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Remove from the emulator (--endpoint) what the demo made there, and end
    #[arg(long, requires = "endpoint")]
    pub teardown: bool,
    /// Drive the traffic without the dashboard, until ctrl-c
    #[arg(long)]
    pub headless: bool,
}

/// Runs the demo until the user leaves. `endpoint` is the flag's: an endpoint that only the environment or the configuration names is
/// not deployed on unasked. Under read-only no emulator is written to; the demo's own endpoint, which ends with it, may be.
///
/// # Errors
/// The terminal's own.
pub async fn run(mut config: Config, endpoint: Option<String>, arguments: Arguments) -> color_eyre::Result<ExitCode> {
    if config.connect.read_only && endpoint.is_some() {
        complain(
            "the demo writes to the endpoint that it is given, and read-only forbids it; leave one of the two out",
        );
        return Ok(ExitCode::from(MISUSED));
    }
    // The demo brings its own credentials and Region: those of a real account have no business here.
    config.connect.profile = None;
    config.connect.region = Some(clients::REGION.to_owned());
    let outcome = match endpoint {
        Some(endpoint) => on_emulator(config, &endpoint, arguments).await,
        None => embedded(config, arguments).await,
    };
    match outcome {
        Ok(code) => Ok(code),
        Err(Failure::Demo(error)) => {
            complain(&error.to_string());
            let misused = matches!(error, DemoError::NotAnEndpoint(_) | DemoError::RefusesAws(_));
            Ok(ExitCode::from(if misused { MISUSED } else { UNREACHED }))
        }
        Err(Failure::Screen(report)) => Err(report),
    }
}

enum Failure {
    Demo(DemoError),
    Screen(color_eyre::Report),
}

impl From<DemoError> for Failure {
    fn from(error: DemoError) -> Self {
        Self::Demo(error)
    }
}

async fn embedded(mut config: Config, arguments: Arguments) -> Result<ExitCode, Failure> {
    let demo = Embedded::start(arguments.seed).await?;
    config.connect.endpoint = Some(demo.url());
    // The user's own declarations are of another place.
    config.links = declared(&architectures::ALL);
    let shown = show(config, &arguments, &demo.url()).await;
    demo.shut_down().await;
    shown
}

async fn on_emulator(mut config: Config, endpoint: &str, arguments: Arguments) -> Result<ExitCode, Failure> {
    let clients = Clients::new(endpoint)?;
    let endpoint = clients.endpoint_url.clone();
    let all = &architectures::ALL;
    if arguments.teardown {
        for left in deploy::teardown(&clients, all).await? {
            complain(&format!("not removed: {left}"));
        }
        complain(&format!("removed the demo from {endpoint}"));
        return Ok(ExitCode::SUCCESS);
    }
    complain(&format!("deploying on {endpoint}"));
    for skipped in deploy::deploy(&clients, all).await? {
        complain(&format!("not deployed: {skipped}"));
    }
    config.connect.endpoint = Some(endpoint.clone());
    config.links.extend(declared(all));
    let stop = CancellationToken::new();
    let plan = traffic::Plan { seed: arguments.seed, speed: traffic::EMULATOR_SPEED };
    let driving = tokio::spawn({
        let stop = stop.clone();
        async move { traffic::drive(&clients, all, plan, stop).await }
    });
    let shown = show(config, &arguments, &endpoint).await;
    stop.cancel();
    match driving.await {
        Ok(Err(error)) => Err(error.into()),
        _ => shown,
    }
}

async fn show(config: Config, arguments: &Arguments, url: &str) -> Result<ExitCode, Failure> {
    if !arguments.headless {
        return dashboard::run(config).await.map_err(Failure::Screen);
    }
    println!("{url}");
    let _ = tokio::signal::ctrl_c().await;
    Ok(ExitCode::SUCCESS)
}

/// What no API tells of the demo, as a user's configuration would say it.
fn declared(architectures: &[&Architecture]) -> Vec<Declaration> {
    let named = |(kind, name): (Kind, &str)| format!("{}:{name}", kind.key());
    let declaration = |link: &DeclaredLink| Declaration {
        from: named(link.from),
        to: named(link.to),
        kind: Some(link.kind),
        label: link.label.to_owned(),
    };
    architectures.iter().flat_map(|architecture| architecture.declared).map(declaration).collect()
}
