//! A REST API whose POST goes straight to a queue: the body becomes the message, and no function stands in between.

use std::collections::HashMap;

use aws_sdk_apigateway::types::{IntegrationType, RestApi};

use super::{Deployment, MARK};
use crate::demo::architectures::Api;
use crate::demo::{Clients, DemoError};

/// How API Gateway turns a request's body into SQS's own request.
const TEMPLATE: &str = "Action=SendMessage&MessageBody=$util.urlEncode($input.body)";
const MEDIA_TYPE: &str = "application/json";

/// The demo's API of this name. Names are not unique among APIs, so one without the mark is in nobody's way.
pub(in crate::demo) async fn find(clients: &Clients, name: &str) -> Result<Option<String>, DemoError> {
    let is_ours = |api: &&RestApi| {
        api.name() == Some(name) && api.tags().is_some_and(|tags| tags.contains_key(MARK)) && api.id().is_some()
    };
    let mut pages = clients.apigateway.get_rest_apis().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(DemoError::call(format!("look for API '{name}'")))?;
        if let Some(api) = page.items().iter().find(is_ours) {
            return Ok(api.id().map(String::from));
        }
    }
    Ok(None)
}

/// Where the API's users send their requests, on an emulator.
pub(in crate::demo) fn url(clients: &Clients, id: &str, api: &Api) -> String {
    format!("{}/restapis/{id}/{}/_user_request_/{}", clients.endpoint_url.trim_end_matches('/'), api.stage, api.path)
}

impl Deployment<'_> {
    pub(super) async fn api(&self, api: &Api) -> Result<(), DemoError> {
        if find(self.clients, api.name).await?.is_some() {
            return Ok(());
        }
        let doing = format!("create API '{}'", api.name);
        let request = self.clients.apigateway.create_rest_api().name(api.name).tags(MARK, self.architecture.name);
        let made = request.send().await.map_err(DemoError::call(&doing))?;
        let id = made.id().unwrap_or_default();
        let finished = self.finish_api(api, id, &doing).await;
        if finished.is_err() {
            // Half an API would be taken for a whole one at the next deployment.
            let _ = self.clients.apigateway.delete_rest_api().rest_api_id(id).send().await;
        }
        finished
    }

    async fn finish_api(&self, api: &Api, id: &str, doing: &str) -> Result<(), DemoError> {
        let client = &self.clients.apigateway;
        let resources = client.get_resources().rest_api_id(id).send().await.map_err(DemoError::call(doing))?;
        let root = resources.items().iter().find(|resource| resource.path() == Some("/"));
        let root = root.and_then(|root| root.id()).unwrap_or_default();
        let made = client.create_resource().rest_api_id(id).parent_id(root).path_part(api.path).send().await;
        let resource = made.map_err(DemoError::call(doing))?.id.unwrap_or_default();
        let request = client.put_method().rest_api_id(id).resource_id(&resource).http_method("POST");
        request.authorization_type("NONE").send().await.map_err(DemoError::call(doing))?;
        let uri = format!("arn:aws:apigateway:us-east-1:sqs:path/{}/{}", self.arns.account(), api.queue);
        let content_type = "'application/x-www-form-urlencoded'".to_owned();
        let request = client.put_integration().rest_api_id(id).resource_id(&resource).http_method("POST");
        let request = request.r#type(IntegrationType::Aws).integration_http_method("POST").uri(uri);
        let request = request
            .credentials(self.arns.role())
            .set_request_parameters(Some(HashMap::from([(
                "integration.request.header.Content-Type".to_owned(),
                content_type,
            )])))
            .set_request_templates(Some(HashMap::from([(MEDIA_TYPE.to_owned(), TEMPLATE.to_owned())])));
        request.send().await.map_err(DemoError::call(doing))?;
        let request = client.put_method_response().rest_api_id(id).resource_id(&resource).http_method("POST");
        request.status_code("200").send().await.map_err(DemoError::call(doing))?;
        let request = client.put_integration_response().rest_api_id(id).resource_id(&resource).http_method("POST");
        request.status_code("200").send().await.map_err(DemoError::call(doing))?;
        let request = client.create_deployment().rest_api_id(id).stage_name(api.stage);
        request.send().await.map(drop).map_err(DemoError::call(doing))
    }
}
