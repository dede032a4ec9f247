"""Puts the sales of the stores on the stream, each store's in order."""

import json
import os

import boto3

kinesis = boto3.client("kinesis", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))


def handler(event, context):
    records = [
        {"Data": json.dumps(sale).encode(), "PartitionKey": sale["store_id"]}
        for sale in event["sales"]
    ]
    kinesis.put_records(StreamName=os.environ["STREAM_NAME"], Records=records)
    print(json.dumps({"level": "INFO", "put": len(records)}))
