"""Keeps every job event as an object, for the analysts."""

import json
import os

import boto3

s3 = boto3.client("s3", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))


def handler(event, context):
    for record in event["Records"]:
        job = json.loads(record["body"])
        job["salary"] = float(job["salary"])
        key = f"{job['eventType']}/{job['id']}/{record['messageId']}.json"
        s3.put_object(Bucket=os.environ["BUCKET_NAME"], Key=key, Body=json.dumps(job).encode())
        print(json.dumps({"level": "INFO", "stored": key}))
