"""Keeps the table of open jobs: created jobs are in it, deleted ones are not."""

import json
import os

import boto3

table = boto3.resource("dynamodb", endpoint_url=os.environ.get("AWS_ENDPOINT_URL")).Table(os.environ["TABLE_NAME"])


def handler(event, context):
    for record in event["Records"]:
        job = json.loads(record["body"])
        if job["eventType"] == "JobDeleted":
            table.delete_item(Key={"id": job["id"]})
        else:
            table.put_item(Item={"id": job["id"], "salary": str(job["salary"]), "status": "OPEN"})
        print(json.dumps({"level": "INFO", "event": job["eventType"], "job": job["id"]}))
