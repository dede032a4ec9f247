"""Keeps every job event as an object, for the analysts. One bad event does not fail its batch, only itself."""

import json
import os
import traceback

import boto3

s3 = boto3.client("s3", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))


def store(record):
    job = json.loads(record["body"])
    job["salary"] = float(job["salary"])
    key = f"{job['eventType']}/{job['id']}/{record['messageId']}.json"
    s3.put_object(Bucket=os.environ["BUCKET_NAME"], Key=key, Body=json.dumps(job).encode())
    print(json.dumps({"level": "INFO", "stored": key}))


def handler(event, context):
    failed, stuck_groups = [], set()
    for record in event["Records"]:
        group = record["attributes"].get("MessageGroupId")
        try:
            # Later events of a job wait for the failed one: order within a group is kept.
            if group not in stuck_groups:
                store(record)
                continue
        except Exception as error:
            print(f"[ERROR] {type(error).__name__}: {error}\n{traceback.format_exc()}")
            stuck_groups.add(group)
        failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
